import { readdirSync, readFileSync } from 'node:fs';

/** Threads of this process that are workers, whoever has started them (Linux). */
export const workerThreads = (): number =>
  readdirSync('/proc/self/task').filter((thread) => {
    try {
      return readFileSync(`/proc/self/task/${thread}/comm`, 'utf8') === 'WorkerThread\n';
    } catch {
      return false; // ended since it was listed
    }
  }).length;
