import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { Handover } from './handover.ts';
import type { BatchRefused, BatchTold, FromWorker, PlainError, ToWorker, WorkerStart } from './messages.ts';
import { type BatchDone, type OpenStore, openStore, type StoreDomain } from './open-store.ts';
import { plainStoreError } from './store-errors.ts';

/** The whole program of a store's worker thread: its entry file calls this and nothing else. */
export function runBatchWorker<Op, Result, Query = never, Answer = never>(
  domain: StoreDomain<Op, Result, Query, Answer>,
): void {
  if (parentPort === null) throw new Error('a batch worker runs in a worker thread');
  const port = parentPort;
  const send = (message: FromWorker<Result, Answer>) => port.postMessage(message);
  const { file, maxBatch, handover: memory } = workerData as WorkerStart;
  const handover = new Handover(memory);
  let store: OpenStore<Op, Result, Query, Answer>;
  try {
    store = openStore(file, domain);
  } catch (error) {
    send({ kind: 'failed', error: plainStoreError(error) });
    port.close();
    return;
  }

  type Message = ToWorker<Op, Query>;
  const next = (): Message | undefined => receiveMessageOnPort(port)?.message;
  /** What came while the last one was being committed is one transaction. @returns the message that is not of it */
  const commit = (first: Message): Message | undefined => {
    const ops: Op[] = [];
    let last = 0;
    let message: Message | undefined = first;
    for (; message?.kind === 'batch'; message = next()) {
      if (ops.length > 0 && ops.length + message.ops.length > maxBatch) break;
      if (handover.begin(message.batch)) {
        ops.push(...message.ops);
        last = message.batch;
      } else send({ kind: 'left-alone', batch: message.batch });
    }
    if (ops.length > 0) send(told(store.applyBatch(last, ops)));
    return message;
  };
  port.on('message', (first: Message) => {
    for (let message: Message | undefined = first; message !== undefined; ) {
      switch (message.kind) {
        case 'batch':
          message = commit(message);
          break;
        case 'query':
          send({ kind: 'answer', id: message.id, outcome: store.answer(message.query) });
          return;
        case 'close':
          store.close();
          send({ kind: 'closed' });
          port.close();
          return;
      }
    }
  });
  send({ kind: 'ready' });
}

function told<Result>(done: BatchDone<Result> | BatchRefused): BatchTold<Result> | BatchRefused {
  if (done.kind === 'batch-refused') return done;
  const { kind, batch, outcomes } = done;
  const refusals: { at: number; error: PlainError }[] = [];
  const values = outcomes.map((outcome, at) => {
    if (outcome.good) return outcome.value;
    refusals.push({ at, error: outcome.error });
    return null;
  });
  return { kind, batch, values, refusals };
}
