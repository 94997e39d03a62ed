import type { DrandChain } from '../../draws/drand.ts';
import { readBounded } from '../../service/read-bounded.ts';
import type { Timers } from '../timers.ts';

/** A round as a relay or an operator gives it; nothing is believed before the signature is checked. */
export interface GivenRound {
  readonly round: number;
  /** 48 bytes, lower-case hex. */
  readonly signature: string;
}

export interface RelayOptions {
  /** Base URLs, asked in turn. */
  readonly urls: readonly string[];
  readonly chain: DrandChain;
  readonly timers: Timers;
  readonly timeoutMs: number;
}

const ANSWER_LIMIT_BYTES = 4_096;

/** Relays of drand's HTTP API: `GET {relay}/{chain}/public/{round}`. */
export class Relays {
  readonly #options: RelayOptions;

  constructor(options: RelayOptions) {
    this.#options = options;
  }

  /** The round from each relay in turn, until `isGood` takes one; null: none had it. */
  async fetch(round: number, isGood: (given: GivenRound) => Promise<boolean>): Promise<GivenRound | null> {
    for (const url of this.#options.urls) {
      const given = await this.#ask(url, String(round));
      if (given !== null && given.round === round && (await isGood(given))) return given;
    }
    return null;
  }

  /**
   * The newest round that any relay shows there is, its signature taken by `isGood`: a relay that could say any number
   * could put a draw off for ever. 0: none answered. Only to find out that our clock is behind.
   */
  async newest(isGood: (given: GivenRound) => Promise<boolean>): Promise<number> {
    const all = await Promise.all(this.#options.urls.map((url) => this.#ask(url, 'latest')));
    const given = all.filter((one) => one !== null).sort((a, b) => b.round - a.round);
    for (const one of given) if (await isGood(one)) return one.round;
    return 0;
  }

  async #ask(url: string, round: string): Promise<GivenRound | null> {
    const { chain, timers, timeoutMs } = this.#options;
    const abort = new AbortController();
    const cancel = timers.after(timeoutMs, () => abort.abort());
    try {
      const address = `${url.replace(/\/+$/, '')}/${chain.chain}/public/${round}`;
      const response = await fetch(address, { signal: abort.signal, redirect: 'error' });
      if (!response.ok) {
        await response.body?.cancel();
        return null;
      }
      const text = await readBounded(response, ANSWER_LIMIT_BYTES);
      return text === null ? null : readRound(JSON.parse(text));
    } catch {
      // Not reached, too slow, no JSON: the next relay is asked, and the caller tries again later.
      return null;
    } finally {
      cancel();
    }
  }
}

/** The fields that count of a round's JSON; null for anything else. */
export function readRound(given: unknown): GivenRound | null {
  if (typeof given !== 'object' || given === null) return null;
  const { round, signature } = given as Record<string, unknown>;
  if (!Number.isSafeInteger(round) || (round as number) < 1) return null;
  if (typeof signature !== 'string' || !/^[0-9a-f]{96}$/.test(signature)) return null;
  return { round: round as number, signature };
}
