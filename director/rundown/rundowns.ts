import type { Cue } from '../../cues/cue.ts';
import type { RundownIssue, RundownItem, RundownReading } from '../../cues/rundown/index.ts';
import type { Clock } from '../../packet/clock.ts';
import { ms, type UnixMilliseconds } from '../../packet/time.ts';
import type { Log } from '../../service/log.ts';
import type { Actor } from '../action.ts';
import type { StreamGate } from '../stream-gate.ts';
import { WallSteps } from '../wall-steps.ts';
import { type DeskOptions, RundownDesk } from './desk.ts';
import { ItemActs } from './item-acts.ts';
import type { Why } from './kept.ts';
import { LoadedRundown } from './loaded.ts';
import { type LoaderOptions, type LoadRequest, RundownLoader } from './loader.ts';
import { MarkKeeper, settledWithout } from './marks.ts';
import { panicked } from './panic.ts';
import { Passes, type PassesOptions } from './passes.ts';
import { ItemRunner, type RundownBook } from './runner.ts';
import type { RundownStore, StoredRundown } from './store.ts';
import type { RundownView } from './view.ts';

export interface RundownsOptions extends DeskOptions, PassesOptions, LoaderOptions {
  readonly store: RundownStore;
  readonly stored: readonly StoredRundown[];
  readonly book: RundownBook;
  readonly gate: Pick<StreamGate, 'now'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly limits: LoaderOptions['limits'] & { readonly cueAnnounceMs: number };
  /** An item was missed that has no cue to tell of it. @param key the same when it is found again after a crash. */
  readonly onMissed: (stream: string, item: RundownItem, why: Why, key: string) => void;
}

/** The rundowns of all streams: loaded, run, and kept. */
export class Rundowns {
  readonly #options: RundownsOptions;
  readonly #passes: Passes;
  readonly #desk: RundownDesk;
  readonly #loader: RundownLoader;
  readonly #runner: ItemRunner;
  readonly #marks: MarkKeeper;
  readonly #acts: ItemActs;
  readonly #wallSteps: WallSteps;
  readonly #startedAt: UnixMilliseconds;
  #steppedAt: UnixMilliseconds | null = null;

  private constructor(options: RundownsOptions) {
    const { store, stored, book, clock, log } = options;
    this.#options = options;
    this.#passes = new Passes(options);
    this.#desk = new RundownDesk(options, this.#passes);
    const revs = stored.map(({ stream, rev }) => [stream, rev] as const);
    this.#loader = new RundownLoader(this.#desk, this.#passes, options, revs);
    this.#runner = new ItemRunner(book);
    this.#marks = new MarkKeeper(store, log, (stream) => this.#desk.tell(stream));
    this.#acts = new ItemActs(this.#desk, this.#runner, this.#marks, options);
    this.#wallSteps = new WallSteps(clock);
    this.#startedAt = clock.unixMs();
    for (const { stream, rev, kept, marks } of stored) {
      if (kept !== null) this.#desk.runs.set(stream, new LoadedRundown(stream, rev, kept, marks));
    }
    book.onChange((cue) => this.#onCue(cue));
    book.onAction(({ what, stream, by, console }) => {
      if (what === 'panic') void panicked(this.#desk, this.#marks, stream, { by, console });
    });
  }

  /** Takes over what a process before this one has left: the states of items come from their cues. */
  static async open(options: RundownsOptions): Promise<Rundowns> {
    const rundowns = new Rundowns(options);
    for (const run of rundowns.#desk.runs.values()) {
      await rundowns.#passes.findCues(run);
      rundowns.#desk.tell(run.stream);
    }
    return rundowns;
  }

  /** How many cues are on their way into the log. */
  get entering(): number {
    return [...this.#desk.runs.values()].reduce((sum, run) => sum + run.entering.size, 0);
  }

  /** Null: none is loaded. */
  get(stream: string): RundownView | null {
    const run = this.#desk.runs.get(stream);
    return run === undefined ? null : this.#desk.view(run);
  }

  check(stream: string, reading: RundownReading, replaces: boolean): Promise<readonly RundownIssue[]> {
    return this.#loader.check(stream, reading, replaces);
  }

  load(request: LoadRequest): Promise<RundownView> {
    return this.#loader.load(request);
  }

  unload(stream: string, who: Actor, replace: boolean): Promise<void> {
    return this.#loader.unload(stream, who, replace);
  }

  arm(...given: Parameters<ItemActs['arm']>): ReturnType<ItemActs['arm']> {
    return this.#acts.arm(...given);
  }

  take(...given: Parameters<ItemActs['take']>): ReturnType<ItemActs['take']> {
    return this.#acts.take(...given);
  }

  skip(...given: Parameters<ItemActs['skip']>): ReturnType<ItemActs['skip']> {
    return this.#acts.skip(...given);
  }

  reset(...given: Parameters<ItemActs['reset']>): ReturnType<ItemActs['reset']> {
    return this.#acts.reset(...given);
  }

  /** To be called a few times a second: runs what is due, and writes what could not be written. */
  tick(): void {
    if (this.#desk.isClosed) return;
    const { gate, clock, limits, log } = this.#options;
    if (this.#wallSteps.look() > 0) this.#steppedAt = clock.unixMs();
    for (const run of this.#desk.runs.values()) {
      if (run.paused) continue;
      if (this.#passes.isBehind(run)) {
        // Whoever gets a turn follows the mode first.
        this.#desk
          .inTurn(run.stream, async () => undefined)
          .catch((error: unknown) =>
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
          this.#options.onMissed(run.stream, item, why, key);
        },
      );
      this.#marks.save(run);
    }
  }

  /** Nothing runs any more; what was noted is written. The store is closed by whoever opened it. */
  async close(): Promise<void> {
    this.#desk.close();
    for (const run of this.#desk.runs.values()) {
      await Promise.allSettled(run.entering.values());
      this.#marks.save(run);
    }
    await this.#marks.written();
  }

  /** Within a frame at times: returns at once. */
  #onCue(cue: Cue): void {
    const run = this.#desk.runs.get(cue.stream);
    if (run?.noteCue(cue) != null) this.#desk.tell(cue.stream);
  }
}
