import type { Random } from '../lib/random.ts';

const INTERESTING = [0, 1, 2, 3, 4, 0x10, 0x1f, 0x20, 0x7f, 0x80, 0xfe, 0xff];

/** One change that knows nothing of what the bytes mean. `other`: what to splice with. */
export function mutateBytes(data: Uint8Array, random: Random, other: Uint8Array): Uint8Array {
  const at = random.int(data.length);
  switch (random.int(9)) {
    case 0:
      return changed(data, at, (byte) => byte ^ (1 << random.int(8)));
    case 1:
      return changed(data, at, () => random.pick(INTERESTING));
    case 2:
      return changed(data, at, () => random.int(256));
    case 3:
      return changed(data, at, (byte) => byte + (random.chance(0.5) ? 1 : -1));
    case 4:
      return spliced(data, at, 0, random.bytes(1 + random.int(8)));
    case 5:
      return spliced(data, at, 1 + random.int(16), none);
    case 6:
      return spliced(data, at, 0, data.subarray(at, at + 1 + random.int(32)));
    case 7:
      return spliced(data, at, data.length, other.subarray(random.int(other.length)));
    default:
      return data.subarray(0, at);
  }
}

const none = new Uint8Array(0);

function changed(data: Uint8Array, at: number, change: (byte: number) => number): Uint8Array {
  const out = Uint8Array.from(data);
  if (out.length > 0) out[at] = change(out[at]!);
  return out;
}

function spliced(data: Uint8Array, at: number, remove: number, insert: Uint8Array): Uint8Array {
  const rest = data.subarray(Math.min(data.length, at + remove));
  const out = new Uint8Array(at + insert.length + rest.length);
  out.set(data.subarray(0, at));
  out.set(insert, at);
  out.set(rest, at + insert.length);
  return out;
}
