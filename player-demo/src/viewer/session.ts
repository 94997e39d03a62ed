import {
  createFramecue,
  type FiredCue,
  type Framecue,
  type FramecueStatus,
  type StreamTime,
} from '../../../client/src/index.ts';
import type { LinkState, LossReason } from '../players/link.ts';
import type { OpenPlayer, PlayPath } from '../players/player.ts';
import { runPlayer } from '../players/runner.ts';
import { serverNowOf } from '../players/server-now.ts';
import { type DemoConfig, streamPath } from '../shared/config.ts';
import { readQuestion } from '../shared/cue-data.ts';
import { readInteraction, readResult } from '../shared/events-api.ts';
import { request } from '../shared/http.ts';
import { isObject } from '../shared/json.ts';
import { LotteryFlow } from './lottery-flow.ts';
import type { SaleDeskOptions } from './sale/desk.ts';
import type { ViewerEvent } from './state.ts';
import { recordFire, recordOutcome, type TestHooks } from './test-hooks.ts';
import { createViewerTokens } from './viewer-token.ts';

export interface SessionOptions {
  readonly config: DemoConfig;
  readonly path: PlayPath;
  readonly video: HTMLVideoElement;
  readonly hooks: TestHooks | null;
  readonly onEvent: (event: ViewerEvent) => void;
  readonly onLink: (state: LinkState) => void;
  readonly onStatus: (status: FramecueStatus) => void;
  readonly onViewer: (viewer: string) => void;
}

/** One viewer: a player, its framecue client, and an identity of its own. */
export interface Session {
  readonly answer: (cue: FiredCue, choice: number, actedAt: number) => void;
  /** Into a lottery. */
  readonly enter: (cue: FiredCue, actedAt: number) => void;
  /** Looks up the question of a reveal whose opening was not seen here. */
  readonly recover: (interaction: string) => void;
  /** What buying in a flash sale needs. */
  readonly sales: SaleDeskOptions['framecue'];
  readonly play: () => void;
  /** How far the picture is behind the injector, milliseconds; null while not known. */
  readonly delayMs: () => number | null;
  /** The picture on screen, on the stream's timeline. */
  readonly streamTime: () => StreamTime | null;
  /** Of the server, Unix milliseconds; this machine's clock until the two have been compared. */
  readonly serverNow: () => number;
  readonly stop: () => void;
}

/** More than a joining viewer gets at once (a keyframe interval); hls.js has a rule of its own, below this one. */
const MOST_BEHIND_S: { readonly [path in PlayPath]: number } = { flv: 4, ws: 4, hls: 20 };

export function startSession(options: SessionOptions): Session {
  const { config, path, video, hooks, onEvent } = options;
  const tokens = createViewerTokens(config.events, path, sessionStorage);
  const end = new AbortController();

  const framecue: Framecue = createFramecue({
    eventsUrl: config.events,
    stream: streamPath(config),
    onCue(cue) {
      // First of all, in the same task as the presented frame: a test reads its pixels.
      if (hooks !== null) recordFire(hooks, path, cue, video);
      onEvent({ kind: 'cue', cue, at: Date.now() });
      lotteries.cue(cue);
    },
    onClose(cue, why) {
      onEvent({ kind: 'close', cue, why });
      lotteries.close(cue, why);
    },
    onUpdate: (cue) => onEvent({ kind: 'update', cue }),
    onOutcome(outcome) {
      if (hooks !== null) recordOutcome(hooks, path, outcome);
      onEvent({ kind: 'outcome', outcome, at: Date.now() });
    },
    onStatus: options.onStatus,
    token: async () => (await identity()).token,
    // Three viewers are few: every one of them reports.
    reportShare: 1,
    app: 'demo page',
  });
  const lotteries = new LotteryFlow({
    framecue,
    onEvent: (event) => onEvent({ kind: 'lottery', event }),
    async lookUp(interaction) {
      const url = `${config.events}/api/v1/interactions/${encodeURIComponent(interaction)}`;
      const found = await request({ url, read: readLotteryConfig, signal: end.signal });
      return found.ok ? { interaction, ...found.value } : null;
    },
  });
  if (hooks !== null) hooks.players[path] = { framecue, video };

  const identity = async () => {
    const token = await tokens();
    if (!end.signal.aborted) options.onViewer(token.viewer);
    return token;
  };
  // Without it the page still plays and opens; an answer asks again.
  identity().catch(() => undefined);

  const runner = runPlayer({
    video,
    mostBehindS: MOST_BEHIND_S[path],
    onState: options.onLink,
    open: (onLost) => openPlayer(config, path, video, framecue, onLost),
  });

  return {
    answer(cue, choice, actedAt) {
      onEvent({ kind: 'answer', cueId: cue.id, choice, actedAt });
      void framecue.submit(cue, { choice, actedAt }).then((outcome) => {
        if (end.signal.aborted) return;
        onEvent(
          outcome.ok
            ? { kind: 'receipt', cueId: cue.id, receipt: outcome.receipt }
            : { kind: 'refused', cueId: cue.id, error: outcome.error },
        );
      });
    },
    enter: (cue, actedAt) => void lotteries.enter(cue, actedAt),
    async recover(interaction) {
      const url = `${config.events}/api/v1/interactions/${encodeURIComponent(interaction)}`;
      const { signal } = end;
      const [found, result] = await Promise.all([
        request({ url, read: readInteraction, signal }),
        request({ url: `${url}/result`, read: readResult, signal }),
      ]);
      if (!found.ok || !result.ok) return;
      const question = readQuestion({ interaction, ...found.value });
      if (question === null) return;
      onEvent({ kind: 'recovered', question, correct: result.value.correct, counts: result.value.counts });
    },
    sales: framecue,
    play: runner.play,
    delayMs: () => framecue.stats().delayMs,
    streamTime: () => framecue.streamTime(),
    serverNow: () => serverNowOf(framecue),
    stop() {
      end.abort();
      lotteries.stop();
      runner.stop();
      framecue.destroy();
    },
  };
}

const readLotteryConfig = (value: unknown) =>
  isObject(value) && value.type === 'lottery' && isObject(value.config) ? value.config : null;

/** The players' code is large: each is loaded only where it plays. */
async function openPlayer(
  config: DemoConfig,
  path: PlayPath,
  video: HTMLVideoElement,
  framecue: Framecue,
  onLost: (why: LossReason) => void,
): Promise<OpenPlayer | null> {
  const url = config[path];
  if (path === 'hls') {
    const { openHls } = await import('../players/hls.ts');
    return openHls({ url, video, onLost, attach: (hls, Hls) => framecue.attachHls(hls, video, Hls) });
  }
  const { openMpegts } = await import('../players/mpegts.ts');
  return openMpegts({
    url,
    video,
    onLost,
    attach: (player, mpegts) => framecue.attachMpegts(player, video, mpegts, { path }),
  });
}
