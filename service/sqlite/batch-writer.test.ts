import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { FramecueError } from '../../packet/errors.ts';
import { createLog } from '../log.ts';
import type { CounterOp, CounterQuery, CounterResult } from '../testing/counter.worker.ts';
import { Gate } from '../testing/gate.ts';
import { workerThreads } from '../testing/worker-threads.ts';
import { type BatchWriter, type BatchWriterOptions, openBatchWriter } from './batch-writer.ts';

const WORKER = new URL('../testing/counter.worker.ts', import.meta.url);
type Counter = BatchWriter<CounterOp, CounterResult, CounterQuery, string[]>;

let folder: string;
let path: string;
const opened: Counter[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'framecue-store-'));
  path = join(folder, 'store.db');
});
afterEach(async () => {
  await Promise.all(opened.splice(0).map((writer) => writer.close()));
  rmSync(folder, { recursive: true, force: true });
});

async function open(options: Partial<BatchWriterOptions> = {}): Promise<Counter> {
  const log = createLog('test', { logLevel: 'silent' });
  const writer: Counter = await openBatchWriter({
    ...{ worker: WORKER, path, log, maxQueued: 1_000, timeoutMs: 10_000 },
    ...options,
  });
  opened.push(writer);
  return writer;
}

const add = (name: string): CounterOp => ({ kind: 'add', name });
const refusal = (promise: Promise<unknown>) =>
  promise.then(
    () => 'taken',
    (error: FramecueError) => error,
  );
const nextTurn = () => new Promise((resolve) => setImmediate(resolve));

/** The worker has begun an op that ends when the gate is opened. */
async function standStill(writer: Counter) {
  const gate = new Gate();
  const done = refusal(writer.write({ kind: 'wait', gate: gate.memory }));
  await vi.waitUntil(() => gate.isReached);
  return { gate, done };
}

/** What another connection sees: committed, or not there. */
const committed = () => {
  const db = new DatabaseSync(path, { readOnly: true });
  const rows = db.prepare('SELECT name FROM seen ORDER BY id').all() as { name: string }[];
  db.close();
  return rows.map((row) => row.name);
};

