import type { CaptureClock } from '../../cues/capture-clock.ts';
import type { LatencyTimes } from '../../cues/latency-times.ts';
import type { Microseconds } from '../../packet/time.ts';

/**
 * What else we know says of a publisher's clock.
 * - `confirmed`: the latency that was measured or declared fits it, within both errors;
 * - `unconfirmed`: nothing but arrival to hold it against, and that fits: it can still be behind by as much as a
 *   picture is on its way;
 * - `contradicted`: it is not believed.
 */
export const CLOCK_CHECKS = ['confirmed', 'unconfirmed', 'contradicted'] as const;
export type ClockCheck = (typeof CLOCK_CHECKS)[number];

/** Why a clock is not believed. Milliseconds. */
export interface Contradiction {
  /** Pictures came before they can have been sent; or the way that it shows is not the latency that we know. */
  readonly by: 'arrival' | 'latency';
  /** How far the clock is ahead (negative: behind); `arrival` proves at least that much. */
  readonly aheadMs: number;
  /** What both may be wrong by, which is less. */
  readonly boundMs: number;
}

export interface ClockVerdict {
  readonly check: ClockCheck;
  readonly contradiction: Contradiction | null;
}

const CONFIRMED: ClockVerdict = { check: 'confirmed', contradiction: null };
const UNCONFIRMED: ClockVerdict = { check: 'unconfirmed', contradiction: null };
/** Clocks that are kept by NTP agree within it. */
const NTP_MS = 20;
/** Farther off it is no clock at all: the clock's own state says so. */
const HOUR_MS = 3_600_000;

/** Null where the clock says nothing. @param now our monotonic clock, as of arrival */
export function checkClock(
  clock: CaptureClock,
  now: Microseconds,
  reference: LatencyTimes | null,
): ClockVerdict | null {
  const { state, errorMs, captureToArrivalMs, aheadAtLeastMs } = clock.reportAt(now);
  const pts = clock.lastPts;
  if (state === 'absent' || captureToArrivalMs === null || pts === null) return null;
  const aheadMs = Math.max(aheadAtLeastMs, -captureToArrivalMs.least);
  if (aheadMs > NTP_MS && aheadMs < HOUR_MS && (state === 'absurd' || aheadAtLeastMs > NTP_MS)) {
    return contradicted('arrival', aheadMs, NTP_MS + (errorMs ?? 0));
  }
  const taken = reference?.captureOf(pts) ?? null;
  if (reference === null || taken === null || errorMs === null) return UNCONFIRMED;
  const offMs = (clock.captureOf(pts)! - taken) / 1000;
  const boundMs = errorMs + reference.errorMs;
  return Math.abs(offMs) > boundMs ? contradicted('latency', offMs, boundMs) : CONFIRMED;
}

const contradicted = (by: Contradiction['by'], aheadMs: number, boundMs: number): ClockVerdict => ({
  check: 'contradicted',
  contradiction: { by, aheadMs, boundMs },
});
