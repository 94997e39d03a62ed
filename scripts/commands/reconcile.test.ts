import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Books } from '../../events/ledger/commands.ts';
import { revealedBy } from '../../events/ledger/fixtures.ts';
import type { JournalEntry } from '../../events/ledger/journal.ts';
import { outbox } from '../../events/ledger/sqlite/outbox.ts';
import { MIGRATIONS } from '../../events/ledger/sqlite/schema.ts';
import { aRight, openTreasury, type TestBooks } from '../../events/ledger/sqlite/treasury/fixtures.ts';
import { Dispatcher } from '../../events/outbox/dispatcher.ts';
import { reconcile } from '../../events/outbox/reconcile.ts';
import { readRewardsList } from '../../events/outbox/rewards-list.ts';
import { SECRET } from '../../events/outbox/testing/downstream.ts';
import { systemTimers } from '../../events/timers.ts';
import { systemClock } from '../../packet/clock.ts';
import { type RunningRewards, startRewards } from '../../rewards/start.ts';
import { createLog } from '../../service/log.ts';
import { WebhookSigner } from '../../service/webhooks.ts';
import { booksOfFile } from './reconcile/books.ts';

const VIEWERS = 60;
const WAIT = { timeout: 60_000, interval: 20 };
const log = createLog('events', { logLevel: 'silent' });
const signer = new WebhookSigner([SECRET]);

/** From rights to the platform's list, over the real books, the real sockets and the real platform. */
describe('a round that gives away', () => {
  let folder: string;
  let rewards: RunningRewards;
  let books: TestBooks;
  let dispatcher: Dispatcher;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'framecue-reconcile-'));
    const file = join(folder, 'rewards.db');
    const options = { host: '127.0.0.1', port: 0, file, secrets: [SECRET], mayMisbehave: true, log };
    rewards = await startRewards(options);
    books = openTreasury();
    const { perform, ask } = books;
    const later: Books = {
      perform: async (name, given) => perform(name, given),
      ask: async (name, given) => ask(name, given),
    };
    dispatcher = new Dispatcher({
      books: later,
      call: { url: rewards.url, signer, timeoutMs: 500, signedAnswers: true },
      lane: { concurrency: 4, perSecond: 500, breaker: { failures: 5, firstMs: 20, longestMs: 100 } },
      ...{ perSecond: 500, giveUpMs: 1e12, clock: systemClock, timers: systemTimers, log },
      random: () => Math.random() / 10,
    });
    books.pool({ id: 'p1' }, { pieces: 40, amountMinor: 4_000 });
    books.pool({ id: 'p2' }, { pieces: 40, amountMinor: 4_000 });
    const viewers = Array.from({ length: VIEWERS }, (_, i) => `v${i}`);
    books.round('q1', viewers);
    viewers.forEach((viewer, i) => {
      const right = aRight({ id: `r${i}`, viewer, pool: i % 2 === 0 ? 'p1' : 'p2' });
      expect(books.treasury.earn(right, systemClock.unixUs())).toBe('earned');
    });
    books.step(revealedBy('q1', {}, {}));
    for (let i = 0; i < VIEWERS; i++) books.treasury.grant(`r${i}`, systemClock.unixUs());
  });
  afterEach(async () => {
    await dispatcher.close(0);
    await rewards.close();
    await rm(folder, { recursive: true });
  });

  const misbehave = (how: object) =>
    fetch(rewards.url.replace('/grants', '/misbehave'), {
      ...{ method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(how) },
    });
  const sent = () =>
    vi.waitFor(() => expect(books.ask('outbox.list', { state: 'queued', limit: 1 })).toEqual([]), WAIT);
  const look = async () => {
    const copy = join(folder, `copy-${Math.random()}.db`);
    books.db.exec(`VACUUM INTO '${copy}'`);
    const list = await readRewardsList({
      ...{ url: rewards.url, signer, clock: systemClock, timeoutMs: 10_000, signedAnswers: true },
      newId: () => 'list_1',
    });
    return reconcile(await booksOfFile(copy)(), list, { settled: true });
  };

  test('fits everywhere when the platform declines, fails, and answers late or never', async () => {
    await misbehave({ decline: 0.2, fail: 0.1, failAfterWork: 0.1, dropAfterWork: 0.1, hangAfterWork: 0.05 });
    dispatcher.start();
    await sent();
    await misbehave({});
    const done = books
      .ask('outbox.list', { state: 'delivered', limit: VIEWERS })
      .filter(({ outcome }) => outcome === 'done');
    const [taken] = done;
    const atUs = systemClock.unixUs();
    books.perform('grant.reverse', { grant: taken!.id, why: 'test', by: 'ops', atUs });
    await sent();

    const result = await look();
    expect(result.differences).toEqual([]);
    expect(result.counts).toMatchObject({
      ...{ rights: VIEWERS, grants: VIEWERS, outbox: VIEWERS + 1, downstream: VIEWERS + 1 },
      ...{ rightsUnderWay: 0, waiting: 0, inDoubt: 0 },
    });
    // A piece that was declined or taken back is free again.
    const granted = ['p1', 'p2'].map((pool) => books.balances(pool).granted);
    expect(granted.reduce((sum, { pieces }) => sum + pieces, 0)).toBe(done.length - 1);
    expect(granted.reduce((sum, { amountMinor }) => sum + amountMinor, 0)).toBe((done.length - 1) * 100);
  });

  test('does not fit where a row of the books was lost or made up', async () => {
    dispatcher.start();
    await sent();
    expect((await look()).differences).toEqual([]);
    books.db.exec(`DELETE FROM outbox WHERE id = 'g_r3'`);
    books.db.exec(`UPDATE grants SET amount = 1 WHERE id = 'g_r5'`);
    expect((await look()).differences.map(({ kind, id }) => `${kind} ${id}`).sort()).toEqual([
      ...['grant-differs g_r5', 'grant-not-told g_r3', 'told-differs g_r5', 'unknown-downstream g_r3'],
    ]);
  });

  test('has an outbox that follows from its journal, row by row', async () => {
    await misbehave({ decline: 0.2, fail: 0.2 });
    dispatcher.start();
    await sent();
    const again = new DatabaseSync(':memory:');
    for (const step of MIGRATIONS) again.exec(step);
    const reducers = outbox.reducers(again);
    for (const row of books.db.prepare('SELECT * FROM journal ORDER BY seq').iterate()) {
      const entry = { seq: row.seq, kind: row.kind, atUs: row.at_us, viewer: row.viewer };
      const body = JSON.parse(String(row.body));
      reducers[String(row.kind)]?.({ ...entry, body } as unknown as JournalEntry);
    }
    for (const table of outbox.tables) {
      const rows = (db: DatabaseSync) => db.prepare(`SELECT * FROM ${table} ORDER BY 1`).all();
      expect(rows(books.db).length).toBeGreaterThan(0);
      expect(rows(again)).toEqual(rows(books.db));
    }
  });
});
