import type { DeliveryOutcome, OutboxState, OutboxTopic } from '../ledger/outbox.ts';
import type { RightState } from '../ledger/treasury.ts';
import type { ListedCall } from './rewards-list.ts';

/** What the books say, as far as it is compared. */
export interface BooksView {
  readonly rights: readonly RightView[];
  readonly grants: readonly GrantView[];
  readonly outbox: readonly OutboxView[];
}

export interface RightView {
  readonly id: string;
  readonly viewer: string;
  readonly pool: string;
  readonly amountMinor: number;
  readonly currency: string;
  readonly state: RightState;
}

export interface GrantView {
  readonly id: string;
  readonly right: string;
  readonly pool: string;
  readonly amountMinor: number;
  readonly isReversed: boolean;
}

export interface OutboxView {
  readonly id: string;
  readonly topic: OutboxTopic;
  readonly lane: string;
  readonly viewer: string | null;
  readonly state: OutboxState;
  readonly outcome: DeliveryOutcome | null;
  /** Of the payload. */
  readonly grant: string | null;
  readonly amountMinor: number | null;
  readonly currency: string | null;
}

export type DifferenceKind =
  | 'right-without-grant'
  | 'grant-without-right'
  | 'grant-differs'
  | 'grant-not-told'
  | 'told-without-grant'
  | 'told-differs'
  | 'reversal-not-told'
  | 'declined-but-granted'
  | 'dead'
  | 'lost-downstream'
  | 'unknown-downstream'
  | 'twice-downstream'
  | 'downstream-differs'
  | 'waiting';

/** One thing that does not fit, in words. */
export interface Difference {
  readonly kind: DifferenceKind;
  /** Of the right, the grant or the item. */
  readonly id: string;
  readonly text: string;
}

export interface Reconciliation {
  readonly counts: {
    readonly rights: number;
    readonly grants: number;
    readonly outbox: number;
    /** Null: the downstream was not asked. */
    readonly downstream: number | null;
    /** Earned or released, and not granted yet. */
    readonly rightsUnderWay: number;
    /** Queued, and not answered for good yet. */
    readonly waiting: number;
    /** Queued here and on the downstream's list: the answer was lost, and the call will be repeated with its id. */
    readonly inDoubt: number;
  };
  readonly differences: readonly Difference[];
}

/**
 * Compares rights, grants, outbox and the downstream's own list, each with the next.
 * @param settled nothing may be under way any more: what waits is a difference, too.
 */
export function reconcile(
  books: BooksView,
  downstream: readonly ListedCall[] | null,
  { settled = false }: { readonly settled?: boolean } = {},
): Reconciliation {
  const rights = byId(books.rights);
  const grants = byId(books.grants);
  const items = byId(books.outbox);
  const listed = downstream === null ? null : byId(downstream);
  const takenBack = new Set(
    books.outbox.flatMap(({ topic, grant }) => (topic === 'grant.reversed' ? [grant] : [])),
  );
  const differences = [
    ...rightsAgainstGrants(rights, grants, settled),
    ...grantsAgainstOutbox(grants, rights, items, takenBack),
    ...books.outbox.flatMap((item) => [...ownDifferences(item, grants, takenBack, settled)]),
    ...(downstream === null || listed === null ? [] : againstDownstream(items, downstream, listed)),
  ];
  const queued = books.outbox.filter(({ state }) => state === 'queued');
  return {
    counts: {
      rights: rights.size,
      grants: grants.size,
      outbox: items.size,
      downstream: listed?.size ?? null,
      rightsUnderWay: books.rights.filter(({ state }) => state === 'earned' || state === 'released').length,
      waiting: queued.length,
      inDoubt: listed === null ? 0 : queued.filter(({ id }) => listed.has(id)).length,
    },
    differences,
  };
}

type ById<T> = ReadonlyMap<string, T>;

const byId = <T extends { readonly id: string }>(rows: readonly T[]): ById<T> =>
  new Map(rows.map((row) => [row.id, row]));

const difference = (kind: DifferenceKind, id: string, text: string): Difference => ({ kind, id, text });

function* rightsAgainstGrants(
  rights: ById<RightView>,
  grants: ById<GrantView>,
  settled: boolean,
): Iterable<Difference> {
  const granted = new Set([...grants.values()].map(({ right }) => right));
  for (const { id, state } of rights.values()) {
    if (state === 'granted' && !granted.has(id)) {
      yield difference('right-without-grant', id, `The right ${id} is granted, but there is no grant of it.`);
    }
    if (settled && (state === 'earned' || state === 'released')) {
      yield difference('waiting', id, `The right ${id} is ${state}: neither granted yet nor void.`);
    }
  }
  for (const { id, right, pool, amountMinor } of grants.values()) {
    const earned = rights.get(right);
    if (earned === undefined) {
      yield difference(
        'grant-without-right',
        id,
        `The grant ${id} is of the right ${right}, which nobody has.`,
      );
    } else if (earned.state !== 'granted') {
      const text = `The grant ${id} was made, but its right ${right} is ${earned.state}.`;
      yield difference('grant-without-right', id, text);
    } else if (earned.pool !== pool || earned.amountMinor !== amountMinor) {
      const text = `The grant ${id} is ${amountMinor} of ${pool}, its right ${earned.amountMinor} of ${earned.pool}.`;
      yield difference('grant-differs', id, text);
    }
  }
}

