import type { Microseconds, Milliseconds, UnixMicroseconds } from '../packet/time.ts';
import type { Drift } from './capture-clock-transit.ts';

/** What a publisher says of one picture, and when it came. */
export interface CaptureReading {
  /** On the stream's output timeline. */
  readonly pts: Milliseconds;
  /** When the picture was taken, by the publisher's clock. */
  readonly captureUs: UnixMicroseconds;
  /** The step in which it writes times, always rounded down: 1000 for whole milliseconds. */
  readonly resolutionUs: number;
  /** Arrival of its access unit, by our monotonic clock and by our wall clock. */
  readonly arrivedUs: Microseconds;
  readonly arrivedAt: UnixMicroseconds;
  /** What the publisher knows that the picture took within it, from capture to sending; 0 where it does not say. */
  readonly insideUs: number;
  /** False: the publisher itself says that its clock is not locked to a reference. */
  readonly locked: boolean;
}

/**
 * Health of a publisher's clock.
 * - `absent`: it sends no capture times, or no longer;
 * - `locking`: too few readings yet, or the publisher says that its clock is not locked;
 * - `locked`: readings fit one straight line;
 * - `drifting`: they do, but the time to arrival moves away;
 * - `stepped`: its clock jumped, and has too few readings since;
 * - `absurd`: pictures would have been taken after they arrived, or more than an hour before.
 */
export const CAPTURE_STATES = ['absent', 'locking', 'locked', 'drifting', 'stepped', 'absurd'] as const;
export type CaptureState = (typeof CAPTURE_STATES)[number];

/** What is known now. Spans in milliseconds. */
export interface CaptureReport {
  readonly state: CaptureState;
  readonly readings: number;
  /** Readings that fitted nothing. */
  readonly discarded: number;
  readonly steps: number;
  /** The last step: how far, and when by our wall clock. */
  readonly lastStep: { readonly byMs: number; readonly at: UnixMicroseconds } | null;
  /** How far off a picture's capture time can be, by the publisher's own clock; null while not known. */
  readonly errorMs: number | null;
  /** From capture by the publisher's clock to arrival by ours: the difference of the clocks is in it. */
  readonly captureToArrivalMs: { readonly last: number; readonly least: number } | null;
  /** Our clock proves that the publisher's is ahead by at least this; 0: no proof. */
  readonly aheadAtLeastMs: number;
  /** ... and behind by no more than this. How far it is ahead nobody can tell from arrival. */
  readonly behindAtMostMs: number | null;
  readonly drift: Drift | null;
  /** How much the time to arrival has moved since the clock was first known. */
  readonly movedMs: number;
}

/** The picture of a moment, by capture time. */
export interface CaptureTarget {
  /** PTS at which that moment was taken, fractions kept. */
  readonly pts: Milliseconds;
  /** How far off in time that can be: by the publisher's clock, its drift and what is proven of its setting. */
  readonly errorMs: number;
  /** How far off a picture would be that is chosen by its arrival: the time from capture to arrival. */
  readonly arrivalErrorMs: number;
}
