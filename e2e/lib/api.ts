import type { Cue } from '../../cues/cue.ts';
import type { RunFile } from '../../server/run-file.ts';

export interface Answer<T> {
  readonly status: number;
  readonly headers: Headers;
  readonly body: T;
}

const TIMEOUT_MS = 10_000;
const POLL_MS = 50;

/** The HTTP API as a script uses it: plain fetch, the director's token. */
export class Api {
  readonly #run: RunFile;

  constructor(run: RunFile) {
    this.#run = run;
  }

  get streamPath(): string {
    return `/api/v1/streams/${this.#run.stream.app}/${this.#run.stream.name}`;
  }

  media<T = unknown>(method: string, path: string, body?: unknown, headers: Record<string, string> = {}) {
    return request<T>(method, this.#run.media + path, body, { ...this.#bearer(), ...headers });
  }

  events<T = unknown>(method: string, path: string, body?: unknown, headers: Record<string, string> = {}) {
    return request<T>(method, this.#run.events + path, body, { ...this.#bearer(), ...headers });
  }

  async mark(cue: Readonly<Record<string, unknown>>): Promise<Cue> {
    const answer = await this.media<Cue>('POST', `${this.streamPath}/cues`, cue);
    if (answer.status !== 202) throw new Error(`${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body;
  }

  async cue(id: string): Promise<Cue> {
    return (await this.media<Cue>('GET', `${this.streamPath}/cues/${id}`)).body;
  }

  landed(id: string, timeoutMs = 10_000): Promise<Cue> {
    return until(`cue ${id} has landed`, timeoutMs, async () => {
      const cue = await this.cue(id);
      return cue.landing === null ? null : cue;
    });
  }

  untilLive(timeoutMs: number): Promise<void> {
    return until('the stream is live', timeoutMs, async () => {
      const { status, body } = await this.media<{ live?: boolean }>('GET', this.streamPath);
      return status === 200 && body.live === true ? undefined : null;
    });
  }

  #bearer(): Record<string, string> {
    return { authorization: `Bearer ${this.#run.tokens.director}` };
  }
}

/** Asks until there is something other than null; the error of the last try is told when there never is. */
export async function until<T>(what: string, timeoutMs: number, ask: () => Promise<T | null>): Promise<T> {
  const end = performance.now() + timeoutMs;
  let last: unknown = null;
  while (performance.now() < end) {
    try {
      const found = await ask();
      if (found !== null) return found;
    } catch (error) {
      last = error;
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  throw new Error(`waited ${timeoutMs} ms in vain until ${what}`, { cause: last });
}

export async function request<T>(
  method: string,
  url: string,
  body: unknown,
  headers: Record<string, string>,
): Promise<Answer<T>> {
  const response = await fetch(url, {
    method,
    headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  const text = await response.text();
  const isJson = response.headers.get('content-type')?.includes('json') === true;
  return {
    status: response.status,
    headers: response.headers,
    body: (isJson ? JSON.parse(text) : text) as T,
  };
}
