import { existsSync, rmSync } from 'node:fs';
import { threadId, workerData } from 'node:worker_threads';
import { FramecueError } from '../../packet/errors.ts';
import { runBatchWorker } from '../sqlite/batch-worker.ts';
import type { WorkerStart } from '../sqlite/messages.ts';
import { Gate } from './gate.ts';

/** A small store for the tests of the batch writer. */
export type CounterOp =
  | { readonly kind: 'add'; readonly name: string; readonly pad?: number }
  | { readonly kind: 'add-then-refuse'; readonly name: string }
  | { readonly kind: 'add-then-break'; readonly name: string }
  /** Gives null, as ops do that have nothing to say. */
  | { readonly kind: 'nothing' }
  /** `gate`: the memory of a `Gate` that is to be passed first. */
  | { readonly kind: 'die'; readonly gate?: SharedArrayBuffer }
  | { readonly kind: 'wait'; readonly gate: SharedArrayBuffer };

export type CounterResult = { count: number; thread: number } | null;

export type CounterQuery =
  | { readonly kind: 'names' }
  | { readonly kind: 'write' }
  | { readonly kind: 'wait'; readonly gate: SharedArrayBuffer };

const { path } = (workerData as WorkerStart).file;

runBatchWorker<CounterOp, CounterResult, CounterQuery, string[]>({
  migrations: [
    'CREATE TABLE seen (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL) STRICT',
    'ALTER TABLE seen ADD COLUMN pad BLOB',
  ],
  open({ write, read }) {
    const insert = write.prepare('INSERT INTO seen (name, pad) VALUES (?, zeroblob(?))');
    const names = read.prepare('SELECT name FROM seen ORDER BY id');
    const forbidden = () => read.exec('DELETE FROM seen');
    const add = (name: string, pad = 0) => {
      const { lastInsertRowid } = insert.run(name, pad);
      return { count: Number(lastInsertRowid), thread: threadId };
    };
    return {
      apply(op) {
        switch (op.kind) {
          case 'add':
            return add(op.name, op.pad);
          case 'add-then-refuse':
            add(op.name);
            throw new FramecueError('ERR_CUE_STATE', 'refused', { details: { name: op.name } });
          case 'add-then-break':
            add(op.name);
            throw new TypeError('password is hunter2');
          case 'nothing':
            return null;
          case 'die':
            if (op.gate !== undefined) new Gate(op.gate).pass();
            return process.exit(1);
          case 'wait':
            new Gate(op.gate).pass();
            return { count: 0, thread: threadId };
        }
      },
      answer(query) {
        if (query.kind === 'write') forbidden();
        if (query.kind === 'wait') new Gate(query.gate).pass();
        return (names.all() as { name: string }[]).map((row) => row.name);
      },
    };
  },
});

// It was to end as it starts: it has said that it is ready.
if (existsSync(`${path}.die`)) {
  rmSync(`${path}.die`);
  process.exit(1);
}
