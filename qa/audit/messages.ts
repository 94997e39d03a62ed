import type { OutputReceipt, OutputReceipts } from '../../cues/output-receipt.ts';
import type { StampKeySet } from '../../cues/wire/index.ts';

/** What media's thread and the thread that reads outputs say to each other. Plain data: it is copied. */

/** An output that somebody has named. */
export interface NamedOutput {
  /** `app/name` */
  readonly stream: string;
  readonly label: string;
  /** http, https, ws or wss; may hold secrets. */
  readonly url: string;
}

/** A stream whose own outputs are read. */
export interface FollowedStream {
  readonly stream: string;
  /** False: over for viewers; what is left of HLS is read to its end. */
  readonly live: boolean;
}

/** A landing that is looked for in the outputs. PTS in milliseconds on the stream's output timeline. */
export interface ExpectedCue {
  readonly stream: string;
  readonly id: string;
  readonly rev: number;
  readonly epoch: string;
  readonly pts: number;
  /** Unix microseconds. */
  readonly stampedAtUs: number;
  readonly fireAtUs: number;
}

/** A cue of which nobody knows whether it was stamped. Unix microseconds. */
export interface WantedCue {
  readonly stream: string;
  readonly id: string;
  readonly acceptedAtUs: number;
  /** When its picture was to pass; null: not known any more. */
  readonly dueAtUs: number | null;
}

/** The worker's start. */
export interface AuditorSetup {
  /** Base of the play URLs on this machine, http or https. */
  readonly ownBase: string;
  /** What makes own outputs' readers known to delivery: header and value. */
  readonly ownHeader: { readonly name: string; readonly value: string };
  readonly keys: StampKeySet;
  readonly timeoutMs: number;
  readonly named: readonly NamedOutput[];
  readonly wanted: readonly WantedCue[];
}

export type ToAuditor =
  /** All that are followed from now on. */
  | { readonly kind: 'streams'; readonly streams: readonly FollowedStream[] }
  /** All that are named from now on. */
  | { readonly kind: 'named'; readonly outputs: readonly NamedOutput[] }
  | { readonly kind: 'landed'; readonly cue: ExpectedCue }
  | { readonly kind: 'close' };

export type FromAuditor =
  /** Outputs that are settled, each once; `final`: no more of this cue follow. */
  | {
      readonly kind: 'receipts';
      readonly cue: ExpectedCue;
      readonly outputs: OutputReceipts;
      readonly final: boolean;
    }
  /** A wanted cue was found, by a stamp that proves its landing. */
  | { readonly kind: 'found'; readonly id: string; readonly stamp: FoundStamp }
  /** An output that carries our stamps was read past a wanted cue's moment, and it is not there. */
  | { readonly kind: 'not-in-output'; readonly id: string; readonly output: string }
  /** Once a second, and the sign of life. */
  | { readonly kind: 'health'; readonly outputs: readonly OutputHealth[]; readonly dropped: number };

export interface FoundStamp {
  readonly rev: number;
  readonly epoch: string;
  readonly firePts: number;
  readonly stampedAtUs: number;
  readonly fireAtUs: number;
  readonly output: string;
  readonly receipt: OutputReceipt;
}

/** `file`: MP4 or MPEG-TS as one body, a recording mostly. */
export type OutputKind = 'flv' | 'ws' | 'hls' | 'file';

/** One output's reader. */
export interface OutputHealth {
  readonly stream: string;
  readonly output: string;
  readonly isOwn: boolean;
  /** Null while it is not known. */
  readonly kind: OutputKind | null;
  /** `ended`: a recording that was read to its end. */
  readonly state: 'connecting' | 'reading' | 'waiting' | 'ended';
  readonly bytes: number;
  readonly pictures: number;
  /** Times that reading began anew. */
  readonly reconnects: number;
  /** Null before the first picture. */
  readonly lastPictureAgeMs: number | null;
  /** The `ERR_*` code of why it is not read; null while all is well. */
  readonly problem: string | null;
}
