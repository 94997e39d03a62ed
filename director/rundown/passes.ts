import { randomInt } from 'node:crypto';
import type { LoadedRundown } from './loaded.ts';
import type { Pass } from './messages.ts';
import type { RundownBook } from './runner.ts';
import type { RundownStore } from './store.ts';

export interface PassesOptions {
  readonly store: Pick<RundownStore, 'change'>;
  readonly book: Pick<RundownBook, 'get'>;
  readonly isRehearsal: (stream: string) => boolean;
}

const TAG_LENGTH = 6;
const AT_ONCE = 50;

/** Show and rehearsal: each runs the items with states of its own, as the stream's mode is. */
export class Passes {
  readonly #options: PassesOptions;

  constructor(options: PassesOptions) {
    this.#options = options;
  }

  of(stream: string): Pass {
    return this.#options.isRehearsal(stream) ? 'rehearsal' : 'show';
  }

  /** Of the cues of a loading, one for each pass. */
  makeTags(): Readonly<Record<Pass, string>> {
    return { show: makeTag(), rehearsal: makeTag() };
  }

  isBehind(run: LoadedRundown): boolean {
    return run.kept.pass !== this.of(run.stream);
  }

  /** The stream's mode is the rundown's. True: it was another. @throws {FramecueError} ERR_STORE_UNAVAILABLE. */
  async follow(run: LoadedRundown): Promise<boolean> {
    const pass = this.of(run.stream);
    if (run.kept.pass === pass) return false;
    await run.whilePaused(async () => {
      // Each rehearsal begins at the start; the show goes on where it was.
      const clear = pass === 'rehearsal' ? pass : null;
      const tags = clear === null ? run.kept.tags : { ...run.kept.tags, rehearsal: makeTag() };
      const kept = { ...run.kept, pass, tags };
      await this.#options.store.change(run.stream, run.rev, kept, clear);
      run.switchTo(kept, clear);
      await this.findCues(run);
    });
    return true;
  }

  /** Cues that the log has of items which are not known to be over. */
  async findCues(run: LoadedRundown): Promise<void> {
    const open = run.items.filter(({ id }) => run.markOf(id).settled === null);
    for (let from = 0; from < open.length; from += AT_ONCE) {
      const some = open.slice(from, from + AT_ONCE);
      const cues = await Promise.all(
        some.map(({ id }) => this.#options.book.get(run.stream, run.cueIdOf(id))),
      );
      for (const cue of cues) if (cue !== null) run.noteCue(cue);
    }
  }
}

const makeTag = (): string =>
  Array.from({ length: TAG_LENGTH }, () => 'abcdefghijkmnpqrstuvwxyz23456789'[randomInt(32)]).join('');
