import type { Cue, FireRequest, Landing, PreparedCue, StampEvent } from '../cues/cue.ts';
import type { OutputReceipts } from '../cues/output-receipt.ts';
import type { SigningKey } from '../cues/signing.ts';
import { type CueState, canBecome, isPending } from '../cues/states.ts';
import type { Clock } from '../packet/clock.ts';
import { ms, type UnixMicroseconds, type UnixMilliseconds, unixMs } from '../packet/time.ts';
import type { Log } from '../service/log.ts';
import type { CueLog, CueLogStart } from './cue-log.ts';
import { type CueLimits, dueOfLogged, type PrepareOptions, prepareCue, prepareVoiding } from './cue-maker.ts';
import {
  type CueCase,
  type Fate,
  fateAfterRestart,
  fateAsTimePasses,
  fateInNewEpoch,
  fireAgain,
  type MissCode,
  missReason,
  UNCERTAIN_REASON,
} from './fate.ts';
import { type HeldCue, HeldCues, newHeldCue } from './held-cues.ts';
import { CueJournal } from './journal.ts';
import type { DirectorObserver } from './observer.ts';
import { landingOfReadBack, READ_BACK_REASON, type ReadBack } from './read-back.ts';
import type { StreamGate } from './stream-gate.ts';
import { WallSteps } from './wall-steps.ts';

/** What cues need of the log. */
export type BookLog = Pick<
  CueLog,
  | 'healthy'
  | 'doubts'
  | 'onCommitted'
  | 'onDoubtOver'
  | 'accept'
  | 'update'
  | 'setStamping'
  | 'list'
  | 'find'
  | 'close'
>;

export interface CueLifeOptions {
  readonly cueLog: BookLog;
  readonly start: CueLogStart;
  readonly gate: StreamGate;
  readonly clock: Clock;
  readonly log: Log;
  /** Signs every revision that is made from now on. */
  readonly signingKey: SigningKey;
  readonly observer?: DirectorObserver;
  readonly randomBytes?: (size: number) => Uint8Array;
  readonly journalRetryMs?: number;
  readonly limits: Pick<CueLimits, 'cueLateMs'>;
}

