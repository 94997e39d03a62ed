import type { RundownItem } from '../../cues/rundown/index.ts';
import { FramecueError } from '../../packet/errors.ts';
import type { Log } from '../../service/log.ts';
import type { Actor } from '../action.ts';
import type { LoadedRundown } from './loaded.ts';
import type { Pass } from './messages.ts';
import type { Passes } from './passes.ts';
import { refuseForShow } from './refusals.ts';
import type { RundownBook } from './runner.ts';
import { Turns } from './turns.ts';
import { type RundownView, viewOf } from './view.ts';

export interface RundownAction extends Actor {
  readonly stream: string;
  readonly what: 'load' | 'unload' | 'skip' | 'reset';
  readonly item: RundownItem | null;
  readonly rundown: string;
}

export interface DeskOptions {
  readonly book: Pick<RundownBook, 'cancel'>;
  readonly log: Log;
  readonly limits: { readonly viewerSpreadCapMs: number };
  /** Whether all that the token of this name does is rehearsal, whatever the mode. */
  readonly rehearsesOnly: (by: string) => boolean;
  /** Told at once, with the whole of it; null: it was unloaded. */
  readonly onChange: (stream: string, rundown: RundownView | null) => void;
  /** What people did to the rundown as such, once it is done; what they did to cues is the book's to tell. */
  readonly onAction: (action: RundownAction) => void;
}

/** The loaded rundowns of all streams, and what all that people do to them has in common. */
export class RundownDesk {
  readonly runs = new Map<string, LoadedRundown>();
  readonly #options: DeskOptions;
  readonly #passes: Passes;
  /** One change by a person at a time, for each stream. */
  readonly #turns = new Turns();
  readonly #changed = new Set<string>();
  #closed = false;

  constructor(options: DeskOptions, passes: Passes) {
    this.#options = options;
    this.#passes = passes;
  }

  get isClosed(): boolean {
    return this.#closed;
  }

  close(): void {
    this.#closed = true;
  }

  /** @throws {FramecueError} ERR_RUNDOWN_NONE. */
  need(stream: string): LoadedRundown {
    const run = this.runs.get(stream);
    if (run === undefined) throw new FramecueError('ERR_RUNDOWN_NONE');
    return run;
  }

  /** The one that a press of this moment is meant for. */
  passNow(stream: string): Pass {
    return this.#passes.of(stream);
  }

  view(run: LoadedRundown): RundownView {
    return viewOf(run, this.#options.limits.viewerSpreadCapMs);
  }

  async inTurn<T>(stream: string, act: () => Promise<T>): Promise<T> {
    if (this.#closed) throw new FramecueError('ERR_NOT_READY');
    return this.#turns.take(stream, async () => {
      // A press right after a switch of the mode is of the new one: its item's states, and its cue's id.
      const run = this.runs.get(stream);
      if (run !== undefined && (await this.#passes.follow(run))) this.tell(stream);
      return act();
    });
  }

  rehearsesOnly({ by }: Pick<Actor, 'by'>): boolean {
    return this.#options.rehearsesOnly(by);
  }

  /** @throws {FramecueError} ERR_REHEARSAL_TOKEN. */
  refuseForShow(run: LoadedRundown | null, who: Actor, of: 'item' | 'rundown'): void {
    if (run === null || !this.rehearsesOnly(who) || this.rehearsesOnly(run.kept)) return;
    refuseForShow(run, of);
  }

  /** @throws {FramecueError} what the book refuses it with. */
  async cancel(stream: string, id: string, who: Actor): Promise<void> {
    const outcome = await this.#options.book.cancel({ stream, id, who });
    if (outcome.kind === 'refused') throw outcome.error;
  }

  async takeBack(stream: string, ids: readonly string[], who: Actor): Promise<void> {
    for (const id of ids) {
      try {
        await this.cancel(stream, id, who);
      } catch (error) {
        // It has landed meanwhile, or the log cannot note it: it is on the list of cues for whoever wants it gone.
        this.#options.log.warn(
          { err: error, stream, cue: id },
          'a cue of the rundown could not be taken back',
        );
      }
    }
  }

  acted(what: RundownAction['what'], run: LoadedRundown, item: RundownItem | null, who: Actor): void {
    this.tell(run.stream);
    this.#options.onAction({ ...who, what, stream: run.stream, item, rundown: run.kept.document.id });
  }

  /** Once a turn of the event loop, however much has changed in it. */
  tell(stream: string): void {
    if (this.#changed.has(stream)) return;
    this.#changed.add(stream);
    setImmediate(() => {
      this.#changed.delete(stream);
      if (this.#closed) return;
      const run = this.runs.get(stream);
      this.#options.onChange(stream, run === undefined ? null : this.view(run));
    });
  }
}
