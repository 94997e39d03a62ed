import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { FramecueError } from '../../../../packet/errors.ts';
import { unixUs } from '../../../../packet/time.ts';
import { anInteraction, aSubmission, canceledBy, lockedBy, openedBy, revealedBy } from '../../fixtures.ts';
import { QuickLedger } from '../../quick-ledger.ts';
import { newPseudonym } from '../../viewers.ts';
import { checkLedger } from '../check/check.ts';

const NOW = unixUs(1_700_000_000_000_000);
const DAY_US = 86_400_000_000;

let folder: string;
let path: string;
let ledger: QuickLedger;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'framecue-viewers-'));
  path = join(folder, 'events.db');
  ledger = new QuickLedger(path);
});
afterEach(() => {
  ledger.close();
  rmSync(folder, { recursive: true });
});

const erase = (viewer: string, atUs = NOW, pseudonym = newPseudonym()) =>
  ledger.perform('viewer.erase', { viewer, pseudonym, by: 'tess', atUs });
const openOf = (viewer: string, atUs = NOW): unknown => {
  try {
    return erase(viewer, atUs).pseudonym === null ? 'nothing known' : 'erased';
  } catch (error) {
    if (error instanceof FramecueError && error.code === 'ERR_VIEWER_BUSY') return error.details?.open;
    throw error;
  }
};

describe('erasing', () => {
  test('takes out what is personal, leaves what counts, and is written down', () => {
    ledger.create(anInteraction({ id: 'q1' }));
    ledger.create(anInteraction({ id: 'q2' }));
    const answer = { text: 'my secret' };
    ledger.submit(
      aSubmission({ id: 'r1', viewer: 'ann', answer, bucket: '2' }),
      aSubmission({ viewer: 'bob', bucket: '2' }),
    );
    ledger.submit(aSubmission({ id: 'r2', interaction: 'q2', viewer: 'ann', status: 'held' }));
    ledger.judge({ submission: 'r2', interaction: 'q2', judgedAtUs: NOW, verdict: 'accepted' });
    ledger.step(revealedBy('q1', {}, {}));
    ledger.step(revealedBy('q2', {}, {}));

    expect(erase('ann', NOW, 'erased:a')).toEqual({ pseudonym: 'erased:a', submissions: 2, journal: 0 });
    expect(
      read('SELECT viewer, id, answer, bucket, status, claims, salt FROM submissions ORDER BY seq'),
    ).toMatchObject([
      {
        viewer: 'erased:a',
        id: 'r1',
        answer: '{}',
        bucket: '2',
        status: 'accepted',
        claims: '{}',
        salt: null,
      },
      { viewer: 'bob', bucket: '2' },
      { viewer: 'erased:a', id: 'r2', answer: '{}', claims: '{}', salt: null },
    ]);
    expect(read(`SELECT kind, viewer, body FROM journal ORDER BY seq DESC LIMIT 2`)).toEqual([
      { kind: 'person.acted', viewer: null, body: expect.stringContaining('"target":"erased:a"') },
      {
        kind: 'viewer.erased',
        viewer: null,
        body: JSON.stringify({ pseudonym: 'erased:a', by: 'tess', submissions: [1, 3], journal: [] }),
      },
    ]);
    expect(checkLedger(path)).toMatchObject({ good: true, erased: { rows: 2, viewers: 1 } });
  });

  test('leaves nothing of it in the file once the write-ahead log is taken over', () => {
    ledger.create(anInteraction());
    ledger.submit(aSubmission({ viewer: 'viewer-to-forget', answer: { text: 'words-to-forget' } }));
    ledger.step(revealedBy('q1', {}, {}));
    erase('viewer-to-forget');
    ledger.close();
    const bytes = readFileSync(path).toString('latin1');
    for (const gone of ['viewer-to-forget', 'words-to-forget']) expect(bytes).not.toContain(gone);
    ledger = new QuickLedger(path);
  });

  test('asked for twice, or for somebody whom nobody knows: nothing changes', () => {
    ledger.create(anInteraction());
    ledger.submit(aSubmission({ viewer: 'ann' }));
    ledger.step(revealedBy('q1', {}, {}));
    erase('ann');
    const head = ledger.ask('ledger.head', {});
    expect(erase('ann')).toEqual({ pseudonym: null, submissions: 0, journal: 0 });
    expect(erase('nobody')).toEqual({ pseudonym: null, submissions: 0, journal: 0 });
    expect(ledger.ask('ledger.head', {})).toEqual(head);
  });

  test('who comes back afterwards is somebody new, and can be erased again', () => {
    ledger.create(anInteraction({ id: 'q1' }));
    ledger.create(anInteraction({ id: 'q2' }));
    for (const interaction of ['q1', 'q2']) {
      ledger.submit(aSubmission({ interaction, viewer: 'ann' }));
      ledger.step(revealedBy(interaction, {}, {}));
      expect(openOf('ann')).toBe('erased');
    }
    expect(checkLedger(path)).toMatchObject({ good: true, erased: { rows: 2, viewers: 2 } });
  });

  test('waits until rounds are over and answers are judged', () => {
    ledger.create(anInteraction({ id: 'q1' }));
    ledger.submit(aSubmission({ id: 'held', viewer: 'ann', status: 'held' }));
    expect(openOf('ann')).toEqual(['an answer to q1 that is not judged yet']);
    ledger.step(openedBy('q1', {}));
    ledger.judge({ submission: 'held', interaction: 'q1', judgedAtUs: NOW, verdict: 'accepted' });
    expect(openOf('ann')).toEqual(['an answer to q1, which is not over']);
    ledger.step(lockedBy('q1', { fireAtUs: NOW }));
    // Locked, and nobody ever reveals it: what is held for so long is given up.
    expect(openOf('ann', unixUs(NOW + DAY_US - 1))).toEqual(['an answer to q1, which is not over']);
    expect(openOf('ann', unixUs(NOW + DAY_US))).toBe('erased');
  });

  test('an answer that was refused in a round that never opened holds nobody', () => {
    ledger.create(anInteraction({ id: 'q1' }));
    ledger.submit(aSubmission({ id: 'held', viewer: 'ann', status: 'held' }));
    const code = 'ERR_INTERACTION_NOT_OPEN';
    ledger.judge({ submission: 'held', interaction: 'q1', judgedAtUs: NOW, verdict: 'refused', code });
    expect(openOf('ann')).toBe('erased');
  });

  test.each([canceledBy('q1'), revealedBy('q1', {}, {})])(
    'a round that is over holds nobody ($kind)',
    (step) => {
      ledger.create(anInteraction({ id: 'q1' }));
      ledger.step(openedBy('q1', {}));
      ledger.submit(aSubmission({ viewer: 'ann' }));
      ledger.step(step);
      expect(openOf('ann')).toBe('erased');
    },
  );

  test('a pseudonym that is taken changes nothing at all', () => {
    ledger.create(anInteraction());
    ledger.submit(aSubmission({ viewer: 'ann' }), aSubmission({ viewer: 'bob' }));
    ledger.step(revealedBy('q1', {}, {}));
    erase('ann', NOW, 'erased:a');
    expect(() => erase('bob', NOW, 'erased:a')).toThrow();
    expect(() => erase('bob', NOW, 'not-a-pseudonym')).toThrow();
    expect(read(`SELECT viewer FROM submissions ORDER BY seq`)).toEqual([
      { viewer: 'erased:a' },
      { viewer: 'bob' },
    ]);
    expect(checkLedger(path).good).toBe(true);
  });
});

