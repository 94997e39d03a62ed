import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { PAGE_LEAVES } from '../../../../draws/index.ts';
import { unixUs } from '../../../../packet/time.ts';
import { anInteraction, aSubmission } from '../../fixtures.ts';
import { QuickLedger, tamper } from '../../quick-ledger.ts';
import { readEntrants } from '../draws/list.ts';
import { checkLedger } from './check.ts';
import { describeFinding } from './finding.ts';

const COUNT = PAGE_LEAVES + 3;
const ON = { interaction: 'final', atUs: unixUs(5) };

let folder: string;
let original: string;
let path: string;
let copies = 0;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'framecue-check-entrants-'));
  original = join(folder, 'original.db');
  const ledger = new QuickLedger(original);
  ledger.create(anInteraction({ id: 'final', type: 'lottery', config: {} }));
  ledger.submit(
    ...Array.from({ length: COUNT }, (_, n) =>
      aSubmission({ id: `r${n}`, interaction: 'final', viewer: `v${n}`, bucket: 'entered' }),
    ),
  );
  ledger.perform('draw.freeze', ON);
  const db = new DatabaseSync(original, { readOnly: true });
  const pages = readEntrants(db, 'final');
  for (let page = 0; ; page++) {
    const next = pages.next();
    if (next.done !== true) {
      ledger.perform('draw.page', { interaction: 'final', page, ...next.value });
      continue;
    }
    const commitment = { ...next.value, seedHash: 'ab'.repeat(32), prizes: [], beacon: null };
    expect(ledger.perform('draw.commit', { ...ON, commitment })).toBe('done');
    break;
  }
  db.close();
  ledger.close();
}, 60_000);
afterAll(() => rmSync(folder, { recursive: true }));
beforeEach(() => {
  path = join(folder, `events-${++copies}.db`);
  copyFileSync(original, path);
});

const findings = () => checkLedger(path).findings.map(describeFinding);

describe('the list of a draw', () => {
  test('that nobody has touched is the one that was committed to', () => {
    expect(findings()).toEqual([]);
  });

  test.each([
    [
      'an entrant is changed',
      `UPDATE draw_entrants SET leaves = CAST(substr(leaves, 33) || substr(leaves, 1, 32) AS BLOB) WHERE page = 0`,
      [
        'draw_entrants final page 0: is not what its own root is over',
        'draw_entrants final: is not the list that was committed to',
      ],
    ],
    [
      'a tier is changed',
      `UPDATE draw_entrants SET high = x'00' WHERE page = 1`,
      ['draw_entrants final: is not the list that was committed to'],
    ],
    [
      'a page leads to the answers of others',
      'UPDATE draw_entrants SET first_seq = first_seq - 1 WHERE page = 1',
      [`draw_entrants final page 1: begins with answer ${PAGE_LEAVES + 1}, not ${PAGE_LEAVES}`],
    ],
    [
      'the root of a page is changed',
      'UPDATE draw_entrants SET root = zeroblob(32) WHERE page = 1',
      ['draw_entrants final page 1: is not what its own root is over'],
    ],
    ['a page is gone', 'DELETE FROM draw_entrants WHERE page = 0', ['draw_entrants final page 0: is gone']],
    [
      'the last page is gone',
      'DELETE FROM draw_entrants WHERE page = 1',
      [`draw_entrants final: has ${PAGE_LEAVES} entrants, committed to are ${COUNT}`],
    ],
    [
      'an entrant is left out',
      'UPDATE draw_entrants SET leaves = substr(leaves, 33) WHERE page = 1',
      ['draw_entrants final page 1: has not 3 entrants'],
    ],
  ])('%s', (_, sql, expected) => {
    tamper(path, (db) => db.exec(sql));
    expect(findings()).toEqual(expected);
  });

  test('is not looked for where the entry that commits to it is unreadable: the entry is', () => {
    tamper(path, (db) => db.exec(`UPDATE journal SET body = 'x' WHERE kind = 'draw.committed'`));
    expect(findings()[0]).toMatch(/^journal row \d+ .*does not fit its leaf$/);
  });
});
