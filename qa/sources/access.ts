import { FramecueError } from '../../packet/errors.ts';
import { ByteWindow } from './byte-window.ts';
import type { ByteInput } from './input.ts';

/** Bytes by their place. */
export interface ByteAccess {
  /** Null where it is not known yet. */
  readonly size: number | null;
  readonly canSeek: boolean;
  /**
   * `length` bytes, fewer only at the end; valid until the next call.
   * @throws {FramecueError} ERR_SOURCE_FORMAT where the bytes have gone by and the input cannot go back.
   */
  read(offset: number, length: number): Promise<Uint8Array>;
}

const READ_AHEAD_BYTES = 1 << 20;

/** By `readAt` where the input has it, else from front to back. */
export const accessTo = (input: ByteInput): ByteAccess =>
  input.readAt === undefined
    ? new ForwardAccess(input.chunks())
    : new SeekAccess(input.readAt, input.totalBytes);

class SeekAccess implements ByteAccess {
  readonly canSeek = true;
  readonly size: number | null;
  readonly #readAt: NonNullable<ByteInput['readAt']>;
  #cache = new Uint8Array(0);
  #cacheAt = 0;

  constructor(readAt: NonNullable<ByteInput['readAt']>, size: number | null) {
    this.#readAt = readAt;
    this.size = size;
  }

  async read(offset: number, length: number): Promise<Uint8Array> {
    const from = offset - this.#cacheAt;
    if (from < 0 || from + length > this.#cache.length) {
      this.#cache = (await this.#readAt(
        offset,
        Math.max(length, READ_AHEAD_BYTES),
      )) as Uint8Array<ArrayBuffer>;
      this.#cacheAt = offset;
      return this.#cache.subarray(0, length);
    }
    return this.#cache.subarray(from, from + length);
  }
}

/** A stream of chunks: what has been passed over is gone. */
export class ForwardAccess implements ByteAccess {
  readonly canSeek = false;
  readonly #chunks: AsyncGenerator<Uint8Array, void>;
  readonly #window = new ByteWindow(READ_AHEAD_BYTES);
  #ended = false;

  constructor(chunks: AsyncGenerator<Uint8Array, void>) {
    this.#chunks = chunks;
  }

  get size(): number | null {
    return this.#ended ? this.#window.offset + this.#window.length : null;
  }

  async read(offset: number, length: number): Promise<Uint8Array> {
    const window = this.#window;
    if (offset < window.offset) {
      throw new FramecueError(
        'ERR_SOURCE_FORMAT',
        'The MP4 file has its index behind what it tells of, and this input cannot go back: save it to a file first.',
      );
    }
    while (window.offset + window.length < offset + length && !this.#ended) {
      window.drop(offset - window.offset);
      const next = await this.#chunks.next();
      if (next.done === true) this.#ended = true;
      else window.append(next.value);
    }
    window.drop(offset - window.offset);
    return window.offset < offset ? new Uint8Array(0) : window.bytes.subarray(0, length);
  }
}
