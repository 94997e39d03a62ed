import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createLog } from '../../../service/log.ts';
import { until } from '../../test-support/until.ts';
import { describeLedger } from '../conformance.ts';
import { anInteraction, aSubmission, canceledBy, openedBy } from '../fixtures.ts';
import { QuickLedger } from '../quick-ledger.ts';
import type { Ledger } from '../store.ts';
import { openSqliteLedger, type SqliteLedgerOptions } from './ledger.ts';
import type { LedgerOp } from './messages.ts';
import { submitOp } from './submit-op.ts';

const log = createLog('events', { logLevel: 'silent' });
const newFolder = () => mkdtemp(join(tmpdir(), 'framecue-ledger-'));

const openIn = (folder: string, over: Partial<SqliteLedgerOptions> = {}): Promise<Ledger> =>
  openSqliteLedger({ path: join(folder, 'events.db'), log, maxQueued: 10_000, timeoutMs: 10_000, ...over });

describeLedger('SQLite', async () => {
  const folder = await newFolder();
  let ledger = await openIn(folder);
  return {
    ledger,
    async reopen() {
      await ledger.close();
      ledger = await openIn(folder);
      return ledger;
    },
    async destroy() {
      await ledger.close();
      await rm(folder, { recursive: true });
    },
  };
});

