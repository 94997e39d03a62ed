import type { Clock } from '../../packet/clock.ts';
import type { RundownView } from '../rundown/view.ts';
import { WaitingCues } from './next-moment.ts';
import { Screens } from './screens.ts';
import type { ScreenState, StageLeave, StageNext, StageShow, StageState, StageTaken } from './shapes.ts';
import { takenForScreens } from './taken.ts';

export interface StageStreamsOptions {
  readonly clock: Clock;
  /** Of this process. */
  readonly instance: string;
  readonly isRehearsal: (stream: string) => boolean;
  /** Null: none is loaded. */
  readonly rundown: (stream: string) => RundownView | null;
  /** Told after each change, with the whole of it. */
  readonly onChange: (stream: string, state: StageState) => void;
}

/** The stage of one stream, as it is held. */
export interface HeldStage {
  readonly stream: string;
  readonly screens: Screens;
  readonly waiting: WaitingCues;
  show: StageShow;
  leave: (StageLeave & { readonly rehearsal: boolean }) | null;
  taken: StageTaken | null;
  /** Touches under way and done, by leave: a touch that is sent again is answered with the first one's outcome. */
  readonly touches: Map<string, Promise<void>>;
  /** As it was told last. */
  next: StageNext | null;
  rehearsal: boolean;
}

const FIRST_SHOW: StageShow = { view: 'question', text: null, at: null, by: null };
const STREAMS_KEPT = 1_000;

/** The stages of all streams, in memory alone, and what is told of them. */
export class StageStreams {
  readonly #options: StageStreamsOptions;
  readonly #streams = new Map<string, HeldStage>();

  constructor(options: StageStreamsOptions) {
    this.#options = options;
  }

  /** Of streams that anybody has asked for. */
  all(): Iterable<HeldStage> {
    return this.#streams.values();
  }

  known(stream: string): HeldStage | undefined {
    return this.#streams.get(stream);
  }

  of(stream: string): HeldStage {
    let held = this.#streams.get(stream);
    if (held === undefined) {
      const { clock, isRehearsal } = this.#options;
      held = {
        ...{ stream, screens: new Screens(clock), waiting: new WaitingCues(), show: FIRST_SHOW, leave: null },
        ...{ taken: null, touches: new Map(), next: null, rehearsal: isRehearsal(stream) },
      };
      this.#streams.set(stream, held);
      if (this.#streams.size > STREAMS_KEPT) this.#streams.delete(this.#streams.keys().next().value!);
    }
    return held;
  }

  state(stream: string): StageState {
    const held = this.#streams.get(stream);
    const { clock, isRehearsal } = this.#options;
    return {
      at: clock.unixMs(),
      shown: held?.screens.shown ?? null,
      screens: held?.screens.list() ?? [],
      show: held?.show ?? FIRST_SHOW,
      leave: held?.leave == null ? null : withoutMode(held.leave),
      taken: held?.taken ?? null,
      next: held === undefined ? null : this.#next(held),
      rehearsal: isRehearsal(stream),
    };
  }

  /** What may be read in a hall. */
  screenState(state: StageState): ScreenState {
    const { show, leave, taken, ...rest } = state;
    const { view, text, at } = show;
    return {
      ...rest,
      instance: this.#options.instance,
      show: { view, text, at },
      leave:
        leave === null
          ? null
          : { id: leave.id, label: leave.label, prize: leave.prize, at: leave.at, until: leave.until },
      taken: takenForScreens(taken),
    };
  }

  /** What is counted down to is another than was told. */
  hasAnotherNext(held: HeldStage): boolean {
    const next = this.#next(held);
    return next?.at !== held.next?.at || next?.state !== held.next?.state;
  }

  tell(stream: string): void {
    const held = this.of(stream);
    const state = this.state(stream);
    held.next = state.next;
    held.rehearsal = state.rehearsal;
    this.#options.onChange(stream, state);
  }

  #next({ stream, waiting }: HeldStage): StageNext | null {
    const { clock, rundown, isRehearsal } = this.#options;
    return waiting.next(clock.unixMs(), rundown(stream), isRehearsal(stream));
  }
}

export function withoutMode({ rehearsal: _, ...leave }: NonNullable<HeldStage['leave']>): StageLeave {
  return leave;
}
