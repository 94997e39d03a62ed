const AT_GATE = 0;
const OPEN = 1;

/** Where a worker thread stands still until its test lets it on. */
export class Gate {
  readonly memory: SharedArrayBuffer;
  readonly #words: Int32Array;

  constructor(memory = new SharedArrayBuffer(2 * Int32Array.BYTES_PER_ELEMENT)) {
    this.memory = memory;
    this.#words = new Int32Array(memory);
  }

  /** In the worker. */
  pass(): void {
    Atomics.store(this.#words, AT_GATE, 1);
    Atomics.wait(this.#words, OPEN, 0);
  }

  get isReached(): boolean {
    return Atomics.load(this.#words, AT_GATE) === 1;
  }

  open(): void {
    Atomics.store(this.#words, OPEN, 1);
    Atomics.notify(this.#words, OPEN);
  }
}
