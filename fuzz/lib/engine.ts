import { getHeapStatistics } from 'node:v8';
import { Mutator } from '../mutate/index.ts';
import type { Corpus } from './corpus.ts';
import { minimise } from './minimise.ts';
import { Random } from './random.ts';
import { Broken, checkError, codeOf, type Kind, type Probe, type Target } from './target.ts';

export interface TargetStats {
  inputs: number;
  past: number;
  /** Inputs that reached the code at least once. */
  readonly codes: Record<string, number>;
}

export type Stats = Record<string, TargetStats>;

/** An input that broke something. */
export interface Finding {
  readonly target: string;
  readonly input: Uint8Array;
  /** What broke, first line of the error. */
  readonly what: string;
  readonly stack: string;
}

export interface EngineOptions {
  readonly targets: readonly Target[];
  readonly corpus: Corpus;
  readonly seed: number;
  /** Tells workers of one run apart. */
  readonly stream?: number;
  /** Called before each input is run: where the input is kept, should it hang. */
  readonly before?: (target: number, input: Uint8Array) => void;
}

/** Inputs that reached something new are seeds of their own, as many of a kind as this. */
const MOST_KEPT = 256;
const MOST_KEPT_BYTES = 1024;
/** What one input may make the heap and array buffers grow by: this, and so many times its own length. */
const ALLOWED_BYTES = 24 * 1024 * 1024;
const ALLOWED_FACTOR = 256;
const MINIMISE_RUNS = 3000;
/** From here on nothing counts as new. */
const MOST_TRAILS = 50_000;

/** Makes inputs, runs them and keeps count. The same options give the same inputs in the same order. */
export class Engine {
  readonly stats: Stats;
  readonly #targets: readonly Target[];
  readonly #wheel: readonly number[];
  readonly #seeds: Readonly<Record<Kind, Uint8Array[]>>;
  readonly #firstSeeds: Corpus['seeds'];
  readonly #random: Random;
  readonly #mutator: Mutator;
  readonly #before: (target: number, input: Uint8Array) => void;
  readonly #seen = new Set<number>();
  readonly #found = new Set<string>();

  constructor({ targets, corpus, seed, stream = 0, before = () => undefined }: EngineOptions) {
    this.#targets = targets;
    this.#wheel = targets.flatMap(({ weight = 10 }, i) => Array.from({ length: weight }, () => i));
    this.#firstSeeds = corpus.seeds;
    const kinds = Object.entries(corpus.seeds) as [Kind, readonly Uint8Array[]][];
    this.#seeds = Object.fromEntries(kinds.map(([kind, seeds]) => [kind, [...seeds]])) as never;
    this.#random = new Random(seed, stream);
    this.#mutator = new Mutator(corpus);
    this.#before = before;
    this.stats = Object.fromEntries(targets.map(({ name }) => [name, { inputs: 0, past: 0, codes: {} }]));
  }

