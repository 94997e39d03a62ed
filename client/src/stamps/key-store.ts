import type { StampKey, StampKeySet } from '../../../cues/wire/index.ts';
import { backoffMs, type Net, pause, request } from '../net/http.ts';

const TIMEOUT_MS = 5000;
/** Whoever sends stamps with made-up key ids cannot make every viewer fetch more often than this. */
const REFETCH_MS = 30_000;
const RETRY_BASE_MS = 1000;
const RETRY_MAX_MS = 60_000;
const MAX_KEYS = 32;

export interface KeyStoreOptions {
  readonly url: string;
  /** Keys that the page brought: nothing is fetched then. */
  readonly given: StampKeySet | undefined;
  readonly onProblem: (code: string) => void;
  /** Other keys than before are known now. */
  readonly onChange: () => void;
}

/** The public keys of the stamps: fetched once, and again when an unknown key id is met. */
export class KeyStore {
  readonly #net: Net;
  readonly #options: KeyStoreOptions;
  readonly #stop = new AbortController();
  #keys: StampKeySet;
  #fetching = false;
  #fetchedAtMs: number | null = null;

  constructor(net: Net, options: KeyStoreOptions) {
    this.#net = net;
    this.#options = options;
    this.#keys = options.given ?? { keys: [] };
  }

  get keys(): StampKeySet {
    return this.#keys;
  }

  /** Fetches the set where it may have changed: at the start, and for a key id that it does not have. */
  refresh(): void {
    if (this.#options.given !== undefined || this.#fetching || this.#stop.signal.aborted) return;
    if (this.#fetchedAtMs !== null && this.#net.nowMs() - this.#fetchedAtMs < REFETCH_MS) return;
    this.#fetching = true;
    void this.#fetch();
  }

  destroy(): void {
    this.#stop.abort();
  }

  async #fetch(): Promise<void> {
    const { signal } = this.#stop;
    for (let attempt = 0; !signal.aborted; attempt++) {
      const outcome = await request(this.#net, this.#options.url, { timeoutMs: TIMEOUT_MS, signal });
      if (signal.aborted) return;
      const keys = outcome.ok ? readKeys(outcome.value) : null;
      if (keys !== null) {
        this.#keys = keys;
        this.#fetchedAtMs = this.#net.nowMs();
        this.#fetching = false;
        this.#options.onChange();
        return;
      }
      this.#options.onProblem(outcome.ok ? 'ERR_CLIENT_RESPONSE' : outcome.error.code);
      await pause(this.#net, backoffMs(this.#net, attempt, RETRY_BASE_MS, RETRY_MAX_MS), signal);
    }
  }
}

/** RFC 7517 section 5: keys of other kinds in a set are passed over. Null for anything that is no set. */
function readKeys(value: unknown): StampKeySet | null {
  const { keys } = (value ?? {}) as { keys?: unknown };
  if (!Array.isArray(keys)) return null;
  const isOurs = (key: Partial<StampKey> | null): key is StampKey =>
    key?.kty === 'OKP' && key.crv === 'Ed25519' && typeof key.kid === 'string' && typeof key.x === 'string';
  return { keys: keys.slice(0, MAX_KEYS).filter(isOurs) };
}
