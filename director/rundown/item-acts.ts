import type { Cue } from '../../cues/cue.ts';
import type { RundownItem } from '../../cues/rundown/index.ts';
import { FramecueError } from '../../packet/errors.ts';
import type { UnixMilliseconds } from '../../packet/time.ts';
import type { Actor } from '../action.ts';
import type { TakeRequest } from '../cue-request.ts';
import type { RundownDesk } from './desk.ts';
import { isOnAir, isWaiting } from './kept.ts';
import type { LoadedRundown } from './loaded.ts';
import { type MarkKeeper, settledWithout } from './marks.ts';
import { needItem, refuseEarly, wrongState } from './refusals.ts';
import type { EnterRequest, ItemRunner, RundownBook } from './runner.ts';
import type { RundownView } from './view.ts';

export interface ItemActsOptions {
  readonly book: Pick<RundownBook, 'take'>;
  readonly limits: { readonly viewerSpreadCapMs: number };
}

export interface TakenItem {
  readonly cue: Cue;
  /** It had been taken before: its cue as it stands. */
  readonly isRepeated: boolean;
}

/** What a hand does to one item. */
export class ItemActs {
  readonly #desk: RundownDesk;
  readonly #runner: ItemRunner;
  readonly #marks: MarkKeeper;
  readonly #options: ItemActsOptions;

  constructor(desk: RundownDesk, runner: ItemRunner, marks: MarkKeeper, options: ItemActsOptions) {
    this.#desk = desk;
    this.#runner = runner;
    this.#marks = marks;
    this.#options = options;
  }

  /** An item waits for `take`. One that is armed already stays so. */
  arm(stream: string, id: string, who: Actor, receivedAt: UnixMilliseconds): Promise<Cue> {
    return this.#act(stream, id, who, async (run, item) => {
      const cue = run.cueOf(id);
      const state = run.stateOf(id);
      if (state === 'armed' && cue !== null) return cue;
      if (state !== 'pending') throw wrongState(run, item, 'armed');
      return this.#enter(run, item, { armed: true }, who, receivedAt);
    });
  }

  /**
   * An item runs now, or at the moment given. One that has been taken before is not taken again: its cue as it stands.
   * @param id null: the next one
   * @param anyway also where it is too early for it
   */
  take(
    stream: string,
    id: string | null,
    body: TakeRequest,
    who: Actor,
    receivedAt: UnixMilliseconds,
    anyway = false,
  ): Promise<TakenItem> {
    return this.#act(stream, id, who, async (run, item) => {
      await run.entering.get(item.id)?.catch(() => undefined);
      const cue = run.cueOf(item.id);
      const state = run.stateOf(item.id);
      if (cue !== null && (isOnAir(state) || state === 'ended')) return { cue, isRepeated: true };
      if (!anyway) refuseEarly(run, item, body, receivedAt, this.#options.limits.viewerSpreadCapMs);
      if (state === 'armed' && cue !== null) return this.#takeArmed(run, cue, body, who, receivedAt);
      // Nobody has seen one that was missed or skipped: whoever takes it means it.
      if (state === 'missed' || state === 'skipped') await this.#marks.reset(run, item);
      else if (state !== 'pending') throw wrongState(run, item, 'taken');
      return { cue: await this.#enter(run, item, body, who, receivedAt), isRepeated: false };
    });
  }

  /** Nothing will come of the item, until it is reset. */
  skip(stream: string, id: string, who: Actor): Promise<RundownView> {
    return this.#act(stream, id, who, async (run, item) => {
      await run.entering.get(id)?.catch(() => undefined);
      const state = run.stateOf(id);
      if (state === 'skipped') return this.#desk.view(run);
      if (!isWaiting(state)) throw wrongState(run, item, 'skipped');
      const cue = run.cueOf(id);
      if (cue !== null) await this.#desk.cancel(stream, cue.id, who);
      const settled = { ...settledWithout('skipped', { code: 'SKIPPED', text: `Skipped by ${who.by}.` }) };
      await this.#marks.put(run, id, { ...run.markOf(id), settled: { ...settled, cue: cue?.id ?? null } });
      this.#desk.acted('skip', run, item, who);
      return this.#desk.view(run);
    });
  }

  /** The item begins anew: its next cue is another one. */
  reset(stream: string, id: string, who: Actor): Promise<RundownView> {
    return this.#act(stream, id, who, async (run, item) => {
      const state = run.stateOf(id);
      if (state === 'pending') return this.#desk.view(run);
      if (state === 'armed' || isOnAir(state)) throw wrongState(run, item, 'reset');
      await this.#marks.reset(run, item);
      this.#desk.acted('reset', run, item, who);
      return this.#desk.view(run);
    });
  }

  /**
   * One at a time. A press is of the mode that the stream had when it came, however long it waits for its turn.
   * @param id null: the next one
   * @throws {FramecueError} ERR_MODE_SWITCHED, ERR_RUNDOWN_NONE, ERR_REHEARSAL_TOKEN, ERR_RUNDOWN_ITEM_UNKNOWN, ERR_RUNDOWN_ITEM_STATE.
   */
  #act<T>(
    stream: string,
    id: string | null,
    who: Actor,
    act: (run: LoadedRundown, item: RundownItem) => Promise<T>,
  ): Promise<T> {
    const pass = this.#desk.passNow(stream);
    return this.#desk.inTurn(stream, async () => {
      const run = this.#desk.need(stream);
      if (run.kept.pass !== pass) throw new FramecueError('ERR_MODE_SWITCHED');
      this.#desk.refuseForShow(run, who, 'item');
      return act(run, needItem(run, id ?? run.next()));
    });
  }

  async #takeArmed(
    run: LoadedRundown,
    { id }: Cue,
    request: TakeRequest,
    who: Actor,
    receivedAt: UnixMilliseconds,
  ): Promise<TakenItem> {
    const { stream, kept } = run;
    const rehearsal = kept.pass === 'rehearsal';
    const taken = await this.#options.book.take({ stream, id, request, who, receivedAt, rehearsal });
    if (taken.kind === 'refused') throw taken.error;
    run.noteCue(taken.cue);
    this.#desk.tell(stream);
    return { cue: taken.cue, isRepeated: taken.kind === 'repeated' };
  }

  async #enter(
    run: LoadedRundown,
    item: RundownItem,
    how: EnterRequest,
    who: Actor,
    receivedAt: UnixMilliseconds,
  ): Promise<Cue> {
    const cue = await this.#runner.enter(run, item, how, who, receivedAt);
    this.#desk.tell(run.stream);
    return cue;
  }
}
