import { Loop } from '../../test-streams/loop.ts';
import { readFrames } from '../../test-streams/read-frames.ts';
import { until } from './api.ts';

/** RTMP's whole milliseconds: a receipt's PTS and its picture's. */
const SAME_PICTURE_MS = 2;

/**
 * The number in every picture of the running stream, by its PTS: decoded from HTTP-FLV beside the players, so that
 * nothing about loops or frame rates needs to be assumed.
 */
export class NumbersByPts extends Loop {
  /** Null where the picture was there, and could not be read. */
  readonly #byPts = new Map<number, number | null>();
  #frameMs = Number.POSITIVE_INFINITY;
  #latestPts = Number.NEGATIVE_INFINITY;
  readonly #abort = new AbortController();
  readonly #reading: Promise<void>;

  constructor(url: string, totalFrames: number) {
    super(totalFrames);
    this.#reading = this.#read(url);
  }

  async #read(url: string): Promise<void> {
    try {
      for await (const { ptsMs, frame = null } of readFrames(url, { signal: this.#abort.signal })) {
        if (ptsMs === null) continue;
        this.#byPts.set(ptsMs, frame);
        if (ptsMs > this.#latestPts) this.#frameMs = Math.min(this.#frameMs, ptsMs - this.#latestPts);
        this.#latestPts = Math.max(this.#latestPts, ptsMs);
      }
    } catch (error) {
      if (!this.#abort.signal.aborted) throw error;
    }
  }

  /** Its own ffmpeg reads and knows the pictures up to this PTS: on a busy machine that is behind the players. */
  untilRead(pts: number, timeoutMs: number): Promise<true> {
    return until(`pictures are decoded up to ${pts}`, timeoutMs, async () =>
      this.#latestPts >= pts ? true : null,
    );
  }

  /** It reads: what comes from now on will be known. */
  untilReading(timeoutMs: number): Promise<true> {
    return this.untilRead(0, timeoutMs);
  }

  at(pts: number): number | null {
    for (let off = 0; off <= SAME_PICTURE_MS; off++) {
      const found = this.#byPts.get(pts + off) ?? this.#byPts.get(pts - off);
      if (found !== undefined) return found;
    }
    return null;
  }

  /** It has read on, and there was nothing: to a reader that falls behind the server gives no pictures up to a keyframe. */
  isMissing(pts: number): boolean {
    if (pts > this.#latestPts) return false;
    return [...this.#byPts.keys()].every((known) => Math.abs(known - pts) > 0.75 * this.#frameMs);
  }

  /** Whole frames in this time. */
  framesIn(ms: number): number {
    return Math.floor(ms / this.#frameMs);
  }

  async stop(): Promise<void> {
    this.#abort.abort();
    await this.#reading;
  }
}
