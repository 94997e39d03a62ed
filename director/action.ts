import type { CueState } from '../cues/states.ts';
import type { UnixMilliseconds } from '../packet/time.ts';

/** Who does something: the holder of a token, at a console where one says which it is. */
export interface Actor {
  /** The name of the token. */
  readonly by: string;
  /** Header `Framecue-Console`; null for scripts. */
  readonly console: string | null;
}

/** What a person can do to cues. `release` and the like of the control lock are the console channel's own. */
export type ActionKind =
  | 'accept'
  | 'arm'
  | 'take'
  | 'edit'
  /** Taken back before anybody heard of it. */
  | 'cancel'
  /** Taken back after it was announced or landed. */
  | 'void'
  | 'panic'
  | 'stamping-on'
  | 'stamping-off';

/**
 * Something that a person did, once it is done: a repeated request is none, a refused one neither. Told after what it
 * changed is on the disk, in the order in which it was done on one cue.
 */
export interface DirectorAction extends Actor {
  readonly at: UnixMilliseconds;
  readonly stream: string;
  readonly what: ActionKind;
  /** Null where it is about no single cue (panic, stamping). */
  readonly cue: string | null;
  /** The cue's revision after it; null without one. */
  readonly rev: number | null;
  /** Cancel: the state that it had before. */
  readonly from?: CueState;
  /** Panic: which were taken back, and which voided. */
  readonly cues?: { readonly cancelled: readonly string[]; readonly voided: readonly string[] };
}
