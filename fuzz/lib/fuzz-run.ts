import { type ChildProcess, fork } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { MOST_BYTES } from '../mutate/index.ts';
import type { Finding, Stats } from './engine.ts';
import type { WorkerMessage, WorkerOrder } from './messages.ts';
import { Slate } from './slate.ts';

export interface FuzzOptions {
  /** A module that exports `TARGETS`. */
  readonly targetsUrl: string;
  /** Only these; empty: all. */
  readonly only: readonly string[];
  readonly seed: number;
  readonly workers: number;
  /** In all workers together; null: until the time is up. */
  readonly inputs: number | null;
  /** Null: until the inputs are done. */
  readonly forMs: number | null;
  /** A worker that is busy with one input for so long hangs. */
  readonly hangMs: number;
  readonly onFinding: (finding: Finding) => void;
  readonly onProgress?: (totals: FuzzTotals) => void;
}

export interface FuzzTotals {
  readonly stats: Stats;
  readonly inputs: number;
  readonly keptSeeds: number;
  readonly seconds: number;
}

const WATCH_EVERY_MS = 250;
/** Loading the targets and the corpus. */
const START_MS = 60_000;
/** Old space of a worker, MB: the targets need a fraction of it. */
const HEAP_MB = 384;
/** A worker that breaks outside of a target is not started for ever. */
const MOST_RESTARTS = 64;

const WORKER = fileURLToPath(new URL('../worker.ts', import.meta.url));

/** Runs the fuzzer in processes and watches them: an input that hangs, crashes or eats all memory is a finding too. */
export async function runFuzz(options: FuzzOptions): Promise<FuzzTotals> {
  const startedAt = performance.now();
  const lanes = Array.from({ length: options.workers }, (_, lane) => new Lane(lane, options, startedAt));
  const totals = (): FuzzTotals => ({
    stats: lanes.map(({ stats }) => stats).reduce(merged, {}),
    inputs: lanes.reduce((sum, lane) => sum + lane.inputs, 0),
    keptSeeds: lanes.reduce((sum, lane) => sum + lane.keptSeeds, 0),
    seconds: (performance.now() - startedAt) / 1000,
  });
  const ticker = setInterval(() => options.onProgress?.(totals()), 3000);
  try {
    await Promise.all(lanes.map((lane) => lane.run()));
  } finally {
    clearInterval(ticker);
    for (const lane of lanes) lane.stop();
  }
  return totals();
}

/** One worker at a time; another goes on where one broke. */
class Lane {
  readonly #lane: number;
  readonly #options: FuzzOptions;
  readonly #startedAt: number;
  #child: ChildProcess | null = null;
  #stopped = false;
  /** Of workers that have ended. */
  #doneStats: Stats = {};
  #doneInputs = 0;
  #stats: Stats = {};
  #inputs = 0;
  keptSeeds = 0;
  /** Targets that broke their worker: it would go on breaking on them. */
  readonly #left = new Set<string>();

  constructor(lane: number, options: FuzzOptions, startedAt: number) {
    this.#lane = lane;
    this.#options = options;
    this.#startedAt = startedAt;
  }

  get stats(): Stats {
    return merged(this.#doneStats, this.#stats);
  }

  get inputs(): number {
    return this.#doneInputs + this.#inputs;
  }

  async run(): Promise<void> {
    const { inputs, workers, forMs } = this.#options;
    const share =
      inputs === null ? null : Math.floor(inputs / workers) + (this.#lane < inputs % workers ? 1 : 0);
    for (let restart = 0; restart <= MOST_RESTARTS; restart++) {
      const left = share === null ? null : share - this.inputs;
      const leftMs = forMs === null ? null : forMs - (performance.now() - this.#startedAt);
      if ((left !== null && left <= 0) || (leftMs !== null && leftMs <= 0)) return;
      if ((await this.#work(restart, left, leftMs)) === 'done') return;
      this.#doneStats = this.stats;
      this.#doneInputs = this.inputs;
      this.#stats = {};
      this.#inputs = 0;
    }
  }

  stop(): void {
    this.#stopped = true;
    this.#child?.kill('SIGKILL');
  }

  async #work(restart: number, inputs: number | null, forMs: number | null): Promise<'done' | 'broken'> {
    const { targetsUrl, only, seed, workers } = this.#options;
    const folder = mkdtempSync(join(tmpdir(), 'framecue-fuzz-'));
    const order: WorkerOrder = {
      ...{ targetsUrl, only, except: [...this.#left], seed, inputs, forMs },
      stream: this.#lane + restart * workers,
      slate: join(folder, 'slate'),
    };
    writeFileSync(order.slate, '');
    const slate = new Slate(order.slate, 'read', MOST_BYTES);
    try {
      return await this.#watch(order, slate);
    } finally {
      slate.close();
      rmSync(folder, { recursive: true, force: true });
    }
  }

  #watch(order: WorkerOrder, slate: Slate): Promise<'done' | 'broken'> {
    const { hangMs, onFinding } = this.#options;
    const child = fork(WORKER, {
      execArgv: [`--max-old-space-size=${HEAP_MB}`],
      serialization: 'advanced',
      // V8 tells of its end on stderr; what it was busy with stands on the slate.
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    });
    this.#child = child;
    let targets: readonly string[] | null = null;
    let isDone = false;
    let why: string | null = null;
    let failed: string | null = null;
    let sequence = -1;
    let since = performance.now();
    const watch = setInterval(() => {
      const now = performance.now();
      const current = slate.read().sequence;
      if (current !== sequence) {
        sequence = current;
        since = now;
        return;
      }
      const allowed = targets === null ? START_MS : hangMs;
      if (isDone || now - since <= allowed) return;
      why = `Hang: no end of one input within ${allowed} ms`;
      child.kill('SIGKILL');
    }, WATCH_EVERY_MS);
    child.on('message', (message: WorkerMessage) => {
      if (message.kind === 'ready') {
        targets = message.targets;
        since = performance.now();
      } else if (message.kind === 'finding') onFinding(message.finding);
      else if (message.kind === 'failed') failed = message.why;
      else if (message.kind === 'stats') {
        this.#stats = message.stats;
        this.#inputs = message.inputs;
        this.keptSeeds = message.keptSeeds;
      } else {
        isDone = true;
        child.disconnect();
      }
    });
    child.send(order);
    return new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('exit', (code, signal) => {
        clearInterval(watch);
        if (isDone) return resolve('done');
        if (this.#stopped) return resolve('broken');
        if (failed !== null) return reject(new Error(`the fuzzer itself failed: ${failed}`));
        if (targets === null) return reject(new Error(`a worker did not start (${signal ?? code})`));
        const { target, input } = slate.read();
        const name = targets[target] ?? 'unknown';
        this.#left.add(name);
        const what =
          why ?? `Crash: the process ended by ${signal ?? `exit code ${code}`}, out of memory as a rule`;
        onFinding({ target: name, input, what, stack: '' });
        resolve('broken');
      });
    });
  }
}

function merged(a: Stats, b: Stats): Stats {
  const out: Stats = {};
  for (const [name, { inputs, past, codes }] of [...Object.entries(a), ...Object.entries(b)]) {
    out[name] ??= { inputs: 0, past: 0, codes: {} };
    const sum = out[name];
    sum.inputs += inputs;
    sum.past += past;
    for (const [code, count] of Object.entries(codes)) sum.codes[code] = (sum.codes[code] ?? 0) + count;
  }
  return out;
}
