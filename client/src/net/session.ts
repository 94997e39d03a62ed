import type { FramecueClientError } from '../types.ts';
import { type HttpOutcome, type Net, request } from './http.ts';

export interface SessionOptions {
  readonly url: string;
  readonly token: (() => Promise<string> | string) | undefined;
  /** What the answer says of who reports their delay. */
  readonly onDelayReports?: (plan: unknown) => void;
}

export type SessionOutcome =
  /** `viewer`: who the server takes this viewer to be; null where it does not say. */
  | { readonly ok: true; readonly token: string; readonly viewer: string | null }
  | { readonly ok: false; readonly error: FramecueClientError; readonly retryAfterMs: number | null };

const TIMEOUT_MS = 10_000;
/** Exchanged anew this long before it ends. */
const EARLY_MS = 30_000;
/** Of an answer that names no end. */
const DEFAULT_LIFE_MS = 300_000;

/**
 * The viewer's own token, exchanged once for a short one that the events service checks fast. Kept until it is
 * about to end; callers who come while one exchange is under way share it.
 */
export class ViewerSession {
  readonly #net: Net;
  readonly #options: SessionOptions;
  readonly #stop = new AbortController();
  #current: { readonly token: string; readonly viewer: string | null; readonly endsAtMs: number } | null =
    null;
  #exchange: Promise<SessionOutcome> | null = null;

  constructor(net: Net, options: SessionOptions) {
    this.#net = net;
    this.#options = options;
  }

  get isPossible(): boolean {
    return this.#options.token !== undefined;
  }

  /** Never rejects. */
  async get(): Promise<SessionOutcome> {
    if (this.#current !== null && this.#net.nowMs() < this.#current.endsAtMs) {
      return { ok: true, token: this.#current.token, viewer: this.#current.viewer };
    }
    this.#exchange ??= this.#make().finally(() => {
      this.#exchange = null;
    });
    return this.#exchange;
  }

  /** The server did not take this token: the next `get` makes another. */
  drop(token: string): void {
    if (this.#current?.token === token) this.#current = null;
  }

  destroy(): void {
    this.#stop.abort();
    this.#current = null;
  }

  async #make(): Promise<SessionOutcome> {
    const customer = await this.#customerToken();
    if (!customer.ok) return customer;
    const outcome = await request(this.#net, this.#options.url, {
      method: 'POST',
      body: { token: customer.token },
      timeoutMs: TIMEOUT_MS,
      signal: this.#stop.signal,
    });
    if (!outcome.ok) return outcome;
    const { token, expiresAt, ...rest } = (outcome.value ?? {}) as Readonly<Record<string, unknown>>;
    if (typeof token !== 'string' || token === '') {
      return failed('ERR_CLIENT_RESPONSE', 'The session has no token.', true);
    }
    // The server's moment by this device's clock may be off by anything: its refusal (401) settles what is left.
    const endMs = typeof expiresAt === 'number' ? expiresAt : Date.parse(String(expiresAt));
    const lifeMs = Number.isFinite(endMs) ? endMs - this.#net.localUnixMs() : DEFAULT_LIFE_MS;
    const viewer = typeof rest.viewer === 'string' ? rest.viewer : null;
    const endsAtMs = this.#net.nowMs() + Math.max(lifeMs - EARLY_MS, lifeMs / 2, 5000);
    this.#current = { token, viewer, endsAtMs };
    this.#options.onDelayReports?.(rest.delayReports);
    return { ok: true, token, viewer };
  }

  async #customerToken(): Promise<
    { readonly ok: true; readonly token: string } | (HttpOutcome & { ok: false })
  > {
    const { token } = this.#options;
    if (token === undefined) return failed('ERR_CLIENT_TOKEN', 'The page gave no `token`.', false);
    try {
      const value = await withTimeout(this.#net, Promise.resolve(token()), TIMEOUT_MS);
      if (typeof value === 'string' && value !== '') return { ok: true, token: value };
      return failed('ERR_CLIENT_TOKEN', 'The `token` callback gave no token.', true);
    } catch (error) {
      return failed('ERR_CLIENT_TOKEN', `The \`token\` callback failed: ${(error as Error)?.message}`, true);
    }
  }
}

const failed = (code: string, message: string, retryable: boolean): HttpOutcome & { ok: false } => ({
  ok: false,
  error: { code, message, retryable, status: null },
  retryAfterMs: null,
});

async function withTimeout<T>(net: Net, work: Promise<T>, ms: number): Promise<T> {
  let timer: number | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = net.setTimeout(() => reject(new Error('it took too long')), ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    net.clearTimeout(timer!);
  }
}
