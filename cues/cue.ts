import type { Milliseconds, UnixMicroseconds, UnixMilliseconds } from '../packet/time.ts';
import type { OutputReceipts } from './output-receipt.ts';
import type { CueState } from './states.ts';
import type { CueType, JsonObject } from './wire/index.ts';

/** When a cue is to fire, as its director asked for it. */
export type FireRequest =
  /** The first picture in presentation order that has not passed the injector. */
  | { readonly kind: 'next' }
  /** That much media time after the picture that `next` would give. */
  | { readonly kind: 'delay'; readonly delayMs: Milliseconds }
  /** The picture at this PTS of the stream's output timeline (what the director saw); the next one where it has passed. */
  | { readonly kind: 'mediaTime'; readonly pts: Milliseconds }
  /**
   * The picture that was taken at this moment of the wall clock, where capture time is known well enough; else, and
   * with `by`, the one that passes the injector then.
   */
  | { readonly kind: 'at'; readonly at: UnixMilliseconds; readonly by?: 'arrival' };

/** How the frame was chosen. */
export type FrameChoice =
  /** Rule 4: the first picture in presentation order that had not passed, from DTS at a constant rate. */
  | 'next-in-presentation'
  /** DTS did not fit a constant rate: the PTS of the access unit at hand. */
  | 'own-pts'
  /** A moment ahead, reached on the timeline. */
  | 'scheduled'
  /** A crash took the receipt; a stamp that was read back from an output says where the cue landed. */
  | 'read-back';

/** Where a cue landed. */
export interface Landing {
  readonly epoch: string;
  /** Fire PTS on the stream's output timeline. */
  readonly pts: Milliseconds;
  /**
   * Access units in decode order since the epoch began, of the one that first carried the cue to fire; null where
   * a stamp that was read back is all that is known of the landing.
   */
  readonly frame: number | null;
  readonly stampedAtUs: UnixMicroseconds;
  /** The wall clock at which the fire PTS passes the injector. */
  readonly fireAtUs: UnixMicroseconds;
  readonly markToStampMs: number;
  /** How far the fire PTS is behind the moment asked for; 0 where it was met. Its bound, where only a bound is known. */
  readonly errorMs: number;
  readonly choice: FrameChoice;
  /**
   * How a wall-clock moment became a picture: by when the publisher says that it was taken, by when it came and how
   * long it had been on its way, or by when it passed. Absent for other requests.
   */
  readonly timing?: 'capture' | 'latency' | 'stamp';
  /** By capture time or latency: how far off that can be, milliseconds. */
  readonly timingErrorMs?: number;
  /** What was known of the publisher's clock then; absent where it sent none. A contradicted one was not used. */
  readonly encoderClock?: 'confirmed' | 'unconfirmed' | 'contradicted';
  /** By output: whether the cue was read back there. Empty until something reads back. */
  readonly outputs: OutputReceipts;
}

/** A cue that was announced or has landed, and was taken back: players drop or close it, its round is void. */
export interface Voiding {
  readonly at: UnixMilliseconds;
  /** The name of the token. */
  readonly by: string;
  /** Where the picture passed that tells the players; null until then. */
  readonly landing: Landing | null;
}

/** One of several cues that repeat what was asked for once. */
export interface SeriesPlace {
  /** What was asked for under; the cues are `id.1`, `id.2`, ... */
  readonly id: string;
  /** Which one this is, from 1. */
  readonly n: number;
  readonly count: number;
  readonly everyMs: Milliseconds;
  /** No further ones come: it was cancelled. */
  readonly stopped?: boolean;
}

/** A cue as the API, the log and the feed show it. */
export interface Cue {
  readonly id: string;
  readonly rev: number;
  readonly stream: string;
  readonly show?: string;
  readonly type: CueType;
  readonly ref?: string;
  readonly state: CueState;
  /** Why it is in that state, where that is not plain: a code and a sentence. */
  readonly reason?: { readonly code: string; readonly text: string };
  readonly data: JsonObject;
  readonly audience?: JsonObject;
  /** The moment the director meant by "now": arrival of the request unless they said. */
  readonly markedAt: UnixMilliseconds;
  readonly acceptedAt: UnixMilliseconds;
  readonly alignAt?: UnixMilliseconds;
  readonly durationMs?: Milliseconds;
  readonly exp: UnixMilliseconds;
  readonly fire: FireRequest;
  readonly announceMs: Milliseconds;
  readonly repeat: number;
  /** The name of the token that marked it. */
  readonly by: string;
  readonly landing: Landing | null;
  /** What it is made with once its moment is known: an armed cue when it is taken, each one of a series. */
  readonly asked?: {
    readonly announceMs?: Milliseconds;
    readonly alignInMs?: Milliseconds;
    readonly expiresInMs?: Milliseconds;
  };
  /** When its picture is expected at the injector. Absent where that is not known: it is armed. */
  readonly dueAt?: UnixMilliseconds;
  /** An armed cue was taken; a `delay` counts from here. */
  readonly taken?: { readonly at: UnixMilliseconds; readonly by: string };
  /** It was changed after its acceptance; a `delay` that was given anew counts from here. */
  readonly edited?: { readonly at: UnixMilliseconds; readonly by: string };
  readonly voided?: Voiding;
  readonly series?: SeriesPlace;
  /** What consoles call it. Not on the wire, like the four that follow. */
  readonly title?: string;
  /** The item of a rundown that it came of, and that rundown. */
  readonly item?: string;
  readonly rundown?: string;
  /** It gives something away: consoles ask twice. */
  readonly prize?: boolean;
  /** Marked in rehearsal: its round counts for nothing. On the wire too. */
  readonly rehearsal?: boolean;
}

/** What the injector needs of a cue: its signed lines, its key, and when it fires. */
export interface PreparedCue {
  readonly id: string;
  readonly rev: number;
  readonly type: CueType;
  readonly ref?: string;
  /** Line 2 and line 3 of its stamps. */
  readonly bodyText: string;
  readonly signatureLine: string;
  /** Opens `sealed`; null where nothing is sealed. */
  readonly key: string | null;
  readonly fire: FireRequest;
  readonly markedAt: UnixMilliseconds;
  readonly announceMs: Milliseconds;
  /** On how many access units after the fire frame it is repeated. */
  readonly repeat: number;
  /** For how long after the fire PTS it stands on every keyframe; null: until a lock, reveal or cancel refers to it. */
  readonly openForMs: Milliseconds | null;
  readonly exp: UnixMilliseconds;
  /**
   * Of an `at` that has not been announced: a picture farther behind that moment than this is not what was meant, the
   * wall clock has stepped. Absent: never.
   */
  readonly lateMs?: Milliseconds;
  /**
   * Set where the cue landed in an earlier epoch and is still open: the wall clock of its fire PTS. It is not fired
   * anew; its stamps stand on the keyframes of this epoch, so that late joiners open with what time remains.
   */
  readonly landedAtUs?: UnixMicroseconds;
}

/** What the injector says of a cue. */
export type StampEvent =
  | {
      readonly kind: 'announced';
      readonly id: string;
      readonly rev: number;
      readonly epoch: string;
      readonly firePts: Milliseconds;
    }
  | { readonly kind: 'landed'; readonly id: string; readonly rev: number; readonly landing: Landing }
  | { readonly kind: 'ended'; readonly id: string; readonly rev: number }
  | {
      readonly kind: 'missed';
      readonly id: string;
      readonly rev: number;
      readonly code: string;
      readonly text: string;
    };
