import type { FiredCue } from '../../../../client/src/index.ts';
import { type ApiFailure, type ApiOutcome, request } from '../../shared/http.ts';
import { isObject, numberOf, textOf } from '../../shared/json.ts';

/** Where this viewer stands in one sale. */
export type SaleState =
  | { readonly kind: 'open' }
  | { readonly kind: 'asking' }
  /** `readyAt`: on the monotonic clock, milliseconds. */
  | { readonly kind: 'waiting'; readonly position: number; readonly readyAt: number; readonly waitMs: number }
  /** Their turn has come and every piece is reserved: one may come back. */
  | { readonly kind: 'hoping' }
  | { readonly kind: 'reserved'; readonly endsAt: number; readonly spanMs: number; readonly id: string }
  | { readonly kind: 'ordering'; readonly id: string }
  | { readonly kind: 'ordered' | 'confirmed' | 'declined' | 'over'; readonly state: string }
  | { readonly kind: 'rehearsed' }
  | { readonly kind: 'refused'; readonly code: string; readonly message: string; readonly mayRetry: boolean };

export interface SaleDeskOptions {
  readonly eventsUrl: string;
  readonly interaction: string;
  readonly cue: Pick<FiredCue, 'id' | 'rev' | 'rehearsal'>;
  /** The viewer's JWT. */
  readonly viewerToken: () => Promise<string>;
  readonly onState: (state: SaleState) => void;
  /** Monotonic milliseconds. */
  readonly now?: () => number;
  readonly fetch?: typeof fetch;
}

/** Buying one piece: wish, wait, order. */
export interface SaleDesk {
  /** Goes on where an earlier page of this viewer was. */
  readonly look: () => Promise<void>;
  readonly want: () => Promise<void>;
  readonly order: () => Promise<void>;
  readonly giveBack: () => Promise<void>;
  readonly stop: () => void;
}

type Wish =
  | { readonly kind: 'receipt'; readonly rehearsal: boolean }
  | {
      readonly kind: 'waiting';
      readonly ticket: string;
      readonly position: number;
      readonly waitMs: number;
      readonly retryAfterMs: number;
    };

interface Reservation {
  readonly id: string;
  readonly state: string;
  /** Of the server's clock, like `expiresAt`. */
  readonly at: number;
  readonly reservedAt: number;
  readonly expiresAt: number;
}

const SETTLE_MS = 1_500;
const TRY_AGAIN_MS = 1_000;
/** Behind the end of a reservation. */
const END_MS = 200;

