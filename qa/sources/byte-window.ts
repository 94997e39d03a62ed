/**
 * A growing view of a byte stream: chunks go in at the end, whole structures are taken from the front. Bytes are
 * moved only when the room at the end is used up.
 */
export class ByteWindow {
  #buffer: Uint8Array;
  #start = 0;
  #end = 0;
  #offset = 0;

  constructor(bytes = 1 << 16) {
    this.#buffer = new Uint8Array(bytes);
  }

  /** Where the window begins, in bytes since the stream's first. */
  get offset(): number {
    return this.#offset;
  }

  get length(): number {
    return this.#end - this.#start;
  }

  /** What is there; valid until the next `append`. */
  get bytes(): Uint8Array {
    return this.#buffer.subarray(this.#start, this.#end);
  }

  append(chunk: Uint8Array): void {
    if (this.#end + chunk.length > this.#buffer.length) this.#makeRoom(chunk.length);
    this.#buffer.set(chunk, this.#end);
    this.#end += chunk.length;
  }

  /** Gives up `count` bytes at the front. */
  drop(count: number): void {
    const taken = Math.min(count, this.length);
    this.#start += taken;
    this.#offset += taken;
    if (this.#start === this.#end) {
      this.#start = 0;
      this.#end = 0;
    }
  }

  #makeRoom(more: number): void {
    const held = this.length;
    const target = held + more > this.#buffer.length ? new Uint8Array(2 * (held + more)) : this.#buffer;
    if (target === this.#buffer) target.copyWithin(0, this.#start, this.#end);
    else target.set(this.bytes, 0);
    this.#buffer = target;
    this.#start = 0;
    this.#end = held;
  }
}
