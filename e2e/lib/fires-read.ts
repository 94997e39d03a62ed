import { isVoiding } from '../../cues/wire/index.ts';
import { openSource } from '../../qa/sources/source.ts';
import { stampsOf } from '../../qa/stamps/read-stamps.ts';

/** What an output has of one cue. */
export interface ReadCue {
  /** By revision and epoch: what copies that can be opened say of the moment, Unix microseconds. */
  readonly fires: Map<string, number>;
  readonly announced: Set<string>;
  /** Revisions that took it back. */
  readonly voidings: Set<string>;
}

const RETRY_MS = 50;

/**
 * Reads an HTTP-FLV output for as long as it is asked to, over the ends of its server: everything that is stamped in
 * it. After an end it joins again with the first picture that is there.
 */
export class OutputReader {
  readonly cues = new Map<string, ReadCue>();
  readonly #url: string;
  readonly #end = new AbortController();
  readonly #done: Promise<void>;
  joins = 0;
  lastProblem: unknown = null;

  constructor(url: string) {
    this.#url = url;
    this.#done = this.#run();
  }

  async stop(): Promise<void> {
    this.#end.abort();
    await this.#done;
  }

  /** Distinct moments at which copies of it can be opened: more than one is a cue that fires twice. */
  momentsOf(id: string): number[] {
    return [...new Set(this.cues.get(id)?.fires.values())];
  }

  async #run(): Promise<void> {
    const { signal } = this.#end;
    while (!signal.aborted) {
      try {
        await this.#read(signal);
      } catch (error) {
        // Not there yet, or gone with its server: that is what is being tested.
        this.lastProblem = error;
      }
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }

  async #read(signal: AbortSignal): Promise<void> {
    const source = await openSource(this.#url, { signal, timeoutMs: 5_000 });
    this.joins++;
    try {
      for await (const item of source.items()) {
        if (item.kind !== 'access-unit') continue;
        for (const { stamp } of stampsOf(item)) if (stamp?.kind === 'cue') this.#take(stamp);
      }
    } finally {
      await source.close();
    }
  }

  #take({ head, body }: Extract<NonNullable<ReturnType<typeof stampsOf>[number]['stamp']>, { kind: 'cue' }>) {
    const known = this.cues.get(body.id) ?? { fires: new Map(), announced: new Set(), voidings: new Set() };
    this.cues.set(body.id, known);
    const revision = `${head.epoch} ${body.rev}`;
    if (isVoiding(body)) known.voidings.add(revision);
    else if (head.fireIn <= 0 && (head.key !== undefined || body.sealed === undefined))
      known.fires.set(revision, head.fireAt);
    else known.announced.add(revision);
  }
}
