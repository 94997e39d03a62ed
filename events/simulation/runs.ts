import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { SimulationFolder } from './disk.ts';
import { PlantedNowhere } from './model.ts';
import type { Planted } from './planted.ts';
import { runSequence, type SequenceCounts } from './sequence.ts';

export interface RunTotals extends SequenceCounts {
  readonly sequences: number;
}

/** From a worker: one sequence is over. */
export type WorkerMessage = {
  readonly number: number;
  readonly counts: SequenceCounts;
  readonly law: string | null;
};

export interface RunManyOptions {
  readonly runs: number;
  readonly from: number;
  readonly workers: number;
  readonly onBroken: (number: number, law: string) => void;
  readonly onProgress?: (totals: RunTotals) => void;
}

/** Sequences of consecutive numbers, shared out among threads. */
export async function runMany(options: RunManyOptions): Promise<RunTotals> {
  const { runs, from, workers, onBroken, onProgress } = options;
  const totals = { sequences: 0, steps: 0, crashes: 0, commits: 0, calls: 0 };
  const many = Math.min(workers, runs);
  const threads = Array.from({ length: many }, (_, share) => {
    const workerData = { from: from + share, every: many, end: from + runs };
    const worker = new Worker(new URL('./runs.worker.ts', import.meta.url), { workerData, execArgv: [] });
    worker.on('message', ({ number, counts, law }: WorkerMessage) => {
      totals.sequences++;
      for (const name of ['steps', 'crashes', 'commits', 'calls'] as const) totals[name] += counts[name];
      if (law !== null) onBroken(number, law);
      onProgress?.(totals);
    });
    return once(worker, 'exit');
  });
  const codes = await Promise.all(threads);
  if (codes.some(([code]) => code !== 0)) throw new Error('a thread of the simulation has failed');
  return totals;
}

export interface Caught {
  /** The how-manieth sequence. */
  readonly tries: number;
  readonly number: number;
  readonly law: string;
}

/** Null: so many sequences, and none of them shows it. */
export async function catchPlanted(
  planted: Planted,
  { from, runs }: { readonly from: number; readonly runs: number },
): Promise<Caught | null> {
  const folder = new SimulationFolder();
  try {
    for (let tries = 1; tries <= runs; tries++) {
      const number = from + tries - 1;
      const end = await runSequence(number, { folder, planted, shrinks: false });
      if (end.kind === 'broken' && end.error instanceof PlantedNowhere) throw end.error;
      if (end.kind === 'broken') return { tries, number, law: end.law };
    }
    return null;
  } finally {
    folder.remove();
  }
}