  get keptSeeds(): number {
    const count = (of: Corpus['seeds']): number =>
      Object.values(of).reduce((sum, { length }) => sum + length, 0);
    return count(this.#seeds) - count(this.#firstSeeds);
  }

  /** Runs one input of its own making. A finding is given once for each thing that breaks, made small. */
  step(): Finding | null {
    return withoutStacks(() => this.#step());
  }

  #step(): Finding | null {
    const random = this.#random;
    const index = random.pick(this.#wheel);
    const target = this.#targets[index]!;
    const kind = random.pick(target.kinds);
    const input = this.#mutator.input(kind, this.#seeds[kind], random);
    const outcome = this.#run(index, input);
    if (outcome.isNew) this.#keep(kind, input);
    return outcome.error === null ? null : withStacks(() => this.#findingOf(index, input, outcome.error));
  }

  #findingOf(index: number, input: Uint8Array, first: unknown): Finding | null {
    const target = this.#targets[index]!;
    const signatureNow = (candidate: Uint8Array): string | null => {
      this.#before(index, candidate);
      const error = runOnce(target, candidate);
      return error === null ? null : `${target.name} ${signatureOf(error)}`;
    };
    const again = signatureNow(input);
    // What was allocated may have been left from the first time.
    const signature = again ?? `${target.name} ${signatureOf(first)}`;
    if (this.#found.has(signature)) return null;
    this.#found.add(signature);
    if (again === null) return findingOf(target, input, first);
    const small = minimise(input, (candidate) => signatureNow(candidate) === signature, MINIMISE_RUNS);
    return findingOf(target, small, runOnce(target, small) ?? first);
  }

  #run(index: number, input: Uint8Array): { readonly error: unknown; readonly isNew: boolean } {
    const target = this.#targets[index]!;
    const stats = this.stats[target.name]!;
    this.#before(index, input);
    const probe = new CountingProbe();
    const error = runOnce(target, input, probe);
    stats.inputs++;
    if (probe.isPast) stats.past++;
    for (const code of probe.codes) stats.codes[code] = (stats.codes[code] ?? 0) + 1;
    const { trail } = probe.end(index);
    const isNew = this.#seen.size < MOST_TRAILS && !this.#seen.has(trail);
    if (isNew) this.#seen.add(trail);
    return { error, isNew };
  }

  #keep(kind: Kind, input: Uint8Array): void {
    const seeds = this.#seeds[kind];
    const first = this.#firstSeeds[kind].length;
    if (input.length > MOST_KEPT_BYTES) return;
    if (seeds.length - first < MOST_KEPT) seeds.push(input);
    else seeds[first + this.#random.int(MOST_KEPT)] = input;
  }
}

/** Runs one input on one target, allocation watched. Null where nothing broke, else what was thrown. */
export function runOnce(
  target: Target,
  input: Uint8Array,
  probe: CountingProbe = new CountingProbe(),
): unknown {
  const copy = input.slice();
  const before = getHeapStatistics();
  let thrown: unknown = null;
  try {
    target.run(input, probe);
  } catch (error) {
    thrown = error ?? new Error(`${error} was thrown`);
  }
  const after = getHeapStatistics();
  if (thrown !== null) return thrown;
  if (Buffer.compare(copy, input) !== 0) return new Broken('the input is left as it is');
  const grown =
    after.external_memory -
    before.external_memory +
    Math.max(0, after.used_heap_size - before.used_heap_size);
  if (grown > ALLOWED_BYTES + ALLOWED_FACTOR * input.length) {
    return new Broken(
      `memory is bounded by the input's size (${input.length} bytes made it grow by ${grown})`,
    );
  }
  return null;
}

export function findingOf(target: Target, input: Uint8Array, error: unknown): Finding {
  const isError = error instanceof Error;
  return {
    target: target.name,
    input,
    what: isError ? `${error.name}: ${error.message}` : String(error),
    stack: isError ? (error.stack ?? '') : '',
  };
}

const STACK_LINES = 12;

/** Errors are made by the million here, and their stacks cost more than all the rest: only findings get theirs. */
export function withoutStacks<T>(run: () => T): T {
  return withStackLimit(0, run);
}

const withStacks = <T>(run: () => T): T => withStackLimit(STACK_LINES, run);

function withStackLimit<T>(lines: number, run: () => T): T {
  const before = Error.stackTraceLimit;
  Error.stackTraceLimit = lines;
  try {
    return run();
  } finally {
    Error.stackTraceLimit = before;
  }
}

/** Two errors with the same signature are one finding: kind, text without numbers, and the place. */
function signatureOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const place =
    error instanceof Broken ? '' : (error.stack?.split('\n').find((line) => /^\s+at /.test(line)) ?? '');
  return `${error.name} ${error.message.replaceAll(/\d+/g, '0').slice(0, 120)} ${place}`;
}

export class CountingProbe implements Probe {
  isPast = false;
  readonly codes = new Set<string>();
  trail = 0;

  past(): void {
    this.isPast = true;
  }

  code(code: string): void {
    this.codes.add(code);
  }

  saw(what: string | number): void {
    if (typeof what === 'number') this.#mark(what);
    else for (let i = 0; i < what.length; i++) this.#mark(what.charCodeAt(i));
  }

  /** `trail` then tells apart what was seen, which codes were reached, and on which target. */
  end(target: number): this {
    for (const code of this.codes) this.saw(code);
    this.#mark(2 * target + (this.isPast ? 1 : 0));
    return this;
  }

  #mark(mark: number): void {
    this.trail = Math.imul(this.trail ^ mark, 0x01000193);
  }

  attempt<T>(run: () => T, input?: Uint8Array): T | undefined {
    try {
      return run();
    } catch (error) {
      const code = codeOf(error);
      if (code === null) throw error;
      checkError(error, input);
      this.codes.add(code);
      return undefined;
    }
  }
}
