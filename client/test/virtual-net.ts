import type { Net } from '../src/net/http.ts';

export interface Call {
  readonly url: string;
  readonly method: string;
  readonly body: unknown;
  readonly authorization: string | null;
  readonly idempotencyKey: string | null;
  readonly keepalive: boolean;
  readonly cache: string | undefined;
  readonly atMs: number;
}

/** What a call gets: a response, `null` for a network that is down, `'hang'` for one that never answers. */
export type Reply = Response | null | 'hang';

/** A network and clocks that stand still until a test moves them. */
export class VirtualNet implements Net {
  readonly calls: Call[] = [];
  reply: (call: Call) => Reply | Promise<Reply> = () => null;
  /** How long an answer takes on each way. */
  wayMs = 0;
  unixZeroMs = 1_800_000_000_000;
  randomValue = 0.5;
  #nowMs = 1000;
  #nextTimer = 1;
  readonly #timers = new Map<number, { readonly atMs: number; readonly run: () => void }>();
  /** Fetches that have neither been answered nor aborted. */
  underWay = 0;

  /** Where the monotonic clock begins, beside whole milliseconds. */
  offsetMs = 0;

  nowMs = (): number => this.#nowMs + this.offsetMs;
  localUnixMs = (): number => Math.floor(this.unixZeroMs + this.#nowMs);
  random = (): number => this.randomValue;

  setTimeout = (run: () => void, ms: number): number => {
    const id = this.#nextTimer++;
    this.#timers.set(id, { atMs: this.#nowMs + Math.max(0, ms), run });
    return id;
  };

  clearTimeout = (id: number): void => {
    this.#timers.delete(id);
  };

  get timers(): number {
    return this.#timers.size;
  }

  fetch: Net['fetch'] = async (input, init = {}) => {
    const { signal } = init;
    const call: Call = {
      url: String(input),
      method: init.method ?? 'GET',
      body: typeof init.body === 'string' ? JSON.parse(init.body) : null,
      authorization: new Headers(init.headers).get('authorization'),
      idempotencyKey: new Headers(init.headers).get('idempotency-key'),
      keepalive: init.keepalive === true,
      cache: init.cache,
      atMs: this.#nowMs,
    };
    this.calls.push(call);
    this.underWay++;
    try {
      const aborted = new Promise<never>((_, reject) => {
        const abort = () => reject(new DOMException('aborted', 'AbortError'));
        if (signal?.aborted === true) abort();
        signal?.addEventListener('abort', abort);
      });
      if (this.wayMs > 0) await Promise.race([this.#sleep(this.wayMs), aborted]);
      const reply = await Promise.race([Promise.resolve(this.reply(call)), aborted]);
      if (reply === 'hang') return await aborted;
      if (this.wayMs > 0) await Promise.race([this.#sleep(this.wayMs), aborted]);
      if (reply === null) throw new TypeError('fetch failed');
      return reply;
    } finally {
      this.underWay--;
    }
  };

  #sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.setTimeout(resolve, ms);
    });
  }

  /** Time passes: timers run in their order, and what they set off has its turn. */
  async advance(ms: number): Promise<void> {
    const until = this.#nowMs + ms;
    await settle();
    for (;;) {
      let next: [number, { atMs: number; run: () => void }] | null = null;
      for (const timer of this.#timers) {
        if (timer[1].atMs <= until && (next === null || timer[1].atMs < next[1].atMs)) next = timer;
      }
      if (next === null) break;
      this.#timers.delete(next[0]);
      this.#nowMs = Math.max(this.#nowMs, next[1].atMs);
      next[1].run();
      await settle();
    }
    this.#nowMs = until;
    await settle();
  }
}

/** Everything that is ready to run has run: a turn of the event loop is after all microtasks. */
const settle = async (): Promise<void> => {
  for (let i = 0; i < 3; i++) await new Promise((resolve) => setImmediate(resolve));
};

export const json = (body: unknown, status = 200, headers: Record<string, string> = {}): Response =>
  new Response(JSON.stringify(body), { status, headers: { 'content-type': 'application/json', ...headers } });

export const refusal = (
  code: string,
  status: number,
  retryable: boolean,
  headers: Record<string, string> = {},
): Response => json({ error: { code, message: `refused: ${code}`, retryable } }, status, headers);
