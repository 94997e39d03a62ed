import { randomInt } from 'node:crypto';
import type { Cue } from '../../cues/cue.ts';
import {
  type RundownDocument,
  type RundownFacts,
  type RundownIssue,
  type RundownItem,
  type RundownReading,
  validateRundown,
} from '../../cues/rundown/index.ts';
import type { Clock } from '../../packet/clock.ts';
import { FramecueError } from '../../packet/errors.ts';
import { ms, type UnixMilliseconds } from '../../packet/time.ts';
import type { Log } from '../../service/log.ts';
import type { Actor } from '../action.ts';
import type { TakeRequest } from '../cue-request.ts';
import type { StreamGate } from '../stream-gate.ts';
import { WallSteps } from '../wall-steps.ts';
import { type InteractionLookup, lookUpAll } from './interactions.ts';
import { isOnAir, isWaiting, type KeptRundown, type Why } from './kept.ts';
import { isAutomatic, LoadedRundown } from './loaded.ts';
import { type Carried, carriedFrom } from './loading.ts';
import { MarkKeeper, settledWithout } from './marks.ts';
import type { Pass } from './messages.ts';
import { invalidRundown, needItem, refuseEarly, refuseForShow, refuseOnAir, wrongState } from './refusals.ts';
import { type EnterRequest, ItemRunner, type RundownBook } from './runner.ts';
import type { RundownStore, StoredRundown } from './store.ts';
import { Turns } from './turns.ts';
import { type RundownView, viewOf } from './view.ts';

export interface RundownsOptions {
  readonly store: RundownStore;
  readonly stored: readonly StoredRundown[];
  readonly book: RundownBook;
  readonly gate: Pick<StreamGate, 'now'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly limits: {
    readonly cueAnnounceMs: number;
    readonly stampTextLimit: number;
    readonly viewerSpreadCapMs: number;
  };
  /** Length of the id of the key that signs. */
  readonly keyIdLength: number;
  /** Null: interactions are not asked for. */
  readonly lookUp: InteractionLookup | null;
  readonly isRehearsal?: (stream: string) => boolean;
  /** Whether all that the token of this name does is rehearsal, whatever the mode. */
  readonly rehearsesOnly?: (by: string) => boolean;
  /** Told at once, with the whole of it; null: it was unloaded. */
  readonly onChange?: (stream: string, rundown: RundownView | null) => void;
  /** What people did to the rundown as such, once it is done; what they did to cues is the book's to tell. */
  readonly onAction?: (action: RundownAction) => void;
  /** An item was missed that has no cue to tell of it. @param key the same when it is found again after a crash. */
  readonly onMissed?: (stream: string, item: RundownItem, why: Why, key: string) => void;
  readonly makeTag?: () => string;
}

export interface RundownAction extends Actor {
  readonly stream: string;
  readonly what: 'load' | 'unload' | 'skip' | 'reset';
  readonly item: RundownItem | null;
  readonly rundown: string;
}

export interface LoadRequest {
  readonly stream: string;
  readonly reading: RundownReading;
  readonly who: Actor;
  /** Also while something of the one before is on air. */
  readonly replace: boolean;
  /** Also where events could not be asked. */
  readonly unchecked: boolean;
}

const TAG_LENGTH = 6;
const AT_ONCE = 50;

/** The rundowns of all streams: loaded, run, and kept. */
export class Rundowns {
  readonly #options: RundownsOptions;
  readonly #runner: ItemRunner;
  readonly #runs = new Map<string, LoadedRundown>();
  readonly #revs = new Map<string, number>();
  readonly #marks: MarkKeeper;
  readonly #wallSteps: WallSteps;
  /** One change by a person at a time, for each stream. */
  readonly #turns = new Turns();
  readonly #changed = new Set<string>();
  readonly #startedAt: UnixMilliseconds;
  #steppedAt: UnixMilliseconds | null = null;
  #closed = false;