test('a viewer gets their answers, what was decided about them, and their rows; nobody else is in it', () => {
  ledger.create(anInteraction({ id: 'q1' }));
  ledger.submit(
    aSubmission({ id: 'r1', viewer: 'ann', status: 'held', answer: { choice: 3 } }),
    aSubmission({ id: 'r2', viewer: 'bob' }),
  );
  const code = 'ERR_INTERACTION_LOCKED';
  ledger.judge({ submission: 'r1', interaction: 'q1', judgedAtUs: NOW, verdict: 'refused', code });
  const data = ledger.ask('viewer.data', { viewer: 'ann' });
  expect(data.answers).toMatchObject([{ id: 'r1', answer: { choice: 3 }, status: 'refused', code }]);
  expect(JSON.stringify(data)).not.toContain('bob');
  expect(ledger.ask('viewer.data', { viewer: 'nobody' })).toMatchObject({ answers: [], entries: [] });
});

describe('the tables of record', () => {
  const refused = (sql: string, why = 'the ledger only grows') => {
    const db = new DatabaseSync(path);
    try {
      // As the program has it: REPLACE takes rows out, too.
      db.exec('PRAGMA recursive_triggers = ON');
      expect(() => db.exec(sql), sql).toThrow(why);
    } finally {
      db.close();
    }
  };

  test('refuse every change but erasing a whole row, whatever is null', () => {
    ledger.create(anInteraction());
    ledger.step(openedBy('q1', {}));
    ledger.submit(aSubmission({ id: 'r1', viewer: 'ann', status: 'held' }));
    ledger.judge({ submission: 'r1', interaction: 'q1', judgedAtUs: NOW, verdict: 'accepted' });
    for (const table of ['interactions', 'transitions', 'submissions', 'judgements', 'journal', 'blocks']) {
      expect(read(`SELECT 1 FROM ${table}`).length, table).toBeGreaterThan(0);
      refused(`DELETE FROM ${table}`);
      refused(`REPLACE INTO ${table} SELECT * FROM ${table}`);
      for (const { name } of read(`SELECT name FROM pragma_table_info('${table}')`)) {
        refused(`UPDATE ${table} SET ${name} = ${name}`);
        refused(
          `UPDATE ${table} SET ${name} = NULL`,
          name === keyOf(table) ? 'datatype mismatch' : undefined,
        );
      }
    }
    const erased = `viewer = 'erased:x', answer = '{}', claims = '{}', salt = NULL`;
    refused(`UPDATE submissions SET ${erased}, leaf = NULL`);
    refused(`UPDATE submissions SET ${erased}, bucket = '9'`);
    refused(`UPDATE submissions SET viewer = 'erased:x', answer = '{}', claims = '{"a":1}', salt = NULL`);
    refused(`UPDATE submissions SET viewer = 'erased:x', answer = '{}', claims = '{}'`);
    refused(`UPDATE submissions SET viewer = 'x', answer = '{}', claims = '{}', salt = NULL`);
    refused(`UPDATE journal SET viewer = 'erased:x', salt = NULL`);
  });

  test('an erased row is never written again', () => {
    ledger.create(anInteraction());
    ledger.submit(aSubmission({ viewer: 'ann' }));
    ledger.step(revealedBy('q1', {}, {}));
    erase('ann');
    refused(`UPDATE submissions SET viewer = 'erased:y'`);
    refused(`UPDATE submissions SET viewer = 'ann', salt = 'x'`);
  });
});

const keyOf = (table: string): string =>
  table === 'blocks' ? 'n' : table === 'judgements' ? 'submission' : 'seq';

function read(sql: string): Record<string, string | number | null>[] {
  const db = new DatabaseSync(path, { readOnly: true });
  try {
    return db.prepare(sql).all() as Record<string, string | number | null>[];
  } finally {
    db.close();
  }
}
