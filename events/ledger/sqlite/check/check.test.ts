import { closeSync, copyFileSync, mkdtempSync, openSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { unixUs } from '../../../../packet/time.ts';
import { createLog } from '../../../../service/log.ts';
import { anInteraction, aSubmission, lockedBy, openedBy, revealedBy } from '../../fixtures.ts';
import { QuickLedger, tamper } from '../../quick-ledger.ts';
import { CHAINED } from '../blocks.ts';
import { leafOf } from '../leaf.ts';
import { openSqliteLedger } from '../ledger.ts';
import { submissionFields } from '../submit-op.ts';
import { checkLedger, type LedgerCheck } from './check.ts';
import { describeFinding } from './finding.ts';
import { DERIVED } from './rebuild.ts';

let folder: string;
let original: string;
let path: string;
let head: { block: number; hash: string };

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'framecue-check-'));
  original = join(folder, 'original.db');
  const ledger = new QuickLedger(original);
  fill(ledger);
  const { block, hash } = ledger.ask('ledger.head', {});
  head = { block, hash };
  ledger.close();
});
afterAll(() => rmSync(folder, { recursive: true }));
/** The ledger as it was filled, under a name of its own: the write-ahead log of another file is never taken for its. */
function startAnew(): void {
  path = join(folder, `events-${++copies}.db`);
  copyFileSync(original, path);
}
let copies = 0;
beforeEach(startAnew);

/** Two rounds with answers of ten viewers, held ones too, of whom one is erased: 14 blocks. */
function fill(ledger: QuickLedger): void {
  ledger.create(anInteraction({ id: 'q1' }));
  ledger.create(anInteraction({ id: 'q2' }));
  ledger.step(openedBy('q1', {}));
  ledger.step(openedBy('q2', {}));
  for (let i = 0; i < 10; i += 2) {
    const of = (viewer: number, interaction: string) => {
      const status = viewer % 4 === 3 ? 'held' : 'accepted';
      return aSubmission({
        id: `${interaction}-${viewer}`,
        interaction,
        viewer: `v${viewer}`,
        bucket: `${viewer % 3}`,
        status,
      });
    };
    ledger.submit(of(i, 'q1'), of(i, 'q2'), of(i + 1, 'q1'), of(i + 1, 'q2'));
  }
  const judged = { interaction: 'q1', judgedAtUs: unixUs(9) } as const;
  ledger.judge({ ...judged, submission: 'q1-3', verdict: 'accepted' });
  ledger.judge({ ...judged, submission: 'q1-7', verdict: 'refused', code: 'ERR_INTERACTION_LOCKED' });
  ledger.step(lockedBy('q1', {}));
  ledger.step(revealedBy('q1', {}, { correct: 1 }));
  ledger.step(revealedBy('q2', {}, { correct: 1 }));
  const pseudonym = 'erased:test';
  ledger.perform('viewer.erase', { viewer: 'v4', pseudonym, by: 'director', atUs: unixUs(10) });
}

const first = (check: LedgerCheck): string => (check.good ? 'good' : describeFinding(check.findings[0]!));
const firstAfter = (sql: string): string => {
  tamper(path, (db) => db.exec(sql));
  return first(checkLedger(path));
};

test('a ledger that nobody has touched holds together', () => {
  const check = checkLedger(path, { known: head });
  expect(check).toMatchObject({ good: true, findings: [], head, erased: { rows: 2, viewers: 1 } });
  expect(check.rebuilt).toEqual(expect.arrayContaining(['judgements', 'held', 'tallies', 'acts']));
});