  private constructor(options: RundownsOptions) {
    this.#options = options;
    this.#runner = new ItemRunner(options.book);
    this.#marks = new MarkKeeper(options.store, options.log, (stream) => this.#tell(stream));
    this.#wallSteps = new WallSteps(options.clock);
    this.#startedAt = options.clock.unixMs();
    for (const { stream, rev, kept, marks } of options.stored) {
      this.#revs.set(stream, rev);
      if (kept !== null) this.#runs.set(stream, new LoadedRundown(stream, rev, kept, marks));
    }
    options.book.onChange((cue) => this.#onCue(cue));
    options.book.onAction(({ what, stream, by, console }) => {
      if (what === 'panic') void this.#panicked(stream, { by, console });
    });
  }

  /** Takes over what a process before this one has left: the states of items come from their cues. */
  static async open(options: RundownsOptions): Promise<Rundowns> {
    const rundowns = new Rundowns(options);
    for (const run of rundowns.#runs.values()) {
      await rundowns.#findCues(run);
      rundowns.#tell(run.stream);
    }
    return rundowns;
  }

  /** How many cues are on their way into the log. */
  get entering(): number {
    return [...this.#runs.values()].reduce((sum, run) => sum + run.entering.size, 0);
  }

  /** Null: none is loaded. */
  get(stream: string): RundownView | null {
    const run = this.#runs.get(stream);
    return run === undefined ? null : viewOf(run, this.#options.limits.viewerSpreadCapMs);
  }

  /** All that is wrong with a rundown, for this stream and now. */
  async check(stream: string, reading: RundownReading, replaces: boolean): Promise<readonly RundownIssue[]> {
    return validateRundown(reading, await this.#factsFor(stream, reading.document, replaces));
  }

  /** @throws {FramecueError} ERR_RUNDOWN_INVALID with `details.issues`, ERR_RUNDOWN_ON_AIR, ERR_STORE_UNAVAILABLE. */
  async load({ stream, reading, who, replace, unchecked }: LoadRequest): Promise<RundownView> {
    const { lookUp } = this.#options;
    const { document } = reading;
    const interactions = lookUp === null ? null : await lookUpAll(document, lookUp);
    return this.#inTurn(stream, async () => {
      const old = this.#runs.get(stream) ?? null;
      this.#refuseForShow(old, who, 'rundown');
      const carries = old !== null && replace;
      const facts = { ...this.#facts(stream, document, carries), interactions };
      const issues = validateRundown(reading, facts).filter(
        ({ code }) => !(unchecked && code === 'unchecked'),
      );
      if (issues.length > 0) throw invalidRundown(issues);
      if (old === null) return this.#put(stream, document, who, null, null);
      return this.#paused(old, async () => {
        if (!replace) refuseOnAir(old);
        return this.#put(stream, document, who, old, replace ? carriedFrom(old, document) : null);
      });
    });
  }

  /** @throws {FramecueError} ERR_RUNDOWN_NONE, ERR_RUNDOWN_ON_AIR, ERR_STORE_UNAVAILABLE. */
  unload(stream: string, who: Actor, replace: boolean): Promise<void> {
    return this.#inTurn(stream, async () => {
      const run = this.#need(stream);
      this.#refuseForShow(run, who, 'rundown');
      await this.#paused(run, async () => {
        if (!replace) refuseOnAir(run);
        await this.#options.store.unload(stream);
        this.#runs.delete(stream);
        await this.#takeBack(stream, carriedFrom(run, { ...run.kept.document, items: [] }).takeBack, who);
      });
      this.#acted('unload', run, null, who);
    });
  }

  /** An item waits for `take`. One that is armed already stays so. */
  arm(stream: string, id: string, who: Actor, receivedAt: UnixMilliseconds): Promise<Cue> {
    return this.#inTurn(stream, async () => {
      const run = this.#need(stream);
      this.#refuseForShow(run, who, 'item');
      const item = needItem(run, id);
      const cue = run.cueOf(id);
      const state = run.stateOf(id);
      if (state === 'armed' && cue !== null) return cue;
      if (state !== 'pending') throw wrongState(run, item, 'armed');
      return this.#entered(run, item, { armed: true }, who, receivedAt);
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
  ): Promise<{ readonly cue: Cue; readonly isRepeated: boolean }> {
    return this.#inTurn(stream, async () => {
      const run = this.#need(stream);
      this.#refuseForShow(run, who, 'item');
      const item = needItem(run, id ?? run.next());
      await run.entering.get(item.id)?.catch(() => undefined);
      const cue = run.cueOf(item.id);
      const state = run.stateOf(item.id);
      if (cue !== null && (isOnAir(state) || state === 'ended')) return { cue, isRepeated: true };
      if (!anyway) refuseEarly(run, item, body, receivedAt, this.#options.limits.viewerSpreadCapMs);
      if (state === 'armed' && cue !== null) {
        const taken = await this.#options.book.take({ stream, id: cue.id, request: body, who, receivedAt });
        if (taken.kind === 'refused') throw taken.error;
        run.noteCue(taken.cue);
        this.#tell(stream);
        return { cue: taken.cue, isRepeated: taken.kind === 'repeated' };
      }
      // Nobody has seen one that was missed or skipped: whoever takes it means it.
      if (state === 'missed' || state === 'skipped') await this.#marks.reset(run, item);
      else if (state !== 'pending') throw wrongState(run, item, 'taken');
      return { cue: await this.#entered(run, item, body, who, receivedAt), isRepeated: false };
    });
  }

  /** Nothing will come of the item, until it is reset. */
  skip(stream: string, id: string, who: Actor): Promise<RundownView> {
    return this.#inTurn(stream, async () => {
      const run = this.#need(stream);
      this.#refuseForShow(run, who, 'item');
      const item = needItem(run, id);
      await run.entering.get(id)?.catch(() => undefined);
      const state = run.stateOf(id);
      if (state === 'skipped') return this.#view(run);
      if (!isWaiting(state)) throw wrongState(run, item, 'skipped');
      const cue = run.cueOf(id);
      if (cue !== null) await this.#cancel(stream, cue.id, who);
      const settled = { ...settledWithout('skipped', { code: 'SKIPPED', text: `Skipped by ${who.by}.` }) };
      await this.#marks.put(run, id, { ...run.markOf(id), settled: { ...settled, cue: cue?.id ?? null } });
      this.#acted('skip', run, item, who);
      return this.#view(run);
    });
  }

  /** The item begins anew: its next cue is another one. */
  reset(stream: string, id: string, who: Actor): Promise<RundownView> {
    return this.#inTurn(stream, async () => {
      const run = this.#need(stream);
      this.#refuseForShow(run, who, 'item');
      const item = needItem(run, id);
      const state = run.stateOf(id);
      if (state === 'pending') return this.#view(run);
      if (state === 'armed' || isOnAir(state)) throw wrongState(run, item, 'reset');
      await this.#marks.reset(run, item);
      this.#acted('reset', run, item, who);
      return this.#view(run);
    });
  }

  /** To be called a few times a second: runs what is due, and writes what could not be written. */
  tick(): void {
    if (this.#closed) return;
    const { gate, clock, limits, isRehearsal, log } = this.#options;
    if (this.#wallSteps.look() > 0) this.#steppedAt = clock.unixMs();
    for (const run of this.#runs.values()) {
      if (run.paused) continue;
      if (isRehearsal !== undefined && passOf(isRehearsal(run.stream)) !== run.kept.pass) {
        this.#inTurn(run.stream, async () => this.#followMode(run)).catch((error: unknown) =>
          log.warn({ err: error, stream: run.stream }, 'the rundown could not follow the mode yet'),
        );
        continue;
      }
      this.#runner.runDue(
        run,
        {
          now: clock.unixMs(),
          moment: gate.now(run.stream),
          startedAt: this.#startedAt,
          steppedAt: this.#steppedAt,
          announceMs: ms(limits.cueAnnounceMs),
          spreadCapMs: limits.viewerSpreadCapMs,
        },
        (item, why) => {
          const key = `${run.cueIdOf(item.id)}:missed`;
          this.#marks.settle(run, item, settledWithout('missed', why));
          this.#options.onMissed?.(run.stream, item, why, key);
        },
      );
      this.#marks.save(run);
    }
  }

  /** Nothing runs any more; what was noted is written. The store is closed by whoever opened it. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const run of this.#runs.values()) {
      await Promise.allSettled(run.entering.values());
      this.#marks.save(run);
    }
    await this.#marks.written();
  }

  async #put(
    stream: string,
    document: RundownDocument,
    who: Actor,
    old: LoadedRundown | null,
    carried: Carried | null,
  ): Promise<RundownView> {
    const { store, clock, isRehearsal, makeTag = randomTag } = this.#options;
    const rev = (this.#revs.get(stream) ?? 0) + 1;
    const pass = old?.kept.pass ?? passOf(isRehearsal?.(stream) === true);
    const kept: KeptRundown = {
      document,
      loadedAt: clock.unixMs(),
      by: who.by,
      tags: { show: makeTag(), rehearsal: makeTag() },
      pass,
    };
    const marks = carried?.marks ?? new Map();
    await store.load(stream, rev, kept, marks);
    const none = new Map();
    const run = new LoadedRundown(stream, rev, kept, {
      show: pass === 'show' ? marks : none,
      rehearsal: pass === 'rehearsal' ? marks : none,
    });
    this.#revs.set(stream, rev);
    this.#runs.set(stream, run);
    for (const { id } of document.items) {
      const cue = old?.cueOf(id);
      if (cue != null) run.noteCue(cue);
    }
    if (old !== null) {
      const unwanted = carried ?? carriedFrom(old, { ...document, items: [] });
      await this.#takeBack(stream, unwanted.takeBack, who);
    }
    this.#acted('load', run, null, who);
    return this.#view(run);
  }

  async #entered(
    run: LoadedRundown,
    item: RundownItem,
    how: EnterRequest,
    who: Actor,
    receivedAt: UnixMilliseconds,
  ): Promise<Cue> {
    const cue = await this.#runner.enter(run, item, how, who, receivedAt);
    this.#tell(run.stream);
    return cue;
  }

  async #followMode(run: LoadedRundown): Promise<void> {
    const { store, isRehearsal, makeTag = randomTag } = this.#options;
    const pass = passOf(isRehearsal?.(run.stream) === true);
    if (this.#runs.get(run.stream) !== run || run.kept.pass === pass) return;
    await this.#paused(run, async () => {
      // Each rehearsal begins at the start; the show goes on where it was.
      const clear = pass === 'rehearsal' ? pass : null;
      const tags = clear === null ? run.kept.tags : { ...run.kept.tags, rehearsal: makeTag() };
      const kept = { ...run.kept, pass, tags };
      await store.change(run.stream, run.rev, kept, clear);
      run.switchTo(kept, clear);
      await this.#findCues(run);
    });
    this.#tell(run.stream);
  }

  /** Cues that the log has of items which are not known to be over. */
  async #findCues(run: LoadedRundown): Promise<void> {
    const open = run.items.filter(({ id }) => run.markOf(id).settled === null);
    for (let from = 0; from < open.length; from += AT_ONCE) {
      const some = open.slice(from, from + AT_ONCE);
      const cues = await Promise.all(
        some.map(({ id }) => this.#options.book.get(run.stream, run.cueIdOf(id))),
      );
      for (const cue of cues) if (cue !== null) run.noteCue(cue);
    }
  }

  /** Within a frame at times: returns at once. */
  #onCue(cue: Cue): void {
    const run = this.#runs.get(cue.stream);
    if (run?.noteCue(cue) != null) this.#tell(cue.stream);
  }

  /** What would run by itself is as much on its way as what waits for its picture: the panic key ends it. */
  async #panicked(stream: string, who: Actor): Promise<void> {
    const run = this.#runs.get(stream);
    if (run === undefined) return;
    const why: Why = { code: 'PANIC', text: `Taken back by the panic key (${who.by}).` };
    const underWay = [...run.entering.keys()];
    for (const item of run.items) {
      if (!isAutomatic(item) || run.stateOf(item.id) !== 'pending' || underWay.includes(item.id)) continue;
      this.#marks.settle(run, item, settledWithout('cancelled', why));
    }
    // Nothing would find this again after a crash.
    this.#marks.save(run);
    // Those that were on their way into the log when the key was pressed.
    for (const id of underWay) {
      await run.entering.get(id)?.catch(() => undefined);
      const cue = run.cueOf(id);
      if (cue !== null && run.stateOf(id) !== 'landed') await this.#takeBack(stream, [cue.id], who);
    }
  }

  async #takeBack(stream: string, ids: readonly string[], who: Actor): Promise<void> {
    for (const id of ids) {
      try {
        await this.#cancel(stream, id, who);
      } catch (error) {
        // It has landed meanwhile, or the log cannot note it: it is on the list of cues for whoever wants it gone.
        this.#options.log.warn(
          { err: error, stream, cue: id },
          'a cue of the rundown could not be taken back',
        );
      }
    }
  }

  async #cancel(stream: string, id: string, who: Actor): Promise<void> {
    const outcome = await this.#options.book.cancel({ stream, id, who });
    if (outcome.kind === 'refused') throw outcome.error;
  }

  #facts(stream: string, document: RundownDocument, carries: boolean): RundownFacts {
    const { clock, limits, keyIdLength } = this.#options;
    const old = carries ? (this.#runs.get(stream) ?? null) : null;
    return {
      ...{ now: clock.unixMs(), stream, keyIdLength },
      spreadCapMs: limits.viewerSpreadCapMs,
      stampTextLimit: limits.stampTextLimit,
      interactions: null,
      done: new Set(old === null ? [] : carriedFrom(old, document).marks.keys()),
    };
  }

  async #factsFor(stream: string, document: RundownDocument, carries: boolean): Promise<RundownFacts> {
    const { lookUp } = this.#options;
    const interactions = lookUp === null ? null : await lookUpAll(document, lookUp);
    return { ...this.#facts(stream, document, carries), interactions };
  }

  /** Nothing of it is on its way into the log while `change` runs, and nothing begins. */
  async #paused<T>(run: LoadedRundown, change: () => Promise<T>): Promise<T> {
    run.paused = true;
    try {
      await Promise.allSettled(run.entering.values());
      return await change();
    } finally {
      run.paused = false;
    }
  }

  async #inTurn<T>(stream: string, act: () => Promise<T>): Promise<T> {
    if (this.#closed) throw new FramecueError('ERR_NOT_READY');
    return this.#turns.take(stream, async () => {
      // A press right after a switch of the mode is of the new one: its item's states, and its cue's id.
      const run = this.#runs.get(stream);
      if (run !== undefined) await this.#followMode(run);
      return act();
    });
  }

  #refuseForShow(run: LoadedRundown | null, who: Actor, of: 'item' | 'rundown'): void {
    refuseForShow(run, who, this.#options.rehearsesOnly ?? (() => false), of);
  }

  #view(run: LoadedRundown): RundownView {
    return viewOf(run, this.#options.limits.viewerSpreadCapMs);
  }

  #acted(what: RundownAction['what'], run: LoadedRundown, item: RundownItem | null, who: Actor): void {
    this.#tell(run.stream);
    this.#options.onAction?.({ ...who, what, stream: run.stream, item, rundown: run.kept.document.id });
  }

  /** Once a turn of the event loop, however much has changed in it. */
  #tell(stream: string): void {
    if (this.#options.onChange === undefined || this.#changed.has(stream)) return;
    this.#changed.add(stream);
    setImmediate(() => {
      this.#changed.delete(stream);
      if (!this.#closed) this.#options.onChange?.(stream, this.get(stream));
    });
  }

  /** @throws {FramecueError} ERR_RUNDOWN_NONE. */
  #need(stream: string): LoadedRundown {
    const run = this.#runs.get(stream);
    if (run === undefined) throw new FramecueError('ERR_RUNDOWN_NONE');
    return run;
  }
}

const passOf = (isRehearsal: boolean): Pass => (isRehearsal ? 'rehearsal' : 'show');

const randomTag = (): string =>
  Array.from({ length: TAG_LENGTH }, () => 'abcdefghijkmnpqrstuvwxyz23456789'[randomInt(32)]).join('');
