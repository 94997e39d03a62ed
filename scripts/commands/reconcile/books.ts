import { existsSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import type { DeliveryOutcome, OutboxState, OutboxTopic } from '../../../events/ledger/outbox.ts';
import type { Grant, Right, RightState } from '../../../events/ledger/treasury.ts';
import type { BooksView, GrantView, OutboxView, RightView } from '../../../events/outbox/reconcile.ts';
import { FramecueError } from '../../../packet/errors.ts';
import { ask, type Server } from '../server.ts';

/** Reads the books, once or again: each time as of one moment, as far as the way allows. */
export type ReadBooks = () => Promise<BooksView>;

interface Payload {
  readonly grant?: unknown;
  readonly amountMinor?: unknown;
  readonly currency?: unknown;
}

/**
 * From the ledger's file, read-only: events may run meanwhile, and what is read is one snapshot.
 * @throws {FramecueError} ERR_SOURCE_OPEN, ERR_SOURCE_FORMAT for a file that is no ledger with an outbox.
 */
export function booksOfFile(path: string): ReadBooks {
  return async () => {
    if (!existsSync(path)) throw new FramecueError('ERR_SOURCE_OPEN', `There is no ledger at ${path}.`);
    const db = new DatabaseSync(path, { readOnly: true, timeout: 5_000 });
    try {
      db.exec('BEGIN');
      return { rights: rightsOf(db), grants: grantsOf(db), outbox: outboxOf(db) };
    } catch (cause) {
      throw new FramecueError('ERR_SOURCE_FORMAT', `${path} is not a ledger that can be read.`, { cause });
    } finally {
      db.close();
    }
  };
}

function rightsOf(db: DatabaseSync): RightView[] {
  const rows = db.prepare('SELECT id, viewer, pool, amount, currency, state FROM rights').all();
  return (rows as unknown as { amount: number; state: RightState }[]).map(
    ({ amount, ...row }) => ({ ...row, amountMinor: amount }) as RightView,
  );
}

function grantsOf(db: DatabaseSync): GrantView[] {
  const rows = db.prepare('SELECT id, right_id, pool, amount, reversed_us FROM grants').all();
  return rows.map((row) => ({
    id: String(row.id),
    right: String(row.right_id),
    pool: String(row.pool),
    amountMinor: Number(row.amount),
    isReversed: row.reversed_us !== null,
  }));
}

function outboxOf(db: DatabaseSync): OutboxView[] {
  const rows = db.prepare('SELECT id, topic, lane, viewer, state, outcome, payload FROM outbox').all();
  return rows.map((row) => ({
    id: String(row.id),
    topic: row.topic as OutboxTopic,
    lane: String(row.lane),
    viewer: row.viewer as string | null,
    state: row.state as OutboxState,
    outcome: row.outcome as DeliveryOutcome | null,
    ...told(JSON.parse(String(row.payload))),
  }));
}

const told = ({ grant, amountMinor, currency }: Payload) => ({
  grant: typeof grant === 'string' ? grant : null,
  amountMinor: typeof amountMinor === 'number' ? amountMinor : null,
  currency: typeof currency === 'string' ? currency : null,
});

type ShownGrant = Omit<Grant, 'reversed'> & { readonly reversed: object | null };

interface ShownItem extends Omit<OutboxView, 'grant' | 'amountMinor' | 'currency'> {
  readonly data: Payload;
}

/** From events that runs, over HTTP: what is made between two of the three may seem to differ; a second look settles it. */
export function booksOfServer(server: Server): ReadBooks {
  return async () => {
    const rights = await pages<Right>(server, '/api/v1/rights', 'rights');
    const grants = await pages<ShownGrant>(server, '/api/v1/grants', 'grants');
    const outbox = await pages<ShownItem>(server, '/api/v1/outbox', 'items');
    return {
      rights,
      grants: grants.map(({ reversed, ...grant }) => ({ ...grant, isReversed: reversed !== null })),
      outbox: outbox.map(({ data, ...item }) => ({ ...item, ...told(data) })),
    };
  };
}

async function pages<T>(server: Server, path: string, name: string): Promise<T[]> {
  const all: T[] = [];
  for (let before: number | null = null; ; ) {
    const query: string = before === null ? '' : `&before=${before}`;
    const page: { readonly next: number | null } & Record<string, unknown> = await ask(
      server,
      'GET',
      `${path}?limit=200${query}`,
    );
    all.push(...(page[name] as T[]));
    if (page.next === null) return all;
    before = page.next;
  }
}
