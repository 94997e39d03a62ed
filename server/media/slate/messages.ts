import type { SlateFailure } from '../../../cues/slate/read.ts';
import type { DecodeFailure } from './decode.ts';

/** What media's thread and the thread that reads slates say to each other. Plain data: it is copied. */

export interface ToSlateReader {
  readonly id: number;
  readonly record: Uint8Array;
  readonly data: Uint8Array;
  /** Unix milliseconds. */
  readonly arrivedAt: number;
}

export type ReadFailure = SlateFailure | DecodeFailure;

export type SlateOutcome =
  | {
      readonly ok: true;
      /** By the slate's clock, Unix milliseconds. */
      readonly drawnAt: number;
      readonly errorMs: number;
      readonly session: number;
      /** Pixels a module in the picture as it was read. */
      readonly module: number;
    }
  | { readonly ok: false; readonly reason: ReadFailure };

export interface FromSlateReader {
  readonly id: number;
  readonly outcome: SlateOutcome;
}
