import {
  type RundownDocument,
  type RundownFacts,
  type RundownIssue,
  type RundownReading,
  validateRundown,
} from '../../cues/rundown/index.ts';
import type { Clock } from '../../packet/clock.ts';
import type { Actor } from '../action.ts';
import { type Carried, carriedFrom } from './carried.ts';
import type { RundownDesk } from './desk.ts';
import { type InteractionLookup, lookUpAll } from './interactions.ts';
import type { KeptRundown } from './kept.ts';
import { LoadedRundown } from './loaded.ts';
import type { Passes } from './passes.ts';
import { invalidRundown, refuseOnAir } from './refusals.ts';
import type { RundownStore } from './store.ts';
import type { RundownView } from './view.ts';

export interface LoaderOptions {
  readonly store: RundownStore;
  readonly clock: Clock;
  readonly limits: { readonly stampTextLimit: number; readonly viewerSpreadCapMs: number };
  /** Length of the id of the key that signs. */
  readonly keyIdLength: number;
  /** Null: interactions are not asked for. */
  readonly lookUp: InteractionLookup | null;
  /** Its items will be taken. */
  readonly onLoaded?: (document: RundownDocument) => void;
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

/** Rundowns come and go: checked as a whole, on the disk first, and with what the one before leaves. */
export class RundownLoader {
  readonly #desk: RundownDesk;
  readonly #passes: Passes;
  readonly #options: LoaderOptions;
  /** How many each stream has had. */
  readonly #revs: Map<string, number>;

  constructor(
    desk: RundownDesk,
    passes: Passes,
    options: LoaderOptions,
    revs: Iterable<readonly [string, number]>,
  ) {
    this.#desk = desk;
    this.#passes = passes;
    this.#options = options;
    this.#revs = new Map(revs);
  }

  /** All that is wrong with a rundown, for this stream and now. */
  async check(stream: string, reading: RundownReading, replaces: boolean): Promise<readonly RundownIssue[]> {
    const interactions = await this.#lookUp(reading.document);
    return validateRundown(reading, { ...this.#facts(stream, reading.document, replaces), interactions });
  }

  /** @throws {FramecueError} ERR_RUNDOWN_INVALID with `details.issues`, ERR_RUNDOWN_ON_AIR, ERR_STORE_UNAVAILABLE. */
  async load({ stream, reading, who, replace, unchecked }: LoadRequest): Promise<RundownView> {
    const { document } = reading;
    const interactions = await this.#lookUp(document);
    return this.#desk.inTurn(stream, async () => {
      const old = this.#desk.runs.get(stream) ?? null;
      this.#desk.refuseForShow(old, who, 'rundown');
      const facts = { ...this.#facts(stream, document, replace), interactions };
      const issues = validateRundown(reading, facts).filter(
        ({ code }) => !(unchecked && code === 'unchecked'),
      );
      if (issues.length > 0) throw invalidRundown(issues);
      if (old === null) return this.#put(stream, document, who, null, null);
      return old.whilePaused(async () => {
        if (!replace) refuseOnAir(old);
        return this.#put(stream, document, who, old, replace ? carriedFrom(old, document) : null);
      });
    });
  }

  /** @throws {FramecueError} ERR_RUNDOWN_NONE, ERR_RUNDOWN_ON_AIR, ERR_STORE_UNAVAILABLE. */
  unload(stream: string, who: Actor, replace: boolean): Promise<void> {
    return this.#desk.inTurn(stream, async () => {
      const run = this.#desk.need(stream);
      this.#desk.refuseForShow(run, who, 'rundown');
      await run.whilePaused(async () => {
        if (!replace) refuseOnAir(run);
        await this.#options.store.unload(stream);
        this.#desk.runs.delete(stream);
        const { takeBack } = carriedFrom(run, { ...run.kept.document, items: [] });
        await this.#desk.takeBack(stream, takeBack, who);
      });
      this.#desk.acted('unload', run, null, who);
    });
  }

  async #put(
    stream: string,
    document: RundownDocument,
    who: Actor,
    old: LoadedRundown | null,
    carried: Carried | null,
  ): Promise<RundownView> {
    const { store, clock } = this.#options;
    const rev = (this.#revs.get(stream) ?? 0) + 1;
    const pass = old?.kept.pass ?? this.#passes.of(stream);
    const kept: KeptRundown = {
      document,
      loadedAt: clock.unixMs(),
      by: who.by,
      tags: this.#passes.makeTags(),
      pass,
      ...(this.#desk.rehearsesOnly(who) ? { rehearsal: true } : {}),
    };
    const marks = carried?.marks ?? new Map();
    await store.load(stream, rev, kept, marks);
    const none = new Map();
    const run = new LoadedRundown(stream, rev, kept, {
      show: pass === 'show' ? marks : none,
      rehearsal: pass === 'rehearsal' ? marks : none,
    });
    this.#revs.set(stream, rev);
    this.#desk.runs.set(stream, run);
    for (const { id } of document.items) {
      const cue = old?.cueOf(id);
      if (cue != null) run.noteCue(cue);
    }
    if (old !== null) {
      const unwanted = carried ?? carriedFrom(old, { ...document, items: [] });
      await this.#desk.takeBack(stream, unwanted.takeBack, who);
    }
    this.#options.onLoaded?.(document);
    this.#desk.acted('load', run, null, who);
    return this.#desk.view(run);
  }

  async #lookUp(document: RundownDocument): Promise<RundownFacts['interactions']> {
    const { lookUp } = this.#options;
    return lookUp === null ? null : await lookUpAll(document, lookUp);
  }

  #facts(stream: string, document: RundownDocument, replaces: boolean): Omit<RundownFacts, 'interactions'> {
    const { clock, limits, keyIdLength } = this.#options;
    const old = replaces ? this.#desk.runs.get(stream) : undefined;
    return {
      ...{ now: clock.unixMs(), stream, keyIdLength },
      spreadCapMs: limits.viewerSpreadCapMs,
      stampTextLimit: limits.stampTextLimit,
      done: new Set(old === undefined ? [] : carriedFrom(old, document).marks.keys()),
    };
  }
}
