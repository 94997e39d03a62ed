import type { Cue, FireRequest, PreparedCue } from '../cues/cue.ts';
import type { SigningKey } from '../cues/signing.ts';
import { isPending } from '../cues/states.ts';
import type { Clock } from '../packet/clock.ts';
import { ms, type UnixMicroseconds } from '../packet/time.ts';
import { type CueLimits, type PrepareOptions, prepareCue, prepareVoiding } from './cue-maker.ts';
import type { CueRecord } from './cue-record.ts';
import { type MissCode, missReason } from './fate.ts';
import { type HeldCue, newHeldCue } from './held-cues.ts';
import type { StreamGate } from './stream-gate.ts';

export interface CueLifeOptions {
  readonly gate: StreamGate;
  readonly clock: Clock;
  /** Signs every revision that is made from now on. */
  readonly signingKey: SigningKey;
  readonly randomBytes?: (size: number) => Uint8Array;
  readonly limits: Pick<CueLimits, 'cueLateMs'>;
}

/** How a cue is said to an injector anew. */
interface Again {
  readonly fire?: FireRequest;
  readonly landedAtUs?: UnixMicroseconds;
}

/** A crash can leave revisions stamped that no entry tells of: they are passed over. */
const REVS_PASSED_OVER = 16;

/** The steps that a cue takes with its injector, in one turn with what is told and logged of them. */
export class CueLife {
  readonly #record: CueRecord;
  readonly #options: CueLifeOptions;

  constructor(record: CueRecord, options: CueLifeOptions) {
    this.#record = record;
    this.#options = options;
  }

  /** A revision that no stamp has had, whatever a crash has left out of the log. */
  nextRev(held: HeldCue): number {
    return held.cue.rev + (held.fromBefore ? REVS_PASSED_OVER : 1);
  }

  /** What an injector needs of it as it now stands; of one that is void, what tells so. */
  prepared(held: HeldCue, how: Again = {}): PreparedCue {
    if (held.cue.voided !== undefined) return prepareVoiding(held.cue, this.#prepareOptions);
    return prepareCue(held.cue, {
      ...this.#prepareOptions,
      ...how,
      ...(held.standsOnKeyframes ? {} : { openForMs: ms(0) }),
    });
  }

  /** Gives a cue that waits to its injector, where the stream is live. False: that is full. */
  schedule(held: HeldCue, prepared: PreparedCue): boolean {
    const { gate, clock } = this.#options;
    held.scheduledAtUs = clock.unixUs();
    held.fromBefore = false;
    return gate.schedule(held.cue.stream, prepared) || !gate.isLive(held.cue.stream);
  }

  /** Sealed and signed anew, under the next revision. False: the injector is full, or gone. */
  scheduleAgain(held: HeldCue, how: Again): boolean {
    const rev = this.nextRev(held);
    held.fromBefore = false;
    const from = held.cue.state;
    const waits = held.cue.taken === undefined ? 'accepted' : 'taken';
    held.cue = { ...held.cue, rev, state: isPending(from) ? waits : from };
    const isTaken = this.#options.gate.schedule(held.cue.stream, this.prepared(held, how));
    this.#record.rewritten(held, from);
    return isTaken;
  }

  /** Players are told to drop or close it, on the next picture. Those that the stream has none for hear of it later. */
  void(held: HeldCue, by: string): void {
    const rev = this.nextRev(held);
    held.fromBefore = false;
    const voided = { at: this.#record.now, by, landing: null };
    const cue: Cue = { ...held.cue, rev, voided };
    // Synchronous, like `cancel`: what takes its place in the injector here cannot fire any more.
    this.#options.gate.schedule(cue.stream, prepareVoiding(cue, this.#prepareOptions));
    if (cue.state === 'announced') this.#record.change(held, 'cancelled', { rev, voided });
    else this.#record.note(held, { rev, voided });
  }

  cancel(held: HeldCue): void {
    // Synchronous: what is withdrawn here cannot land any more, and what has landed has said so.
    this.#options.gate.withdraw(held.cue.stream, held.cue.id);
    this.#record.change(held, 'cancelled', {});
  }

  /** @param forgetKey its request is answered with an error: a repeat is a new one. */
  miss(held: HeldCue, code: MissCode, forgetKey = false): void {
    this.#options.gate.withdraw(held.cue.stream, held.cue.id);
    this.#record.change(held, 'missed', { reason: missReason(code) }, forgetKey);
  }

  /** The first entry of a cue whose caller was told that it failed turned out to be in the log. */
  disown(cue: Cue): void {
    if (cue.state !== 'accepted' && cue.state !== 'armed') return;
    const held = newHeldCue(cue, { dueAt: null, committed: true, standsOnKeyframes: false });
    this.#record.cues.add(held);
    this.miss(held, 'NOT_CONFIRMED', true);
  }

  /** Takes back what waits, so that nothing is stamped any more. True when all that happened is logged. */
  async stop(): Promise<boolean> {
    this.#record.close();
    for (const { cue } of this.#record.cues.live()) {
      if (isPending(cue.state)) this.#options.gate.withdraw(cue.stream, cue.id);
    }
    return this.#record.stop();
  }

  get #prepareOptions(): PrepareOptions {
    const { signingKey, randomBytes, limits } = this.#options;
    return {
      ...{ key: signingKey, lateMs: limits.cueLateMs },
      ...(randomBytes === undefined ? {} : { randomBytes }),
    };
  }
}
