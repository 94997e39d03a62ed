const BEGUN = 0;
const TAKEN_BACK = 1;

/**
 * What the two sides of a store tell each other without waiting: which batches its worker has begun, and which it must
 * not begin any more. Batches are numbered upwards from 1. Each side writes its own word before it reads the other's,
 * and all agree on one order of such steps (ECMA-262, "Memory Model"): no batch is both taken back and begun.
 */
export class Handover {
  readonly memory: SharedArrayBuffer;
  readonly #words: BigInt64Array;

  /** @param memory of the other side; without it a new one, where nothing is begun */
  constructor(memory = new SharedArrayBuffer(2 * BigInt64Array.BYTES_PER_ELEMENT)) {
    this.memory = memory;
    this.#words = new BigInt64Array(memory);
  }

  /** By the worker. False: the batch was taken back, and it is to be left alone. */
  begin(batch: number): boolean {
    Atomics.store(this.#words, BEGUN, BigInt(batch));
    return Atomics.load(this.#words, TAKEN_BACK) < BigInt(batch);
  }

  /** By whoever hands over: what is not begun of the batches up to this one never will be. @returns as `begun` does */
  takeBack(batch: number): number {
    // What was taken back once stays so.
    Atomics.store(this.#words, TAKEN_BACK, BigInt(Math.max(batch, this.takenBack)));
    return this.begun;
  }

  /** The newest batch that was taken back, if it was not begun by then. */
  get takenBack(): number {
    return Number(Atomics.load(this.#words, TAKEN_BACK));
  }

  /** The newest batch that was begun, or that the worker is about to find taken back. */
  get begun(): number {
    return Number(Atomics.load(this.#words, BEGUN));
  }
}
