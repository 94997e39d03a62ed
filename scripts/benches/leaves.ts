/**
 * `npm run bench -- leaves`: what leaves and blocks cost an answer in the ledger's worker. One thread, no syncs of the
 * disk, CPU time alone: batches of answers as the ledger writes them, and by the same statements without salt, leaf and
 * block, in turn in one run; medians of both.
 */
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { parseArgs } from 'node:util';
import { openBooks } from '../../events/ledger/sqlite/books.ts';
import { MIGRATIONS } from '../../events/ledger/sqlite/schema.ts';
import { type SubmitOp, submitOp } from '../../events/ledger/sqlite/submit-op.ts';
import { prepareTallies } from '../../events/ledger/sqlite/tallies.ts';
import { unixUs } from '../../packet/time.ts';
import { medianOf } from './figures.ts';

const { values: options } = parseArgs({
  options: {
    json: { type: 'string' },
    rounds: { type: 'string', default: '9' },
    answers: { type: 'string', default: '20000' },
    batch: { type: 'string', default: '100' },
    help: { type: 'boolean', default: false },
  },
});
if (options.help) {
  process.stdout.write('options: [--json FILE] [--rounds 9] [--answers 20000] [--batch 100]\n');
  process.exit(0);
}
const [rounds, answers, batch] = [options.rounds, options.answers, options.batch].map(Number) as [
  number,
  number,
  number,
];

type Apply = (ops: readonly SubmitOp[]) => void;

/** A ledger of one round. */
function newLedger(path: string): DatabaseSync {
  const db = new DatabaseSync(path);
  db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF');
  for (const step of MIGRATIONS) db.exec(step);
  return db;
}

function inBatches(
  db: DatabaseSync,
  one: (op: SubmitOp) => void,
  { begin, end }: { readonly begin: () => void; readonly end: () => void },
): Apply {
  const beginTransaction = db.prepare('BEGIN IMMEDIATE');
  const commit = db.prepare('COMMIT');
  return (ops) => {
    beginTransaction.run();
    begin();
    for (const op of ops) one(op);
    end();
    commit.run();
  };
}

function asItIs(db: DatabaseSync): Apply {
  const books = openBooks({ write: db, read: db, nowUs: () => Date.now() * 1_000 });
  books.apply({
    kind: 'create',
    record: { id: 'q1', type: 'quiz', config: {}, createdAtUs: unixUs(0) },
  });
  return inBatches(db, (op) => void books.apply(op), { begin: books.begin, end: books.beforeCommit });
}

/** As `sqlite/writes.ts` does it, but for the chain. */
function withoutChain(db: DatabaseSync): Apply {
  db.exec(`INSERT INTO interactions (seq, id, record) VALUES (1, 'q1', '{}')`);
  const insert = db.prepare(`
    INSERT INTO submissions (interaction, viewer, id, answer, bucket, status, arrived_us, claims)
    VALUES (1, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (interaction, viewer) DO NOTHING`);
  const tallies = prepareTallies(db);
  return inBatches(
    db,
    ({ fields: [, viewer, id, answer, bucket, status, arrivedAtUs, claims] }) => {
      insert.run(viewer, id, answer, bucket, status, arrivedAtUs, claims);
      tallies.add(1, bucket);
    },
    { begin: tallies.forget, end: tallies.write },
  );
}

const claims = {
  ...{ cue: 'open-1', rev: 0, epoch: 'e1', firePts: 1_000, actedPts: 2_000, answerMs: 1_000, path: 'flv' },
};
const makeOps = (): SubmitOp[] =>
  Array.from({ length: answers }, (_, i) =>
    submitOp({
      ...{ interaction: 'q1', viewer: `viewer-${i}-${randomUUID()}`, id: randomUUID(), claims },
      ...{ answer: { choice: 1 }, bucket: String(i % 4), status: 'accepted' },
      arrivedAtUs: unixUs(1_700_000_000_000_000 + i),
    }),
  );

/** @returns CPU microseconds of one answer */
function costOf(prepare: (db: DatabaseSync) => Apply): number {
  const folder = mkdtempSync(join(tmpdir(), 'framecue-leaves-'));
  const db = newLedger(join(folder, 'events.db'));
  try {
    const apply = prepare(db);
    const ops = makeOps();
    const before = process.cpuUsage();
    for (let from = 0; from < answers; from += batch) apply(ops.slice(from, from + batch));
    const { user, system } = process.cpuUsage(before);
    return (user + system) / answers;
  } finally {
    db.close();
    rmSync(folder, { recursive: true });
  }
}

const costs = { with: [] as number[], without: [] as number[] };
// The first round is for the compiler.
for (let round = 0; round <= rounds; round++) {
  const one = { without: costOf(withoutChain), with: costOf(asItIs) };
  if (round === 0) continue;
  costs.with.push(one.with);
  costs.without.push(one.without);
}
const chained = medianOf(costs.with);
const plain = medianOf(costs.without);
const figures = [
  ['leaves_with', chained, 'us'],
  ['leaves_without', plain, 'us'],
  ['leaves_cost', chained - plain, 'us'],
  ['leaves_ratio', chained / plain, 'x'],
] as const;
for (const [name, value, unit] of figures) process.stdout.write(`${name}: ${value.toFixed(2)} ${unit}\n`);
if (options.json !== undefined) {
  writeFileSync(options.json, `${JSON.stringify({ rounds, answers, batch, costs, figures }, null, 2)}\n`);
}