describe('each row of the chain', () => {
  const columns = CHAINED.flatMap(({ table }) => {
    return {
      interactions: ['id', 'record', 'leaf'],
      transitions: ['interaction', 'kind', 'step', 'leaf'],
      submissions: [
        'interaction',
        'viewer',
        'id',
        'answer',
        'bucket',
        'status',
        'arrived_us',
        'claims',
        'salt',
        'leaf',
      ],
      journal: ['kind', 'at_us', 'viewer', 'body', 'leaf'],
    }[table].map((column) => ({ table, column }));
  });

  test.each(columns)('%o: any change is found, and the row is named', ({ table, column }) => {
    const rows = read(
      `SELECT seq, ${column} AS value FROM ${table} WHERE seq < 4 OR seq % 3 = 0 ORDER BY seq`,
    );
    expect(rows.length).toBeGreaterThan(1);
    for (const { seq, value } of rows) {
      startAnew();
      // The constraints of the tables are for programs that err; somebody who tampers takes them away.
      tamper(path, (db) => {
        db.exec('PRAGMA ignore_check_constraints = ON');
        db.prepare(`UPDATE ${table} SET ${column} = ? WHERE seq = ?`).run(otherThan(value), seq!);
      });
      const check = checkLedger(path, { rebuild: false });
      const row = check.findings.find((finding) => finding.table !== null && finding.row !== null);
      expect(check.good, `${table} ${seq}`).toBe(false);
      if (row?.table === 'blocks') expect(row.problem).toContain(`${table} `);
      else expect(`${row?.table} ${row?.row}`).toBe(`${table} ${seq}`);
    }
  });

  test.each(['n', 'at_us', 'hash', ...CHAINED.map(({ table }) => table)])('of blocks, %s', (column) => {
    for (const { n, value } of read(`SELECT n, ${column} AS value FROM blocks ORDER BY n`)) {
      startAnew();
      tamper(path, (db) => {
        db.prepare(`UPDATE blocks SET ${column} = ? WHERE n = ?`).run(otherThan(value), n!);
      });
      expect(first(checkLedger(path, { rebuild: false }))).not.toBe('good');
    }
  });

  test.each(CHAINED.map(({ table }) => table))('of %s that is taken out is missed', (table) => {
    for (const { seq } of read(`SELECT seq FROM ${table} WHERE seq < 4 OR seq % 3 = 0 ORDER BY seq`)) {
      startAnew();
      expect(firstAfter(`DELETE FROM ${table} WHERE seq = ${seq}`)).toMatch(
        new RegExp(`^${table} row ${seq} .*is gone`),
      );
    }
  });
});

