/** Writes the descriptors of H.264 clause 7.2. Values are the caller's to check: they are cut to their bits. */
export class BitWriter {
  readonly #bytes: number[] = [];
  #bit = 0;

  /** u(n), n up to 32. */
  u(count: number, value: number): this {
    for (let i = count - 1; i >= 0; i--) {
      if ((this.#bit & 7) === 0) this.#bytes.push(0);
      const bit = Math.floor(value / 2 ** i) % 2;
      this.#bytes[this.#bytes.length - 1]! |= bit << (7 - (this.#bit & 7));
      this.#bit++;
    }
    return this;
  }

  flag(value: boolean): this {
    return this.u(1, value ? 1 : 0);
  }

  /** i(n), two's complement. */
  i(count: number, value: number): this {
    return this.u(count, value < 0 ? value + 2 ** count : value);
  }

  /** ue(v), clause 9.1. */
  ue(value: number): this {
    const zeros = Math.floor(Math.log2(value + 1));
    return this.u(zeros, 0)
      .u(1, 1)
      .u(zeros, value + 1 - 2 ** zeros);
  }

  /** se(v), clause 9.1.1. */
  se(value: number): this {
    return this.ue(value > 0 ? 2 * value - 1 : -2 * value);
  }

  /** The stop bit and zeros up to a whole byte: rbsp_trailing_bits, clause 7.3.2.11. */
  trailingBits(): this {
    this.u(1, 1);
    return this.u((8 - (this.#bit & 7)) & 7, 0);
  }

  /** The end of an SEI payload, clause 7.3.2.3.1: as trailing bits, but only where it is not aligned. */
  alignPayload(): this {
    return (this.#bit & 7) === 0 ? this : this.trailingBits();
  }

  bytes(): Uint8Array {
    return Uint8Array.from(this.#bytes);
  }
}

/** @throws {RangeError} where an SEI field that is to be written does not fit. */
export function checkRange(name: string, value: number, max: number, min = 0): void {
  if (!Number.isInteger(value) || value < min || value > max) {
    throw new RangeError(`${name} ${value} is not an integer of ${min} to ${max}`);
  }
}