export function createSaleDesk(options: SaleDeskOptions): SaleDesk {
  const { eventsUrl, interaction, cue, onState, now = () => performance.now() } = options;
  const base = `${eventsUrl}/api/v1/interactions/${encodeURIComponent(interaction)}`;
  const end = new AbortController();
  let session: string | null = null;
  let busy: 'looking' | 'asking' | null = null;
  let underWay: Promise<void> = Promise.resolve();

  let shown: SaleState | null = null;
  const show = (state: SaleState): void => {
    if (end.signal.aborted) return;
    shown = state;
    onState(state);
  };
  const send = async <T>(ask: {
    readonly path: string;
    readonly method?: 'GET' | 'POST' | 'DELETE';
    readonly body?: unknown;
    readonly idempotencyKey?: string;
    readonly read: (value: unknown) => T | null;
  }): Promise<ApiOutcome<T>> => {
    const more = options.fetch === undefined ? {} : { fetch: options.fetch };
    for (let attempt = 0; ; attempt++) {
      if (session === null) {
        const token = await options.viewerToken();
        const opened = await request({
          ...{ url: `${eventsUrl}/api/v1/session`, method: 'POST', body: { token }, signal: end.signal },
          read: (value) => (isObject(value) ? textOf(value.token) : null),
          ...more,
        });
        if (!opened.ok) return opened;
        session = opened.value;
      }
      const { path, ...rest } = ask;
      const outcome = await request({
        url: base + path,
        token: session,
        signal: end.signal,
        ...rest,
        ...more,
      });
      if (outcome.ok || outcome.failure.kind !== 'refused' || outcome.failure.status !== 401) return outcome;
      // Ended before its time: once more with a fresh one.
      session = null;
      if (attempt > 0) return outcome;
    }
  };
  const pause = (ms: number): Promise<void> =>
    new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      end.signal.addEventListener('abort', () => {
        clearTimeout(timer);
        resolve();
      });
    });
  const look = async (): Promise<ApiOutcome<Reservation | 'none'>> =>
    send({ path: '/reservation', read: readOwn });

  /** Shows it, and follows an order until the payment has answered. */
  const follow = async (first: Reservation | 'none'): Promise<void> => {
    let own = first;
    for (;;) {
      if (own === 'none') return show({ kind: 'open' });
      const state = stateOf(own, now());
      show(state);
      if (state.kind === 'reserved') lookAtEnd(state);
      if (state.kind !== 'ordered' || end.signal.aborted) return;
      await pause(SETTLE_MS);
      const next = await look();
      if (next.ok) own = next.value;
      if (end.signal.aborted) return;
    }
  };
  /** A reservation ends by itself; the server says how. */
  const lookAtEnd = (state: SaleState & { readonly kind: 'reserved' }): void => {
    void pause(state.endsAt - now() + END_MS).then(() => (shown === state ? desk.look() : undefined));
  };
  /** One thing at a time: a press while one is under way is that one, and one while it looks comes behind it. */
  const once = async (what: 'looking' | 'asking', work: () => Promise<void>): Promise<void> => {
    if (busy === 'asking' || busy === what) return;
    const before = underWay;
    busy = what;
    underWay = (async () => {
      await before;
      try {
        await work();
      } catch {
        const message = 'No viewer token was to be had.';
        show({ kind: 'refused', code: 'ERR_CLIENT_TOKEN', message, mayRetry: true });
      }
    })();
    const own = underWay;
    await own;
    if (underWay === own) busy = null;
  };

  const want = async (): Promise<void> => {
    show({ kind: 'asking' });
    let ticket: string | undefined;
    while (!end.signal.aborted) {
      const outcome = await send({
        ...{ path: '/submissions', method: 'POST' as const, read: readWish },
        body: { cue: cue.id, rev: cue.rev, ticket, rehearsal: cue.rehearsal ? true : undefined },
      });
      if (!outcome.ok) {
        const { failure } = outcome;
        if (failure.kind === 'refused' && failure.code === 'ERR_STOCK_RESERVED') {
          show({ kind: 'hoping' });
          await pause(numberOf(failure.details?.retryAfterMs) ?? TRY_AGAIN_MS);
          continue;
        }
        return show(refusedBy(failure));
      }
      const wish = outcome.value;
      if (wish.kind === 'receipt') {
        if (wish.rehearsal) return show({ kind: 'rehearsed' });
        const own = await look();
        return own.ok ? follow(own.value) : show(refusedBy(own.failure));
      }
      ticket = wish.ticket;
      const { position, waitMs } = wish;
      show({ kind: 'waiting', position, waitMs, readyAt: now() + waitMs });
      await pause(wish.retryAfterMs);
    }
  };

  const ask = async (path: string, method: 'POST' | 'DELETE', id: string): Promise<void> => {
    show({ kind: 'ordering', id });
    const outcome = await send({
      ...{ path, method, read: (value: unknown) => (isObject(value) ? value : null) },
      // One reservation, one order: the same key after a reload, too.
      ...(method === 'POST' ? { idempotencyKey: `order-${id}`, body: {} } : {}),
    });
    const own = await look();
    if (own.ok && own.value !== 'none' && (outcome.ok || own.value.state !== 'reserved')) {
      return follow(own.value);
    }
    if (!outcome.ok) return show(refusedBy(outcome.failure));
    if (!own.ok) return show(refusedBy(own.failure));
  };
  const withOwn = async (path: string, method: 'POST' | 'DELETE'): Promise<void> => {
    const own = await look();
    if (!own.ok) return show(refusedBy(own.failure));
    if (own.value === 'none') return show({ kind: 'open' });
    return own.value.state === 'reserved' ? ask(path, method, own.value.id) : follow(own.value);
  };

  const desk: SaleDesk = {
    look: () =>
      once('looking', async () => {
        const own = await look();
        if (own.ok && own.value !== 'none') await follow(own.value);
      }),
    want: () => once('asking', want),
    order: () => once('asking', () => withOwn('/order', 'POST')),
    giveBack: () => once('asking', () => withOwn('/reservation', 'DELETE')),
    stop: () => end.abort(),
  };
  return desk;
}

function readWish(value: unknown): Wish | null {
  if (!isObject(value)) return null;
  if (isObject(value.receipt)) return { kind: 'receipt', rehearsal: value.receipt.status === 'rehearsal' };
  if (!isObject(value.waiting)) return null;
  const ticket = textOf(value.waiting.ticket);
  const position = numberOf(value.waiting.position);
  const waitMs = numberOf(value.waiting.waitMs);
  const retryAfterMs = numberOf(value.waiting.retryAfterMs);
  if (ticket === null || position === null || waitMs === null || retryAfterMs === null) return null;
  return { kind: 'waiting', ticket, position, waitMs, retryAfterMs };
}

function readOwn(value: unknown): Reservation | 'none' | null {
  if (!isObject(value)) return null;
  const { reservation } = value;
  if (reservation === null) return 'none';
  const at = numberOf(value.at);
  if (!isObject(reservation) || at === null) return null;
  const id = textOf(reservation.id);
  const state = textOf(reservation.state);
  const reservedAt = numberOf(reservation.reservedAt);
  const expiresAt = numberOf(reservation.expiresAt);
  if (id === null || state === null || reservedAt === null || expiresAt === null) return null;
  return { id, state, at, reservedAt, expiresAt };
}

function stateOf({ id, state, at, reservedAt, expiresAt }: Reservation, now: number): SaleState {
  switch (state) {
    case 'reserved':
      return { kind: 'reserved', id, endsAt: now + (expiresAt - at), spanMs: expiresAt - reservedAt };
    case 'ordered':
    case 'confirmed':
    case 'declined':
      return { kind: state, state };
    default:
      return { kind: 'over', state };
  }
}

function refusedBy(failure: ApiFailure): SaleState {
  if (failure.kind === 'refused') {
    const { code, message, retryable } = failure;
    return { kind: 'refused', code, message, mayRetry: retryable };
  }
  const message = 'The server could not be reached. Whether it has your request is not known: try again.';
  return { kind: 'refused', code: 'ERR_CLIENT_NETWORK', message, mayRetry: true };
}
