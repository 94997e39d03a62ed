import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { revealedBy } from '../../fixtures.ts';
import { QuickLedger } from '../../quick-ledger.ts';
import { checkLedger } from '../check/check.ts';
import { MIGRATIONS } from '../schema.ts';
import { aRight, openTreasury, T0 } from '../treasury/fixtures.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'framecue-winner-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

test('a winner is erased once their prize is delivered: no table names them, every balance stays, the chain is whole', () => {
  const viewer = 'winner-to-forget';
  const books = openTreasury();
  books.pool({ id: 'p1' }, { pieces: 2, amountMinor: 300 });
  books.round('q1', [viewer, 'bob']);
  books.perform('boxes.drop', { show: 's1', viewer, count: 3, cause: 'welcome', by: null, atUs: T0 });
  books.treasury.earn(aRight({ id: 'r1', viewer }), T0);
  const erase = () => books.perform('viewer.erase', { viewer, pseudonym: 'erased:w', by: 'tess', atUs: T0 });
  const open = (): string => {
    try {
      return erase().pseudonym ?? 'nothing';
    } catch (error) {
      return JSON.stringify((error as { details?: object }).details);
    }
  };
  expect(open()).toContain('q1, which is not over');
  books.step(revealedBy('q1', {}, {}));
  // A right that is released, then a grant that is on its way out.
  expect(open()).toMatch(/"open":\["[^"]*right/);
  books.treasury.grant('r1', T0);
  expect(open()).toMatch(/"open":\["/);
  books.perform('outbox.delivered', { id: 'g_r1', outcome: 'done', reason: null, atUs: T0 });
  const balances = books.balances('p1');

  expect(erase()).toMatchObject({ pseudonym: 'erased:w', submissions: 1 });
  expect(books.balances('p1')).toEqual(balances);
  expect(books.ask('right.get', { right: 'r1' })).toMatchObject({ viewer: 'erased:w', state: 'granted' });
  expect(books.ask('viewer.data', { viewer })).toMatchObject({ answers: [], entries: [] });

  const path = join(folder, 'events.db');
  books.db.prepare('VACUUM INTO ?').run(path);
  const db = new DatabaseSync(path);
  db.exec(`PRAGMA user_version = ${MIGRATIONS.length}`);
  db.close();
  // Its first block, over all of it.
  new QuickLedger(path).close();
  expect(checkLedger(path)).toMatchObject({ findings: [], good: true, erased: { viewers: 1 } });
  expect(readFileSync(path).toString('latin1')).not.toContain(viewer);
  expect(readFileSync(path).toString('latin1')).toContain('bob');
});
