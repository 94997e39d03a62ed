import { randomBytes } from 'node:crypto';
import type { Cue } from '../../cues/cue.ts';
import type { Clock } from '../../packet/clock.ts';
import { FramecueError } from '../../packet/errors.ts';
import type { UnixMilliseconds } from '../../packet/time.ts';
import type { Actor } from '../action.ts';
import type { AsRunLog } from '../as-run/as-run-log.ts';
import type { ControlLock } from '../console/control-lock.ts';
import { isStillThere, type LeaveSources, targetOf } from './leave-rules.ts';
import { WaitingCues } from './next-moment.ts';
import { LEAVE_DEFAULT_MS, type LeaveRequest, type ScreenRequest, type ShowRequest } from './requests.ts';
import { MAX_SCREENS, Screens, type ScreensChange } from './screens.ts';
import type { ScreenState, StageLeave, StageNext, StageShow, StageState, StageTaken } from './shapes.ts';

export interface StageOptions extends LeaveSources {
  readonly clock: Clock;
  /** Of this process. */
  readonly instance: string;
  readonly lock: Pick<ControlLock, 'state'>;
  readonly asRun: Pick<AsRunLog, 'add'>;
  readonly isRehearsal: (stream: string) => boolean;
  /** Names of tokens that may direct: nobody else's leave counts. */
  readonly mayDirect: (by: string) => boolean;
  readonly takeCue: (stream: string, id: string, who: Actor, at: UnixMilliseconds) => Promise<Cue>;
  readonly takeItem: (stream: string, id: string, who: Actor, at: UnixMilliseconds) => Promise<Cue>;
  /** Told after each change, with the whole of it. */
  readonly onChange: (stream: string, state: StageState) => void;
}

export interface Touched {
  readonly taken: ScreenState['taken'];
  /** This touch, or one on the same button before it, has done it already. */
  readonly repeated: boolean;
}

interface Entry {
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
const TOUCHES_KEPT = 8;
const STREAMS_KEPT = 1_000;

/**
 * The stage of each stream: its screens, what they show, and what a touch on them may take. In memory alone: after a
 * restart nobody has leave, and screens say again what they are.
 */
export class Stage {
  readonly #options: StageOptions;
  readonly #streams = new Map<string, Entry>();

  constructor(options: StageOptions, known: readonly Cue[] = []) {
    this.#options = options;
    for (const cue of known) this.#entry(cue.stream).waiting.note(cue);
  }

  state(stream: string): StageState {
    const entry = this.#streams.get(stream);
    const { clock, isRehearsal } = this.#options;
    return {
      at: clock.unixMs(),
      shown: entry?.screens.shown ?? null,
      screens: entry?.screens.list() ?? [],
      show: entry?.show ?? FIRST_SHOW,
      leave: entry?.leave == null ? null : withoutMode(entry.leave),
      taken: entry?.taken ?? null,
      next: entry === undefined ? null : this.#next(stream, entry),
      rehearsal: isRehearsal(stream),
    };
  }

