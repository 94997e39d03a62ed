import { closeSync, openSync, readSync, writeSync } from 'node:fs';

/** Sequence, target, length: three little-endian u32. */
const HEAD_BYTES = 12;

/** The input at hand, in a file: what a process was busy with when it hung or died can be read from outside. */
export class Slate {
  readonly #file: number;
  readonly #page: Buffer;
  #sequence = 0;

  /** @param mostBytes what is longer is kept without its end. */
  constructor(path: string, mode: 'read' | 'write', mostBytes: number) {
    this.#file = openSync(path, mode === 'read' ? 'r' : 'w+');
    this.#page = Buffer.alloc(HEAD_BYTES + mostBytes);
  }

  /** Before each run. */
  write(target: number, input: Uint8Array): void {
    const length = Math.min(input.length, this.#page.length - HEAD_BYTES);
    this.#sequence = (this.#sequence + 1) >>> 0;
    this.#page.writeUInt32LE(this.#sequence, 0);
    this.#page.writeUInt32LE(target, 4);
    this.#page.writeUInt32LE(length, 8);
    this.#page.set(input.subarray(0, length), HEAD_BYTES);
    writeSync(this.#file, this.#page, 0, HEAD_BYTES + length, 0);
  }

  /** `sequence` changes with every input; 0 before the first. */
  read(): { readonly sequence: number; readonly target: number; readonly input: Uint8Array } {
    const bytes = readSync(this.#file, this.#page, 0, this.#page.length, 0);
    if (bytes < HEAD_BYTES) return { sequence: 0, target: -1, input: new Uint8Array(0) };
    const end = HEAD_BYTES + this.#page.readUInt32LE(8);
    return {
      sequence: this.#page.readUInt32LE(0),
      target: this.#page.readUInt32LE(4),
      input: Uint8Array.from(this.#page.subarray(HEAD_BYTES, end)),
    };
  }

  close(): void {
    closeSync(this.#file);
  }
}