/** A cue has changed, at once: also within a frame, so a listener returns at once and does not throw. */
export type CueListener = (cue: Cue, from: CueState | null) => void;

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
  readonly #listeners: CueListener[] = [];
  readonly #wallSteps: WallSteps;
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
    this.#wallSteps = new WallSteps(options.clock);
    this.#takeOver(options.start);
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

  /** For everything that is sealed and signed here. */
  get prepareOptions(): PrepareOptions {
    const { signingKey, randomBytes, limits } = this.#options;
    return {
      ...{ key: signingKey, lateMs: limits.cueLateMs },
      ...(randomBytes === undefined ? {} : { randomBytes }),
    };
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

  /** A revision that no stamp has had, whatever a crash has left out of the log. */
  nextRev(held: HeldCue): number {
    return held.cue.rev + (held.fromBefore ? REVS_PASSED_OVER : 1);
  }

  /** Another text of the same cue (taken, edited), in its state or one that it can take. No injector is told. */
  replace(held: HeldCue, cue: Cue, dueAt: UnixMilliseconds | null): void {
    held.dueAt = dueAt;
    if (cue.state !== held.cue.state) {
      this.#change(held, cue.state, cue, false, true);
      return;
    }
    held.cue = cue;
    this.#told(held, cue.state);
    this.#journal.record(cue, this.now);
  }

  /** Gives a cue that waits to its injector, where the stream is live. False: that is full. */
  schedule(held: HeldCue, prepared: PreparedCue): boolean {
    const { gate, clock } = this.#options;
    held.scheduledAtUs = clock.unixUs();
    held.fromBefore = false;
    return gate.schedule(held.cue.stream, prepared) || !gate.isLive(held.cue.stream);
  }

  /** Players are told to drop or close it, on the next picture. Those that the stream has none for hear of it later. */
  void(held: HeldCue, by: string): void {
    const rev = this.nextRev(held);
    held.fromBefore = false;
    const voided = { at: this.now, by, landing: null };
    const cue: Cue = { ...held.cue, rev, voided };
    // Synchronous, like `cancel`: what takes its place in the injector here cannot fire any more.
    this.#options.gate.schedule(cue.stream, prepareVoiding(cue, this.prepareOptions));
    if (cue.state === 'announced') this.#change(held, 'cancelled', { rev, voided });
    else this.note(held, { rev, voided });
  }

  /** What does not change its state. */
  note(held: HeldCue, change: Partial<Cue>): void {
    held.cue = { ...held.cue, ...change };
    this.#told(held, held.cue.state);
    this.#journal.record(held.cue, this.now);
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
      held.announcedPts = null;
      if (isSettled(held)) this.#apply(held, fateInNewEpoch(this.#caseOf(held), this.now));
    }
  }

  /** Pending cues whose moment passed while nothing was stamped are not stamped now. */
  stampingResumes(stream: string): void {
    for (const held of [...this.cues.live(stream)]) {
      const hasPassed = held.dueAt !== null && held.dueAt <= this.now;
      if (isSettled(held) && isPending(held.cue.state) && hasPassed) this.miss(held, 'STAMPING_OFF');
    }
  }

  /** From the injector, within its frame: returns at once. */
  onStampEvent(event: StampEvent): void {
    const held = this.cues.get(event.id);
    if (held === undefined) return;
    if (held.cue.voided !== undefined) {
      this.#onVoidEvent(held, event);
      return;
    }
    switch (event.kind) {
      case 'announced':
        held.announcedPts = event.firePts;
        if (held.cue.state === 'accepted' || held.cue.state === 'taken') this.#change(held, 'announced', {});
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

  /** Of what takes it back: where that landed, and when its time is over. */
  #onVoidEvent(held: HeldCue, event: StampEvent): void {
    const { voided, state } = held.cue;
    if (event.rev !== held.cue.rev || voided === undefined) return;
    if (event.kind === 'landed') this.note(held, { voided: { ...voided, landing: event.landing } });
    else if (event.kind === 'ended' && state === 'landed') this.#change(held, 'ended', {});
  }

  /**
   * What reading the outputs back has shown of a landing, of the cue or of what took it back, beside what is known.
   * @returns false where no such landing is held: it is too old, or the cue was landed in another epoch.
   */
  noteOutputs(
    id: string,
    of: { readonly epoch: string; readonly pts: number },
    found: OutputReceipts,
  ): boolean {
    const held = this.cues.get(id);
    if (this.#closed || held === undefined) return false;
    const { landing, voided } = held.cue;
    const isIt = (known: Landing | null | undefined): known is Landing =>
      known?.epoch === of.epoch && known.pts === of.pts;
    const withFound = (known: Landing) => ({ ...known, outputs: { ...known.outputs, ...found } });
    if (isIt(landing)) this.note(held, { landing: withFound(landing) });
    else if (voided !== undefined && isIt(voided.landing))
      this.note(held, { voided: { ...voided, landing: withFound(voided.landing) } });
    else return false;
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
    if (this.#options.gate.isLive(held.cue.stream)) {
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
    const steppedMs = this.#wallSteps.look();
    for (const held of [...this.cues.live()]) {
      if (!isSettled(held)) continue;
      if (steppedMs !== 0) this.#followStep(held, steppedMs);
      const streamIsLive = this.#options.gate.isLive(held.cue.stream);
      this.#apply(held, fateAsTimePasses(this.#caseOf(held), this.now, streamIsLive));
    }
  }

  /** The first entry of a cue whose caller was told that it failed turned out to be in the log. */
  disown(cue: Cue): void {
    if (cue.state !== 'accepted' && cue.state !== 'armed') return;
    const held = newHeldCue(cue, { dueAt: null, committed: true, standsOnKeyframes: false });
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

  #takeOver({ cues, ...start }: CueLogStart): void {
    for (const cue of cues) {
      this.cues.add(newHeldCue(cue, { dueAt: dueOfLogged(cue), committed: true, fromBefore: true }));
    }
    for (const held of [...this.cues.live()]) {
      this.#apply(held, fateAfterRestart(this.#caseOf(held), this.now, start));
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
    const rev = this.nextRev(held);
    held.fromBefore = false;
    const from = held.cue.state;
    const waits = held.cue.taken === undefined ? 'accepted' : 'taken';
    held.cue = { ...held.cue, rev, state: isPending(from) ? waits : from };
    const isTaken = this.#options.gate.schedule(held.cue.stream, this.prepared(held, how));
    this.#told(held, from);
    this.#journal.record(held.cue, this.now);
    return isTaken;
  }

  /** What an injector needs of it as it now stands; of one that is void, what tells so. */
  prepared(held: HeldCue, how: { readonly fire?: FireRequest; readonly landedAtUs?: UnixMicroseconds } = {}) {
    if (held.cue.voided !== undefined) return prepareVoiding(held.cue, this.prepareOptions);
    return prepareCue(held.cue, {
      ...this.prepareOptions,
      ...how,
      ...(held.standsOnKeyframes ? {} : { openForMs: ms(0) }),
    });
  }

  /**
   * The wall clock was set. A moment of the wall clock that has not been announced follows it; what else waits keeps
   * its place in time, so all that is said of it by the wall clock moves: under the next revision, on the same picture.
   */
  #followStep(held: HeldCue, byMs: number): void {
    const { cue, announcedPts, dueAt } = held;
    if (!isPending(cue.state) || dueAt === null) return;
    const isWallMoment = cue.fire.kind === 'at' && cue.fire.by !== 'arrival';
    if (isWallMoment && cue.state !== 'announced') return;
    const dueNow = unixMs(dueAt + byMs);
    held.dueAt = dueNow;
    held.cue = { ...cue, exp: unixMs(cue.exp + byMs), dueAt: dueNow };
    if (!this.#options.gate.isLive(cue.stream)) {
      this.note(held, {});
      return;
    }
    const fire: FireRequest =
      announcedPts === null ? fireAgain(cue.fire, dueNow) : { kind: 'mediaTime', pts: announcedPts };
    this.#scheduleAgain(held, { fire });
  }

  /** False, and logged, for a step that the cue cannot take. */
  #change(held: HeldCue, to: CueState, change: Partial<Cue>, forgetKey = false, isWhole = false): boolean {
    const from = held.cue.state;
    if (!canBecome(from, to)) {
      this.#options.log.error(
        { id: held.cue.id, from, to },
        'a cue was told to take a step that it cannot take',
      );
      return false;
    }
    held.cue = isWhole ? ({ ...change, state: to } as Cue) : { ...held.cue, ...change, state: to };
    this.cues.noteChange(held);
    this.#options.observer?.cueChanged?.(held.cue, from);
    this.#told(held, from);
    this.#journal.record(held.cue, this.now, forgetKey);
    return true;
  }

  #told({ cue, committed }: HeldCue, from: CueState | null): void {
    if (committed) for (const listener of this.#listeners) listener(cue, from);
  }
}

/** Nothing of it is on its way to the disk that an injector may not have yet. */
const isSettled = ({ committed, changing }: HeldCue): boolean => committed && changing === null;
