/** One process of `npm run fuzz`: lib/fuzz-run.ts starts it, tells it what to do, and watches it. */
import { once } from 'node:events';
import { setImmediate } from 'node:timers/promises';
import { readCorpus } from './lib/corpus.ts';
import { Engine } from './lib/engine.ts';
import type { WorkerMessage, WorkerOrder } from './lib/messages.ts';
import { Slate } from './lib/slate.ts';
import type { Target } from './lib/target.ts';
import { MOST_BYTES } from './mutate/index.ts';

const REPORT_EVERY_MS = 500;
/** Inputs between two looks at the clock. */
const CLOCK_EVERY = 32;

// Whoever started it is gone: nobody watches any more.
process.once('disconnect', () => process.exit(1));
const send = (message: WorkerMessage): void => void process.send!(message);
process.once('uncaughtException', (error) => {
  process.send!({ kind: 'failed', why: error.stack ?? String(error) }, () => process.exit(1));
});

const [order] = (await once(process, 'message')) as [WorkerOrder];
const { only, except, seed, stream } = order;
const module = (await import(order.targetsUrl)) as { readonly TARGETS: readonly Target[] };
const targets = module.TARGETS.filter(
  ({ name }) => (only.length === 0 || only.includes(name)) && !except.includes(name),
);
const slate = new Slate(order.slate, 'write', MOST_BYTES);
const engine = new Engine({
  targets,
  corpus: readCorpus(),
  seed,
  stream,
  before: (target, input) => slate.write(target, input),
});
send({ kind: 'ready', targets: targets.map(({ name }) => name) });

const startedAt = performance.now();
let reportedAt = startedAt;
let inputs = 0;
const report = (): void => send({ kind: 'stats', stats: engine.stats, inputs, keptSeeds: engine.keptSeeds });
while (targets.length > 0 && (order.inputs === null || inputs < order.inputs)) {
  if (inputs % CLOCK_EVERY === 0) {
    const now = performance.now();
    if (order.forMs !== null && now - startedAt >= order.forMs) break;
    if (now - reportedAt >= REPORT_EVERY_MS) {
      reportedAt = now;
      report();
      // Messages leave, and the end of whoever started it is seen.
      await setImmediate();
    }
  }
  const finding = engine.step();
  inputs++;
  if (finding !== null) send({ kind: 'finding', finding });
}
report();
send({ kind: 'done' });
slate.close();
