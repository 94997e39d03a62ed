import type { CueType, JsonObject } from '../../../cues/wire/index.ts';
import type { Told } from '../carriers/told.ts';
import type { CloseReason, FiredCue, LateReason } from '../types.ts';
import type { PlayerTimeline } from './timeline.ts';

/** What stamps and the events feed both tell of a cue. Times as in `CueBody`. */
export interface CueFacts {
  readonly id: string;
  readonly rev: number;
  readonly type: CueType;
  readonly ref?: string | undefined;
  readonly show?: string | undefined;
  readonly audience?: JsonObject | undefined;
  readonly rehearsal?: boolean | undefined;
  readonly alignAt?: number | undefined;
  readonly durationMs?: number | undefined;
  readonly exp: number;
}

/** A cue as it became known once: verified, and never of another stream. */
export interface KnownCue {
  readonly facts: CueFacts;
  /** Null while sealed. */
  readonly data: JsonObject | null;
  readonly fireAtUs: number;
  readonly epoch: string;
  /** Fire PTS on the stream's timeline. */
  readonly streamFireMs: number | null;
  readonly from:
    | {
        readonly kind: 'stamp';
        readonly timeline: PlayerTimeline;
        /** `timeline.generation` when the stamp was read. */
        readonly generation: number;
        readonly playerFireMs: number;
        readonly told: Told;
        /** Text of the copy, where its `fireIn <= 0`. */
        readonly stamp: string | null;
      }
    /** The feed of due cues; `elapsedMs` since `fireAtUs` when it was answered, by the server's own clock. */
    | { readonly kind: 'events'; readonly elapsedMs: number };
}

/** What made a cue due, and by how much it is past its moment. */
export interface Due {
  readonly by: 'frame' | 'position' | 'clock';
  readonly timeline: PlayerTimeline | null;
  readonly playerFireMs: number | null;
  readonly playerShownMs: number | null;
  /** Media time (clock: time) since the fire PTS. */
  readonly elapsedMs: number;
  /** Monotonic milliseconds at which the fire PTS was, or would have been, on this screen. */
  readonly dueAtMs: number;
}

/** A cue's moment in a player's time, and what told it. */
export interface Placed {
  readonly generation: number;
  readonly fireMs: number;
  readonly told: Told;
}

/** A cue that waits or is open. */
export interface CueEntry {
  facts: CueFacts;
  data: JsonObject | null;
  fireAtUs: number;
  epoch: string;
  streamFireMs: number | null;
  /** Fire PTS by player, where its stamps told it; only for the generation it was read in. */
  readonly placed: Map<PlayerTimeline, Placed>;
  /** The best that told of it; null while only the events feed did. */
  told: Told | null;
  /** The player whose stamp came first; null while only the events feed told of it. */
  source: PlayerTimeline | null;
  /** From the events feed: how long it had been due at which monotonic moment. */
  fed: { readonly elapsedMs: number; readonly atMs: number } | null;
  stamp: string | null;
  /** It became known after its frame. */
  knownLate: LateReason | null;
  state:
    | { readonly name: 'pending' }
    /** Its frame was shown; it opens with all others at `alignAt`. `otherwiseMs`: monotonic, where no clock is known. */
    | { readonly name: 'aligned'; readonly due: Due; readonly otherwiseMs: number }
    | {
        readonly name: 'open';
        cue: FiredCue;
        closesAtMs: number | null;
      };
}

/** How long cues without a duration stand on keyframes for those who join: DESIGN, "The stamp". */
const DEFAULT_WINDOW_MS = 30_000;

/** For how long after its fire PTS a cue may still fire. An interaction without a duration is open until its lock. */
export const windowMsOf = (facts: CueFacts): number =>
  facts.durationMs ?? (facts.type === 'interaction.open' ? Number.POSITIVE_INFINITY : DEFAULT_WINDOW_MS);

const CLOSINGS: Readonly<Partial<Record<CueType, CloseReason>>> = {
  'interaction.lock': 'locked',
  'interaction.reveal': 'revealed',
  'interaction.cancel': 'canceled',
};

/** What a cue does to the one it refers to; null where it closes nothing. */
export const closingOf = (facts: CueFacts): CloseReason | null => CLOSINGS[facts.type] ?? null;

/** Closed by themselves after a time, or by a cue that refers to them. */
export const staysOpen = (facts: CueFacts): boolean =>
  closingOf(facts) === null && (facts.durationMs !== undefined || facts.type === 'interaction.open');
