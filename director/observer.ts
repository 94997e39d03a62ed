import type { Cue } from '../cues/cue.ts';
import type { CueState } from '../cues/states.ts';
import type { ErrorCode } from '../packet/errors.ts';

/** What is worth counting; `server/` turns it into metrics. None of these may throw. */
export interface DirectorObserver {
  /** @param from null: it was accepted just now. */
  cueChanged?(cue: Cue, from: CueState | null): void;
  cueRefused?(code: ErrorCode): void;
  /** `acceptToStampMs` is null where a moment ahead was asked for, or a restart lies between. */
  cueLanded?(
    cue: Cue,
    times: { readonly acceptToStampMs: number | null; readonly markToStampMs: number },
  ): void;
  /** How many changes of cues wait for the log. */
  journalWaiting?(entries: number): void;
  journalLost?(): void;
  feedSubscribers?(count: number): void;
  /** A follower of the feed did not read and was cut. */
  feedCut?(): void;
  feedSnapshot?(): void;
  /** An item of a rundown was missed before it had a cue. @param code of the reason. */
  itemMissed?(code: string): void;
}
