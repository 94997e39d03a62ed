import { isObject, listOf, momentOf, numberOf, textOf } from '../../shared/json.ts';

/** Delays from stamp clock to presentation, milliseconds. */
export interface Quantiles {
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
}

export interface SpreadGroup extends Quantiles {
  readonly app: string;
  readonly protocol: string;
  readonly viewers: number;
}

/** How far apart the apps would open now. */
export interface Spread {
  readonly at: number | null;
  readonly viewers: number;
  readonly groups: readonly SpreadGroup[];
  readonly all: (Quantiles & { readonly viewers: number }) | null;
  readonly apart: { readonly content: number | null; readonly aligned: number | null };
  readonly leftOut: { readonly viewers: number; readonly share: number; readonly capMs: number | null };
  /** The hold that opens 99 % in the same instant; null where nothing was reported. */
  readonly hold99Ms: number | null;
}

export function readSpread(value: unknown): Spread | null {
  if (!isObject(value)) return null;
  const groups = listOf(value.groups, readGroup);
  if (groups === null) return null;
  const all = readQuantiles(value.all);
  const apart = apartOf(value.apart);
  const leftOut = isObject(value.leftOut) ? value.leftOut : {};
  const viewers = numberOf(value.viewers) ?? 0;
  return {
    at: momentOf(value.at),
    ...{ viewers, groups, apart },
    all: all === null ? null : { ...all, viewers },
    leftOut: {
      viewers: numberOf(leftOut.viewers) ?? 0,
      share: numberOf(leftOut.share) ?? 0,
      capMs: numberOf(leftOut.capMs),
    },
    hold99Ms: numberOf(value.hold99Ms),
  };
}

function readQuantiles(value: unknown): Quantiles | null {
  if (!isObject(value)) return null;
  const p50 = numberOf(value.p50);
  const p95 = numberOf(value.p95);
  const p99 = numberOf(value.p99);
  return p50 === null || p95 === null || p99 === null ? null : { p50, p95, p99 };
}

function readGroup(value: unknown): SpreadGroup | null {
  const quantiles = readQuantiles(value);
  if (quantiles === null || !isObject(value)) return null;
  return {
    ...quantiles,
    app: textOf(value.app) ?? 'unnamed app',
    protocol: textOf(value.protocol) ?? 'unknown',
    viewers: numberOf(value.viewers) ?? 0,
  };
}

/** A number, or numbers by quantile: the 99th is the one that a director means. */
function apartOf(value: unknown): Spread['apart'] {
  if (!isObject(value)) return { content: null, aligned: null };
  const of = (entry: unknown): number | null =>
    numberOf(entry) ?? (isObject(entry) ? (numberOf(entry.p99) ?? numberOf(entry.p95)) : null);
  const byQuantile = isObject(value.p99) ? value.p99 : value;
  return { content: of(byQuantile.content), aligned: of(byQuantile.aligned) };
}

/** The end of the plot's axis: a round number past all that is drawn, milliseconds. */
export function axisEndMs(spread: Spread): number {
  const far = Math.max(0, spread.hold99Ms ?? 0, ...spread.groups.map(({ p99 }) => p99));
  const step = STEPS.find((ms) => far <= ms * 5) ?? 10_000;
  return Math.max(step, Math.ceil(far / step) * step);
}

const STEPS = [100, 200, 500, 1000, 2000, 5000, 10_000];

/** About five marks from 0 to the end. */
export function axisTicks(endMs: number): readonly number[] {
  const step = STEPS.find((ms) => endMs / ms <= 5) ?? 10_000;
  const ticks: number[] = [];
  for (let at = 0; at <= endMs; at += step) ticks.push(at);
  return ticks;
}
