import { isOutcomeUnknown } from '../../shared/failure-words.ts';
import type { ApiFailure } from '../../shared/http.ts';
import { isObject, numberOf, parseJson, textOf } from '../../shared/json.ts';

/** What a person asked for by one press. */
export const ORDER_KINDS = ['take', 'arm', 'disarm', 'skip', 'reset', 'mark', 'void', 'panic'] as const;
export type OrderKind = (typeof ORDER_KINDS)[number];

/**
 * One press that changes the show. It is sent once. Where no answer came (or the page was loaded anew meanwhile)
 * the server is asked what became of it: it is never sent again.
 */
export interface Order {
  /** Idempotency-Key of the request. */
  readonly key: string;
  readonly kind: OrderKind;
  /** What it acts on: the item (take, arm, disarm, skip, reset), the cue (void), `lock:CUE` and the like (mark). */
  readonly target: string;
  /** Of a mark: the id that the console gave the cue, by which it is looked up. */
  readonly cue: string | null;
  /** For people. */
  readonly title: string;
  /** Unix milliseconds, this machine's clock. */
  readonly pressedAt: number;
  /** PTS on screen at the press; null where none was known or none matters. */
  readonly mediaTime: number | null;
  readonly outcome: OrderOutcome;
}

export type OrderOutcome =
  | { readonly kind: 'sending' }
  /** No answer: the server is asked whether it has it. */
  | { readonly kind: 'looking'; readonly why: 'no-answer' | 'reload' }
  | { readonly kind: 'done' }
  | { readonly kind: 'refused'; readonly failure: ApiFailure }
  /** Asked for until it could no longer be on its way: the server does not have it. */
  | { readonly kind: 'never-arrived' };

export type OrderEvent =
  | { readonly kind: 'sent'; readonly order: Order }
  | { readonly kind: 'answered'; readonly key: string; readonly failure: ApiFailure | null }
  | { readonly kind: 'found'; readonly key: string; readonly there: boolean }
  | { readonly kind: 'put-aside'; readonly key: string };

const KEPT = 30;

export function nextOrders(orders: readonly Order[], event: OrderEvent): readonly Order[] {
  switch (event.kind) {
    case 'sent':
      // The same key twice is the same press.
      if (orders.some(({ key }) => key === event.order.key)) return orders;
      return [event.order, ...orders].slice(0, KEPT);
    case 'answered':
      return changed(orders, event.key, ({ outcome }) =>
        outcome.kind === 'sending' ? outcomeOf(event.failure) : outcome,
      );
    case 'found':
      return changed(orders, event.key, ({ outcome }) =>
        outcome.kind === 'looking' ? { kind: event.there ? 'done' : 'never-arrived' } : outcome,
      );
    case 'put-aside':
      return orders.filter(({ key }) => key !== event.key);
  }
}

function outcomeOf(failure: ApiFailure | null): OrderOutcome {
  if (failure === null) return { kind: 'done' };
  return isOutcomeUnknown(failure) ? { kind: 'looking', why: 'no-answer' } : { kind: 'refused', failure };
}

function changed(
  orders: readonly Order[],
  key: string,
  next: (order: Order) => OrderOutcome,
): readonly Order[] {
  return orders.map((order) => (order.key === key ? { ...order, outcome: next(order) } : order));
}

/** It may or may not have happened. */
export const isOpenOrder = ({ outcome }: Order): boolean =>
  outcome.kind === 'sending' || outcome.kind === 'looking';

/** The press on this target whose outcome is not known; a second one is not sent meanwhile. */
export const openOrderOn = (orders: readonly Order[], target: string): Order | null =>
  orders.find((order) => order.target === target && isOpenOrder(order)) ?? null;

/** For the tab's storage: what a reload must not forget. */
export const packOrders = (orders: readonly Order[]): string =>
  JSON.stringify(orders.filter(isOpenOrder).map(({ outcome: _, ...rest }) => rest));

/** After a reload: all that was open is looked up, and nothing is sent. */
export function unpackOrders(text: string | null): readonly Order[] {
  const list = text === null ? null : parseJson(text);
  if (!Array.isArray(list)) return [];
  return list.map(readOrder).filter((order) => order !== null);
}

function readOrder(value: unknown): Order | null {
  if (!isObject(value)) return null;
  const key = textOf(value.key);
  const kind = ORDER_KINDS.find((known) => known === value.kind);
  const target = textOf(value.target);
  const pressedAt = numberOf(value.pressedAt);
  if (key === null || kind === undefined || target === null || pressedAt === null) return null;
  return {
    ...{ key, kind, target, pressedAt },
    cue: textOf(value.cue),
    title: textOf(value.title) ?? target,
    mediaTime: numberOf(value.mediaTime),
    outcome: { kind: 'looking', why: 'reload' },
  };
}
