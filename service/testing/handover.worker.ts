import { workerData } from 'node:worker_threads';
import { Handover } from '../sqlite/handover.ts';

/** Begins batch after batch as fast as they are launched. */
const { handover, launched, found, batches } = workerData as {
  readonly handover: SharedArrayBuffer;
  readonly launched: SharedArrayBuffer;
  readonly found: SharedArrayBuffer;
  readonly batches: number;
};
const side = new Handover(handover);
const count = new Int32Array(launched);
const outcomes = new Uint8Array(found);
for (let batch = 1; batch <= batches; batch++) {
  while (Atomics.load(count, 0) < batch);
  outcomes[batch] = side.begin(batch) ? 1 : 2;
}
