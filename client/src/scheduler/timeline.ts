import { BY_SEI, isWorse, type Told } from '../carriers/told.ts';
import type { CuePath } from '../types.ts';

/** Frame times are whole milliseconds on one side and fractions of a time base on the other (TS: up to 1 ms apart). */
export const TOLERANCE_MS = 2;
/** A playback position is no frame's time: all of it has to be reached, but for the digits that a double loses. */
export const POSITION_TOLERANCE_MS = 0.01;
/** Stamps of one timeline agree on its offset this closely; a larger difference is another timeline. */
const SAME_OFFSET_MS = 4;
const MAX_SEGMENTS = 8;
const MAX_ANCHORS = 64;
/** Announcements come with many stamps a second: more anchors than this would push out those of the frame on screen. */
const ANCHOR_APART_MS = 500;
const MAX_EPOCHS = 16;
/** A player that shows nothing after this is not just starting. */
export const STARTING_MS = 4000;
/** Without a new picture for this long, nothing is being shown. */
export const STALLED_MS = 5000;
/** Without a stamp for this long (they are on every keyframe, HLS brings them by segment), stamps are lost. */
export const STAMPLESS_MS = 20_000;

export type TimelineState = 'starting' | 'running' | 'paused' | 'stopped';

/** The picture on screen, in player time. */
export interface Shown {
  /** `mediaTime * 1000`, or the playback position where no frames are presented. */
  readonly ptsMs: number;
  /** When it was presented; monotonic milliseconds. */
  readonly atMs: number;
  readonly by: 'frame' | 'position';
}

interface Segment {
  /** Stream PTS less player PTS. */
  readonly offsetMs: number;
  /** Epochs whose stamps had this offset, and the player PTS of the first one; newest last, never empty. */
  readonly epochs: { readonly epoch: string; fromMs: number }[];
}

/**
 * One player's time: what it shows, and how its time relates to the stream's. A player counts from a base of its
 * own, which changes with every connection; any stamp that names its PTS tells the offset.
 */
export class PlayerTimeline {
  /** How this player gets the stream: asked when it matters, because some players know it only after a while. */
  readonly path: () => Exclude<CuePath, 'events'>;
  /** Grows when the player's time starts anew: what was placed before then means nothing any more. */
  generation = 0;
  shown: Shown | null = null;
  /** PTS of the first picture: what lies before it was never shown here. */
  firstShownMs: number | null = null;
  paused = false;
  /** The page is not seen. */
  hidden = false;
  rate = 1;
  framesSeen = 0;
  stampsSeen = 0;
  #startedAtMs: number;
  #aliveAtMs: number | null = null;
  #lastStampAtMs: number | null = null;
  /** The best that tells this player's time. */
  #told: Told | null = null;
  #segments: Segment[] = [];
  /** Player PTS of stamped frames and when they passed the injector, newest last. */
  #anchors: { readonly ptsMs: number; readonly atUs: number }[] = [];
  #frameSpans: number[] = [];
  #lastCount: number | null = null;

  constructor(nowMs: number, path: () => Exclude<CuePath, 'events'>) {
    this.path = path;
    this.#startedAtMs = nowMs;
  }

  /** The player loads anew. */
  reset(nowMs: number): void {
    this.generation++;
    this.shown = null;
    this.firstShownMs = null;
    this.#startedAtMs = nowMs;
    this.#aliveAtMs = null;
    this.#lastStampAtMs = null;
    this.#told = null;
    this.#segments = [];
    this.#anchors = [];
    this.#frameSpans = [];
    this.#lastCount = null;
  }

