import { formatClock } from '../shared/format.ts';
import type { Outbox, Treasury } from './report.ts';

/** What was seen while the page is open, for the plots: the server keeps movements, not curves. */
export interface Sample {
  /** Unix seconds, as uPlot counts. */
  readonly at: number;
  /** By pool: free, reserved, granted pieces. */
  readonly pools: ReadonlyMap<string, readonly [free: number, reserved: number, granted: number]>;
  readonly waiting: number;
  readonly lagS: number;
}

/** An hour at one every two seconds. */
const KEPT = 1_800;

export function sampleOf(treasury: Treasury, outbox: Outbox | null): Sample {
  const lanes = outbox?.lanes ?? [];
  return {
    at: treasury.at / 1000,
    pools: new Map(
      treasury.pools.map(({ id, balances: { free, reserved, granted } }) => [
        id,
        [free.pieces, reserved.pieces, granted.pieces],
      ]),
    ),
    waiting: lanes.reduce((sum, { queued }) => sum + queued, 0),
    lagS: Math.max(0, ...lanes.map(({ lagMs }) => (lagMs ?? 0) / 1000)),
  };
}

/** Where a plot begins, in words: nothing is known of what was before. */
export const beganWords = (seen: readonly Sample[]): string =>
  seen.length >= KEPT
    ? `The last hour, from ${formatClock(seen[0]!.at * 1000)} on.`
    : `From ${formatClock(seen[0]!.at * 1000)} on: what this page has seen since it was opened, an hour at most.`;

/** A plot's time goes forward only: what a clock that was set back would put before the last one replaces it. */
export function remember(before: readonly Sample[], sample: Sample): readonly Sample[] {
  const kept = before.filter(({ at }) => at < sample.at);
  return [...kept.slice(-(KEPT - 1)), sample];
}
