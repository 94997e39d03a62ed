import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createLog } from '../../../service/log.ts';
import { workerThreads } from '../../../service/testing/worker-threads.ts';
import type { Books } from '../commands.ts';
import { QuickLedger } from '../quick-ledger.ts';
import { type AsideBooks, type AsideOptions, askAside } from './aside.ts';
import { someTerms, T0 } from './treasury/fixtures.ts';

const log = createLog('events', { logLevel: 'silent' });
let folder: string;
let path: string;
let ledger: QuickLedger | null;
let aside: AsideBooks | null;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'framecue-aside-'));
  path = join(folder, 'events.db');
  [ledger, aside] = [null, null];
});
afterEach(async () => {
  await aside?.close();
  ledger?.close();
  rmSync(folder, { recursive: true });
});

/** Of the thread that writes: its questions are told, so that none is asked of it that has no business there. */
function writer(): { readonly books: Books; readonly asked: string[] } {
  const asked: string[] = [];
  const books: Books = {
    perform: async (name, given) => ledger!.perform(name, given),
    ask: async (name, given) => {
      asked.push(name);
      return ledger!.ask(name, given);
    },
  };
  return { books, asked };
}

function open(books: Books, over: Partial<AsideOptions> = {}): AsideBooks {
  aside = askAside(books, { path, log, timeoutMs: 60_000, ...over });
  return aside;
}

const pool = (id: string) => ({ terms: someTerms({ id }), budget: null, by: null, atUs: T0 });

describe('books that are asked aside', () => {
  test('answer long questions off the thread that writes, and know all that was committed before', async () => {
    ledger = new QuickLedger(path);
    const { books, asked } = writer();
    const { perform, ask } = open(books);
    for (const id of ['p1', 'p2', 'p3']) {
      await perform('pool.open', pool(id));
      const { pools } = await ask('treasury.view', { show: null });
      expect(pools.at(-1)?.id).toBe(id);
      const accounts = await ask('treasury.account', { show: null, atUs: T0 });
      expect(accounts.at(-1)).toMatchObject({ pool: { id }, wrong: [] });
    }
    const ALL = { interaction: null, viewer: null, pool: null, limit: 5, before: null };
    expect(await ask('right.list', { ...ALL, state: 'voided' })).toEqual({ items: [], next: null });
    expect(asked).toEqual([]);
    // What the ledger's own work needs stays where it is.
    expect(await ask('pool.get', { pool: 'p1' })).toMatchObject({ id: 'p1' });
    expect(asked).toEqual(['pool.get']);
  });

  test('take so many questions and no more; the same one, by however many, is one', async () => {
    ledger = new QuickLedger(path);
    const { ask } = open(writer().books, { maxQueued: 2 });
    const view = (show: string | null) => ask('treasury.view', { show });
    // The first is under way at once: it may have been read before the others asked.
    const first = view(null);
    const same = Array.from({ length: 50 }, () => view(null));
    const others = ['a', 'b', 'c'].map((show) => view(show));
    const outcomes = await Promise.allSettled([first, ...same, ...others]);
    expect(outcomes.slice(0, 52).every(({ status }) => status === 'fulfilled')).toBe(true);
    for (const outcome of outcomes.slice(52))
      expect(outcome).toMatchObject({ reason: { code: 'ERR_OVERLOADED' } });
    expect(await view('d')).toMatchObject({ pools: [] });
  });

  test('that cannot be read now are refused by a code, and read again once they can be', async () => {
    const { ask } = open(writer().books);
    const view = () => ask('treasury.view', { show: null });
    await expect(view()).rejects.toMatchObject({ code: 'ERR_STORE_UNAVAILABLE' });
    ledger = new QuickLedger(path);
    expect(await view()).toMatchObject({ pools: [] });
  });

  test('that have become damaged under it are refused as unreadable, and read anew', async () => {
    ledger = new QuickLedger(path);
    const { ask, perform } = open(writer().books);
    await perform('pool.open', pool('p1'));
    const view = () => ask('treasury.view', { show: null });
    expect((await view()).pools).toHaveLength(1);
    ledger.close();
    ledger = null;
    // Nothing is read from the write-ahead log any more.
    const other = new DatabaseSync(path);
    other.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    other.close();
    const good = readFileSync(path);
    writeFileSync(path, Buffer.alloc(good.length, 0x5a));
    const people = ask('people.list', { by: null, target: null, limit: 5, before: null });
    await expect(people).rejects.toMatchObject({ code: 'ERR_STORE_UNAVAILABLE' });
    writeFileSync(path, good);
    ledger = new QuickLedger(path);
    expect((await view()).pools).toHaveLength(1);
  });

  test('leave two threads behind that cannot be broken off, start none beyond, and go on once they have ended', async () => {
    new QuickLedger(path).close();
    const other = new DatabaseSync(path);
    other.exec('PRAGMA journal_mode = DELETE; BEGIN EXCLUSIVE');
    const before = workerThreads();
    /** Threads that there are when one is given up. */
    const threads: number[] = [];
    const loud = { ...log, warn: () => void threads.push(workerThreads() - before) } as typeof log;
    const { ask, close } = open(writer().books, { timeoutMs: 1_500, log: loud });
    const people = (limit: number) => ask('people.list', { by: null, target: null, limit, before: null });
    const refused = await Promise.allSettled([1, 2, 3, 4, 5].map(people));
    for (const outcome of refused)
      expect(outcome).toMatchObject({ reason: { code: 'ERR_STORE_UNAVAILABLE' } });
    // A machine that starts the first so late that it can be broken off has another one begun, and never three at once.
    expect(threads.length).toBeGreaterThanOrEqual(2);
    expect(threads.length).toBeLessThan(refused.length);
    expect(Math.max(...threads)).toBe(2);
    other.close();
    await vi.waitFor(async () => expect(await people(6)).toEqual([]), 30_000);
    await close();
  });

  test('give up what takes too long, and go on', async () => {
    ledger = new QuickLedger(path);
    const late = open(writer().books, { timeoutMs: 1 });
    await expect(late.ask('treasury.view', { show: null })).rejects.toMatchObject({
      code: 'ERR_STORE_UNAVAILABLE',
    });
    await late.close();
    await expect(late.ask('treasury.view', { show: null })).rejects.toMatchObject({ code: 'ERR_NOT_READY' });
  });
});
