import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { unixUs } from '../../../packet/time.ts';
import { anInteraction, aSubmission, openedBy, revealedBy } from '../fixtures.ts';
import { QuickLedger } from '../quick-ledger.ts';
import { checkLedger } from './check/check.ts';
import { MIGRATIONS } from './schema.ts';

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'framecue-upgrade-'));
  path = join(folder, 'events.db');
});
afterEach(() => rmSync(folder, { recursive: true }));

/** A step as a later release may bring it: what is there before goes on without knowing of it. */
const NEXT = [
  ...MIGRATIONS,
  `CREATE TABLE notes (seq INTEGER PRIMARY KEY, text TEXT NOT NULL) STRICT;
   ALTER TABLE cues ADD COLUMN seen_us INTEGER;
   CREATE INDEX journal_by_kind ON journal (kind, seq);`,
];
/** ... and one that is not for programs of before. */
const BREAKING = [...MIGRATIONS, `UPDATE schema_compat SET oldest = ${MIGRATIONS.length + 1};`];

describe('across one version', () => {
  test('a ledger goes to the next and back, is written by both, and holds together', () => {
    const write = (migrations: readonly string[], round: string) => {
      const ledger = new QuickLedger(path, { migrations });
      ledger.create(anInteraction({ id: round }));
      ledger.step(openedBy(round, {}));
      for (const viewer of ['ann', 'bob']) {
        ledger.submit(aSubmission({ id: `${round}-${viewer}`, interaction: round, viewer, status: 'held' }));
      }
      ledger.judge({
        submission: `${round}-ann`,
        interaction: round,
        judgedAtUs: unixUs(5),
        verdict: 'accepted',
      });
      const head = ledger.ask('ledger.head', {});
      ledger.close();
      return head;
    };
    const heads = [
      write(MIGRATIONS, 'before'),
      write(NEXT, 'upgraded'),
      write(MIGRATIONS, 'rolled-back'),
      write(NEXT, 'upgraded-again'),
    ];
    expect(version()).toBe(NEXT.length);
    expect(heads.map(({ rows }) => rows.submissions)).toEqual([2, 4, 6, 8]);
    // The check of this version takes the file once the step after it is taken back.
    const db = new DatabaseSync(path);
    db.exec(`DROP INDEX journal_by_kind; ALTER TABLE cues DROP COLUMN seen_us; DROP TABLE notes;
      PRAGMA user_version = ${MIGRATIONS.length}`);
    db.close();
    for (const known of heads) expect(checkLedger(path, { known }).findings).toEqual([]);
  });

  test('a step that older programs cannot live with shuts them out, and the file stays as it is', () => {
    new QuickLedger(path, { migrations: BREAKING }).close();
    expect(() => new QuickLedger(path)).toThrow(`The store was written by a newer version`);
    expect(version()).toBe(BREAKING.length);
    new QuickLedger(path, { migrations: BREAKING }).close();
  });

  test('a program of before the chain is shut out of a ledger with one', () => {
    new QuickLedger(path).close();
    expect(() => new QuickLedger(path, { migrations: MIGRATIONS.slice(0, 1) })).toThrow('newer version');
  });
});

describe('a ledger that is older than its chain', () => {
  /** As the first version wrote it. */
  function writeOld(answers: number): void {
    const db = new DatabaseSync(path);
    db.exec('PRAGMA journal_mode = WAL; BEGIN');
    db.exec(`${MIGRATIONS[0]!}; PRAGMA user_version = 1`);
    const record = JSON.stringify(anInteraction({ id: 'old' }));
    db.prepare('INSERT INTO interactions (id, record) VALUES (?, ?)').run('old', record);
    const step = db.prepare('INSERT INTO transitions (interaction, kind, step) VALUES (1, ?, ?)');
    for (const it of [openedBy('old', {}), revealedBy('old', {}, {})]) step.run(it.kind, JSON.stringify(it));
    const insert = db.prepare(
      `INSERT INTO submissions (interaction, viewer, id, answer, bucket, status, arrived_us, claims)
       VALUES (1, ?, ?, '{"choice":1}', '1', ?, 5, '{"cue":"c1"}')`,
    );
    for (let i = 0; i < answers; i++) insert.run(`v${i}`, `id-${i}`, i % 5 === 0 ? 'held' : 'accepted');
    // One was accepted, one refused, the others wait.
    db.exec(`
      INSERT INTO judgements VALUES (1, 'accepted', NULL, 7), (6, 'refused', 'ERR_INTERACTION_LOCKED', 8);
      INSERT INTO held SELECT seq, interaction, id FROM submissions WHERE status = 'held' AND seq NOT IN (1, 6);
      INSERT INTO tallies SELECT 1, '1', count(*) FROM submissions WHERE status = 'accepted' OR seq = 1;
      COMMIT`);
    db.close();
  }

  test('gets leaves, entries of its judgements and a first block, and holds together ever after', () => {
    writeOld(25);
    const ledger = new QuickLedger(path);
    const head = ledger.ask('ledger.head', {});
    expect(head).toMatchObject({
      block: 1,
      rows: { interactions: 1, transitions: 2, submissions: 25, journal: 2 },
    });
    ledger.judge({ submission: 'id-10', interaction: 'old', judgedAtUs: unixUs(9), verdict: 'accepted' });
    ledger.close();
    expect(checkLedger(path, { known: head }).findings).toEqual([]);
    new QuickLedger(path).close();
    expect(checkLedger(path)).toMatchObject({ good: true, head: { block: 2 } });
  });

  test.each([1, 2, 3, 4])(
    'broken off at its %s. commit it goes on from there at the next start',
    (breaksAt) => {
      writeOld(25);
      const exec = DatabaseSync.prototype.exec;
      let commits = 0;
      const spy = vi.spyOn(DatabaseSync.prototype, 'exec').mockImplementation(function (
        this: DatabaseSync,
        sql,
      ) {
        if (
          sql === 'COMMIT' &&
          this.prepare('PRAGMA user_version').get()!.user_version === MIGRATIONS.length
        ) {
          // The first is the migration's own look.
          if (commits++ === breaksAt) throw new Error('the power is gone');
        }
        return exec.call(this, sql);
      });
      expect(() => new QuickLedger(path)).toThrow('the power is gone');
      spy.mockRestore();
      new QuickLedger(path).close();
      expect(checkLedger(path)).toMatchObject({ good: true, head: { block: 1, rows: { submissions: 25 } } });
    },
  );
});

function version(): unknown {
  const db = new DatabaseSync(path, { readOnly: true });
  try {
    return db.prepare('PRAGMA user_version').get()!.user_version;
  } finally {
    db.close();
  }
}
