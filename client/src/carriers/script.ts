import { readScriptCue, SCRIPT_NAME, type ScriptCue } from '../../../cues/wire/index.ts';
import type { SeiListener } from '../sei/sample.ts';

/** Tags whose place is not known yet. */
const MAX_PENDING = 64;
/** A tag is handed out as it is read: what it belongs to is being buffered then. */
const NEAR_BUFFER_MS = 1000;
/** With a base that was told from the first picture, which may begin with sound: a frame. */
const ESTIMATED_MS = 40;

/** What is needed of a video element. */
export type BufferedVideo = Pick<HTMLVideoElement, 'buffered' | 'addEventListener' | 'removeEventListener'>;

/**
 * `onFramecue` script data. mpegts.js hands script data out without its time, so the PTS in the tag is turned into
 * player time by the player's base: asked of the player where it can be asked, else told from the first picture in the
 * buffer, which the first tag came with. Either has to agree with what is buffered: a server on the way may have
 * written other time stamps, and a cue that cannot be placed is better left to the events path.
 */
export class ScriptReader {
  readonly #player: unknown;
  readonly #video: BufferedVideo;
  readonly #listener: SeiListener;
  #pending: ScriptCue[] = [];
  /** PTS of the first access unit of this connection, as its clock stamp tells it. */
  #firstPts: number | null = null;
  /** Where the buffer of this connection began. */
  #firstBufferedMs: number | null = null;

  constructor(player: unknown, video: BufferedVideo, listener: SeiListener) {
    this.#player = player;
    this.#video = video;
    this.#listener = listener;
    for (const event of PROGRESS) video.addEventListener(event, this.#place);
    video.addEventListener('emptied', this.#reset);
  }

  /** @param data what `SCRIPTDATA_ARRIVED` carries: the value by the tag's name */
  take(data: unknown): void {
    // Its own: a tag named `__proto__` has one as well.
    if (typeof data !== 'object' || data === null || !Object.hasOwn(data, SCRIPT_NAME)) return;
    const cue = readScriptCue((data as Record<string, unknown>)[SCRIPT_NAME]);
    if (cue === null) {
      this.#listener.problem('ERR_STAMP_FORMAT');
      return;
    }
    if (!cue.text.includes('\n')) this.#firstPts ??= cue.pts;
    if (this.#pending.length >= MAX_PENDING) {
      this.#pending.shift();
      this.#listener.problem('ERR_CLIENT_CARRIER_TIME');
    }
    this.#pending.push(cue);
    this.#place();
  }

  stop(): void {
    for (const event of PROGRESS) this.#video.removeEventListener(event, this.#place);
    this.#video.removeEventListener('emptied', this.#reset);
    this.#pending = [];
  }

  /** The player loads anew: another base. */
  readonly #reset = (): void => {
    this.#pending = [];
    this.#firstPts = null;
    this.#firstBufferedMs = null;
  };

  readonly #place = (): void => {
    const { buffered } = this.#video;
    if (this.#pending.length === 0 || buffered.length === 0) return;
    const startMs = buffered.start(0) * 1000;
    const endMs = buffered.end(buffered.length - 1) * 1000;
    this.#firstBufferedMs ??= startMs;
    const asked = baseOf(this.#player);
    const estimated = this.#firstPts === null ? null : this.#firstPts - this.#firstBufferedMs;
    const isNear = (ptsMs: number) => ptsMs >= startMs - NEAR_BUFFER_MS && ptsMs <= endMs + NEAR_BUFFER_MS;
    this.#pending = this.#pending.filter(({ pts, text }) => {
      const byAsked = asked !== null && isNear(pts - asked);
      const base = byAsked ? asked : estimated;
      if (base === null || !isNear(pts - base)) return true;
      this.#listener.sample({
        ptsMs: pts - base,
        data: new TextEncoder().encode(text),
        told: { by: 'script', accuracyMs: byAsked ? 1 : ESTIMATED_MS },
      });
      return false;
    });
  };
}

const PROGRESS = ['progress', 'timeupdate', 'loadeddata'] as const;

/**
 * The PTS that is 0 in an mpegts.js player's time (seen in 1.8.2). It has no public name, and none at all where the
 * player works in a worker; then null.
 */
function baseOf(player: unknown): number | null {
  try {
    const base = (
      player as MpegtsInside
    )._player_engine?._transmuxer?._controller?._remuxer?.getTimestampBase();
    return typeof base === 'number' && Number.isFinite(base) ? base : null;
  } catch {
    // Another version's inside: the buffer tells it.
    return null;
  }
}

interface MpegtsInside {
  readonly _player_engine?: {
    readonly _transmuxer?: {
      readonly _controller?: { readonly _remuxer?: { getTimestampBase(): unknown } };
    };
  };
}
