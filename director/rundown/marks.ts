import type { RundownItem } from '../../cues/rundown/index.ts';
import type { Log } from '../../service/log.ts';
import type { ItemMark, Settled, Why } from './kept.ts';
import type { LoadedRundown } from './loaded.ts';
import { PASSES } from './messages.ts';
import type { RundownStore } from './store.ts';

/** How an item ends that has no cue. */
export const settledWithout = (state: Settled['state'], reason: Why): Settled => ({
  ...{ state, reason, cue: null, landedPts: null, landedAt: null },
});

/** Notes what becomes of items beside their cues, and sees to it that it is on the disk. */
export class MarkKeeper {
  readonly #store: RundownStore;
  readonly #log: Log;
  readonly #onChange: (stream: string) => void;
  #writing: Promise<unknown> = Promise.resolve();

  constructor(store: RundownStore, log: Log, onChange: (stream: string) => void) {
    this.#store = store;
    this.#log = log;
    this.#onChange = onChange;
  }

  /** On the disk first: whoever is told that it is done can rely on it. @throws {FramecueError} ERR_STORE_UNAVAILABLE. */
  async put(run: LoadedRundown, id: string, mark: ItemMark): Promise<void> {
    await this.#store.mark(run.stream, run.rev, run.kept.pass, new Map([[id, mark]]));
    run.mark(id, mark);
    this.#onChange(run.stream);
  }

  /** The item begins anew, and what was given up because of it has its chance again. */
  async reset(run: LoadedRundown, item: RundownItem): Promise<void> {
    const { runs } = run.markOf(item.id);
    await this.put(run, item.id, { runs: runs + 1, cue: null, settled: null });
    run.refusals.delete(item.id);
    for (const child of run.items) {
      if (child.after?.item !== item.id || run.reasonOf(child.id)?.code !== 'NOT_BEFORE') continue;
      await this.reset(run, child);
    }
  }

  /** What time did: true at once, on the disk when it can be. A crash in between finds the same again. */
  settle(run: LoadedRundown, { id }: RundownItem, settled: Settled): void {
    run.mark(id, { ...run.markOf(id), settled });
    run.toSave([id]);
    this.#onChange(run.stream);
  }

  /** Writes what waits to be written; what cannot be is tried again with the next call. */
  save(run: LoadedRundown): void {
    for (const pass of PASSES) {
      const marks = run.takeUnsaved(pass);
      if (marks.size === 0) continue;
      this.#writing = this.#store.mark(run.stream, run.rev, pass, marks).catch((error: unknown) => {
        this.#log.warn({ err: error, stream: run.stream }, 'what became of items could not be noted yet');
        run.toSave(marks.keys(), pass);
      });
    }
  }

  /** Resolves when what was given to the store so far is written, or was refused. */
  async written(): Promise<void> {
    await this.#writing;
  }
}
