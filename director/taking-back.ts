import type { Cue } from '../cues/cue.ts';
import { isUnheard } from '../cues/states.ts';
import type { Actor, DirectorAction } from './action.ts';
import { actionOn, type BookParts, isLogged, isOfShow, type Refused, refused } from './book-parts.ts';
import { settled } from './changes.ts';
import { hasWindow } from './cue-maker.ts';
import { isReferring } from './cue-request.ts';
import type { HeldCue } from './held-cues.ts';
import type { SeriesRunner } from './series.ts';

export type CancelOutcome =
  /** Nobody has heard of it. */
  | { readonly kind: 'cancelled'; readonly cue: Cue }
  /** Players are told to drop or close it, and its round is void. */
  | { readonly kind: 'voided'; readonly cue: Cue }
  | Refused;

export interface PanicOutcome {
  /** Ids of what was taken back before anybody heard of it, and of what was voided. */
  readonly cancelled: readonly string[];
  readonly voided: readonly string[];
  /** It is on the disk. False: it is done all the same, and will be noted when the log can. */
  readonly noted: boolean;
}

const NOT_NOTED = 'The cue is taken back, but the log cannot note it now.';

/** Cancel, void, panic. They act at once, whatever the disk says, and answer when it is noted. */
export class TakingBack {
  readonly #parts: BookParts;
  readonly #series: SeriesRunner;

  constructor(parts: BookParts, series: SeriesRunner) {
    this.#parts = parts;
    this.#series = series;
  }

  /** One that is taken back already stays so. The id of a series is that of its newest cue, and ends it. */
  async cancel(given: {
    readonly stream: string;
    readonly id: string;
    readonly who: Actor;
  }): Promise<CancelOutcome> {
    const { stream, who } = given;
    const { record } = this.#parts;
    const id = this.#series.newestOf(stream, given.id) ?? given.id;
    const held = await settled(this.#parts, stream, id);
    if (held === null) {
      const logged = await this.#parts.find(stream, id);
      if (logged === null) return refused('ERR_CUE_UNKNOWN');
      if (logged.voided !== undefined) return { kind: 'voided', cue: logged };
      return logged.state === 'cancelled' ? { kind: 'cancelled', cue: logged } : cannotCancel(logged);
    }
    if (isOfShow(this.#parts, held.cue, who)) return refused('ERR_REHEARSAL_TOKEN');
    const from = held.cue.state;
    const goesOn = this.#series.stop(held);
    const what = this.#takeBack(held, who);
    if (what === null && !goesOn && !isTakenBack(held.cue)) return cannotCancel(held.cue);
    // The next one of its series, on its way to the disk, is taken back when it is there.
    const first = this.#series.entering(held) ?? Promise.resolve(true);
    if (!(await isLogged(record, { first }))) return refused('ERR_STORE_UNAVAILABLE', NOT_NOTED);
    if (what !== null || goesOn)
      this.#parts.acted({ ...actionOn(what ?? 'cancel', held.cue, who, record.now), from });
    return { kind: held.cue.voided === undefined ? 'cancelled' : 'voided', cue: held.cue };
  }

  /** All of a stream that waits, is armed or is open. A second one finds nothing more to do. */
  async panic({ stream, who }: { readonly stream: string; readonly who: Actor }): Promise<PanicOutcome> {
    const { record } = this.#parts;
    const at = record.now;
    const cancelled: string[] = [];
    const voided: string[] = [];
    const onTheirWay: Promise<boolean>[] = [];
    for (const held of [...record.cues.all(stream)]) {
      const { id } = held.cue;
      if (isOfShow(this.#parts, held.cue, who)) continue;
      this.#series.stop(held);
      if (!held.committed || held.changing !== null) {
        if (!held.calledOff) cancelled.push(id);
        held.calledOff = true;
        if (held.entering !== null) onTheirWay.push(held.entering);
        if (held.changing !== null) onTheirWay.push(held.changing.then(() => true));
      } else if (isOpenOrWaits(held, record.cues.isClosed(id))) {
        const what = this.#takeBack(held, who);
        if (what !== null) (what === 'void' ? voided : cancelled).push(id);
      }
    }
    // What is called off on its way to the disk is taken back when it is there.
    const first = Promise.all(onTheirWay).then((sure) => !sure.includes(false));
    const noted = await isLogged(record, { first });
    const action: DirectorAction = {
      ...{ at, stream, what: 'panic', cue: null, rev: null },
      ...{ by: who.by, console: who.console, cues: { cancelled, voided } },
    };
    this.#parts.acted(action);
    return { cancelled, voided, noted };
  }

  /** Null: there is nothing to take back. */
  #takeBack(held: HeldCue, who: Actor): 'cancel' | 'void' | null {
    const { life } = this.#parts;
    if (isUnheard(held.cue.state)) {
      life.cancel(held);
      return 'cancel';
    }
    if (!canBeVoided(held.cue)) return null;
    life.void(held, who.by);
    return 'void';
  }
}

const isTakenBack = ({ state, voided, series }: Cue): boolean =>
  state === 'cancelled' || voided !== undefined || series?.stopped === true;

/**
 * What viewers have heard of and can still be called off: what is announced, and what opened something for them. A
 * round also when its window is over, or its result was shown: then it is its result that is void.
 */
function canBeVoided({ state, type, voided, ...cue }: Cue): boolean {
  if (voided !== undefined) return false;
  if (state === 'announced') return true;
  const mayHaveFired = state === 'landed' || state === 'ended' || state === 'uncertain';
  if (!mayHaveFired || isReferring(type)) return false;
  return type === 'interaction.open' || (state === 'landed' && hasWindow({ state, type, ...cue }));
}

function isOpenOrWaits({ cue }: HeldCue, isClosed: boolean): boolean {
  if (isUnheard(cue.state) || cue.state === 'announced') return true;
  return cue.state === 'landed' && !isClosed && hasWindow(cue);
}

function cannotCancel({ state, type }: Cue): Refused {
  const text =
    isReferring(type) && (state === 'landed' || state === 'ended')
      ? 'What it closed cannot be opened again.'
      : `The cue is ${state}; there is nothing of it to take back.`;
  return refused('ERR_CUE_STATE', text, { state });
}
