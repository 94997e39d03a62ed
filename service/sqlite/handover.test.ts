import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { afterEach, expect, test, vi } from 'vitest';
import { Handover } from './handover.ts';

const workers: Worker[] = [];
afterEach(() => Promise.all(workers.splice(0).map((worker) => worker.terminate())));

test('begins what it is given, in order', () => {
  const handover = new Handover();
  const worker = new Handover(handover.memory);
  expect(handover.begun).toBe(0);
  expect([1, 2, 3].map((batch) => worker.begin(batch))).toEqual([true, true, true]);
  expect(handover.begun).toBe(3);
});

test('what is taken back is never begun, whatever is taken back later', () => {
  const handover = new Handover();
  const worker = new Handover(handover.memory);
  worker.begin(1);
  expect(handover.takeBack(4)).toBe(1);
  expect(handover.takeBack(1)).toBe(1);
  expect([2, 3, 4, 5].map((batch) => worker.begin(batch))).toEqual([false, false, false, true]);
});

test('between two threads at once no batch is both begun and taken back, and none is neither', async () => {
  const batches = 200_000;
  const handover = new Handover();
  /** How many are launched; then what the worker found of each: 1 begun, 2 left alone. */
  const launched = new Int32Array(new SharedArrayBuffer(4));
  const found = new Uint8Array(new SharedArrayBuffer(batches + 1));
  const worker = new Worker(new URL('../testing/handover.worker.ts', import.meta.url), {
    workerData: { handover: handover.memory, launched: launched.buffer, found: found.buffer, batches },
    execArgv: [],
  });
  workers.push(worker);
  Atomics.store(launched, 0, 1);
  await vi.waitUntil(() => handover.begun === 1, 30_000);
  const takenBack = new Uint8Array(batches + 1);
  for (let batch = 2; batch <= batches; batch++) {
    // Abreast of the worker, where they meet; not for ever, if it is gone.
    for (let looks = 0; looks < 100_000 && batch - handover.begun > 16; looks++);
    Atomics.store(launched, 0, batch);
    if (batch % 7 !== 0) continue;
    const begun = handover.takeBack(batch);
    for (let at = batch; at > begun && takenBack[at] === 0; at--) takenBack[at] = 1;
  }
  if (worker.threadId !== -1) await once(worker, 'exit');
  const outcomes = { begun: 0, takenBack: 0, both: 0, leftAlone: 0, neither: 0 };
  for (let batch = 1; batch <= batches; batch++) {
    const isBegun = found[batch] === 1;
    const isBack = takenBack[batch] === 1;
    if (isBegun && isBack) outcomes.both++;
    else if (isBegun) outcomes.begun++;
    else if (isBack) outcomes.takenBack++;
    // Whoever takes back sees it as begun, and is told by the worker that it was left alone.
    else if (found[batch] === 2) outcomes.leftAlone++;
    else outcomes.neither++;
  }
  expect(outcomes).toMatchObject({ both: 0, neither: 0 });
  expect(outcomes.begun).toBeGreaterThan(0);
  expect(outcomes.takenBack).toBeGreaterThan(0);
});