/** How many descriptors of this process are on the store's file. */
const openHandles = () =>
  readdirSync('/proc/self/fd').filter((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`) === path;
    } catch {
      return false; // closed since it was listed
    }
  }).length;

/** This thread stands still, and hears of nothing, until so many are left. */
function untilWorkersAre(count: number, until: number): void {
  while (workerThreads() > count && performance.now() < until);
}

describe('writes', () => {
  test('are committed when they are acknowledged, in order, off the main thread', async () => {
    const writer = await open();
    const results = await Promise.all(['a', 'b', 'c'].map((name) => writer.write(add(name))));
    expect(committed()).toEqual(['a', 'b', 'c']);
    expect(results.map((result) => result?.count)).toEqual([1, 2, 3]);
    expect(results[0]!.thread).toBeGreaterThan(0);
  });

  test('gather into one batch while another is under way', async () => {
    const batches: number[] = [];
    const writer = await open({ observer: { committed: (ops) => batches.push(ops) }, maxBatch: 64 });
    const { gate, done: first } = await standStill(writer);
    const rest = Array.from({ length: 100 }, (_, at) => writer.write(add(String(at))));
    await nextTurn();
    gate.open();
    await Promise.all([first, ...rest]);
    expect(batches).toEqual([1, 64, 36]);
  });

  test('of more than the worker is handed at once come in order, and none is left', async () => {
    const batches: number[] = [];
    const writer = await open({ observer: { committed: (ops) => batches.push(ops) }, maxBatch: 64 });
    const { gate, done } = await standStill(writer);
    const names = Array.from({ length: 500 }, (_, at) => String(at));
    const rest = names.map((name) => writer.write(add(name)));
    await nextTurn();
    gate.open();
    await Promise.all([done, ...rest]);
    expect(committed()).toEqual(names);
    expect(Math.max(...batches)).toBe(64);
    expect(writer.queued).toBe(0);
  });

  test('are durable: the journal is a WAL that each commit syncs', async () => {
    const writer = await open();
    await writer.write(add('a'));
    const db = new DatabaseSync(path, { readOnly: true });
    expect(db.prepare('PRAGMA journal_mode').get()).toEqual({ journal_mode: 'wal' });
    expect(db.prepare('PRAGMA user_version').get()).toEqual({ user_version: 2 });
    db.close();
  });

  test('one that is refused or breaks takes only itself back', async () => {
    const writer = await open();
    const [good, refused, broken, last] = await Promise.all([
      writer.write(add('good')),
      refusal(writer.write({ kind: 'add-then-refuse', name: 'refused' })),
      refusal(writer.write({ kind: 'add-then-break', name: 'broken' })),
      writer.write(add('last')),
    ]);
    expect(good).toMatchObject({ count: 1 });
    expect(refused).toMatchObject({
      code: 'ERR_CUE_STATE',
      message: 'refused',
      details: { name: 'refused' },
    });
    expect(broken).toMatchObject({ code: 'ERR_INTERNAL' });
    expect((broken as FramecueError).message).not.toContain('hunter2');
    expect(last).toBeDefined();
    expect(committed()).toEqual(['good', 'last']);
  });

  test('get what they gave, each its own: a value, nothing, or a refusal', async () => {
    const writer = await open();
    const [, nothing, refused, last] = await Promise.all([
      writer.write(add('a')),
      writer.write({ kind: 'nothing' }),
      refusal(writer.write({ kind: 'add-then-refuse', name: 'refused' })),
      writer.write(add('b')),
    ]);
    expect(nothing).toBeNull();
    expect(refused).toMatchObject({ code: 'ERR_CUE_STATE' });
    expect(last).toMatchObject({ count: 2 });
  });

  test('beyond the bound are refused at once, and the others are not lost', async () => {
    const writer = await open({ maxQueued: 10 });
    const outcomes = await Promise.all(
      Array.from({ length: 15 }, (_, at) => refusal(writer.write(add(String(at))))),
    );
    const refused = outcomes.filter((outcome) => (outcome as FramecueError).code === 'ERR_OVERLOADED');
    expect(refused).toHaveLength(5);
    expect(committed()).toHaveLength(10);
    await writer.write(add('room again'));
  });

  test('that take too long are refused: sent ones as perhaps committed, waiting ones as not', async () => {
    const onDoubtOver = vi.fn();
    const writer = await open({ timeoutMs: 150, onDoubtOver });
    const { gate, done: slow } = await standStill(writer);
    const waiting = refusal(writer.write(add('handed over, never begun')));
    expect(await slow).toMatchObject({ code: 'ERR_STORE_UNAVAILABLE', details: { mayBeCommitted: true } });
    expect(await waiting).toMatchObject({
      code: 'ERR_STORE_UNAVAILABLE',
      details: { mayBeCommitted: false },
    });
    expect(onDoubtOver).not.toHaveBeenCalled();
    gate.open();
    await vi.waitFor(() => expect(onDoubtOver).toHaveBeenCalledOnce(), 15_000);
    await writer.write(add('goes on'));
    expect(committed()).toEqual(['goes on']);
  });

  test('behind a question that takes too long are refused in time, and are not written', async () => {
    const writer = await open({ timeoutMs: 1_000 });
    await writer.write(add('a'));
    const gate = new Gate();
    const asked = refusal(writer.query({ kind: 'wait', gate: gate.memory }));
    await vi.waitUntil(() => gate.isReached);
    // Not due yet when the timer of the first one is.
    expect(await refusal(writer.write(add('b')))).toMatchObject({ details: { mayBeCommitted: false } });
    gate.open();
    await asked;
    await writer.write(add('c'));
    expect(committed()).toEqual(['a', 'c']);
  });

  test('keep their order where the worker finds one taken back that seemed begun', async () => {
    const writer = await open({ timeoutMs: 2_000, maxBatch: 1 });
    const { gate, done: slow } = await standStill(writer);
    const writtenAt = performance.now();
    await vi.waitUntil(() => performance.now() - writtenAt > 1_500, 5_000);
    const a = writer.write(add('a'));
    await nextTurn();
    const b = writer.write(add('b'));
    await nextTurn();
    // The thread that takes back is set aside between its two steps, until the worker is at the next batch.
    const { store } = Atomics;
    const spy = vi.spyOn(Atomics, 'store').mockImplementation(((
      words: BigInt64Array,
      at: number,
      value: bigint,
    ) => {
      store(words, at, value);
      if (!(words instanceof BigInt64Array) || at !== 1) return value;
      const before = Atomics.load(words, 0);
      gate.open();
      const until = performance.now() + 10_000;
      while (Atomics.load(words, 0) === before && performance.now() < until);
      return value;
    }) as typeof Atomics.store);
    try {
      await Promise.all([slow, a, b]);
      expect(spy).toHaveBeenCalled();
    } finally {
      spy.mockRestore();
    }
    expect(committed()).toEqual(['a', 'b']);
  });

  test('that cannot be handed over are refused, and are the last that are', async () => {
    const refused = vi.fn();
    const writer = await open({ timeoutMs: 2_000, observer: { refused } });
    const odd = { ...add('odd'), pad: (() => 1) as unknown as number };
    expect(await refusal(writer.write(odd))).toMatchObject({ details: { mayBeCommitted: false } });
    expect(refused.mock.calls).toEqual([[1, 'ERR_STORE_UNAVAILABLE']]);
    await writer.write(add('next'));
    expect(committed()).toEqual(['next']);
    expect(writer.queued).toBe(0);
  });

  test('behind one that takes too long are taken back once, and written when it is over, in order', async () => {
    const writer = await open({ timeoutMs: 2_000 });
    const { gate, done: slow } = await standStill(writer);
    const early = refusal(writer.write(add('too early')));
    const writtenAt = performance.now();
    // Younger by so much that they have time left when those have none.
    await vi.waitUntil(() => performance.now() - writtenAt > 1_500, 5_000);
    const young = Array.from({ length: 30 }, (_, at) => writer.write(add(String(at))));
    expect(await slow).toMatchObject({ details: { mayBeCommitted: true } });
    expect(await early).toMatchObject({ details: { mayBeCommitted: false } });
    gate.open();
    await Promise.all(young);
    expect(committed()).toEqual(young.map((_, at) => String(at)));
    expect(writer.queued).toBe(0);
  });
});

describe('reads', () => {
  test('see what is committed, and cannot write', async () => {
    const writer = await open();
    await writer.write(add('a'));
    expect(await writer.query({ kind: 'names' })).toEqual(['a']);
    expect(await refusal(writer.query({ kind: 'write' }))).toMatchObject({
      code: 'ERR_STORE_UNAVAILABLE',
      details: { problem: 'read-only' },
    });
    expect(committed()).toEqual(['a']);
  });

  test('are bounded', async () => {
    const writer = await open({ maxQueries: 1 });
    const first = writer.query({ kind: 'names' });
    expect(await refusal(writer.query({ kind: 'names' }))).toMatchObject({ code: 'ERR_OVERLOADED' });
    expect(await first).toEqual([]);
  });
});

describe('a full disk', () => {
  test('refuses the whole batch, keeps what was acknowledged, and goes on when there is room', async () => {
    const writer = await open({ maxPages: 12 });
    await writer.write(add('before'));
    const outcomes = await Promise.all([
      refusal(writer.write(add('small'))),
      refusal(writer.write({ kind: 'add', name: 'large', pad: 200_000 })),
    ]);
    for (const outcome of outcomes) {
      expect(outcome).toMatchObject({
        code: 'ERR_STORE_UNAVAILABLE',
        details: { problem: 'disk full', mayBeCommitted: false },
      });
    }
    expect(committed()).toEqual(['before']);
    await writer.write(add('after'));
    expect(committed()).toEqual(['before', 'after']);
  });
});

describe('a lock that another process holds', () => {
  test('has each op counted once, also where it is refused before the batch is', async () => {
    const refused = vi.fn();
    const writer = await open({ timeoutMs: 100, busyTimeoutMs: 400, observer: { refused } });
    const other = new DatabaseSync(path);
    other.exec('BEGIN IMMEDIATE');
    await Promise.all(['a', 'b', 'c'].map((name) => refusal(writer.write(add(name)))));
    await vi.waitUntil(() => writer.queued === 0, 10_000);
    other.close();
    expect(refused.mock.calls.reduce((sum, [ops]) => sum + ops, 0)).toBe(3);
  });

  test('refuses the batch after the time-out, and goes on when it is free', async () => {
    const writer = await open({ busyTimeoutMs: 20 });
    const other = new DatabaseSync(path);
    other.exec('BEGIN IMMEDIATE');
    expect(await refusal(writer.write(add('a')))).toMatchObject({ details: { problem: 'locked' } });
    other.exec('ROLLBACK');
    other.close();
    await writer.write(add('b'));
    expect(committed()).toEqual(['b']);
  });
});

describe('a worker that dies', () => {
  test('fails what is in flight, is started again, and takes what waited', async () => {
    const onDoubtOver = vi.fn();
    const refused = vi.fn();
    const writer = await open({ onDoubtOver, observer: { refused } });
    await writer.write(add('before'));
    const gate = new Gate();
    const dying = refusal(writer.write({ kind: 'die', gate: gate.memory }));
    await vi.waitUntil(() => gate.isReached);
    const waiting = writer.write(add('waited'));
    await nextTurn();
    gate.open();
    expect(await dying).toMatchObject({ code: 'ERR_STORE_UNAVAILABLE', details: { mayBeCommitted: true } });
    await waiting;
    expect(refused.mock.calls).toEqual([[1, 'ERR_STORE_UNAVAILABLE']]);
    expect(onDoubtOver).toHaveBeenCalledOnce();
    expect(committed()).toEqual(['before', 'waited']);
    expect(writer.healthy).toBe(true);
  });

  test('as it starts again, where the thread that starts it hears of both at once, is started once more', async () => {
    let look: NodeJS.Timeout | undefined;
    const isAsked = () => existsSync(`${path}.die`);
    const workerLost = () => {
      look ??= setInterval(() => {
        // Not started again yet.
        if (isAsked() && workerThreads() <= before) return;
        clearInterval(look);
        // Too late: it has ended, and another may stand.
        if (!isAsked()) return;
        while (isAsked() && performance.now() < until);
        untilWorkersAre(before, until);
      }, 1);
    };
    const before = workerThreads();
    const writer = await open({ observer: { workerLost } });
    const until = performance.now() + 10_000;
    writeFileSync(`${path}.die`, '');
    expect(await refusal(writer.write({ kind: 'die' }))).toMatchObject({ code: 'ERR_STORE_UNAVAILABLE' });
    await vi.waitFor(() => writer.write(add('again')), 20_000);
    expect(isAsked()).toBe(false);
    expect(committed()).toEqual(['again']);
  }, 30_000);

  test('and whose writer is closed before it is started again, leaves nothing that waits', async () => {
    const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
    const before = timers();
    const writer = await open();
    await refusal(writer.write({ kind: 'die' }));
    await writer.close();
    // Those of the tests before may have come to their ends.
    expect(timers()).toBeLessThanOrEqual(before);
  });

  test('is not started again without end', async () => {
    const refused = vi.fn();
    const writer = await open({ observer: { refused } });
    for (let death = 0; death < 6; death++) {
      expect(await refusal(writer.write({ kind: 'die' }))).toMatchObject({ code: 'ERR_STORE_UNAVAILABLE' });
    }
    expect(await refusal(writer.write(add('a')))).toMatchObject({ details: { problem: 'down' } });
    expect(refused).toHaveBeenCalledTimes(7);
    expect(writer.healthy).toBe(false);
  }, 30_000);
});

describe('opening and closing', () => {
  test('closing is no loss of the worker, also where the thread that closes hears of all of it at once', async () => {
    const workerLost = vi.fn();
    const before = workerThreads();
    const writer = await open({ observer: { workerLost } });
    await writer.write(add('a'));
    const closed = writer.close();
    setImmediate(() => untilWorkersAre(before, performance.now() + 10_000));
    await closed;
    expect(workerLost).not.toHaveBeenCalled();
  });

  test('closing commits what waits, refuses what comes later, and can be done twice', async () => {
    const writer = await open();
    const waiting = Array.from({ length: 20 }, (_, at) => writer.write(add(String(at))));
    const closed = writer.close();
    expect(await refusal(writer.write(add('late')))).toMatchObject({ code: 'ERR_NOT_READY' });
    await Promise.all(waiting);
    await Promise.all([closed, writer.close()]);
    expect(committed()).toHaveLength(20);
  });

  test('a file that is no database is refused and left as it is', async () => {
    writeFileSync(path, 'this is not a database, and it is longer than a header'.repeat(100));
    expect(await refusal(open())).toMatchObject({
      code: 'ERR_STORE_UNAVAILABLE',
      details: { problem: 'not a database' },
    });
  });

  test('a file of a newer version is refused', async () => {
    const db = new DatabaseSync(path);
    db.exec('PRAGMA user_version = 99');
    db.close();
    expect(await refusal(open())).toMatchObject({ code: 'ERR_STORE_UNAVAILABLE' });
  });

  test('a folder that is not there is refused', async () => {
    path = join(folder, 'missing', 'store.db');
    expect(await refusal(open())).toMatchObject({ details: { problem: 'cannot be opened' } });
  });

  test('two that open a new file at once both work', async () => {
    const [one, two] = await Promise.all([open(), open()]);
    await Promise.all([one!.write(add('one')), two!.write(add('two'))]);
    expect(committed().sort()).toEqual(['one', 'two']);
  });

  test('a new file that another connection is writing is waited for', async () => {
    const other = new DatabaseSync(path);
    other.exec('BEGIN IMMEDIATE; CREATE TABLE theirs (a)');
    // What the store is refused with while the other connection holds its lock: at once, not after the timeout.
    const impatient = new DatabaseSync(path, { timeout: 10_000 });
    expect(() => impatient.exec('PRAGMA journal_mode = WAL')).toThrow(/locked/);
    impatient.close();
    await expect(open({ busyTimeoutMs: 50 })).rejects.toMatchObject({
      code: 'ERR_STORE_UNAVAILABLE',
      details: { problem: 'locked' },
    });
    const opening = open({ busyTimeoutMs: 10_000 });
    // The worker's first look is over once it has the file open beside the other connection's.
    await vi.waitFor(() => expect(openHandles()).toBeGreaterThan(1), { timeout: 10_000 });
    other.exec('COMMIT');
    other.close();
    const writer = await opening;
    await writer.write(add('ours'));
    expect(committed()).toEqual(['ours']);
  });
});

test('kill -9 loses nothing that was acknowledged', async () => {
  const script = `
    import { openBatchWriter } from ${JSON.stringify(new URL('./batch-writer.ts', import.meta.url).href)};
    import { createLog } from ${JSON.stringify(new URL('../log.ts', import.meta.url).href)};
    const writer = await openBatchWriter({
      worker: new URL(${JSON.stringify(WORKER.href)}), path: ${JSON.stringify(path)},
      log: createLog('test', { logLevel: 'silent' }), maxQueued: 1000, timeoutMs: 10000,
    });
    for (let at = 0; ; at++) {
      await Promise.all([0, 1, 2].map((part) => writer.write({ kind: 'add', name: at + '.' + part })));
      process.stdout.write(at + '\\n');
    }
  `;
  const child = spawn(process.execPath, ['--input-type=module-typescript', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let printed = '';
  await new Promise<void>((resolve) => {
    child.stdout.on('data', (chunk) => {
      printed += chunk;
      if (printed.split('\n').length > 50) child.kill('SIGKILL');
    });
    child.once('close', () => resolve());
  });
  const acknowledged = printed.split('\n').slice(0, -1);
  const names = new Set(committed());
  expect(acknowledged.length).toBeGreaterThanOrEqual(50);
  for (const at of acknowledged) for (const part of [0, 1, 2]) expect(names).toContain(`${at}.${part}`);
}, 30_000);
