import type { Microseconds } from '../../packet/time.ts';
import { FRAME_KINDS, type FrameKind } from './encoder-sei.ts';

export interface FrameCount {
  readonly total: number;
  readonly lastMinute: number;
  /** Between the two newest messages; null before the second. */
  readonly perSecond: number | null;
}

export type FrameCounts = { readonly [kind in FrameKind]: FrameCount };

interface Entry {
  readonly at: Microseconds;
  readonly frames: { readonly [kind in FrameKind]?: number };
}

const MINUTE_US = 60_000_000;
/** Messages kept for the last minute; those that come more often than keyframes do are put together. */
const ENTRIES = 128;
/**
 * A publisher's differences are u32 and never negative: where its own count began anew, they come out just below the
 * wrap, and are no frames.
 */
const RESTARTED = 2 ** 31;

/** The publisher's frame counters: its differences, summed. */
export class FrameTally {
  /** Messages in which the publisher's count had begun anew. */
  restarts = 0;
  readonly #totals = new Map<FrameKind, number>();
  readonly #newest = new Map<FrameKind, { at: Microseconds; perSecond: number | null }>();
  #entries: Entry[] = [];

  /** @param at our monotonic clock */
  add(at: Microseconds, given: { readonly [kind in FrameKind]?: number }): void {
    const frames: { [kind in FrameKind]?: number } = {};
    for (const kind of FRAME_KINDS) {
      const delta = given[kind];
      if (delta === undefined) continue;
      const counted = delta >= RESTARTED ? 0 : delta;
      if (counted !== delta) this.restarts++;
      frames[kind] = counted;
      this.#totals.set(kind, (this.#totals.get(kind) ?? 0) + counted);
      const before = this.#newest.get(kind);
      const spanUs = before === undefined ? 0 : at - before.at;
      this.#newest.set(kind, { at, perSecond: spanUs > 0 ? (counted * 1e6) / spanUs : null });
    }
    this.#entries = this.#entries.filter((entry) => at - entry.at <= MINUTE_US);
    const last = this.#entries.at(-1);
    if (last !== undefined && this.#entries.length >= ENTRIES) {
      this.#entries[this.#entries.length - 1] = { at: last.at, frames: sumOf(last.frames, frames) };
    } else {
      this.#entries.push({ at, frames });
    }
  }

  /** Null where the publisher counts nothing. */
  countsAt(now: Microseconds): FrameCounts | null {
    if (this.#totals.size === 0) return null;
    const recent = this.#entries.filter((entry) => now - entry.at <= MINUTE_US);
    const count = (kind: FrameKind): FrameCount => ({
      total: this.#totals.get(kind) ?? 0,
      lastMinute: recent.reduce((sum, { frames }) => sum + (frames[kind] ?? 0), 0),
      perSecond: recent.length === 0 ? null : (this.#newest.get(kind)?.perSecond ?? null),
    });
    return Object.fromEntries(FRAME_KINDS.map((kind) => [kind, count(kind)])) as Record<
      FrameKind,
      FrameCount
    >;
  }
}

function sumOf(a: Entry['frames'], b: Entry['frames']): Entry['frames'] {
  const sum: { [kind in FrameKind]?: number } = { ...a };
  for (const kind of FRAME_KINDS) {
    const more = b[kind];
    if (more !== undefined) sum[kind] = (sum[kind] ?? 0) + more;
  }
  return sum;
}
