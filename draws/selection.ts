import { concat, type Sha256, sha256, uint64 } from './bytes.ts';
import type { DrawPrize } from './commitment.ts';
import { isHigh } from './entrants.ts';

/** An entrant by their place in the list, and what they have won: an index into the prizes. */
export interface Winner {
  readonly index: number;
  readonly prize: number;
}

const TWO_64 = 1n << 64n;

/** Numbers from the key: SHA-256(key || block number, 64 bits), four of 64 bits a block, big-endian. */
export class NumberStream {
  readonly #key: Uint8Array;
  readonly #hash: Sha256;
  #block = 0;
  #view: DataView = new DataView(new ArrayBuffer(0));
  #at = 0;

  constructor(key: Uint8Array, hash: Sha256 = sha256) {
    this.#key = key;
    this.#hash = hash;
  }

  /** Each of 0 to `count` - 1 is as likely: a number above the largest multiple of `count` is passed over. */
  below(count: number): number {
    const wide = BigInt(count);
    const limit = TWO_64 - (TWO_64 % wide);
    for (;;) {
      const number = this.#next();
      if (number < limit) return Number(number % wide);
    }
  }

  #next(): bigint {
    if (this.#at === this.#view.byteLength) {
      const block = this.#hash(concat(this.#key, uint64(this.#block++)));
      this.#view = new DataView(block.buffer, block.byteOffset, block.byteLength);
      this.#at = 0;
    }
    const number = this.#view.getBigUint64(this.#at);
    this.#at += 8;
    return number;
  }
}

/**
 * Who wins: prize by prize in their order. The candidates of a prize are, in the order of the list, all whose tier it is
 * for and who have won nothing yet; piece by piece one of those that are left is taken (Fisher and Yates, from the
 * front). Pieces for which there is nobody stay where they are.
 */
export function selectWinners(
  key: Uint8Array,
  entrants: { readonly count: number; readonly high: Uint8Array },
  prizes: readonly DrawPrize[],
  hash: Sha256 = sha256,
): readonly Winner[] {
  const numbers = new NumberStream(key, hash);
  const taken = new Set<number>();
  const winners: Winner[] = [];
  for (const [prize, { pieces, tier }] of prizes.entries()) {
    if (pieces === 0) continue;
    const candidates = new Uint32Array(entrants.count);
    let count = 0;
    for (let index = 0; index < entrants.count; index++) {
      if (taken.has(index)) continue;
      if (tier === 'any' || isHigh(entrants.high, index) === (tier === 'high')) candidates[count++] = index;
    }
    for (let i = 0; i < Math.min(pieces, count); i++) {
      const at = i + numbers.below(count - i);
      const index = candidates[at]!;
      candidates[at] = candidates[i]!;
      taken.add(index);
      winners.push({ index, prize });
    }
  }
  return winners;
}
