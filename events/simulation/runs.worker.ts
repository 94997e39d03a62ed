import { parentPort, workerData } from 'node:worker_threads';
import { SimulationFolder } from './disk.ts';
import type { WorkerMessage } from './runs.ts';
import { runSequence } from './sequence.ts';

/** A share of many sequences. */
const { from, every, end } = workerData as { from: number; every: number; end: number };
const folder = new SimulationFolder();
try {
  for (let number = from; number < end; number += every) {
    const outcome = await runSequence(number, { folder, shrinks: false });
    const law = outcome.kind === 'broken' ? outcome.law : null;
    parentPort?.postMessage({ number, counts: outcome.counts, law } satisfies WorkerMessage);
  }
} finally {
  folder.remove();
}
