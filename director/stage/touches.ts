import type { Cue } from '../../cues/cue.ts';
import { FramecueError } from '../../packet/errors.ts';
import type { UnixMilliseconds } from '../../packet/time.ts';
import type { Actor } from '../action.ts';
import type { AsRunLog } from '../as-run/as-run-log.ts';
import { isStillThere, type LeaveSources } from './leave-rules.ts';
import type { Leaves } from './leaves.ts';
import type { ScreenState, StageLeave } from './shapes.ts';
import type { HeldStage, StageStreams } from './stage-streams.ts';
import { takenForScreens, takenWith } from './taken.ts';

export interface TouchesOptions extends LeaveSources {
  readonly asRun: Pick<AsRunLog, 'add'>;
  readonly takeCue: (stream: string, id: string, who: Actor, at: UnixMilliseconds) => Promise<Cue>;
  readonly takeItem: (stream: string, id: string, who: Actor, at: UnixMilliseconds) => Promise<Cue>;
}

export interface Touched {
  readonly taken: ScreenState['taken'];
  /** This touch, or one on the same button before it, has done it already. */
  readonly repeated: boolean;
}

const TOUCHES_KEPT = 8;

/** Refusals after which there is nothing left to take. */
const SPENT: ReadonlySet<string> = new Set([
  'ERR_CUE_UNKNOWN',
  'ERR_CUE_STATE',
  'ERR_RUNDOWN_NONE',
  'ERR_RUNDOWN_ITEM_UNKNOWN',
  'ERR_RUNDOWN_ITEM_STATE',
]);

/** What a touch on a screen does: takes what leave was given for, once. */
export class Touches {
  readonly #streams: StageStreams;
  readonly #leaves: Leaves;
  readonly #options: TouchesOptions;

  constructor(streams: StageStreams, leaves: Leaves, options: TouchesOptions) {
    this.#streams = streams;
    this.#leaves = leaves;
    this.#options = options;
  }

  /**
   * A touch on the shown screen takes what leave was given for: once, whoever else presses. Where it is refused for a
   * reason that passes, leave stands as it was.
   * @param id of the leave
   * @throws {FramecueError} ERR_STAGE_STANDBY, ERR_STAGE_LEAVE, and what the book or the rundown refuses.
   */
  async touch(stream: string, screen: string, id: string, at: UnixMilliseconds): Promise<Touched> {
    const held = this.#streams.of(stream);
    const before = held.touches.get(id);
    if (before !== undefined) {
      await before;
      return { taken: takenForScreens(held.taken), repeated: true };
    }
    if (held.screens.shown !== screen) throw new FramecueError('ERR_STAGE_STANDBY');
    this.#leaves.look(held);
    const { leave } = held;
    if (leave?.id !== id) throw new FramecueError('ERR_STAGE_LEAVE');
    // From here on nobody else finds it.
    held.leave = null;
    const touch = this.#take(held, leave, screen, at);
    held.touches.set(id, touch);
    if (held.touches.size > TOUCHES_KEPT) held.touches.delete(held.touches.keys().next().value!);
    try {
      await touch;
    } catch (error) {
      held.touches.delete(id);
      const code = error instanceof FramecueError ? error.code : 'ERR_INTERNAL';
      const passes = !SPENT.has(code) && isStillThere(leave, this.#options.rundown(stream));
      if (passes && held.leave === null) held.leave = leave;
      const { item, cue, title } = leave;
      const who = { by: leave.by, console: `stage:${screen}` };
      this.#options.asRun.add(stream, { what: 'stage', ...who, item, cue, title, reason: code });
      this.#streams.tell(stream);
      throw error;
    }
    return { taken: takenForScreens(held.taken), repeated: false };
  }

  async #take(held: HeldStage, leave: StageLeave, screen: string, at: UnixMilliseconds): Promise<void> {
    const { stream } = held;
    const { takeCue, takeItem, asRun } = this.#options;
    const who: Actor = { by: leave.by, console: `stage:${screen}` };
    const { item, cue: id, title } = leave;
    const cue = item === null ? await takeCue(stream, id!, who, at) : await takeItem(stream, item, who, at);
    // It may have landed while the answer was on its way.
    const now = (await this.#options.cue(stream, cue.id)) ?? cue;
    asRun.add(stream, { what: 'stage', ...who, item, cue: cue.id, title, reason: 'taken by touch' });
    held.taken = takenWith({ leave: leave.id, screen, at, cue: cue.id, item }, now);
    this.#streams.tell(stream);
  }
}
