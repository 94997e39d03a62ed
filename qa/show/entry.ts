import type { PreparedCue, StampEvent } from '../../cues/cue.ts';
import type { ProductionLatency } from '../../cues/production-latency.ts';
import type { ClockReading } from '../../packet/held-clock.ts';
import type { MediaPacket } from '../../packet/packet.ts';
import type { Microseconds, Milliseconds } from '../../packet/time.ts';
import type { EpochReason } from '../../packet/timeline.ts';

/**
 * What goes into a stream's path from publisher to viewers. Together with the clock's reading at each of them, the
 * settings, and the state at the start, it decides every byte that comes out.
 */
export type StreamInput =
  | { readonly kind: 'begin-publish' }
  | { readonly kind: 'end-publish' }
  | {
      readonly kind: 'packet';
      readonly packet: MediaPacket;
      /** When it came, where it has waited since: with a programme delay. */
      readonly arrivedUs?: Microseconds;
    }
  | { readonly kind: 'schedule'; readonly cue: PreparedCue }
  | { readonly kind: 'withdraw'; readonly id: string }
  | { readonly kind: 'stamping'; readonly on: boolean }
  /** Null: what is declared. */
  | { readonly kind: 'latency'; readonly latency: ProductionLatency | null }
  /** Whether the recording machine's clock was known to be right. */
  | { readonly kind: 'clock-locked'; readonly locked: boolean };

/** What came of it in the recorded run; a replay is held against it. An epoch's id is an input too: it is random. */
export type StreamOutcome =
  | { readonly kind: 'epoch'; readonly epoch: string; readonly reason: EpochReason }
  | { readonly kind: 'event'; readonly event: StampEvent }
  | { readonly kind: 'output'; readonly packet: MediaPacket };

/** Sees everything that a stream's path takes in and gives out, in order. Must not throw and must not block. */
export interface StreamTap {
  /**
   * @param after null for what comes by itself. What comes while a packet is worked on, from those who were told of
   *   an epoch or a stamp: of how many they had been told within this packet.
   */
  input(input: StreamInput, at: ClockReading, after: number | null): void;
  outcome(outcome: StreamOutcome, at: ClockReading): void;
  /** One of the two threw all the same, and is not called any more. Must not throw. */
  broke(error: unknown): void;
}

/** A packet as it came out, by its fingerprint. */
export interface OutputRecord {
  readonly kind: 'output';
  readonly of: MediaPacket['kind'];
  readonly dts: Milliseconds;
  readonly pts: Milliseconds;
  readonly isKeyframe: boolean;
  readonly size: number;
  /** SHA-256 of the payload, hex. */
  readonly sha256: string;
}

/** One entry of a recorded show, in order. */
export type ShowRecord = ClockReading &
  (
    | {
        /** A stream's path begins, or the recording of one that runs already: `state` is what it had learnt. */
        readonly kind: 'start';
        readonly state: unknown;
      }
    | { readonly kind: 'input'; readonly input: StreamInput; readonly after: number | null }
    | Exclude<StreamOutcome, { readonly kind: 'output' }>
    | OutputRecord
    /** The disk was too slow: so many records are missing here. */
    | { readonly kind: 'gap'; readonly records: number; readonly bytes: number }
    /** The recording ended in order. */
    | { readonly kind: 'end'; readonly reason: string }
  );
