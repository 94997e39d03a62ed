import { KEYS_PATH, STREAM_PATTERN } from '../../cues/wire/index.ts';
import { ServerClock } from './net/clock.ts';
import { DelayReports, type DelaySample } from './net/delay-reports.ts';
import type { Net } from './net/http.ts';
import { type DueCue, NowFeed } from './net/now-feed.ts';
import { Reports } from './net/reports.ts';
import { ViewerSession } from './net/session.ts';
import { Submissions } from './net/submissions.ts';
import { Attachments } from './page/attachments.ts';
import { browserNet, reportPageError } from './page/environment.ts';
import { ExactTimer } from './page/exact-timer.ts';
import { OwnEntries } from './prizes/own-entries.ts';
import { SealedResults } from './prizes/sealed.ts';
import { Sales } from './sale/sales.ts';
import { BoundedMap } from './scheduler/bounded-map.ts';
import { CueScheduler } from './scheduler/scheduler.ts';
import { readHls } from './sei/hls.ts';
import { mpegtsPath, readMpegts } from './sei/mpegts.ts';
import type { SeiListener } from './sei/sample.ts';
import { pickCrypto } from './stamps/crypto.ts';
import { StampIntake } from './stamps/intake.ts';
import { KeyStore } from './stamps/key-store.ts';
import { StampVerifier } from './stamps/verifier.ts';
import type {
  CueOutcome,
  CuePath,
  Framecue,
  FramecueOptions,
  FramecueStats,
  FramecueStatus,
} from './types.ts';

const TICK_MS = 250;
const DEFAULT_MAX_DELAY_MS = 30_000;
const DEFAULT_REPORT_SHARE = 0.1;
const DEFAULT_FALLBACK_MS = 2500;
const DEFAULT_SAFETY_MS = 15_000;
const MAX_PROBLEM_CODES = 64;
const MAX_CLOSED = 256;
/** A picture that has stood for longer says nothing of the delay now. */
const FRESH_MS = 1000;

/**
 * Fires framecue's cues on their own frame in the players of this page. Takes effect at once: clock and keys are
 * fetched; cues come once a player is attached (or, without one, by the events path).
 * @throws {TypeError} when `stream` is not `app/name`.
 */
export function createFramecue(options: FramecueOptions): Framecue {
  return createFramecueWith(options, browserNet);
}

