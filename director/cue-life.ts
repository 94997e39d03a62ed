import type { Cue, FireRequest, StampEvent } from '../cues/cue.ts';
import type { OutputReceipts } from '../cues/output-receipt.ts';
import type { SigningKey } from '../cues/signing.ts';
import { type CueState, canBecome, isPending } from '../cues/states.ts';
import type { Clock } from '../packet/clock.ts';
import { ms, type UnixMicroseconds, type UnixMilliseconds } from '../packet/time.ts';
import type { Log } from '../service/log.ts';
import type { CueLog, CueLogStart } from './cue-log.ts';
import { dueOf, type PrepareOptions, prepareCue } from './cue-maker.ts';
import {
  type CueCase,
  type Fate,
  fateAfterRestart,
  fateAsTimePasses,
  fateInNewEpoch,
  type MissCode,
  missReason,
  UNCERTAIN_REASON,
} from './fate.ts';
import { type HeldCue, HeldCues } from './held-cues.ts';
import { CueJournal } from './journal.ts';
import type { DirectorObserver } from './observer.ts';
import { landingOfReadBack, READ_BACK_REASON, type ReadBack } from './read-back.ts';
import type { StreamGate } from './stream-gate.ts';

export interface CueLifeOptions {
  readonly cueLog: CueLog;
  readonly start: CueLogStart;
  readonly gate: StreamGate;
  readonly clock: Clock;
  readonly log: Log;
  /** Signs every revision that is made from now on. */
  readonly signingKey: SigningKey;
  readonly observer?: DirectorObserver;
  readonly randomBytes?: (size: number) => Uint8Array;
  readonly journalRetryMs?: number;
}

const KEEP_OVER = 2_000;
const JOURNAL_MAX_WAITING = 10_000;
const JOURNAL_RETRY_MS = 500;
const STOP_TIMEOUT_MS = 5_000;
/** A crash can leave revisions stamped that no entry tells of: they are passed over. */
const REVS_PASSED_OVER = 16;

/** Cues from their acceptance on: every change of state is made here, and logged in the order in which it was made. */
export class CueLife {
  readonly cues = new HeldCues(KEEP_OVER);
  readonly #options: CueLifeOptions;
  readonly #journal: CueJournal;
  #closed = false;

  constructor(options: CueLifeOptions) {
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
    this.#takeOver(options.start);
  }

  get now(): UnixMilliseconds {
    return this.#options.clock.unixMs();
  }

  /** False while the log does not take what happened. */
  get healthy(): boolean {
    return !this.#journal.stuck;
  }

  /** For everything that is sealed and signed here. */
  get prepareOptions(): PrepareOptions {
    const { signingKey, randomBytes } = this.#options;
    return { key: signingKey, ...(randomBytes === undefined ? {} : { randomBytes }) };
  }

  /** Resolves when all that happened so far is on the disk. */
  logged(): Promise<void> {
    return this.#journal.settled();
  }

  cancel(held: HeldCue): void {
    // Synchronous: what is withdrawn here cannot land any more, and what has landed has said so.
    this.#options.gate.withdraw(held.cue.stream, held.cue.id);
    this.#change(held, 'cancelled', {});
  }

  /** @param forgetKey its request is answered with an error: a repeat is a new one. */
  miss(held: HeldCue, code: MissCode, forgetKey = false): void {
    this.#options.gate.withdraw(held.cue.stream, held.cue.id);
    this.#change(held, 'missed', { reason: missReason(code) }, forgetKey);
  }

  /** A stream begins, or begins a new epoch: its injector holds nothing. */
  streamBegan(stream: string): void {
    if (this.#closed) return;
    for (const held of [...this.cues.live(stream)]) {
      if (held.committed) this.#apply(held, fateInNewEpoch(this.#caseOf(held), this.now));
    }
  }

  /** Pending cues whose moment passed while nothing was stamped are not stamped now. */
  stampingResumes(stream: string): void {
    for (const held of [...this.cues.live(stream)]) {
      const hasPassed = held.dueAt !== null && held.dueAt <= this.now;
      if (held.committed && isPending(held.cue.state) && hasPassed) this.miss(held, 'STAMPING_OFF');
    }
  }

  /** From the injector, within its frame: returns at once. */
  onStampEvent(event: StampEvent): void {
    const held = this.cues.get(event.id);
    if (held === undefined) return;
    switch (event.kind) {
      case 'announced':
        if (held.cue.state === 'accepted') this.#change(held, 'announced', {});
        return;
      case 'landed': {
        const { landing } = event;
        if (!this.#change(held, 'landed', { landing })) return;
        const { cue, scheduledAtUs } = held;
        const isImmediate = cue.fire.kind === 'next' && cue.rev === 0 && scheduledAtUs !== null;
        this.#options.observer?.cueLanded?.(cue, {
          acceptToStampMs: isImmediate ? (landing.stampedAtUs - scheduledAtUs) / 1000 : null,
          markToStampMs: landing.markToStampMs,
        });
        return;
      }
      case 'ended':
        if (held.cue.state === 'landed') this.#change(held, 'ended', {});
        return;
      case 'missed':
        this.#change(held, 'missed', { reason: { code: event.code, text: event.text } });
        return;
      default:
        event satisfies never;
    }
  }