  /** A stamp was read on the access unit with `playerPtsMs`. */
  stamped(
    playerPtsMs: number,
    head: { readonly epoch: string; readonly at: number; readonly pts?: number },
    nowMs: number,
    told: Told = BY_SEI,
  ): void {
    // What is told worse says nothing while the better one goes on.
    if (this.#told !== null && isWorse(told, this.#told) && this.stampsRunning(nowMs)) return;
    this.#told = told;
    this.stampsSeen++;
    this.#lastStampAtMs = nowMs;
    const last = this.#anchors.at(-1);
    if (last === undefined || Math.abs(playerPtsMs - last.ptsMs) >= ANCHOR_APART_MS) {
      this.#anchors.push({ ptsMs: playerPtsMs, atUs: head.at });
      if (this.#anchors.length > MAX_ANCHORS) this.#anchors.shift();
    }
    if (head.pts !== undefined) this.#learnOffset(playerPtsMs, head.pts - playerPtsMs, head.epoch);
  }

  #learnOffset(fromMs: number, offsetMs: number, epoch: string): void {
    const last = this.#segments.at(-1);
    if (last === undefined || Math.abs(last.offsetMs - offsetMs) > SAME_OFFSET_MS) {
      this.#segments.push({ offsetMs, epochs: [{ epoch, fromMs }] });
      if (this.#segments.length > MAX_SEGMENTS) this.#segments.shift();
      return;
    }
    const known = last.epochs.find((e) => e.epoch === epoch);
    if (known === undefined) {
      last.epochs.push({ epoch, fromMs });
      if (last.epochs.length > MAX_EPOCHS) last.epochs.shift();
    } else {
      known.fromMs = Math.min(known.fromMs, fromMs);
    }
  }

  /** A frame was presented. @param count frames presented so far, as `requestVideoFrameCallback` counts them. */
  presented(ptsMs: number, atMs: number, count: number): void {
    this.framesSeen++;
    const before = this.shown;
    if (before?.by === 'frame' && this.#lastCount !== null && count > this.#lastCount) {
      const span = (ptsMs - before.ptsMs) / (count - this.#lastCount);
      if (span > 1 && span < 500) {
        this.#frameSpans.push(span);
        if (this.#frameSpans.length > 30) this.#frameSpans.shift();
      }
    }
    this.#lastCount = count;
    this.#show({ ptsMs, atMs, by: 'frame' });
  }

  /** The playback position, where frames are not presented. */
  positioned(ptsMs: number, atMs: number): void {
    if (this.shown !== null && ptsMs === this.shown.ptsMs) return;
    this.#lastCount = null;
    this.#show({ ptsMs, atMs, by: 'position' });
  }

  #show(shown: Shown): void {
    this.shown = shown;
    this.firstShownMs ??= shown.ptsMs;
    // A player whose autoplay is blocked may well show its first frame: it is not running for that.
    if (!this.paused) this.#aliveAtMs = shown.atMs;
  }

  state(nowMs: number): TimelineState {
    if (this.#aliveAtMs === null) {
      // Never a picture: an autoplay that is blocked says `paused` as well, but nobody paused anything.
      return nowMs - this.#startedAtMs < STARTING_MS ? 'starting' : 'stopped';
    }
    if (this.paused) return 'paused';
    return nowMs - this.#aliveAtMs < STALLED_MS ? 'running' : 'stopped';
  }

  /** The viewer goes on after a pause: pictures are expected again from now. */
  resumed(nowMs: number): void {
    this.paused = false;
    if (this.#aliveAtMs !== null) this.#aliveAtMs = nowMs;
  }

  /** False where stamps should have come and did not. */
  stampsRunning(nowMs: number): boolean {
    return nowMs - (this.#lastStampAtMs ?? this.#startedAtMs) < STAMPLESS_MS;
  }

  /** Player time of a stream PTS; null where no stamp of that epoch told the offset. */
  toPlayer(streamPtsMs: number, epoch: string): number | null {
    const segment = this.#segments.findLast((s) => s.epochs.some((e) => e.epoch === epoch));
    return segment === undefined ? null : streamPtsMs - segment.offsetMs;
  }

  /** How far off stream PTS in player time may be; null before any stamp. */
  get accuracyMs(): number | null {
    return this.#told?.accuracyMs ?? null;
  }

  /** Stream PTS and epoch of a moment of player time; null where no stamp told the offset. */
  toStream(playerPtsMs: number): { readonly ptsMs: number; readonly epoch: string } | null {
    const reached = (e: { fromMs: number }) => e.fromMs <= playerPtsMs + TOLERANCE_MS;
    // Before the first stamp the first offset holds: its stamp was lost, its frames are shown all the same.
    const segment = this.#segments.findLast((s) => s.epochs.some(reached)) ?? this.#segments[0];
    if (segment === undefined) return null;
    const { epoch } = segment.epochs.findLast(reached) ?? segment.epochs[0]!;
    return { ptsMs: Math.round(playerPtsMs + segment.offsetMs), epoch };
  }

  /** Length of a frame, from those that were presented one after another; null until some were. */
  get frameMs(): number | null {
    // Where frames are decoded but not presented, spans are multiples: the shortest is the frame.
    return this.#frameSpans.length === 0 ? null : Math.min(...this.#frameSpans);
  }

  /** How long ago the picture on screen had passed the injector when it was shown. */
  delayMs(unixMsAt: (monotonicMs: number) => number): number | null {
    const shown = this.shown;
    if (shown === null) return null;
    const anchor = this.#anchors.findLast((a) => a.ptsMs <= shown.ptsMs + TOLERANCE_MS);
    if (anchor === undefined) return null;
    return unixMsAt(shown.atMs) - (anchor.atUs / 1000 + (shown.ptsMs - anchor.ptsMs));
  }
}
