import type { Landing } from '../cues/cue.ts';
import type { OutputReceipts } from '../cues/output-receipt.ts';
import type { CueFates } from './cue-fates.ts';
import type { CueLife } from './cue-life.ts';
import type { CueRecord } from './cue-record.ts';
import type { HeldCue } from './held-cues.ts';
import { landingOfReadBack, READ_BACK_REASON, type ReadBack } from './read-back.ts';
import type { StreamGate } from './stream-gate.ts';

/** What reading the outputs back says of cues. */
export class OutputsRead {
  readonly #record: CueRecord;
  readonly #life: CueLife;
  readonly #fates: CueFates;
  readonly #gate: Pick<StreamGate, 'isLive'>;

  constructor(record: CueRecord, life: CueLife, fates: CueFates, gate: Pick<StreamGate, 'isLive'>) {
    this.#record = record;
    this.#life = life;
    this.#fates = fates;
    this.#gate = gate;
  }

  /**
   * What is found of a landing, of the cue or of what took it back, beside what is known.
   * @returns false where no such landing is held: it is too old, or the cue was landed in another epoch.
   */
  note(id: string, of: { readonly epoch: string; readonly pts: number }, found: OutputReceipts): boolean {
    const held = this.#record.cues.get(id);
    if (this.#record.isClosed || held === undefined) return false;
    const { landing, voided } = held.cue;
    const isIt = (known: Landing | null | undefined): known is Landing =>
      known?.epoch === of.epoch && known.pts === of.pts;
    const withFound = (known: Landing) => ({ ...known, outputs: { ...known.outputs, ...found } });
    if (isIt(landing)) this.#record.note(held, { landing: withFound(landing) });
    else if (voided !== undefined && isIt(voided.landing))
      this.#record.note(held, { voided: { ...voided, landing: withFound(voided.landing) } });
    else return false;
    return true;
  }

  /** @param found null: an output that would carry it was read past its moment. False: it is not uncertain (any more). */
  settle(id: string, found: ReadBack | null): boolean {
    const held = this.#record.cues.get(id);
    if (this.#record.isClosed || held?.cue.state !== 'uncertain') return false;
    if (found === null) this.#life.miss(held, 'NOT_IN_OUTPUT');
    else this.#landed(held, found);
    return true;
  }

  #landed(held: HeldCue, found: ReadBack): void {
    // The stamp may be of a revision that the log was not told of.
    held.cue = { ...held.cue, rev: Math.max(held.cue.rev, found.rev) };
    const landing = landingOfReadBack(held.cue, found);
    this.#record.change(held, 'landed', { landing, reason: READ_BACK_REASON });
    // On air again already: who joins now opens it with what time remains.
    if (this.#gate.isLive(held.cue.stream)) this.#fates.inNewEpoch(held);
  }
}
