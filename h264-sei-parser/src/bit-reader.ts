import { BitstreamError } from './errors.ts';

/** Reads the descriptors of H.264 clause 7.2 from an RBSP. */
export class BitReader {
  readonly #data: Uint8Array;
  #bit = 0;

  constructor(data: Uint8Array) {
    this.#data = data;
  }

  /** u(n), n up to 32. @throws {BitstreamError} ERR_SPS_TRUNCATED past the end. */
  u(count: number): number {
    let value = 0;
    for (let i = 0; i < count; i++) {
      const byte = this.#data[this.#bit >> 3];
      if (byte === undefined) {
        throw new BitstreamError('ERR_SPS_TRUNCATED', this.#data.length, 'the parameter set ends early');
      }
      value = value * 2 + ((byte >> (7 - (this.#bit & 7))) & 1);
      this.#bit++;
    }
    return value;
  }

  /** ue(v), clause 9.1. */
  ue(): number {
    let zeros = 0;
    while (this.u(1) === 0) {
      if (++zeros > 32)
        throw new BitstreamError('ERR_SPS_VALUE', this.#bit >> 3, 'an Exp-Golomb code is too long');
    }
    return 2 ** zeros - 1 + (zeros === 0 ? 0 : this.u(zeros));
  }

  /** se(v), clause 9.1.1. */
  se(): number {
    const code = this.ue();
    return code % 2 === 1 ? (code + 1) / 2 : -code / 2;
  }
}
