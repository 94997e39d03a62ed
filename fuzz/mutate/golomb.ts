import type { Random } from '../lib/random.ts';

/** Parameter sets and slice headers are read from their first bytes; what follows is coded pictures. */
const HEAD_BYTES = 96;
const VALUES = [0, 1, 2, 3, 4, 5, 7, 8, 15, 16, 31, 32, 63, 255, 256, 65_535, 2 ** 31 - 1, 2 ** 32 - 2];

/**
 * Changes one syntax element of an RBSP that consists of u(n) and ue(v): a bit is flipped, bits are put in or taken
 * out, or the Exp-Golomb code that begins at some bit (H.264 clause 9.1) is replaced by another one, whatever its
 * length; all after it moves along and the stop bit stays at its end.
 */
export function mutateGolomb(rbsp: Uint8Array, random: Random): Uint8Array {
  const head = rbsp.subarray(0, HEAD_BYTES);
  const bits = toBits(head);
  const isWhole = head.length === rbsp.length;
  if (isWhole) while (bits.length > 0 && bits.pop() !== 1);
  const at = random.int(random.chance(0.5) ? Math.min(bits.length, 64) : bits.length);
  switch (random.int(5)) {
    case 0:
      if (bits.length > 0) bits[at] = bits[at]! ^ 1;
      break;
    case 1:
      bits.splice(at, 0, ...Array.from({ length: 1 + random.int(9) }, () => random.int(2)));
      break;
    case 2:
      bits.splice(at, 1 + random.int(9));
      break;
    default: {
      const { value, length } = readUe(bits, at);
      const near = random.chance(0.5) ? value + 1 : Math.max(0, value - 1);
      bits.splice(at, length, ...ueBits(random.chance(0.5) ? near : random.pick(VALUES)));
    }
  }
  if (isWhole) bits.push(1);
  const out = fromBits(bits);
  if (isWhole) return out;
  const all = new Uint8Array(out.length + rbsp.length - head.length);
  all.set(out);
  all.set(rbsp.subarray(head.length), out.length);
  return all;
}

function readUe(bits: readonly number[], at: number): { value: number; length: number } {
  let zeros = 0;
  while (bits[at + zeros] === 0 && zeros < 32) zeros++;
  let value = 1;
  for (let i = 0; i < zeros; i++) value = value * 2 + (bits[at + zeros + 1 + i] ?? 0);
  return { value: value - 1, length: 2 * zeros + 1 };
}

/** ue(v), clause 9.1. */
export function ueBits(value: number): number[] {
  const digits = (value + 1).toString(2);
  return [...digits.replaceAll(/./g, '0').slice(1), ...digits].map(Number);
}

function toBits(bytes: Uint8Array): number[] {
  const bits: number[] = [];
  for (const byte of bytes) for (let bit = 7; bit >= 0; bit--) bits.push((byte >> bit) & 1);
  return bits;
}

function fromBits(bits: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(Math.ceil(bits.length / 8));
  bits.forEach((bit, at) => {
    bytes[at >> 3]! |= bit << (7 - (at & 7));
  });
  return bytes;
}
