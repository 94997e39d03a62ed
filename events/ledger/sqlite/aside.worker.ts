import { DatabaseSync } from 'node:sqlite';
import { parentPort, workerData } from 'node:worker_threads';
import { isStoreError } from '../../../service/sqlite/store-errors.ts';
import type { AsideFile, FromAside, ToAside } from './aside.ts';
import { DOMAINS } from './domains.ts';

const port = parentPort;
if (port === null) throw new Error('the ledger is read aside in a worker thread');
const { path, busyTimeoutMs } = workerData as AsideFile;
const db = new DatabaseSync(path, { readOnly: true, timeout: busyTimeoutMs });
const questions = new Map(DOMAINS.flatMap((domain) => Object.entries(domain.prepareReads(db).questions)));

port.on('message', ({ name, given }: ToAside) => {
  port.postMessage(answer(name, given));
});

/** Of one snapshot, whatever is written meanwhile; no longer than for this, or the write-ahead log would grow. */
function answer(name: string, given: unknown): FromAside {
  try {
    db.exec('BEGIN');
    return { kind: 'answered', value: questions.get(name)!(given) };
  } catch (error) {
    return {
      kind: isStoreError(error) ? 'unreadable' : 'failed',
      internal: error instanceof Error ? (error.stack ?? error.message) : String(error),
    };
  } finally {
    if (db.isTransaction) db.exec('ROLLBACK');
  }
}
