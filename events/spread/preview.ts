import { DelayHistogram } from './delay-histogram.ts';
import { type DelayReport, PROTOCOLS, type Protocol } from './delay-window.ts';

/** What a page of viewers is part of, told by app and protocol. */
export interface SpreadGroup {
  /** `other`: apps beyond those that are named; `unnamed`: pages that do not say. */
  readonly app: string;
  readonly protocol: Protocol;
  readonly viewers: number;
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
}

/** How far apart the first and the last of the middle viewers open, milliseconds. */
export interface Apart {
  /** Each on their own frame. */
  readonly content: number;
  /** All at `alignAt`, `hold.ms` after the picture passed the injector; who is later at once. */
  readonly aligned: number;
}

/** What a cue taken now would look like at the viewers. Milliseconds; viewers are estimates from the share that reports. */
export interface SpreadPreview {
  readonly at: number;
  readonly windowMs: number;
  /** Viewers who reported, and which share of all they are. */
  readonly reports: number;
  readonly share: number;
  readonly viewers: number;
  readonly groups: readonly SpreadGroup[];
  readonly all: Omit<SpreadGroup, 'app' | 'protocol'> | null;
  readonly apart: Readonly<Record<'p50' | 'p95' | 'p99', Apart>> | null;
  /** Further behind than the cap: their answers do not count in full, and a reveal may come before their lock. */
  readonly leftOut: { readonly viewers: number; readonly share: number; readonly capMs: number };
  /** Of the hold that was asked for, else of `hold99Ms`. */
  readonly hold: {
    readonly ms: number;
    readonly together: { readonly viewers: number; readonly share: number };
    readonly late: { readonly viewers: number; readonly share: number };
  } | null;
  /** With this hold 99 % open in the same instant; as sure as the number of reports allows (95 %). */
  readonly hold99Ms: number | null;
  /** Bound of the viewers' clocks: aligned openings are that much apart beside `apart`. */
  readonly clockErrorMs: { readonly p50: number; readonly p99: number } | null;
  readonly bucketMs: number;
  readonly buckets: readonly { readonly ms: number; readonly viewers: number }[];
}

export interface PreviewOptions {
  readonly at: number;
  readonly windowMs: number;
  /** Share of all viewers who report. */
  readonly share: number;
  readonly capMs: number;
  readonly holdMs: number | null;
}

const OTHER = 'other';
const UNNAMED = 'unnamed';
/** Apps with groups of their own: those with the most viewers. */
const MAX_APPS = 16;
const MAX_BUCKETS = 48;
const BUCKET_WIDTHS_MS = [10, 25, 50, 100, 250, 500, 1_000, 2_500];
/** A hold is said in steps of this. */
const HOLD_STEP_MS = 50;
/** One-sided 95 % of the normal distribution. */
const SURE = 1.645;

/** @param reports of one stream, one for each viewer. */
export function previewOf(reports: Iterable<DelayReport>, options: PreviewOptions): SpreadPreview {
  const { share, capMs, holdMs } = options;
  const kept = [...reports];
  const weight = share > 0 ? 1 / share : 0;
  const part = (count: number) => ({
    viewers: Math.round(count * weight),
    share: kept.length === 0 ? 0 : round(count / kept.length, 5),
  });
  const delays = new DelayHistogram();
  // The clock's error counts against a viewer: their picture may be that much later.
  const needed = new DelayHistogram();
  const errors = new DelayHistogram();
  let longestMs = 0;
  let beyondCap = 0;
  for (const { delayMs, errorMs } of kept) {
    delays.add(delayMs);
    needed.add(delayMs + errorMs);
    errors.add(errorMs);
    longestMs = Math.max(longestMs, delayMs);
    if (delayMs > capMs) beyondCap++;
  }
  const hold99Ms = hold99Of(needed);
  const usedHoldMs = holdMs ?? hold99Ms;
  const inTime = usedHoldMs === null ? 0 : kept.filter((r) => r.delayMs + r.errorMs <= usedHoldMs).length;
  const bucketMs = BUCKET_WIDTHS_MS.find((width) => longestMs / width < MAX_BUCKETS) ?? 2_500;
  return {
    at: options.at,
    windowMs: options.windowMs,
    reports: kept.length,
    share,
    viewers: part(kept.length).viewers,
    groups: groupsOf(kept, weight),
    all: kept.length === 0 ? null : { viewers: part(kept.length).viewers, ...quantilesOf(delays) },
    apart: usedHoldMs === null || kept.length === 0 ? null : apartOf(delays, usedHoldMs),
    leftOut: { ...part(beyondCap), capMs },
    hold:
      usedHoldMs === null
        ? null
        : { ms: usedHoldMs, together: part(inTime), late: part(kept.length - inTime) },
    hold99Ms,
    clockErrorMs:
      kept.length === 0
        ? null
        : { p50: Math.round(errors.quantile(0.5)!), p99: Math.round(errors.quantile(0.99)!) },
    bucketMs,
    buckets: bucketsOf(kept, bucketMs, weight),
  };
}

