import { z } from 'zod';

const Share = z.number().min(0).max(1);

/** How the service is to misbehave: shares of the calls, 0 to 1. All that is not named is as it should be. */
export const Misbehaviour = z.strictObject({
  /** Waits this long before the work. */
  slowMs: z.number().int().min(0).max(600_000).optional(),
  /** 500 instead of the work. */
  fail: Share.optional(),
  /** 429 instead of the work. */
  limit: Share.optional(),
  /** What 500 and 429 say in `Retry-After`, seconds. */
  retryAfterS: z.number().int().min(0).max(3_600).optional(),
  /** 422 instead of the work. */
  refuse: Share.optional(),
  /** Declines what it is told, with the reason `asked-to`. */
  decline: Share.optional(),
  /** Does the work and answers 500. */
  failAfterWork: Share.optional(),
  /** Does the work and never answers. */
  hangAfterWork: Share.optional(),
  /** Does the work and closes the connection in the middle of the answer. */
  dropAfterWork: Share.optional(),
  /** Does the work and ends the process as a power cut would. */
  crashAfterWork: Share.optional(),
  /** Signs its answer with another secret. */
  wrongSignature: Share.optional(),
  /** Lists this share of its entries twice. */
  duplicate: Share.optional(),
  /** For so many calls; then all is well again. Absent: until told otherwise. */
  times: z.number().int().min(1).optional(),
});
export type Misbehaviour = z.infer<typeof Misbehaviour>;

type ShareName = Exclude<keyof Misbehaviour, 'slowMs' | 'retryAfterS' | 'times'>;

/** What is asked for now, call by call. */
export class Moods {
  readonly #random: () => number;
  #now: Misbehaviour = {};
  #left = Number.POSITIVE_INFINITY;

  /** @param random 0 to 1. */
  constructor(random: () => number) {
    this.#random = random;
  }

  set(misbehaviour: Misbehaviour): void {
    this.#now = misbehaviour;
    this.#left = misbehaviour.times ?? Number.POSITIVE_INFINITY;
  }

  /** For one call. */
  next(): Mood {
    const mood = new Mood(this.#now, this.#random);
    if (--this.#left <= 0) this.set({});
    return mood;
  }

  /** For the list, which does not count as a call. */
  get list(): Mood {
    return new Mood(this.#now, this.#random);
  }
}

export class Mood {
  readonly #asked: Misbehaviour;
  readonly #random: () => number;

  constructor(asked: Misbehaviour, random: () => number) {
    this.#asked = asked;
    this.#random = random;
  }

  get slowMs(): number {
    return this.#asked.slowMs ?? 0;
  }

  get retryAfterS(): number | null {
    return this.#asked.retryAfterS ?? null;
  }

  is(name: ShareName): boolean {
    const share = this.#asked[name] ?? 0;
    return share > 0 && this.#random() < share;
  }
}
