import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openStore } from '../../../service/sqlite/open-store.ts';
import { anInteraction, aSubmission } from '../fixtures.ts';
import { openBooks } from './books.ts';
import type { LedgerAnswer, LedgerOp, LedgerQuery, LedgerResult } from './messages.ts';
import { MIGRATIONS } from './schema.ts';
import { submitOp } from './submit-op.ts';

let folder: string;
const openIn = () =>
  openStore<LedgerOp, LedgerResult, LedgerQuery, LedgerAnswer>(
    { path: join(folder, 'events.db'), busyTimeoutMs: 1_000, maxPages: 0 },
    { migrations: MIGRATIONS, open: (databases) => openBooks({ ...databases, nowUs: () => 1 }) },
  );
let store: ReturnType<typeof openIn>;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'framecue-tallies-'));
  store = openIn();
});
afterEach(() => {
  store.close();
  rmSync(folder, { recursive: true });
});

const by = (viewer: string, bucket: string, bookedBy?: string): LedgerOp =>
  submitOp({
    ...aSubmission({ viewer, bucket, id: `receipt-${viewer}` }),
    ...(bookedBy === undefined ? {} : { bookedBy }),
  });
const counted = () => {
  const outcome = store.answer({ kind: 'result', interaction: 'q1' });
  if (!outcome.good) throw new Error(outcome.error.message);
  return (outcome.value as { readonly buckets: Readonly<Record<string, number>> }).buckets;
};
const goodOnes = (ops: readonly LedgerOp[], batch: number): readonly boolean[] => {
  const done = store.applyBatch(batch, ops);
  if (done.kind !== 'batch') throw new Error(done.error.message);
  return done.outcomes.map(({ good }) => good);
};

test('what is counted is what stands, where ops around it throw', () => {
  const good = goodOnes(
    [
      { kind: 'create', record: anInteraction() },
      by('ann', 'a'),
      // Nobody knows it: it throws, with what had been counted before written within its savepoint.
      { kind: 'command', name: 'none', given: {} },
      by('bob', 'b'),
      // Its booking throws after its row was written.
      by('carol', 'a', 'none'),
      by('dan', 'a'),
      by('dan', 'b'),
    ],
    1,
  );
  expect(good).toEqual([true, true, false, true, false, true, true]);
  expect(counted()).toEqual({ a: 2, b: 1 });
  expect(goodOnes([by('carol', 'b'), by('ann', 'b')], 2)).toEqual([true, true]);
  expect(counted()).toEqual({ a: 2, b: 2 });
});

test('nothing of a batch that was refused is counted with the next', () => {
  goodOnes([{ kind: 'create', record: anInteraction() }, by('ann', 'a')], 1);
  store.close();
  const full = openStore<LedgerOp, LedgerResult, LedgerQuery, LedgerAnswer>(
    { path: join(folder, 'events.db'), busyTimeoutMs: 1_000, maxPages: 0 },
    {
      migrations: MIGRATIONS,
      open(databases) {
        const books = openBooks({ ...databases, nowUs: () => 1 });
        let fails = true;
        return {
          ...books,
          beforeCommit() {
            if (fails) {
              fails = false;
              throw Object.assign(new Error('disk full'), { errcode: 13 });
            }
            books.beforeCommit();
          },
        };
      },
    },
  );
  store = full;
  expect(full.applyBatch(2, [by('bob', 'a')])).toMatchObject({ kind: 'batch-refused' });
  expect(counted()).toEqual({ a: 1 });
  expect(goodOnes([by('carol', 'b')], 3)).toEqual([true]);
  expect(counted()).toEqual({ a: 1, b: 1 });
});