  /**
   * What reading the outputs back has shown of a landing, beside what is known already.
   * @returns false where no such landing is held: it is too old, or the cue was landed in another epoch.
   */
  noteOutputs(id: string, epoch: string, outputs: OutputReceipts): boolean {
    const held = this.cues.get(id);
    const landing = held?.cue.landing;
    if (this.#closed || held === undefined || landing?.epoch !== epoch) return false;
    held.cue = {
      ...held.cue,
      landing: { ...landing, outputs: { ...landing.outputs, ...outputs } },
    };
    this.#journal.record(held.cue, this.now);
    return true;
  }

  /** An uncertain cue was found in an output: it has landed. False where it is not uncertain (any more). */
  settleAsLanded(id: string, found: ReadBack): boolean {
    const held = this.cues.get(id);
    if (this.#closed || held?.cue.state !== 'uncertain') return false;
    // The stamp may be of a revision that the log was not told of.
    held.cue = { ...held.cue, rev: Math.max(held.cue.rev, found.rev) };
    const landing = landingOfReadBack(held.cue, found);
    this.#change(held, 'landed', { landing, reason: READ_BACK_REASON });
    // On air again already: who joins now opens it with what time remains.
    if (this.#options.gate.now(held.cue.stream) !== null) {
      this.#apply(held, fateInNewEpoch(this.#caseOf(held), this.now));
    }
    return true;
  }

  /** An uncertain cue is not in an output that would carry it. False where it is not uncertain (any more). */
  settleAsMissed(id: string): boolean {
    const held = this.cues.get(id);
    if (this.#closed || held?.cue.state !== 'uncertain') return false;
    this.miss(held, 'NOT_IN_OUTPUT');
    return true;
  }

  /** To be called every second or so: settles what no injector tells of. */
  sweep(): void {
    if (this.#closed) return;
    for (const held of [...this.cues.live()]) {
      if (!held.committed) continue;
      const streamIsLive = this.#options.gate.now(held.cue.stream) !== null;
      this.#apply(held, fateAsTimePasses(this.#caseOf(held), this.now, streamIsLive));
    }
  }

  /** The first entry of a cue whose caller was told that it failed turned out to be in the log. */
  disown(cue: Cue): void {
    if (cue.state !== 'accepted') return;
    const held: HeldCue = {
      ...{ cue, dueAt: null, committed: true, fromBefore: false, scheduledAtUs: null, key: null },
      standsOnKeyframes: false,
    };
    this.cues.add(held);
    this.miss(held, 'NOT_CONFIRMED', true);
  }

  /** Takes back what waits and logs what happened; nothing is stamped any more. True when all of it is logged. */
  async stop(): Promise<boolean> {
    this.#closed = true;
    for (const { cue } of this.cues.live()) {
      if (isPending(cue.state)) this.#options.gate.withdraw(cue.stream, cue.id);
    }
    return this.#journal.stop(STOP_TIMEOUT_MS);
  }

  #takeOver({ cues, cleanStop }: CueLogStart): void {
    for (const cue of cues) {
      this.cues.add({
        cue,
        committed: true,
        dueAt: dueOf(cue.fire, cue.acceptedAt, null),
        fromBefore: true,
        standsOnKeyframes: true,
        scheduledAtUs: null,
        key: null,
      });
    }
    for (const held of [...this.cues.live()]) {
      this.#apply(held, fateAfterRestart(this.#caseOf(held), this.now, cleanStop));
    }
  }

  #caseOf(held: HeldCue): CueCase {
    const { cue, dueAt, fromBefore, standsOnKeyframes } = held;
    return { cue, dueAt, fromBefore, closed: !standsOnKeyframes || this.cues.isClosed(cue.id) };
  }

  #apply(held: HeldCue, fate: Fate): void {
    switch (fate.kind) {
      case 'keep':
        return;
      case 'missed':
        this.miss(held, fate.code);
        return;
      case 'uncertain':
        this.#change(held, 'uncertain', { reason: UNCERTAIN_REASON });
        return;
      case 'ended':
        this.#change(held, 'ended', {});
        return;
      case 'again':
        if (!this.#scheduleAgain(held, { fire: fate.fire })) this.miss(held, 'NO_ROOM');
        return;
      case 'goes-on':
        this.#scheduleAgain(held, { landedAtUs: fate.landedAtUs });
        return;
      default:
        fate satisfies never;
    }
  }

  /** Sealed and signed anew, under the next revision. */
  #scheduleAgain(
    held: HeldCue,
    how: { readonly fire?: FireRequest; readonly landedAtUs?: UnixMicroseconds },
  ): boolean {
    const rev = held.cue.rev + (held.fromBefore ? REVS_PASSED_OVER : 1);
    const state = isPending(held.cue.state) ? 'accepted' : held.cue.state;
    held.cue = { ...held.cue, rev, state };
    held.fromBefore = false;
    const prepared = prepareCue(held.cue, {
      ...this.prepareOptions,
      ...how,
      ...(held.standsOnKeyframes ? {} : { openForMs: ms(0) }),
    });
    const isTaken = this.#options.gate.schedule(held.cue.stream, prepared);
    this.#journal.record(held.cue, this.now);
    return isTaken;
  }

  /** False, and logged, for a step that the cue cannot take. */
  #change(held: HeldCue, to: CueState, change: Partial<Cue>, forgetKey = false): boolean {
    const from = held.cue.state;
    if (!canBecome(from, to)) {
      this.#options.log.error(
        { id: held.cue.id, from, to },
        'a cue was told to take a step that it cannot take',
      );
      return false;
    }
    held.cue = { ...held.cue, ...change, state: to };
    this.cues.noteChange(held);
    this.#options.observer?.cueChanged?.(held.cue, from);
    this.#journal.record(held.cue, this.now, forgetKey);
    return true;
  }
}