  /** What may be read in a hall. */
  screenState(stream: string, state = this.state(stream)): ScreenState {
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

  /** A screen says that it is there. @throws {FramecueError} ERR_OVERLOADED, ERR_NOT_FOUND: `keep` of an unknown one. */
  screen(stream: string, request: ScreenRequest, who: Actor): void {
    const { screens } = this.#entry(stream);
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
    const entry = this.#entry(stream);
    if (entry.show.view === view && entry.show.text === text) return;
    entry.show = { view, text, at: this.#options.clock.unixMs(), by: who.by };
    this.#options.asRun.add(stream, { what: 'stage', ...who, reason: `shows ${view}` });
    this.#tell(stream);
  }

  /** Gives leave for one thing in the place of what leave was given for before, or takes it back. */
  async leave(stream: string, request: LeaveRequest, who: Actor): Promise<StageLeave | null> {
    const { clock, asRun, isRehearsal } = this.#options;
    const target = await targetOf(stream, request, this.#options);
    const entry = this.#entry(stream);
    if (target === null) {
      this.#endLeave(stream, entry, 'leave taken back', who);
      return null;
    }
    const at = clock.unixMs();
    entry.leave = {
      id: randomBytes(9).toString('base64url'),
      ...target,
      ...{ label: request.label ?? null, at, until: at + (request.forMs ?? LEAVE_DEFAULT_MS) },
      ...who,
      rehearsal: isRehearsal(stream),
    };
    const { item, cue, title } = target;
    asRun.add(stream, { what: 'stage', ...who, item, cue, title, reason: 'leave given' });
    this.#tell(stream);
    return withoutMode(entry.leave);
  }

  /**
   * A touch on the shown screen takes what leave was given for: once, whoever else presses. Where it is refused for a
   * reason that passes, leave stands as it was.
   * @throws {FramecueError} ERR_STAGE_STANDBY, ERR_STAGE_LEAVE, and what the book or the rundown refuses.
   */
  async touch(stream: string, screen: string, id: string, at: UnixMilliseconds): Promise<Touched> {
    const entry = this.#entry(stream);
    const before = entry.touches.get(id);
    if (before !== undefined) {
      await before;
      return { taken: takenForScreens(entry.taken), repeated: true };
    }
    if (entry.screens.shown !== screen) throw new FramecueError('ERR_STAGE_STANDBY');
    this.#lookAtLeave(stream, entry);
    const { leave } = entry;
    if (leave?.id !== id) throw new FramecueError('ERR_STAGE_LEAVE');
    // From here on nobody else finds it.
    entry.leave = null;
    const touch = this.#take(stream, entry, leave, screen, at);
    entry.touches.set(id, touch);
    if (entry.touches.size > TOUCHES_KEPT) entry.touches.delete(entry.touches.keys().next().value!);
    try {
      await touch;
    } catch (error) {
      entry.touches.delete(id);
      const code = error instanceof FramecueError ? error.code : 'ERR_INTERNAL';
      const passes = !SPENT.has(code) && isStillThere(leave, this.#options.rundown(stream));
      if (passes && entry.leave === null) entry.leave = leave;
      const { item, cue, title } = leave;
      const who = { by: leave.by, console: `stage:${screen}` };
      this.#options.asRun.add(stream, { what: 'stage', ...who, item, cue, title, reason: code });
      this.#tell(stream);
      throw error;
    }
    return { taken: takenForScreens(entry.taken), repeated: false };
  }

  /** A cue as it now stands. */
  cueChanged(cue: Cue): void {
    const entry = this.#entry(cue.stream);
    let changed = entry.waiting.note(cue);
    const { leave, taken } = entry;
    if (leave?.cue === cue.id && cue.state !== 'armed') {
      entry.leave = null;
      changed = true;
    }
    if (taken?.cue === cue.id) {
      entry.taken = withCue(taken, cue);
      changed = true;
    }
    if (changed) this.#tell(cue.stream);
  }

  rundownChanged(stream: string): void {
    const entry = this.#streams.get(stream);
    if (entry === undefined) return;
    const had = entry.leave;
    this.#lookAtLeave(stream, entry);
    const next = this.#next(stream, entry);
    if (had === entry.leave && sameMoment(next, entry.next)) return;
    this.#tell(stream);
  }

  /** To be called every second: what time alone has changed. */
  sweep(): void {
    for (const [stream, entry] of this.#streams) {
      this.#screensChanged(stream, entry.screens.sweep(), { by: 'stage', console: null });
      if (this.#lookAtLeave(stream, entry)) this.#tell(stream);
      else if (this.#options.isRehearsal(stream) !== entry.rehearsal) this.#tell(stream);
      else if (!sameMoment(this.#next(stream, entry), entry.next)) this.#tell(stream);
    }
  }

  async #take(
    stream: string,
    entry: Entry,
    leave: StageLeave,
    screen: string,
    at: UnixMilliseconds,
  ): Promise<void> {
    const { takeCue, takeItem, asRun } = this.#options;
    const who: Actor = { by: leave.by, console: `stage:${screen}` };
    const { item, cue: id, title } = leave;
    const cue = item === null ? await takeCue(stream, id!, who, at) : await takeItem(stream, item, who, at);
    // It may have landed while the answer was on its way.
    const now = (await this.#options.cue(stream, cue.id)) ?? cue;
    asRun.add(stream, { what: 'stage', ...who, item, cue: cue.id, title, reason: 'taken by touch' });
    const taken = { leave: leave.id, screen, at, cue: cue.id, item };
    entry.taken = withCue({ ...taken, ...NOT_LANDED, state: now.state }, now);
    this.#tell(stream);
  }

  /** True: it has ended, by time, by mode, by control, or because what it was for is gone. */
  #lookAtLeave(stream: string, entry: Entry): boolean {
    const { leave } = entry;
    if (leave === null) return false;
    const { clock, mayDirect, isRehearsal, lock, rundown } = this.#options;
    const { holder } = lock.state(stream);
    const isOthers =
      holder !== null && leave.console !== null
        ? holder.console !== leave.console || holder.by !== leave.by
        : false;
    const why =
      clock.unixMs() >= leave.until
        ? 'leave has run out'
        : isOthers || !mayDirect(leave.by)
          ? 'leave ended with control'
          : isRehearsal(stream) !== leave.rehearsal
            ? 'leave ended with the mode'
            : isStillThere(leave, rundown(stream))
              ? null
              : 'leave ended: it was taken otherwise';
    if (why === null) return false;
    this.#endLeave(stream, entry, why, { by: 'stage', console: null });
    return true;
  }

  #endLeave(stream: string, entry: Entry, reason: string, who: Actor): void {
    if (entry.leave === null) return;
    const { item, cue, title } = entry.leave;
    entry.leave = null;
    this.#options.asRun.add(stream, { what: 'stage', ...who, item, cue, title, reason });
    this.#tell(stream);
  }

  #screensChanged(stream: string, change: ScreensChange, who: Actor): void {
    if (change === null) return;
    const { kind, screen } = change;
    if (kind !== 'joined') {
      this.#options.asRun.add(stream, { what: 'stage', ...who, reason: `screen ${screen}: ${kind}` });
    }
    this.#tell(stream);
  }

  #next(stream: string, { waiting }: Entry): StageNext | null {
    const { clock, rundown, isRehearsal } = this.#options;
    return waiting.next(clock.unixMs(), rundown(stream), isRehearsal(stream));
  }

  #tell(stream: string): void {
    const entry = this.#entry(stream);
    const state = this.state(stream);
    entry.next = state.next;
    entry.rehearsal = state.rehearsal;
    this.#options.onChange(stream, state);
  }

  #entry(stream: string): Entry {
    let entry = this.#streams.get(stream);
    if (entry === undefined) {
      const { clock, isRehearsal } = this.#options;
      entry = {
        ...{ screens: new Screens(clock), waiting: new WaitingCues(), show: FIRST_SHOW, leave: null },
        ...{ taken: null, touches: new Map(), next: null, rehearsal: isRehearsal(stream) },
      };
      this.#streams.set(stream, entry);
      if (this.#streams.size > STREAMS_KEPT) this.#streams.delete(this.#streams.keys().next().value!);
    }
    return entry;
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

/** Refusals after which there is nothing left to take. */
const SPENT: ReadonlySet<string> = new Set([
  'ERR_CUE_UNKNOWN',
  'ERR_CUE_STATE',
  'ERR_RUNDOWN_NONE',
  'ERR_RUNDOWN_ITEM_UNKNOWN',
  'ERR_RUNDOWN_ITEM_STATE',
]);

const NOT_LANDED = { pts: null, frame: null, landedAt: null, reason: null } as const;

function withCue(taken: StageTaken, { state, landing, reason, voided }: Cue): StageTaken {
  return {
    ...taken,
    state: voided === undefined ? state : 'voided',
    pts: landing?.pts ?? null,
    frame: landing?.frame ?? null,
    landedAt: landing === null ? null : Math.round(landing.fireAtUs / 1000),
    reason: reason ?? null,
  };
}

function takenForScreens(taken: StageTaken | null): ScreenState['taken'] {
  if (taken === null) return null;
  const { cue: _cue, item: _item, ...rest } = taken;
  return rest;
}

function withoutMode({ rehearsal: _, ...leave }: StageLeave & { readonly rehearsal: boolean }): StageLeave {
  return leave;
}

const sameMoment = (a: StageNext | null, b: StageNext | null): boolean =>
  a?.at === b?.at && a?.state === b?.state;
