import type { Cue } from '../cues/cue.ts';
import { type CueState, canBecome } from '../cues/states.ts';
import type { Clock } from '../packet/clock.ts';
import type { UnixMilliseconds } from '../packet/time.ts';
import type { Log } from '../service/log.ts';
import type { CueLog } from './cue-log.ts';
import { type HeldCue, HeldCues } from './held-cues.ts';
import { CueJournal } from './journal.ts';
import type { DirectorObserver } from './observer.ts';

export interface CueRecordOptions {
  readonly cueLog: Pick<CueLog, 'update'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly observer?: DirectorObserver;
  readonly journalRetryMs?: number;
}

/** A cue has changed, at once: also within a frame, so a listener returns at once and does not throw. */
export type CueListener = (cue: Cue, from: CueState | null) => void;

const KEEP_OVER = 2_000;
const JOURNAL_MAX_WAITING = 10_000;
const JOURNAL_RETRY_MS = 500;
const STOP_TIMEOUT_MS = 5_000;

/** Cues as they stand. Every change of one is made here: told at once, and logged in the order in which it was made. */
export class CueRecord {
  readonly cues = new HeldCues(KEEP_OVER);
  readonly #options: CueRecordOptions;
  readonly #journal: CueJournal;
  readonly #listeners: CueListener[] = [];
  #closed = false;

  constructor(options: CueRecordOptions) {
    const { cueLog, log, observer } = options;
    this.#options = options;
    this.#journal = new CueJournal({
      append: (entries) => cueLog.update(entries),
      log,
      maxWaiting: JOURNAL_MAX_WAITING,
      retryMs: options.journalRetryMs ?? JOURNAL_RETRY_MS,
      onWaiting: (entries) => observer?.journalWaiting?.(entries),
      onLost: () => observer?.journalLost?.(),
    });
  }

  onChange(listener: CueListener): void {
    this.#listeners.push(listener);
  }

  get now(): UnixMilliseconds {
    return this.#options.clock.unixMs();
  }

  /** False while the log does not take what happened. */
  get healthy(): boolean {
    return !this.#journal.stuck;
  }

  /** Nothing begins any more. */
  get isClosed(): boolean {
    return this.#closed;
  }

  close(): void {
    this.#closed = true;
  }

  /** Resolves when all that happened so far is on the disk. */
  logged(): Promise<void> {
    return this.#journal.settled();
  }

  /** Its first entry is on the disk: everybody may know of it. */
  committed(held: HeldCue): void {
    held.committed = true;
    this.#told(held, null);
  }

  /** Another text of the same cue (taken, edited), in its state or one that it can take. No injector is told. */
  replace(held: HeldCue, cue: Cue, dueAt: UnixMilliseconds | null): void {
    held.dueAt = dueAt;
    if (cue.state !== held.cue.state) {
      this.#step(held, cue, false);
      return;
    }
    held.cue = cue;
    this.rewritten(held, cue.state);
  }

  /** What does not change its state. */
  note(held: HeldCue, change: Partial<Cue>): void {
    held.cue = { ...held.cue, ...change };
    this.rewritten(held, held.cue.state);
  }

  /** `held.cue` says something else since a moment ago. */
  rewritten(held: HeldCue, from: CueState): void {
    this.#told(held, from);
    this.#journal.record(held.cue, this.now);
  }

  /**
   * @param forgetKey its request is answered with an error: a repeat is a new one.
   * @returns false, and logged, for a step that the cue cannot take.
   */
  change(held: HeldCue, to: CueState, change: Partial<Cue>, forgetKey = false): boolean {
    return this.#step(held, { ...held.cue, ...change, state: to }, forgetKey);
  }

  /** True when all that happened is logged; nothing is taken any more. */
  stop(): Promise<boolean> {
    return this.#journal.stop(STOP_TIMEOUT_MS);
  }

  #step(held: HeldCue, cue: Cue, forgetKey: boolean): boolean {
    const { id, state: from } = held.cue;
    if (!canBecome(from, cue.state)) {
      this.#options.log.error(
        { id, from, to: cue.state },
        'a cue was told to take a step that it cannot take',
      );
      return false;
    }
    held.cue = cue;
    this.cues.noteChange(held);
    this.#options.observer?.cueChanged?.(cue, from);
    this.#told(held, from);
    this.#journal.record(cue, this.now, forgetKey);
    return true;
  }

  #told({ cue, committed }: HeldCue, from: CueState | null): void {
    if (committed) for (const listener of this.#listeners) listener(cue, from);
  }
}