describe('somebody who knows how it is made', () => {
  test('changes a row and its leaf: the block names what it covers', () => {
    const row = read(
      `SELECT s.*, i.id AS interaction FROM submissions s JOIN interactions i ON i.seq = s.interaction WHERE s.seq = 2`,
    )[0]!;
    const changed = { ...row, viewer: 'mallory', arrivedAtUs: row.arrived_us } as never;
    tamper(path, (db) => {
      db.prepare('UPDATE submissions SET viewer = ?, leaf = ? WHERE seq = 2').run(
        'mallory',
        leafOf(String(row.salt), submissionFields(changed)),
      );
    });
    expect(first(checkLedger(path))).toMatch(
      /^blocks row 5: is not the hash of what it covers: submissions 1 to 4$/,
    );
  });

  test('swaps two rows', () => {
    const swap = `UPDATE submissions SET seq = -1 WHERE seq = 5; UPDATE submissions SET seq = 5 WHERE seq = 6;
      UPDATE submissions SET seq = 6 WHERE seq = -1;`;
    expect(firstAfter(swap)).toMatch(/^blocks row 6: is not the hash of what it covers: submissions 5 to 8$/);
  });

  test('adds a row that no block covers', () => {
    const sql = `INSERT INTO submissions (interaction, viewer, id, answer, bucket, status, arrived_us, claims, salt, leaf)
      SELECT interaction, 'mallory', 'x', answer, bucket, status, arrived_us, claims, salt, leaf FROM submissions WHERE seq = 1`;
    expect(firstAfter(sql)).toMatch(/^submissions row 21: no block covers it/);
  });

  test('takes a row away under the pretext of an erasure', () => {
    const sql = `UPDATE submissions SET viewer = 'erased:mallory', answer = '{}', claims = '{}', salt = NULL WHERE seq = 1`;
    expect(firstAfter(sql)).toBe(
      'submissions row 1: was erased, and no viewer.erased of the journal says so',
    );
  });

  test('changes what stays of an erased row', () => {
    expect(
      firstAfter(`UPDATE submissions SET bucket = '2' WHERE viewer = 'erased:test' AND interaction = 1`),
    ).toMatch(/^blocks row 7: is not the hash/);
  });

  test('gives an erased row to another pseudonym, or back to a viewer', () => {
    expect(firstAfter(`UPDATE submissions SET viewer = 'erased:other' WHERE seq = 9`)).toContain(
      'is not erased, though journal row 3',
    );
    expect(firstAfter(`UPDATE submissions SET viewer = 'v4' WHERE seq = 9`)).toMatch(
      /^submissions row 9 \(block 7\): has no salt/,
    );
  });

  test('cuts off the end, all in order: only who knows the head can tell', () => {
    const cut = `DELETE FROM journal WHERE seq > 2; DELETE FROM acts; DELETE FROM blocks WHERE n = ${'(SELECT max(n) FROM blocks)'};
      UPDATE submissions SET viewer = 'v4', salt = 'x' WHERE FALSE`;
    tamper(path, (db) => db.exec(cut));
    expect(first(checkLedger(path, { known: head }))).toMatch(
      /is the last, but the head that was given is block \d+: what came after was cut off/,
    );
  });

  test('writes all of it anew: only who knows the head can tell', () => {
    rmSync(path);
    const ledger = new QuickLedger(path);
    fill(ledger);
    const forged = ledger.ask('ledger.head', {});
    ledger.close();
    expect(checkLedger(path).good).toBe(true);
    expect(forged).toMatchObject({ block: head.block, hash: expect.not.stringMatching(head.hash) });
    expect(first(checkLedger(path, { known: head }))).toContain(
      'is not the block of the head that was given',
    );
  });

  test('takes a trigger away, and does not put it back', () => {
    const db = new DatabaseSync(path);
    db.exec('DROP TRIGGER submissions_no_delete');
    db.close();
    expect(first(checkLedger(path))).toBe('submissions_no_delete: the trigger is not there');
  });
});

describe('derived tables', () => {
  test('that were changed, lost a row or got one are found, with the row', () => {
    expect(firstAfter('UPDATE tallies SET n = n + 1 WHERE interaction = 1 AND bucket = 0')).toMatch(
      /^tallies \{"interaction":1,"bucket":"0","n":\d\}: does not follow from the journal$/,
    );
    startAnew();
    expect(firstAfter('DELETE FROM judgements')).toMatch(
      /^judgements .*follows from the journal, and is not there$/,
    );
    startAnew();
    expect(firstAfter(`INSERT INTO held SELECT seq, interaction, id FROM submissions WHERE seq = 1`)).toMatch(
      /^held .*does not follow from the journal$/,
    );
    startAnew();
    expect(firstAfter(`UPDATE acts SET by = 'somebody'`)).toMatch(/^acts .*does not follow/);
    startAnew();
    expect(firstAfter(`INSERT INTO open_rights VALUES ('p1', 'q1', 1, 0, 0)`)).toMatch(
      /^open_rights .*does not follow from the journal$/,
    );
  });

  test('a kind of entry that nobody knows cannot be put into effect', () => {
    const ledger = new QuickLedger(path);
    ledger.close();
    tamper(path, (db) => db.exec(`UPDATE journal SET kind = 'gift.made' WHERE seq = 1`));
    const check = checkLedger(path);
    expect(check.findings.map(describeFinding)).toContain(
      'journal row 1: is of a kind that nobody knows: gift.made',
    );
  });

  test('are all of those that domains name', () => {
    expect(new Set(DERIVED).size).toBe(DERIVED.length);
    for (const table of DERIVED)
      expect(read(`SELECT name FROM sqlite_schema WHERE name = '${table}'`)).toHaveLength(1);
  });
});

