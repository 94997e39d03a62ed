import type { Clock } from '../../packet/clock.ts';
import { WebhookSigner } from '../../service/webhooks.ts';
import { holds } from './model.ts';

/** What goes wrong with one call. */
export type CallFault =
  /** It never gets there, and nothing comes back until the caller has waited enough. */
  | 'lost'
  /** The work is done, and the answer never comes. */
  | 'done-but-lost'
  /** ... or the connection breaks under it. */
  | 'done-but-broken'
  /** It comes twice, as a network that repeats brings it. */
  | 'twice'
  | 'unreachable'
  /** 500, before any work. */
  | 'fails'
  /** 500, behind the work. */
  | 'done-but-fails'
  /** 429 with `Retry-After`. */
  | 'limited'
  /** The page of some proxy. */
  | 'unreadable'
  /** Understood, and not done. */
  | 'declines'
  /** 400: for good. */
  | 'refuses'
  /** Our process dies before it sends, or once the work is done there. */
  | 'we-die-before'
  | 'we-die-after';

export const CALL_FAULTS: readonly CallFault[] = [
  ...([
    'lost',
    'done-but-lost',
    'done-but-broken',
    'twice',
    'unreachable',
    'fails',
    'done-but-fails',
  ] as const),
  ...(['limited', 'unreadable', 'declines', 'refuses', 'we-die-before', 'we-die-after'] as const),
];

/** What it has done under one key, and says to every repeat. */
export interface Work {
  readonly key: string;
  readonly topic: string;
  readonly body: string;
  readonly data: Readonly<Record<string, unknown>>;
  readonly outcome: 'done' | 'declined';
}

export interface DownstreamOptions {
  readonly clock: Clock;
  readonly moved: () => void;
  /** Our own process ends here. */
  readonly killUs: () => void;
  /** Planted: a call bears another key each time. */
  readonly newKeys: boolean;
  /** Planted: the caller is told that it is done before it is sent. */
  readonly answersFirst: boolean;
}

const SECRET = `whsec_${Buffer.alloc(32, 5).toString('base64')}`;
export const SIGNER = new WebhookSigner([SECRET]);

/** A reward platform that does each key once, and a network in front of it. It outlives our crashes. */
export class SimulatedDownstream {
  readonly works = new Map<string, Work>();
  /** Keys in the order in which their work was done. */
  readonly order: string[] = [];
  readonly #options: DownstreamOptions;
  readonly #bodies = new Map<string, string>();
  readonly #faults: CallFault[] = [];
  #isGone = false;
  #keys = 0;
  calls = 0;

  constructor(options: DownstreamOptions) {
    this.#options = options;
  }

  failNext(faults: readonly CallFault[]): void {
    this.#faults.push(...faults);
  }

  /** Nobody is there until it is mended. */
  leave(): void {
    this.#isGone = true;
  }

  mend(): void {
    this.#faults.length = 0;
    this.#isGone = false;
  }

  readonly fetch = (async (_url: string, init: RequestInit): Promise<Response> => {
    const { moved, killUs, answersFirst } = this.#options;
    moved();
    this.calls++;
    const fault = this.#isGone ? 'unreachable' : (this.#faults.shift() ?? null);
    const headers = new Headers(init.headers as Record<string, string>);
    const arrives = () => this.#receive(headers, String(init.body), fault);
    if (answersFirst) {
      if (fault === null) arrives();
      return json(200, { outcome: 'done' });
    }
    switch (fault) {
      case null:
        return arrives();
      case 'twice':
        arrives();
        return arrives();
      case 'unreachable':
        throw Object.assign(new TypeError('fetch failed'), {
          cause: Object.assign(new Error('refused'), { code: 'ECONNREFUSED' }),
        });
      case 'lost':
        return silence(init.signal);
      case 'done-but-lost':
        arrives();
        return silence(init.signal);
      case 'done-but-broken':
        arrives();
        throw new TypeError('terminated');
      case 'fails':
        return json(500, {});
      case 'done-but-fails':
        arrives();
        return json(502, {});
      case 'limited':
        return json(429, {}, { 'retry-after': '7' });
      case 'unreadable':
        return new Response('<p>Please log in', { status: 200, headers: { 'content-type': 'text/html' } });
      case 'refuses':
        return json(400, {});
      case 'declines':
        return arrives();
      case 'we-die-before':
        killUs();
        return silence(init.signal);
      case 'we-die-after':
        arrives();
        killUs();
        return silence(init.signal);
    }
  }) as typeof globalThis.fetch;

  #receive(headers: Headers, body: string, fault: CallFault | null): Response {
    const id = headers.get('webhook-id') ?? '';
    const verdict = SIGNER.verify((name) => headers.get(name), body, this.#options.clock.unixMs());
    holds(verdict === 'good', 'every call is signed', { id, verdict });
    const known = this.#bodies.get(id);
    holds(known === undefined || known === body, 'a repeat says what the first call said', { id });
    this.#bodies.set(id, body);
    const key = this.#options.newKeys ? `${id}#${++this.#keys}` : id;
    let work = this.works.get(key);
    if (work === undefined) {
      const { type: topic, data } = JSON.parse(body) as { type: string; data: Work['data'] };
      work = { key, topic, body, data, outcome: fault === 'declines' ? 'declined' : 'done' };
      this.works.set(key, work);
      this.order.push(key);
    }
    return json(200, {
      outcome: work.outcome,
      ...(work.outcome === 'declined' ? { reason: 'unknown-user' } : {}),
    });
  }
}

const json = (status: number, body: object, headers: Record<string, string> = {}): Response =>
  new Response(JSON.stringify(body), { status, headers: { 'content-type': 'application/json', ...headers } });

/** Until the caller gives up. */
const silence = (signal: AbortSignal | null | undefined): Promise<Response> =>
  new Promise((_resolve, reject) => {
    const end = () => reject(signal?.reason);
    if (signal?.aborted === true) end();
    else signal?.addEventListener('abort', end, { once: true });
  });