/** {@link createFramecue} with its clocks, timers and network given. */
export function createFramecueWith(options: FramecueOptions, net: Net): Framecue {
  if (!STREAM_PATTERN.test(options.stream)) throw new TypeError('framecue: `stream` is not `app/name`');
  const base = options.eventsUrl.replace(/\/+$/, '');
  const api = `${base}/api/v1`;
  const problems = new Map<string, number>();
  const outcomes: Record<CueOutcome['outcome'], number> = { fired: 0, late: 0, missed: 0, closed: 0 };
  const closedAt = new BoundedMap<string, number>(MAX_CLOSED);
  let destroyed = false;
  let status: FramecueStatus = { mode: 'no-frames', path: null };
  let tickTimer: number | null = null;
  const wake = new ExactTimer(net);

  const problem = (code: string): void => {
    // Codes come from servers too: a broken one must not fill the page's memory.
    if (problems.has(code) || problems.size < MAX_PROBLEM_CODES)
      problems.set(code, (problems.get(code) ?? 0) + 1);
  };
  const callPage = <Args extends unknown[]>(
    callback: ((...args: Args) => void) | undefined,
    ...args: Args
  ) => {
    if (destroyed) return;
    try {
      callback?.(...args);
    } catch (error) {
      problem('ERR_CLIENT_CALLBACK');
      reportPageError(error);
    }
  };

  const clock = new ServerClock(net, {
    url: api,
    way: options.clock,
    onProblem: problem,
    onKnown: tick,
  });
  const session = new ViewerSession(net, {
    url: `${api}/session`,
    token: options.token,
    onDelayReports: (plan) => delayReports.told(plan),
  });
  const reports = new Reports(net, {
    url: `${api}/reports`,
    session,
    on: net.random() < (options.reportShare ?? DEFAULT_REPORT_SHARE),
    onProblem: problem,
  });
  const scheduler = new CueScheduler(
    {
      monotonicMs: net.nowMs,
      unix() {
        const now = clock.now();
        return now === null
          ? { ms: net.localUnixMs(), errorMs: 0, synced: false }
          : { ms: now.unixUs / 1000, errorMs: now.errorUs / 1000, synced: true };
      },
    },
    {
      fired: (cue) => callPage(options.onCue, cue),
      closed(cue, why) {
        closedAt.set(cue.id, net.nowMs());
        callPage(options.onClose, cue, why);
      },
      updated: (cue) => callPage(options.onUpdate, cue),
      outcome(outcome) {
        outcomes[outcome.outcome]++;
        reports.add(outcome);
        callPage(options.onOutcome, outcome);
      },
    },
    { maxDelayMs: options.maxDelayMs ?? DEFAULT_MAX_DELAY_MS },
  );
  const delayReports = new DelayReports(net, {
    url: `${api}/streams/${options.stream}/delays`,
    session,
    app: options.app,
    look: lookAtDelay,
    onProblem: problem,
  });
  const keys = new KeyStore(net, {
    url: `${base}${KEYS_PATH}`,
    given: options.keys,
    onProblem: problem,
    onChange: () => intake.retry(),
  });
  const crypto = pickCrypto(globalThis.crypto?.subtle);
  const intake = new StampIntake({
    stream: options.stream,
    verifier: new StampVerifier(crypto, keys),
    nowMs: net.nowMs,
    isDone: (id, rev) => scheduler.isDone(id, rev),
    onCue(known) {
      scheduler.learn(known);
      armWake();
    },
    onProblem: problem,
  });
  const submissions = new Submissions(net, {
    url: `${api}/interactions`,
    session,
    claimsOf: (cue, actedAtMs) => ({
      actedPts: attachments.streamPtsAt(actedAtMs),
      stamp: scheduler.stampOf(cue.id) ?? cue.stamp,
    }),
    closedAtMs: (id) => closedAt.get(id) ?? null,
    onProblem: problem,
  });
  const prizes = { url: `${api}/interactions`, onProblem: problem };
  const sealed = new SealedResults(net, { ...prizes, crypto });
  const entries = new OwnEntries(net, { ...prizes, session });
  const sales = new Sales({ net, ...prizes, session });
  const nowFeed =
    options.poll === false
      ? null
      : new NowFeed(net, {
          url: `${api}/streams/${options.stream}/now`,
          fallbackMs: options.poll?.fallbackMs ?? DEFAULT_FALLBACK_MS,
          safetyMs: options.poll?.safetyMs ?? DEFAULT_SAFETY_MS,
          isNeeded: () => status.mode === 'no-frames' || status.mode === 'no-stamps',
          onCues: (cues) => cues.forEach(learnDueCue),
          onDelayReports: (plan) => delayReports.told(plan),
          onProblem: problem,
        });

  function learnDueCue(due: DueCue): void {
    scheduler.learn({
      facts: due.facts,
      data: due.data,
      fireAtUs: due.fireAtUs,
      epoch: due.epoch,
      streamFireMs: due.ptsMs,
      from: { kind: 'events', elapsedMs: due.elapsedMs },
    });
    armWake();
  }

  const attachments = new Attachments({
    scheduler,
    nowMs: net.nowMs,
    onShown: armWake,
    onChange: updateStatus,
  });

  /** By frames that are being presented now, and by the server's clock. */
  function lookAtDelay(): DelaySample | null {
    const { current } = attachments;
    const now = clock.now();
    if (current === null || now === null || current.shown?.by !== 'frame' || current.hidden) return null;
    if (attachments.status.mode !== 'frames' || net.nowMs() - current.shown.atMs > FRESH_MS) return null;
    const delayMs = scheduler.delayMsOf(current);
    if (delayMs === null) return null;
    return {
      ...{ delayMs, errorMs: now.errorUs / 1000, unixMs: now.unixUs / 1000 },
      protocol: current.path(),
    };
  }

  function updateStatus(): void {
    const now = attachments.status;
    if (now.mode === status.mode && now.path === status.path) return;
    status = now;
    callPage(options.onStatus, now);
  }

  /** Timers of their own for what the clock opens and closes: a tick is too coarse for these. */
  function armWake(): void {
    const atMs = destroyed ? null : scheduler.nextWakeMs();
    if (atMs === wake.atMs) return;
    // A tick comes earlier, and looks again.
    if (atMs === null || atMs - net.nowMs() > 4 * TICK_MS) {
      wake.cancel();
      return;
    }
    wake.arm(atMs, () => {
      scheduler.tick();
      armWake();
    });
  }

  function tick(): void {
    attachments.poll();
    scheduler.tick();
    armWake();
    updateStatus();
    delayReports.sample();
  }

  function tickAgain(): void {
    tickTimer = net.setTimeout(() => {
      tick();
      if (!destroyed) tickAgain();
    }, TICK_MS);
  }

  function attach(
    video: HTMLVideoElement,
    path: () => Exclude<CuePath, 'events'>,
    read: (listener: SeiListener) => () => void,
  ): () => void {
    if (destroyed) throw new Error('framecue: attached after destroy()');
    return attachments.attach({
      video,
      path,
      read: (timeline, gone) => read({ sample: (sample) => intake.take(sample, timeline), gone, problem }),
    });
  }

  const onVisibility = () => {
    clock.check();
    tick();
  };
  const onPageHide = () => reports.flush();
  const page = globalThis.document as Document | undefined;
  page?.addEventListener('visibilitychange', onVisibility);
  page?.defaultView?.addEventListener('pagehide', onPageHide);

  clock.start();
  keys.refresh();
  nowFeed?.start();
  tickAgain();

  return {
    attachMpegts: (player, video, mpegts, attachOptions) =>
      attach(
        video,
        () => attachOptions?.path ?? mpegtsPath(player),
        (listener) => readMpegts(player, mpegts, listener, video),
      ),
    attachHls: (hls, video, Hls, attachOptions) =>
      attach(
        video,
        () => attachOptions?.path ?? 'hls',
        (listener) => readHls(hls, Hls, listener),
      ),
    async submit(cue, answer, { onWait, signal } = {}) {
      const outcome = await submissions.submit(cue, answer, {
        ...(onWait === undefined ? {} : { onWait: (wait) => callPage(onWait, wait) }),
        signal,
      });
      // Of a rehearsal nothing is kept: no list holds it.
      if (outcome.ok && outcome.receipt.status !== 'rehearsal') {
        entries.noteReceipt(outcome.receipt.interaction, outcome.receipt.id);
      }
      return outcome;
    },
    prefetchSealed: (interaction, request) => sealed.prefetch(interaction, request),
    openSealed: (cue) => sealed.open(cue),
    mine: (interaction, request) => entries.mine(interaction, request),
    reservation: (interaction) => sales.reservation(interaction),
    order: (interaction) => sales.order(interaction),
    giveBack: (interaction) => sales.giveBack(interaction),
    clock: { now: () => clock.now() },
    streamTime: () => attachments.streamTime(),
    stats(): FramecueStats {
      const { current } = attachments;
      return {
        ...attachments.status,
        attached: attachments.size,
        delayMs: current === null ? null : scheduler.delayMsOf(current),
        framesSeen: attachments.framesSeen,
        stampsSeen: attachments.stampsSeen,
        pending: scheduler.pending,
        open: scheduler.open,
        outcomes: { ...outcomes },
        problems: Object.fromEntries(problems),
      };
    },
    destroy() {
      if (destroyed) return;
      destroyed = true;
      attachments.detachAll();
      page?.removeEventListener('visibilitychange', onVisibility);
      page?.defaultView?.removeEventListener('pagehide', onPageHide);
      if (tickTimer !== null) net.clearTimeout(tickTimer);
      wake.cancel();
      scheduler.stop();
      intake.clear();
      const asking = [submissions, sealed, entries, sales, reports, delayReports];
      for (const part of [clock, keys, nowFeed, ...asking, session]) part?.destroy();
    },
  };
}