describe('a number that is too large to be read', () => {
  test.each([
    ['submissions', 'arrived_us'],
    ['journal', 'at_us'],
    ['blocks', 'at_us'],
    ['judgements', 'submission'],
  ])('in %s is reported with its row', (table, column) => {
    const { row } = read(`SELECT max(rowid) AS row FROM ${table}`)[0]!;
    tamper(path, (db) => {
      db.exec('PRAGMA ignore_check_constraints = ON');
      db.exec(`UPDATE ${table} SET ${column} = ${2n ** 62n} WHERE rowid = ${row}`);
    });
    const found = checkLedger(path).findings.find((finding) => finding.problem.includes(`${2n ** 62n}`));
    expect(found).toMatchObject({ table, row: expect.anything() });
    if (table === 'submissions' || table === 'journal') expect(found?.row).toBe(row);
  });
});

describe('a file', () => {
  test('that is damaged is reported, not thrown', () => {
    const db = new DatabaseSync(path);
    db.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    // Rows, not the schema: without that nothing could be said of it (https://www.sqlite.org/dbstat.html).
    const { page } = db.prepare(`SELECT max(pageno) AS page FROM dbstat WHERE name = 'journal'`).get()!;
    db.close();
    const file = openSync(path, 'r+');
    writeSync(file, Buffer.alloc(4_096, 0x5a), 0, 4_096, (Number(page) - 1) * 4_096);
    closeSync(file);
    expect(first(checkLedger(path))).toMatch(/the file (is damaged|cannot be read)/);
  });

  test('that is no ledger, not there, or of another version is refused', () => {
    expect(() => checkLedger(join(folder, 'nowhere.db'))).toThrow('is not there');
    writeFileSync(path, 'x'.repeat(5_000));
    expect(() => checkLedger(path)).toThrow('cannot be read as a ledger');
    startAnew();
    tamper(path, (db) => db.exec('PRAGMA user_version = 1'));
    expect(() => checkLedger(path)).toThrow('of another version (schema 1');
  });
});

test('is checked while events writes it, and holds up nothing', async () => {
  const log = createLog('events', { logLevel: 'silent' });
  const ledger = await openSqliteLedger({ path, log, maxQueued: 10_000, timeoutMs: 10_000 });
  await ledger.createInteraction(anInteraction({ id: 'live' }));
  let isDone = false;
  const writing = (async () => {
    for (let i = 0; !isDone; i++) {
      const viewers = Array.from({ length: 20 }, (_, n) => `w${i}-${n}`);
      await Promise.all(
        viewers.map((viewer) => ledger.recordSubmission(aSubmission({ interaction: 'live', viewer }))),
      );
    }
  })();
  const seen: number[] = [];
  for (let i = 0; i < 4; i++) {
    await ledger.recordSubmission(aSubmission({ interaction: 'live', viewer: `mine${i}` }));
    const check = checkLedger(path, { known: head });
    expect(check.findings).toEqual([]);
    seen.push(check.head.block);
  }
  isDone = true;
  await writing;
  await ledger.close();
  expect(seen.toSorted((a, b) => a - b)).toEqual(seen);
  expect(new Set(seen).size).toBe(4);
}, 30_000);

function read(sql: string): Record<string, string | number | null>[] {
  const db = new DatabaseSync(original, { readOnly: true });
  try {
    return db.prepare(sql).all() as Record<string, string | number | null>[];
  } finally {
    db.close();
  }
}

const otherThan = (value: unknown): string | number | Uint8Array => {
  if (typeof value === 'number') return value + 1_000;
  if (typeof value === 'string') return `${value}x`;
  return value === null ? 'somebody' : Buffer.alloc(32, 7);
};
