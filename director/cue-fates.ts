import type { FireRequest } from '../cues/cue.ts';
import { isPending } from '../cues/states.ts';
import type { Clock } from '../packet/clock.ts';
import { unixMs } from '../packet/time.ts';
import type { CueLife } from './cue-life.ts';
import type { CueLogStart } from './cue-log.ts';
import { dueOfLogged } from './cue-maker.ts';
import type { CueRecord } from './cue-record.ts';
import {
  type CueCase,
  type Fate,
  fateAfterRestart,
  fateAsTimePasses,
  fateInNewEpoch,
  fireAgain,
  UNCERTAIN_REASON,
} from './fate.ts';
import { type HeldCue, newHeldCue } from './held-cues.ts';
import type { StreamGate } from './stream-gate.ts';
import { WallSteps } from './wall-steps.ts';

export interface CueFatesOptions {
  readonly gate: StreamGate;
  readonly clock: Clock;
}

/** What becomes of cues that nobody does anything with: restarts, epochs, time, and a wall clock that is set. */
export class CueFates {
  readonly #record: CueRecord;
  readonly #life: CueLife;
  readonly #gate: StreamGate;
  readonly #wallSteps: WallSteps;

  constructor(record: CueRecord, life: CueLife, { gate, clock }: CueFatesOptions) {
    this.#record = record;
    this.#life = life;
    this.#gate = gate;
    this.#wallSteps = new WallSteps(clock);
  }

  /** What a process before this one has left. */
  takeOver({ cues, ...start }: CueLogStart): void {
    const { cues: held, now } = this.#record;
    for (const cue of cues) {
      held.add(newHeldCue(cue, { dueAt: dueOfLogged(cue), committed: true, fromBefore: true }));
    }
    for (const one of [...held.live()]) this.#apply(one, fateAfterRestart(this.#caseOf(one), now, start));
  }

  /** A stream begins, or begins a new epoch: its injector holds nothing. */
  streamBegan(stream: string): void {
    if (this.#record.isClosed) return;
    for (const held of [...this.#record.cues.live(stream)]) {
      held.announcedPts = null;
      if (isSettled(held)) this.inNewEpoch(held);
    }
  }

  /** No injector holds it. */
  inNewEpoch(held: HeldCue): void {
    this.#apply(held, fateInNewEpoch(this.#caseOf(held), this.#record.now));
  }

  /** Pending cues whose moment passed while nothing was stamped are not stamped now. */
  stampingResumes(stream: string): void {
    for (const held of [...this.#record.cues.live(stream)]) {
      const hasPassed = held.dueAt !== null && held.dueAt <= this.#record.now;
      if (isSettled(held) && isPending(held.cue.state) && hasPassed) this.#life.miss(held, 'STAMPING_OFF');
    }
  }

  /** To be called every second or so: settles what no injector tells of. */
  sweep(): void {
    if (this.#record.isClosed) return;
    const steppedMs = this.#wallSteps.look();
    for (const held of [...this.#record.cues.live()]) {
      if (!isSettled(held)) continue;
      if (steppedMs !== 0) this.#followStep(held, steppedMs);
      const streamIsLive = this.#gate.isLive(held.cue.stream);
      this.#apply(held, fateAsTimePasses(this.#caseOf(held), this.#record.now, streamIsLive));
    }
  }

  #caseOf(held: HeldCue): CueCase {
    const { cue, dueAt, fromBefore, standsOnKeyframes } = held;
    return { cue, dueAt, fromBefore, closed: !standsOnKeyframes || this.#record.cues.isClosed(cue.id) };
  }

  #apply(held: HeldCue, fate: Fate): void {
    switch (fate.kind) {
      case 'keep':
        return;
      case 'missed':
        this.#life.miss(held, fate.code);
        return;
      case 'uncertain':
        this.#record.change(held, 'uncertain', { reason: UNCERTAIN_REASON });
        return;
      case 'ended':
        this.#record.change(held, 'ended', {});
        return;
      case 'again':
        if (!this.#life.scheduleAgain(held, { fire: fate.fire })) this.#life.miss(held, 'NO_ROOM');
        return;
      case 'goes-on':
        this.#life.scheduleAgain(held, { landedAtUs: fate.landedAtUs });
        return;
      default:
        fate satisfies never;
    }
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
    if (!this.#gate.isLive(cue.stream)) {
      this.#record.note(held, {});
      return;
    }
    const fire: FireRequest =
      announcedPts === null ? fireAgain(cue.fire, dueNow) : { kind: 'mediaTime', pts: announcedPts };
    this.#life.scheduleAgain(held, { fire });
  }
}

/** Nothing of it is on its way to the disk that an injector may not have yet. */
const isSettled = ({ committed, changing }: HeldCue): boolean => committed && changing === null;