/**
 * Of n reports, the share below the quantile q is off by less than 1.645 sqrt(q (1 - q) / n) in 95 of 100 samples: so
 * that quantile is taken which is 99 % also in a sample that flatters. With few reports that is the slowest viewer.
 */
function hold99Of(needed: DelayHistogram): number | null {
  if (needed.count === 0) return null;
  const q = Math.min(1, 0.99 + SURE * Math.sqrt((0.99 * 0.01) / needed.count));
  return Math.ceil(needed.upper(q)! / HOLD_STEP_MS) * HOLD_STEP_MS;
}

/** From the first to the last of the middle 50, 95 and 99 %: `max(hold, delay)` keeps the order of delays. */
function apartOf(delays: DelayHistogram, holdMs: number): SpreadPreview['apart'] {
  const of = (middle: number): Apart => {
    const first = delays.quantile((1 - middle) / 2)!;
    const last = delays.quantile((1 + middle) / 2)!;
    return {
      content: Math.round(last - first),
      aligned: Math.round(Math.max(holdMs, last) - Math.max(holdMs, first)),
    };
  };
  return { p50: of(0.5), p95: of(0.95), p99: of(0.99) };
}

function groupsOf(reports: readonly DelayReport[], weight: number): SpreadGroup[] {
  const byApp = new Map<string, number>();
  for (const { app } of reports) if (app !== null) byApp.set(app, (byApp.get(app) ?? 0) + 1);
  const named = new Set(
    [...byApp]
      .sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1))
      .slice(0, MAX_APPS)
      .map(([app]) => app),
  );
  const nameOf = (app: string | null): string => {
    if (app === null) return UNNAMED;
    return named.has(app) ? app : OTHER;
  };
  const groups = new Map<string, { app: string; protocol: Protocol; delays: DelayHistogram }>();
  for (const { app, protocol, delayMs } of reports) {
    const name = nameOf(app);
    const key = `${protocol} ${name}`;
    let group = groups.get(key);
    if (group === undefined) {
      group = { app: name, protocol, delays: new DelayHistogram() };
      groups.set(key, group);
    }
    group.delays.add(delayMs);
  }
  return [...groups.values()]
    .map(({ app, protocol, delays }) => ({
      ...{ app, protocol, viewers: Math.round(delays.count * weight) },
      ...quantilesOf(delays),
    }))
    .sort(
      (a, b) =>
        b.viewers - a.viewers ||
        (a.app < b.app ? -1 : Number(a.app > b.app)) ||
        PROTOCOLS.indexOf(a.protocol) - PROTOCOLS.indexOf(b.protocol),
    );
}

const quantilesOf = (delays: DelayHistogram) => ({
  p50: Math.round(delays.quantile(0.5)!),
  p95: Math.round(delays.quantile(0.95)!),
  p99: Math.round(delays.quantile(0.99)!),
});

/** From 0 to the slowest viewer, empty ones too: a plot needs no more. `ms` is where a bucket begins. */
function bucketsOf(
  reports: readonly DelayReport[],
  bucketMs: number,
  weight: number,
): SpreadPreview['buckets'] {
  const counts: number[] = [];
  for (const { delayMs } of reports) {
    const bucket = Math.floor(delayMs / bucketMs);
    counts[bucket] = (counts[bucket] ?? 0) + 1;
  }
  return Array.from(counts, (count = 0, bucket) => ({
    ms: bucket * bucketMs,
    viewers: Math.round(count * weight),
  }));
}

const round = (value: number, digits: number): number => Number(value.toFixed(digits));
