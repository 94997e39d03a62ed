/**
 * A smaller input that still fails: chunks are taken out, half of it first, then ever smaller ones, and at last bytes
 * become 0 one by one.
 * @param runs at most so many tries.
 */
export function minimise(
  input: Uint8Array,
  stillFails: (candidate: Uint8Array) => boolean,
  runs: number,
): Uint8Array {
  let best = input;
  let left = runs;
  const tries = (candidate: Uint8Array): boolean => {
    if (left <= 0) return false;
    left--;
    if (!stillFails(candidate)) return false;
    best = candidate;
    return true;
  };
  for (
    let size = Math.ceil(best.length / 2);
    size >= 1 && left > 0;
    size = size === 1 ? 0 : Math.ceil(size / 2)
  ) {
    for (let at = 0; at < best.length && left > 0; ) {
      if (!tries(without(best, at, size))) at += size;
    }
  }
  for (let at = 0; at < best.length && left > 0; at++) {
    if (best[at] === 0) continue;
    const zeroed = best.slice();
    zeroed[at] = 0;
    tries(zeroed);
  }
  return best;
}

function without(data: Uint8Array, at: number, size: number): Uint8Array {
  const end = Math.min(data.length, at + size);
  const out = new Uint8Array(data.length - (end - at));
  out.set(data.subarray(0, at));
  out.set(data.subarray(end), at);
  return out;
}
