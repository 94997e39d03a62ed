import { KeySet } from '../cues/key-set.ts';
import { KEYS_PATH, type StampKeySet } from '../cues/wire/index.ts';
import type { Clock } from '../packet/clock.ts';
import type { Log } from '../service/log.ts';
import { readBounded } from '../service/read-bounded.ts';
import { Backoff } from './backoff.ts';
import type { StampKeys } from './interactions/stamp-proof.ts';
import type { Timers } from './timers.ts';

const TIMEOUT_MS = 5_000;
const LIMIT_BYTES = 64 * 1024;
/** A key that is taken back is gone here after this time at the latest. */
const REFRESH_MS = 60_000;
/** Stamps with unknown keys, which anybody can make up, ask no more often than this. */
const UNKNOWN_KEY_PAUSE_US = 5_000_000;

export interface KeysMirrorOptions {
  /** Base URL of media. */
  readonly url: () => string;
  readonly timers: Timers;
  readonly clock: Clock;
  readonly log: Log;
  readonly random: () => number;
}

/** Media's public stamp keys, kept here so that viewers need no media for them; the last known ones while it is away. */
export class KeysMirror implements StampKeys {
  readonly #options: KeysMirrorOptions;
  readonly #backoff: Backoff;
  #keys: StampKeySet = { keys: [] };
  #underWay: Promise<void> | null = null;
  #askedAtUs = Number.NEGATIVE_INFINITY;
  #cancel: (() => void) | null = null;
  #stopped = new AbortController();

  constructor(options: KeysMirrorOptions) {
    this.#options = options;
    this.#backoff = new Backoff(500, REFRESH_MS, options.random);
  }

  /** Empty until media has been reached once. */
  current(): StampKeySet {
    return this.#keys;
  }

  async refreshFor(keyId: string): Promise<StampKeySet> {
    const known = () => this.#keys.keys.some(({ kid }) => kid === keyId);
    if (!known() && this.#options.clock.monotonicUs() - this.#askedAtUs >= UNKNOWN_KEY_PAUSE_US) {
      await this.#refresh();
    } else if (this.#underWay !== null) {
      await this.#underWay;
    }
    return this.#keys;
  }

  start(): void {
    void this.#refresh();
  }

  async stop(): Promise<void> {
    this.#stopped.abort();
    this.#cancel?.();
    await this.#underWay;
  }

  #refresh(): Promise<void> {
    this.#underWay ??= this.#fetch().finally(() => {
      this.#underWay = null;
    });
    return this.#underWay;
  }

  async #fetch(): Promise<void> {
    const { log, clock, timers, url } = this.#options;
    this.#askedAtUs = clock.monotonicUs();
    this.#cancel?.();
    let waitMs = REFRESH_MS;
    try {
      const response = await fetch(`${url()}${KEYS_PATH}`, {
        redirect: 'error',
        signal: AbortSignal.any([this.#stopped.signal, AbortSignal.timeout(TIMEOUT_MS)]),
      });
      const text = response.ok ? await readBounded(response, LIMIT_BYTES) : null;
      if (text === null) throw new Error(`media answered ${response.status} or too much`);
      this.#keys = KeySet.parse(JSON.parse(text));
      this.#backoff.reset();
    } catch (error) {
      if (this.#stopped.signal.aborted) return;
      waitMs = this.#backoff.next();
      if (this.#backoff.failures % 10 === 1) log.warn({ err: error }, "media's stamp keys cannot be fetched");
    }
    if (!this.#stopped.signal.aborted) this.#cancel = timers.after(waitMs, () => void this.#refresh());
  }
}
