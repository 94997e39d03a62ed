import type { Cue } from '../../cues/cue.ts';
import { FramecueError } from '../../packet/errors.ts';
import type { Actor } from '../action.ts';
import { Leaves, type LeavesOptions } from './leaves.ts';
import type { ScreenRequest, ShowRequest } from './requests.ts';
import { MAX_SCREENS, type Screens, type ScreensChange } from './screens.ts';
import type { ScreenState, StageState } from './shapes.ts';
import { StageStreams, type StageStreamsOptions } from './stage-streams.ts';
import { takenWith } from './taken.ts';
import { Touches, type TouchesOptions } from './touches.ts';

export interface StageOptions extends StageStreamsOptions, LeavesOptions, TouchesOptions {}

/**
 * The stage of each stream: its screens, what they show, and what a touch on them may take. In memory alone: after a
 * restart nobody has leave, and screens say again what they are.
 */
export class Stage {
  readonly #options: StageOptions;
  readonly #streams: StageStreams;
  readonly #leaves: Leaves;
  readonly #touches: Touches;

  constructor(options: StageOptions, known: readonly Cue[] = []) {
    this.#options = options;
    this.#streams = new StageStreams(options);
    this.#leaves = new Leaves(this.#streams, options);
    this.#touches = new Touches(this.#streams, this.#leaves, options);
    for (const cue of known) this.#streams.of(cue.stream).waiting.note(cue);
  }

  state(stream: string): StageState {
    return this.#streams.state(stream);
  }

  /** What may be read in a hall. */
  screenState(stream: string, state = this.state(stream)): ScreenState {
    return this.#streams.screenState(state);
  }

  /** A screen says that it is there. @throws {FramecueError} ERR_OVERLOADED, ERR_NOT_FOUND: `keep` of an unknown one. */
  screen(stream: string, request: ScreenRequest, who: Actor): void {
    const { screens } = this.#streams.of(stream);
    const { screen, name = screen } = request;
    if (!screens.has(screen) && screens.size >= MAX_SCREENS) {
      throw new FramecueError('ERR_OVERLOADED', 'As many stage screens are known as can be.', {
        details: { limit: MAX_SCREENS, retryAfterMs: 5_000 },
      });
    }
    if (request.do === 'keep') {
      if (!screens.keep(screen)) throw new FramecueError('ERR_NOT_FOUND', 'This screen is not known here.');
      return;
    }
    this.#screensChanged(stream, changed(screens, request, name), who);
  }

  show(stream: string, { view, text = null }: ShowRequest, who: Actor): void {
    const held = this.#streams.of(stream);
    if (held.show.view === view && held.show.text === text) return;
    held.show = { view, text, at: this.#options.clock.unixMs(), by: who.by };
    this.#options.asRun.add(stream, { what: 'stage', ...who, reason: `shows ${view}` });
    this.#streams.tell(stream);
  }

  leave(...given: Parameters<Leaves['give']>): ReturnType<Leaves['give']> {
    return this.#leaves.give(...given);
  }

  touch(...given: Parameters<Touches['touch']>): ReturnType<Touches['touch']> {
    return this.#touches.touch(...given);
  }

  /** A cue as it now stands. */
  cueChanged(cue: Cue): void {
    const held = this.#streams.of(cue.stream);
    let changed = held.waiting.note(cue);
    const { leave, taken } = held;
    if (leave?.cue === cue.id && cue.state !== 'armed') {
      held.leave = null;
      changed = true;
    }
    if (taken?.cue === cue.id) {
      held.taken = takenWith(taken, cue);
      changed = true;
    }
    if (changed) this.#streams.tell(cue.stream);
  }

  rundownChanged(stream: string): void {
    const held = this.#streams.known(stream);
    if (held === undefined) return;
    const had = held.leave;
    this.#leaves.look(held);
    if (had !== held.leave || this.#streams.hasAnotherNext(held)) this.#streams.tell(stream);
  }

  /** To be called every second: what time alone has changed. */
  sweep(): void {
    for (const held of this.#streams.all()) {
      const { stream, screens } = held;
      this.#screensChanged(stream, screens.sweep(), { by: 'stage', console: null });
      if (this.#leaves.look(held)) this.#streams.tell(stream);
      else if (this.#options.isRehearsal(stream) !== held.rehearsal) this.#streams.tell(stream);
      else if (this.#streams.hasAnotherNext(held)) this.#streams.tell(stream);
    }
  }

  #screensChanged(stream: string, change: ScreensChange, who: Actor): void {
    if (change === null) return;
    const { kind, screen } = change;
    if (kind !== 'joined') {
      this.#options.asRun.add(stream, { what: 'stage', ...who, reason: `screen ${screen}: ${kind}` });
    }
    this.#streams.tell(stream);
  }
}

function changed(screens: Screens, request: ScreenRequest, name: string): ScreensChange {
  const { screen } = request;
  switch (request.do) {
    case 'show':
      return screens.show(screen, name);
    case 'standby':
      return screens.standBy(screen, name, request.auto === true);
    case 'take-over':
      return screens.takeOver(screen, name);
    case 'leave':
      return screens.leave(screen);
    case 'keep':
      return null;
  }
}
