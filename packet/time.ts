/**
 * Units of time as types: a number of one unit is never taken for another.
 *
 * - media time (`Milliseconds`): PTS and DTS on a stream's timeline;
 * - wall clock (`UnixMilliseconds`, `UnixMicroseconds`): since 1970-01-01 UTC;
 * - spans (`Milliseconds`, `Microseconds`).
 */
declare const unit: unique symbol;
type Unit<Name extends string> = number & { readonly [unit]: Name };

export type Milliseconds = Unit<'ms'>;
export type Microseconds = Unit<'us'>;
export type UnixMilliseconds = Unit<'unix ms'>;
export type UnixMicroseconds = Unit<'unix us'>;

export const ms = (value: number): Milliseconds => value as Milliseconds;
export const us = (value: number): Microseconds => value as Microseconds;
export const unixMs = (value: number): UnixMilliseconds => value as UnixMilliseconds;
export const unixUs = (value: number): UnixMicroseconds => value as UnixMicroseconds;

/** Floors, so that a moment never moves into the future by a change of unit. */
export const unixUsToMs = (value: UnixMicroseconds): UnixMilliseconds => unixMs(Math.floor(value / 1000));
export const unixMsToUs = (value: UnixMilliseconds): UnixMicroseconds => unixUs(value * 1000);

const WRAP = 2 ** 32;

/**
 * Unwraps RTMP's 32-bit millisecond time stamps (RTMP 1.0, section 5.3.1), which pass zero every 49.7 days.
 * Each value is taken as the one nearest to the value before it, so small steps back stay small steps back.
 */
export class RtmpTimeUnwrapper {
  #last: number | null = null;

  unwrap(timestamp32: number): Milliseconds {
    if (this.#last === null) {
      this.#last = timestamp32;
      return ms(timestamp32);
    }
    const laps = Math.round((this.#last - timestamp32) / WRAP);
    // A first packet just before the wrap and a second just before that would give a negative lap; 0 is the floor.
    this.#last = timestamp32 + Math.max(0, laps) * WRAP;
    return ms(this.#last);
  }
}