describe('the SQLite ledger', () => {
  let folder: string;
  let ledger: Ledger;

  beforeEach(async () => {
    folder = await newFolder();
  });
  afterEach(async () => {
    await ledger.close();
    await rm(folder, { recursive: true });
  });

  test('only grows: no statement changes or removes what happened', async () => {
    ledger = await openIn(folder);
    await ledger.createInteraction(anInteraction());
    await ledger.recordTransition(openedBy('q1', {}));
    await ledger.recordSubmission(aSubmission({ viewer: 'ann', status: 'held' }));
    const [held] = await ledger.heldSubmissions('q1', 1);
    const verdict = { submission: held!.id, interaction: 'q1', judgedAtUs: held!.arrivedAtUs } as const;
    await ledger.judgeHeld([{ ...verdict, verdict: 'accepted' }]);
    const db = new DatabaseSync(join(folder, 'events.db'));
    for (const table of ['interactions', 'transitions', 'submissions', 'judgements']) {
      expect(db.prepare(`SELECT count(*) AS n FROM ${table}`).get()).toEqual({ n: 1 });
      expect(() => db.exec(`DELETE FROM ${table}`)).toThrow('the ledger only grows');
      const [column] = db.prepare(`SELECT name FROM pragma_table_info('${table}') LIMIT 1 OFFSET 2`).all();
      expect(() => db.exec(`UPDATE ${table} SET ${column!.name} = 'x'`)).toThrow('the ledger only grows');
    }
    db.close();
  });

  test('its tallies are what its answers add up to', async () => {
    ledger = await openIn(folder);
    await ledger.createInteraction(anInteraction());
    await Promise.all(
      Array.from({ length: 300 }, (_, i) =>
        ledger.recordSubmission(
          aSubmission({
            viewer: `v${i % 200}`,
            bucket: String(i % 4),
            status: i % 10 === 0 ? 'held' : 'accepted',
          }),
        ),
      ),
    );
    const db = new DatabaseSync(join(folder, 'events.db'), { readOnly: true });
    const counted = db
      .prepare(`SELECT bucket, count(*) AS n FROM submissions WHERE status = 'accepted' GROUP BY bucket`)
      .all() as { bucket: string; n: number }[];
    db.close();
    const { buckets, total, held } = (await ledger.resultOf('q1'))!;
    expect(buckets).toEqual(Object.fromEntries(counted.map(({ bucket, n }) => [bucket, n])));
    expect({ total, held }).toEqual({ total: 180, held: 20 });
  });

  test('within one batch, answers before a step are taken and those after it are judged by it', async () => {
    ledger = await openIn(folder);
    const quick = new QuickLedger(join(folder, 'quick.db'));
    const answer = (viewer: string): LedgerOp => submitOp(aSubmission({ viewer, id: `receipt-${viewer}` }));
    const outcomes = quick.apply(
      answer('before there is a round'),
      { kind: 'create', record: anInteraction() },
      answer('ann'),
      answer('ann'),
      { kind: 'transition', transition: canceledBy('q1') },
      answer('bob'),
      answer('ann'),
    );
    quick.close();
    const first = { first: expect.objectContaining({ id: 'receipt-ann' }) };
    expect(outcomes.filter((_, at) => at !== 1 && at !== 4)).toEqual([
      ...['unknown-interaction', 'recorded', first, 'CANCELED', first],
    ]);
  });

  test('what arrives while a batch is written is one batch', async () => {
    const batches: number[] = [];
    ledger = await openIn(folder, { observer: { committed: (ops) => batches.push(ops) } });
    await ledger.createInteraction(anInteraction());
    await Promise.all(
      Array.from({ length: 400 }, (_, i) => ledger.recordSubmission(aSubmission({ viewer: `v${i}` }))),
    );
    expect(batches.reduce((sum, ops) => sum + ops)).toBe(401);
    expect(batches.length).toBeLessThan(10);
  });

  test('a full queue refuses what comes, and nothing that was taken is lost', async () => {
    ledger = await openIn(folder, { maxQueued: 50 });
    await ledger.createInteraction(anInteraction());
    const outcomes = await Promise.allSettled(
      Array.from({ length: 120 }, (_, i) => ledger.recordSubmission(aSubmission({ viewer: `v${i}` }))),
    );
    const refused = outcomes.filter((outcome) => outcome.status === 'rejected');
    expect(refused).toHaveLength(70);
    for (const { reason } of refused) expect(reason).toMatchObject({ code: 'ERR_OVERLOADED' });
    expect((await ledger.resultOf('q1'))!.total).toBe(50);
  });

  test('while another program holds the lock changes are refused; afterwards they are taken', async () => {
    ledger = await openIn(folder, { busyTimeoutMs: 50 });
    await ledger.createInteraction(anInteraction());
    const other = new DatabaseSync(join(folder, 'events.db'));
    other.exec('BEGIN IMMEDIATE');
    await expect(ledger.recordSubmission(aSubmission())).rejects.toMatchObject({
      code: 'ERR_STORE_UNAVAILABLE',
    });
    // Reading goes on.
    expect((await ledger.resultOf('q1'))!.total).toBe(0);
    other.exec('ROLLBACK');
    other.close();
    await expect(ledger.recordSubmission(aSubmission())).resolves.toMatchObject({ kind: 'recorded' });
  });

  test('a change that was refused and may be committed is asked about once the writer has said which', async () => {
    const onDoubtOver = vi.fn();
    ledger = await openIn(folder, { busyTimeoutMs: 5_000, timeoutMs: 150, onDoubtOver });
    const other = new DatabaseSync(join(folder, 'events.db'));
    other.exec('BEGIN IMMEDIATE');
    await expect(ledger.createInteraction(anInteraction())).rejects.toMatchObject({
      details: { mayBeCommitted: true },
    });
    expect(onDoubtOver).not.toHaveBeenCalled();
    other.exec('ROLLBACK');
    other.close();
    await until(() => expect(onDoubtOver).toHaveBeenCalledOnce());
    expect((await ledger.factsOf('q1'))!.record.id).toBe('q1');
  });

  test('a full disk refuses changes, keeps all that was acknowledged, and ends when there is room', async () => {
    ledger = await openIn(folder, { maxPages: 150 });
    await ledger.createInteraction(anInteraction());
    let acknowledged = 0;
    const padding = { text: 'x'.repeat(2_000) };
    const fill = async () => {
      for (let i = 0; i < 500; i++) {
        await ledger.recordSubmission(aSubmission({ viewer: `v${acknowledged}`, answer: padding }));
        acknowledged++;
      }
    };
    await expect(fill()).rejects.toMatchObject({ code: 'ERR_STORE_UNAVAILABLE' });
    expect(acknowledged).toBeGreaterThan(5);
    expect((await ledger.resultOf('q1'))!.total).toBe(acknowledged);
    await ledger.close();
    ledger = await openIn(folder);
    expect((await ledger.resultOf('q1'))!.total).toBe(acknowledged);
    const next = await ledger.recordSubmission(aSubmission({ viewer: 'after', answer: padding }));
    expect(next.kind).toBe('recorded');
  });

  test('a file of a newer version is not touched', async () => {
    ledger = await openIn(folder);
    await ledger.close();
    const db = new DatabaseSync(join(folder, 'events.db'));
    db.exec('PRAGMA user_version = 99; UPDATE schema_compat SET oldest = 99');
    db.close();
    await expect(openIn(folder)).rejects.toMatchObject({ code: 'ERR_STORE_UNAVAILABLE' });
  });

  test('shows what waits', async () => {
    ledger = await openIn(folder);
    await ledger.createInteraction(anInteraction());
    const writes = Array.from({ length: 10 }, (_, i) =>
      ledger.recordSubmission(aSubmission({ viewer: `v${i}` })),
    );
    expect(ledger.status()).toEqual({ state: 'open', queued: 10, queueLimit: 10_000 });
    await Promise.all(writes);
    await until(() => expect(ledger.status().queued).toBe(0));
  });
});