function* grantsAgainstOutbox(
  grants: ById<GrantView>,
  rights: ById<RightView>,
  items: ById<OutboxView>,
  takenBack: ReadonlySet<string | null>,
): Iterable<Difference> {
  for (const grant of grants.values()) {
    const { id, isReversed } = grant;
    const item = items.get(id);
    if (item === undefined || item.topic === 'grant.reversed') {
      yield difference('grant-not-told', id, `The grant ${id} was made, but the outbox does not hold it.`);
      continue;
    }
    const right = rights.get(grant.right);
    const isTheirs = right === undefined || item.viewer === null || isSameViewer(right.viewer, item.viewer);
    if (item.lane !== grant.pool || item.amountMinor !== grant.amountMinor || !isTheirs) {
      yield difference('told-differs', id, `The outbox tells the grant ${id} otherwise than it was made.`);
    }
    if (isReversed && item.outcome !== 'declined' && !takenBack.has(id)) {
      const text = `The grant ${id} was taken back, but the outbox does not tell that.`;
      yield difference('reversal-not-told', id, text);
    }
    if (!isReversed && item.outcome === 'declined') {
      const text = `The reward platform has declined ${id}, but the grant stands.`;
      yield difference('declined-but-granted', id, text);
    }
  }
}

function* ownDifferences(
  item: OutboxView,
  grants: ById<GrantView>,
  takenBack: ReadonlySet<string | null>,
  settled: boolean,
): Iterable<Difference> {
  const { id, topic, lane, state } = item;
  const grant = grants.get(topic === 'grant.reversed' ? (item.grant ?? '') : id);
  if (grant === undefined || (topic === 'grant.reversed' && !grant.isReversed)) {
    const text = `The outbox tells ${topic} ${id}, but there is no such ${topic === 'grant.reversed' ? 'reversal' : 'grant'}.`;
    yield difference('told-without-grant', id, text);
  }
  // What was taken back is never sent again: whether that was told is the reversal's own difference.
  if (state === 'dead' && !(grant?.isReversed === true && takenBack.has(id))) {
    const text = `${topic} ${id} of ${lane} is a dead letter: GET /api/v1/outbox/${id} says why; once that is mended, POST .../revive sends it again.`;
    yield difference('dead', id, text);
  }
  if (settled && state === 'queued') {
    yield difference('waiting', id, `${topic} ${id} of ${lane} has not been answered yet.`);
  }
}

function* againstDownstream(
  items: ById<OutboxView>,
  list: readonly ListedCall[],
  listed: ById<ListedCall>,
): Iterable<Difference> {
  for (const item of items.values()) {
    const there = listed.get(item.id);
    if (there === undefined) {
      if (item.state !== 'delivered') continue;
      const text = `${item.topic} ${item.id} was answered with ${item.outcome}, but the reward platform does not list it.`;
      yield difference('lost-downstream', item.id, text);
      continue;
    }
    const wrong = differing(item, there);
    if (wrong.length > 0) {
      const text = `${item.topic} ${item.id} is not the same at the reward platform: ${wrong.join(', ')}.`;
      yield difference('downstream-differs', item.id, text);
    }
  }
  const seen = new Map<string, number>();
  for (const { id } of list) seen.set(id, (seen.get(id) ?? 0) + 1);
  for (const [id, times] of seen) {
    if (times > 1) {
      yield difference('twice-downstream', id, `The reward platform lists ${id} ${times} times.`);
    }
    if (!items.has(id)) {
      const text = `The reward platform lists ${id}, which the outbox has never held.`;
      yield difference('unknown-downstream', id, text);
    }
  }
}

/** What a list leaves out is not compared. */
function differing(item: OutboxView, there: ListedCall): string[] {
  const wrong: string[] = [];
  const compare = (name: string, here: unknown, other: unknown) => {
    if (here !== null && other !== null && here !== other)
      wrong.push(`${name} is ${here} here and ${other} there`);
  };
  compare('type', item.topic, there.type);
  compare('amountMinor', item.amountMinor, there.amountMinor);
  compare('currency', item.currency, there.currency);
  compare('outcome', item.outcome, there.outcome);
  if (item.viewer !== null && there.viewer !== null && !isSameViewer(item.viewer, there.viewer)) {
    wrong.push('the viewer is another');
  }
  return wrong;
}

/** An erased viewer has another name here than there. */
const isSameViewer = (a: string, b: string): boolean =>
  a === b || a.startsWith('erased:') || b.startsWith('erased:');
