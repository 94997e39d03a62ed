import type { MediaReport, StreamReport } from './report.ts';

/** What is kept of one answer about one stream. Null: nothing was measured. */
export interface Sample {
  /** Of this page's monotonic clock, milliseconds. */
  readonly at: number;
  /** Of the server's clock when it counted, Unix milliseconds. */
  readonly serverAt: number;
  readonly videoKbitPerS: number | null;
  /** Pictures since the answer before, per second: a second without pictures shows. */
  readonly framesPerS: number | null;
  /** From capture to arrival, by the encoder's clock. */
  readonly delayMs: number | null;
  readonly since: number | null;
  readonly frames: number | null;
  readonly passedUntouched: number | null;
}

/** By stream, oldest first. */
export type History = ReadonlyMap<string, readonly Sample[]>;

export const HISTORY_MS = 120_000;
/** Counts over less say little about a rate. */
const LEAST_SPAN_MS = 300;
/** Samples further apart than this are not joined: the page was hidden, or the server away. */
export const JOIN_MS = 5000;

/** The history with one more answer, and without what is too old or of a stream that is gone. */
export function remember(history: History, report: MediaReport, now: number): History {
  return new Map(
    report.streams.map((stream) => {
      const before = (history.get(stream.name) ?? []).filter(({ at }) => now - at <= HISTORY_MS);
      return [stream.name, [...before, sampleOf(stream, before.at(-1), report.at, now)]];
    }),
  );
}

function sampleOf(
  { publisher, health, stamps, clock }: StreamReport,
  before: Sample | undefined,
  serverAt: number,
  now: number,
): Sample {
  const since = publisher?.since ?? null;
  const frames = health?.video.frames ?? null;
  const bits = health?.video.bitsPerSecond ?? null;
  return {
    at: now,
    serverAt,
    videoKbitPerS: bits === null ? null : bits / 1000,
    framesPerS: before === undefined || before.since !== since ? null : rate(before, frames, serverAt),
    // A time before capture is the clock's mistake, and has no place in the drawing.
    delayMs: clock?.delay.last == null || clock.delay.last < 0 ? null : clock.delay.last,
    since,
    frames,
    passedUntouched: stamps.passedUntouched,
  };
}

function rate(before: Sample, frames: number | null, serverAt: number): number | null {
  const spanMs = serverAt - before.serverAt;
  if (frames === null || before.frames === null || spanMs < LEAST_SPAN_MS || spanMs > JOIN_MS) return null;
  return (Math.max(0, frames - before.frames) * 1000) / spanMs;
}

/** How much `passedUntouched` has grown in what is remembered. */
export function recentlyUnstamped(samples: readonly Sample[]): number {
  const counts = samples.flatMap(({ passedUntouched }) => passedUntouched ?? []);
  return counts.length < 2 ? 0 : Math.max(0, counts.at(-1)! - counts[0]!);
}
