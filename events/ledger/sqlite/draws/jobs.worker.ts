import { once } from 'node:events';
import { DatabaseSync } from 'node:sqlite';
import { parentPort, workerData } from 'node:worker_threads';
import { checkBeacon } from '../../../../draws/drand.ts';
import type { DrawJob, FromJob } from './jobs.ts';
import { drawWinners, readEntrants } from './list.ts';

const port = parentPort;
if (port === null) throw new Error('jobs of draws run in a worker thread');
const job = workerData as DrawJob;
const send = (message: FromJob) => port.postMessage(message);

if (job.kind === 'beacon') {
  send({ kind: 'done', value: checkBeacon(job.chain, job.round, job.signature).kind === 'good' });
} else {
  const db = new DatabaseSync(job.path, { readOnly: true, timeout: job.busyTimeoutMs });
  try {
    if (job.kind === 'winners') {
      const { interaction, commitment, seed, signature } = job;
      send({ kind: 'done', value: drawWinners(db, interaction, commitment, seed, signature) });
    } else {
      const pages = readEntrants(db, job.interaction);
      for (;;) {
        const next = pages.next();
        if (next.done === true) {
          send({ kind: 'done', value: next.value });
          break;
        }
        send({ kind: 'page', page: next.value });
        // The next one when this one is kept: no more than one waits.
        await once(port, 'message');
      }
    }
  } finally {
    db.close();
  }
}
port.close();
