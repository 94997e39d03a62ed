import type { Cue } from '../../cues/cue.ts';
import { cueAudienceOf, cueDataOf, type RundownItem } from '../../cues/rundown/index.ts';
import { FramecueError } from '../../packet/errors.ts';
import type { UnixMilliseconds } from '../../packet/time.ts';
import type { Actor } from '../action.ts';
import type { CueBook } from '../cue-book.ts';
import type { CueMarks } from '../cue-maker.ts';
import type { CueRequest, TakeRequest } from '../cue-request.ts';
import type { Why } from './kept.ts';
import { isAutomatic, type LoadedRundown } from './loaded.ts';
import { type StepFacts, stepOf } from './steps.ts';

/** What rundowns need of the cue book. */
export type RundownBook = Pick<CueBook, 'accept' | 'take' | 'cancel' | 'get' | 'onChange' | 'onAction'>;

/** What stands in an item's request beside what the item says. */
export type EnterRequest = TakeRequest & { readonly armed?: boolean };

/** Enters the cues of items, by a hand or by themselves: each at most once, whatever happens in between. */
export class ItemRunner {
  readonly #book: RundownBook;

  constructor(book: RundownBook) {
    this.#book = book;
  }

  /**
   * The item's cue, entered now or before.
   * @param marks what is said of it beside its item and rundown
   * @throws {FramecueError} what the cue book refuses it with; ERR_RUNDOWN_ITEM_STATE
   */
  async enter(
    run: LoadedRundown,
    item: RundownItem,
    how: EnterRequest,
    who: Actor,
    receivedAt: UnixMilliseconds,
    marks: CueMarks = {},
  ): Promise<Cue> {
    const underWay = run.entering.get(item.id);
    if (underWay !== undefined) {
      // By itself, in this very moment: that one counts.
      await underWay.catch(() => undefined);
      const cue = run.cueOf(item.id);
      if (cue !== null) return cue;
    }
    const entering = this.#enter(run, item, how, who, receivedAt, marks).finally(() =>
      run.entering.delete(item.id),
    );
    run.entering.set(item.id, entering);
    return entering;
  }

  /** Of the items that run by themselves, enters those whose time has come. */
  runDue(run: LoadedRundown, facts: StepFacts, onMissed: (item: RundownItem, why: Why) => void): void {
    for (const item of run.items) {
      if (run.entering.has(item.id) || !isAutomatic(item)) continue;
      const step = stepOf(run, item, facts);
      if (step.kind === 'missed') onMissed(item, step.why);
      if (step.kind !== 'enter') continue;
      const { kept } = run;
      const marks = kept.rehearsal === true ? { rehearsal: true } : {};
      this.enter(run, item, step.moment, { by: kept.by, console: 'rundown' }, facts.now, marks).then(
        () => run.refusals.delete(item.id),
        (error: unknown) => {
          const known =
            error instanceof FramecueError
              ? error
              : new FramecueError('ERR_INTERNAL', undefined, { cause: error });
          const why = { code: known.code, text: known.message };
          // Tried again until its moment has passed; then this is why.
          run.refusals.set(item.id, why);
          if (!known.retryable && run.kept === kept) onMissed(item, why);
        },
      );
    }
  }

  async #enter(
    run: LoadedRundown,
    item: RundownItem,
    how: EnterRequest,
    who: Actor,
    receivedAt: UnixMilliseconds,
    more: CueMarks,
  ): Promise<Cue> {
    const { stream, kept } = run;
    const id = run.cueIdOf(item.id);
    const request = requestOf(run, item, id, how);
    const marks = { ...more, item: item.id, rundown: kept.document.id };
    const rehearsal = kept.pass === 'rehearsal';
    const outcome = await this.#book.accept({
      stream,
      request,
      key: null,
      who,
      receivedAt,
      marks,
      rehearsal,
    });
    if (outcome.kind !== 'refused') {
      run.noteCue(outcome.cue);
      return outcome.cue;
    }
    // It was entered before, and nobody was there any more to hear of it.
    const known = outcome.error.code === 'ERR_CUE_EXISTS' ? await this.#book.get(stream, id) : null;
    if (known === null) throw outcome.error;
    run.noteCue(known);
    return known;
  }
}

/** @throws {FramecueError} ERR_RUNDOWN_ITEM_STATE where the round has not been opened. */
function requestOf(run: LoadedRundown, item: RundownItem, id: string, how: EnterRequest): CueRequest {
  const { show } = run.kept.document;
  const { type, title, durationMs, alignAt, alignInMs, announceMs, prize } = item;
  const data = cueDataOf(item);
  const audience = cueAudienceOf(item);
  const isAligned = how.alignAt !== undefined || how.alignInMs !== undefined;
  return {
    ...{ id, type },
    ...(item.ref === undefined ? {} : { ref: openingCueOf(run, item, item.ref) }),
    ...(show === undefined ? {} : { show }),
    ...(Object.keys(data).length === 0 ? {} : { data }),
    ...(title === undefined ? {} : { title }),
    ...(durationMs === undefined ? {} : { durationMs }),
    ...(alignAt === undefined || isAligned ? {} : { alignAt }),
    ...(alignInMs === undefined || isAligned ? {} : { alignInMs }),
    ...(announceMs === undefined ? {} : { announceMs }),
    ...(audience === undefined ? {} : { audience }),
    ...(prize === true ? { prize } : {}),
    ...how,
  } as CueRequest;
}

function openingCueOf(run: LoadedRundown, item: RundownItem, ref: string): string {
  const cue = run.cueOf(ref)?.id ?? run.markOf(ref).settled?.cue;
  if (cue != null) return cue;
  throw new FramecueError(
    'ERR_RUNDOWN_ITEM_STATE',
    `"${ref}", which opens the round of "${item.id}", is ${run.stateOf(ref)}: take it first.`,
    { details: { item: item.id, ref, state: run.stateOf(ref) } },
  );
}
