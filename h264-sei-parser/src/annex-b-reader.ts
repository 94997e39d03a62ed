import { BitstreamError } from './errors.ts';
import { findAfterZeros } from './find.ts';
import { type Codec, nalTypeOf } from './nal.ts';

/** One NAL unit of a byte stream, header included, without start code and trailing zero bytes. */
export interface StreamNal {
  readonly kind: 'nal';
  readonly type: number;
  /** A view into the chunk where the NAL unit lies in one chunk, else a copy. */
  readonly bytes: Uint8Array;
  /** Of its first byte, from the beginning of the stream. */
  readonly offset: number;
}

/** Bytes of the stream that are no NAL unit; reading goes on at the next start code. */
export interface StreamProblem {
  readonly kind: 'problem';
  /** Its offset is from the beginning of the stream. */
  readonly error: BitstreamError;
}

export interface AnnexBReaderOptions {
  /** A larger NAL unit is passed over and reported. 32 MiB where left out. */
  readonly maxNalBytes?: number;
  readonly codec?: Codec;
}

/** Behind a start code that was found; -1: there is none. */
const endOf = (at: number): number => (at === -1 ? -1 : at + 3);
const DEFAULT_MAX = 32 * 1024 * 1024;

/**
 * Reads an Annex B byte stream (H.264 clause B.1) in chunks of any size; start codes may be split anywhere. It never
 * throws: bytes before the first start code, NAL units above the limit and start codes with nothing between
 * them are items of their own. Holds one NAL unit at most.
 */
export class AnnexBReader {
  readonly #max: number;
  readonly #codec: Codec;
  /** What is held of the NAL unit under way: `[0, #held)`. */
  #buffer = new Uint8Array(0);
  #held = 0;
  /** Zero bytes seen last, of this NAL unit or the next start code: not held until it is known. */
  #zeros = 0;
  /** Bytes of all chunks before this one. */
  #before = 0;
  /** Offset in the stream of the NAL unit under way. */
  #offset = 0;
  #state: 'lead' | 'nal' | 'skip' = 'lead';
  #junkAt: number | null = null;

  constructor({ maxNalBytes = DEFAULT_MAX, codec = 'h264' }: AnnexBReaderOptions = {}) {
    this.#max = maxNalBytes;
    this.#codec = codec;
  }

  /** NAL units that ended in this chunk; the last one of the stream comes from {@link end}. */
  push(chunk: Uint8Array): (StreamNal | StreamProblem)[] {
    const items: (StreamNal | StreamProblem)[] = [];
    const find = findAfterZeros(chunk, 1);
    let from = 0;
    for (let end = this.#endOfSplitCode(chunk) ?? endOf(find(0)); end !== -1; end = endOf(find(from))) {
      this.#finish(chunk.subarray(from, end - 1), this.#before + from, items);
      from = end;
      this.#state = 'nal';
      this.#offset = this.#before + from;
    }
    this.#hold(chunk.subarray(from), this.#before + from, items);
    this.#before += chunk.length;
    return items;
  }

  /** The stream is over: the NAL unit under way, if any. The reader can then begin another stream. */
  end(): (StreamNal | StreamProblem)[] {
    const items: (StreamNal | StreamProblem)[] = [];
    this.#finish(new Uint8Array(0), this.#before, items);
    this.#state = 'lead';
    this.#before = 0;
    return items;
  }

  /** Behind a start code that began in the chunks before; null: there is none. */
  #endOfSplitCode(chunk: Uint8Array): number | null {
    if (this.#zeros >= 2 && chunk[0] === 1) return 1;
    return this.#zeros >= 1 && chunk[0] === 0 && chunk[1] === 1 ? 2 : null;
  }

  /** `part` ends what is under way, the zero bytes of the next start code included. */
  #finish(part: Uint8Array, partAt: number, items: (StreamNal | StreamProblem)[]): void {
    let end = part.length;
    while (end > 0 && part[end - 1] === 0) end--;
    const last = part.subarray(0, end);
    if (this.#state === 'nal' && this.#held === 0 && this.#zeros === 0 && last.length <= this.#max) {
      this.#give(last, items);
    } else {
      this.#hold(last, partAt, items);
      if (this.#state === 'nal') this.#give(this.#buffer.slice(0, this.#held), items);
    }
    if (this.#junkAt !== null) {
      const error = new BitstreamError('ERR_START_CODE', this.#junkAt, 'bytes before the first start code');
      items.push({ kind: 'problem', error });
    }
    this.#junkAt = null;
    this.#held = 0;
    this.#zeros = 0;
  }

  #give(bytes: Uint8Array, items: (StreamNal | StreamProblem)[]): void {
    if (bytes.length > 0) {
      const type = nalTypeOf(bytes[0]!, this.#codec);
      items.push({ kind: 'nal', type, bytes, offset: this.#offset });
    } else {
      const error = new BitstreamError('ERR_NAL_EMPTY', this.#offset, 'a start code without a NAL unit');
      items.push({ kind: 'problem', error });
    }
  }

  /** Keeps `part` of what is under way; zero bytes at its end are only counted. */
  #hold(part: Uint8Array, partAt: number, items: (StreamNal | StreamProblem)[]): void {
    let end = part.length;
    while (end > 0 && part[end - 1] === 0) end--;
    if (end > 0) {
      // Zero bytes may stand before a start code: what may not begins behind them.
      if (this.#state === 'lead') this.#junkAt ??= partAt + part.findIndex((byte) => byte !== 0);
      if (this.#state === 'nal') this.#append(part.subarray(0, end), items);
      this.#zeros = 0;
    }
    this.#zeros += part.length - end;
  }

  #append(bytes: Uint8Array, items: (StreamNal | StreamProblem)[]): void {
    const size = this.#held + this.#zeros + bytes.length;
    if (size > this.#max) {
      const error = new BitstreamError(
        'ERR_NAL_TOO_LARGE',
        this.#offset,
        `a NAL unit of more than ${this.#max} bytes`,
      );
      items.push({ kind: 'problem', error });
      this.#state = 'skip';
      this.#held = 0;
      return;
    }
    if (size > this.#buffer.length) {
      const larger = new Uint8Array(Math.min(this.#max, Math.max(size, 2 * this.#buffer.length, 1024)));
      larger.set(this.#buffer.subarray(0, this.#held));
      this.#buffer = larger;
    }
    this.#buffer.fill(0, this.#held, this.#held + this.#zeros);
    this.#buffer.set(bytes, this.#held + this.#zeros);
    this.#held = size;
  }
}
