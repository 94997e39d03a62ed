import { BitstreamError } from './errors.ts';
import { payloadOffsetOf, unescapeRbsp } from './escape.ts';

/** What is read: it names the codes, `ERR_SPS_TRUNCATED` or `ERR_SPS_VALUE`. */
export type Syntax = 'SPS' | 'PPS' | 'SLICE' | 'SEI_PAYLOAD';

/** Reads the descriptors of H.264 clause 7.2 from an RBSP. */
export class BitReader {
  readonly #data: Uint8Array;
  readonly #syntax: Syntax;
  readonly #offsetOf: (byte: number) => number;
  #bit = 0;

  /** @param offsetOf Where a byte of `data` stands in the caller's buffer: asked for errors only. */
  constructor(data: Uint8Array, syntax: Syntax, offsetOf: (byte: number) => number = (byte) => byte) {
    this.#data = data;
    this.#syntax = syntax;
    this.#offsetOf = offsetOf;
  }

  /**
   * Over a NAL unit behind its header; errors carry offsets in the NAL unit.
   * @param atMost Payload bytes to look at, for callers that want the beginning of a large NAL unit.
   */
  static ofNal(nal: Uint8Array, headerBytes: number, syntax: Syntax, atMost?: number): BitReader {
    const end = atMost === undefined ? nal.length : headerBytes + atMost;
    const payload = nal.subarray(headerBytes, end);
    return new BitReader(
      unescapeRbsp(payload),
      syntax,
      (byte) => headerBytes + payloadOffsetOf(payload, byte),
    );
  }

  /** Bits read so far. */
  get position(): number {
    return this.#bit;
  }

  get bitsLeft(): number {
    return this.#data.length * 8 - this.#bit;
  }

  /** u(n), n up to 32. @throws {BitstreamError} `_TRUNCATED` past the end. */
  u(count: number): number {
    if (count > this.bitsLeft) {
      this.#bit = this.#data.length * 8;
      throw new BitstreamError(
        `ERR_${this.#syntax}_TRUNCATED`,
        this.#offsetOf(this.#data.length),
        'the data ends early',
      );
    }
    let value = 0;
    for (let left = count; left > 0; ) {
      const free = 8 - (this.#bit & 7);
      const take = free < left ? free : left;
      const bits = (this.#data[this.#bit >> 3]! >> (free - take)) & (0xff >> (8 - take));
      value = value * 2 ** take + bits;
      this.#bit += take;
      left -= take;
    }
    return value;
  }

  flag(): boolean {
    return this.u(1) === 1;
  }

  /** i(n): two's complement, n up to 32. */
  i(count: number): number {
    const value = this.u(count);
    return count > 0 && value >= 2 ** (count - 1) ? value - 2 ** count : value;
  }

  /** ue(v), clause 9.1, up to `max`. @throws {BitstreamError} `_VALUE` above it, or for more than 31 leading zeros. */
  ue(name: string, max = 2 ** 32 - 2): number {
    const from = this.#bit;
    let zeros = 0;
    while (this.u(1) === 0) {
      if (++zeros > 31) throw this.valueError(from, `${name} is an Exp-Golomb code of more than 63 bits`);
    }
    const value = 2 ** zeros - 1 + this.u(zeros);
    if (value > max) throw this.valueError(from, `${name} ${value} is above ${max}`);
    return value;
  }

  /** se(v), clause 9.1.1. */
  se(name: string): number {
    const code = this.ue(name);
    if (code % 2 === 1) return (code + 1) / 2;
    return code === 0 ? 0 : -code / 2;
  }

  /** more_rbsp_data(), clause 7.2: true where more than rbsp_trailing_bits is left. */
  moreRbspData(): boolean {
    let last = this.#data.length - 1;
    while (last >= 0 && this.#data[last] === 0) last--;
    if (last < 0) return false;
    const lowestOne = 31 - Math.clz32(this.#data[last]! & -this.#data[last]!);
    return this.#bit < last * 8 + 7 - lowestOne;
  }

  /** An error for a value that was read from bit `from` on. */
  valueError(from: number, message: string): BitstreamError {
    return new BitstreamError(`ERR_${this.#syntax}_VALUE`, this.#offsetOf(from >> 3), message);
  }
}
