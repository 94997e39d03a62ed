import type { JsonObject } from '../../cues/wire/index.ts';
import type { UnixMicroseconds } from '../../packet/time.ts';

/**
 * The outbox: what is to be told to the reward platform (downstream), in the words of the ledger. An item is queued in
 * the transaction of what it tells, and stays until the downstream has answered for good: at least once out, and
 * effectively once because every repeat carries the same id.
 */
export type OutboxTopic = 'grant.made' | 'grant.reversed' | 'order.placed';

/** `queued`: to be sent, for the first time or again. `dead`: nobody tries any more until a person revives it. */
export type OutboxState = 'queued' | 'delivered' | 'dead';

/** What the downstream made of it. `declined`: it has understood, and will not do it. */
export type DeliveryOutcome = 'done' | 'declined';

/** Why a call came to nothing, or nobody knows what it came to. Each but `refused` is tried again. */
export type AttemptCode =
  /** The name does not resolve. */
  | 'dns'
  /** No connection: refused, unreachable, TLS. */
  | 'connect'
  /** Nothing whole came in time; the work may have been done. */
  | 'timeout'
  /** The connection broke while the answer was due or half there. */
  | 'broken'
  /** The answer is larger than the bound. */
  | 'too-large'
  /** A 2xx whose body is none that is known here: a page of a proxy, say. */
  | 'unreadable'
  /** The answer's own signature is wrong, or missing where it is asked for. */
  | 'unsigned'
  /** 3xx; redirects are not followed. */
  | 'redirect'
  /** 429. */
  | 'limited'
  /** 5xx, and what else the downstream says about itself. */
  | 'failed'
  /** 401, 403, 404 and the like: about the address or the secret, not about this item. */
  | 'misconfigured'
  /** A 4xx about this item; final. */
  | 'refused';

export interface NewOutboxItem {
  /** The idempotency key downstream (`webhook-id`); unique, and the same in every repeat. ASCII that is seen. */
  readonly id: string;
  readonly topic: OutboxTopic;
  /** The pool: lanes do not hold each other up. */
  readonly lane: string;
  /** Sent as `data.viewer`. Apart from the payload, since it is what is taken away when a viewer is erased. */
  readonly viewer: string | null;
  /** The rest of `data`; names no viewer. */
  readonly payload: JsonObject;
  /** The item that goes first: this one waits until that one is delivered or dead (a reversal behind its grant). */
  readonly after?: string;
  readonly atUs: UnixMicroseconds;
}

/** As it stands. */
export interface OutboxItem {
  /** Of the journal's entry that queued it. */
  readonly seq: number;
  readonly id: string;
  readonly topic: OutboxTopic;
  readonly lane: string;
  readonly viewer: string | null;
  readonly payload: JsonObject;
  readonly after: string | null;
  readonly state: OutboxState;
  readonly queuedAtUs: UnixMicroseconds;
  /** When it was queued, or revived last: giving up counts from here. */
  readonly sinceUs: UnixMicroseconds;
  /** Not before. */
  readonly nextUs: UnixMicroseconds;
  /** Calls whose end is known, since `sinceUs`. */
  readonly attempts: number;
  readonly lastCode: AttemptCode | null;
  readonly lastStatus: number | null;
  readonly lastUs: UnixMicroseconds | null;
  /** When delivered. */
  readonly outcome: DeliveryOutcome | null;
  /** What the downstream gave as its reason: a short code. */
  readonly reason: string | null;
}

/** One lane, in numbers. */
export interface OutboxLane {
  readonly lane: string;
  readonly queued: number;
  /** Done; those declined are apart. */
  readonly delivered: number;
  readonly declined: number;
  readonly dead: number;
  /** When the oldest of those that wait was queued or revived; the lag is counted from here. */
  readonly oldestUs: UnixMicroseconds | null;
  /** The earliest moment at which one of them may be sent. */
  readonly nextUs: UnixMicroseconds | null;
}

/** What other domains hear, in the same transaction (`DomainWrites.onDelivered`). */
export interface Delivered {
  readonly id: string;
  readonly topic: OutboxTopic;
  readonly lane: string;
  readonly viewer: string | null;
  readonly payload: JsonObject;
  readonly outcome: DeliveryOutcome;
  readonly reason: string | null;
  readonly atUs: UnixMicroseconds;
}

/** `already`: it is written down, or the item is past it. */
export type RecordOutcome = 'recorded' | 'already' | 'unknown';

export type ReviveOutcome =
  | { readonly kind: 'revived'; readonly item: OutboxItem }
  /** It waits already, or is delivered. */
  | { readonly kind: 'not-dead'; readonly item: OutboxItem }
  /** What takes it back is queued or was sent: sending it now would be the wrong way round. */
  | { readonly kind: 'taken-back'; readonly item: OutboxItem; readonly by: string }
  | { readonly kind: 'unknown' };

export type OutboxCommands = {
  /** A call has failed and is repeated at `nextUs`. `attempt`: 1 for the first since it was queued or revived. */
  readonly 'outbox.attempted': {
    readonly in: FailedAttempt & { readonly nextUs: UnixMicroseconds };
    readonly out: RecordOutcome;
  };
  /** The downstream has answered for good; the first outcome counts. */
  readonly 'outbox.delivered': {
    readonly in: {
      readonly id: string;
      readonly outcome: DeliveryOutcome;
      readonly reason: string | null;
      readonly atUs: UnixMicroseconds;
    };
    readonly out: RecordOutcome;
  };
  /** Nobody tries any more: refused for good, or given up. */
  readonly 'outbox.dead': {
    readonly in: FailedAttempt & { readonly why: 'refused' | 'gave-up' };
    readonly out: RecordOutcome;
  };
  /** A person sends a dead one once more, with the same id. */
  readonly 'outbox.revive': {
    readonly in: { readonly id: string; readonly by: string; readonly atUs: UnixMicroseconds };
    readonly out: ReviveOutcome;
  };
  /** All the dead of a lane, or of all lanes, oldest first; those that were taken back stay. */
  readonly 'outbox.revive-all': {
    readonly in: {
      readonly lane: string | null;
      readonly limit: number;
      readonly by: string;
      readonly atUs: UnixMicroseconds;
    };
    readonly out: { readonly revived: number; readonly left: number };
  };
};

export interface FailedAttempt {
  readonly id: string;
  readonly attempt: number;
  readonly code: AttemptCode;
  /** Of the HTTP answer, if there was one. */
  readonly status: number | null;
  readonly atUs: UnixMicroseconds;
}

export type OutboxQuestions = {
  /** What may be sent now, by its moment. `longestUs`: no wait is longer, so that a clock set back strands nothing. */
  readonly 'outbox.due': {
    readonly in: {
      readonly nowUs: UnixMicroseconds;
      readonly lane?: string;
      readonly limit: number;
      readonly longestUs?: number;
    };
    readonly out: readonly OutboxItem[];
  };
  readonly 'outbox.lanes': { readonly in: Record<string, never>; readonly out: readonly OutboxLane[] };
  readonly 'outbox.get': { readonly in: { readonly id: string }; readonly out: OutboxItem | null };
  /** Newest first; `before` is the `seq` of an earlier page's last one. */
  readonly 'outbox.list': {
    readonly in: {
      readonly state?: OutboxState;
      readonly lane?: string;
      readonly viewer?: string;
      readonly before?: number;
      readonly limit: number;
    };
    readonly out: readonly OutboxItem[];
  };
};
