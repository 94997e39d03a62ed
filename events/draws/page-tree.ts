import { setImmediate as turn } from 'node:timers/promises';
import { concat, HASH_BYTES, levelsOf, type Sha256 } from '../../draws/index.ts';

/** Leaves at a time; a power of two, so that they are a subtree. */
const AT_ONCE = 256;

/**
 * `levelsOf`, with turns for others in between: a whole page is some thousands of hashes, tens of milliseconds for which
 * nobody's answer would be taken.
 */
export async function levelsInTurns(leaves: Uint8Array, hash: Sha256): Promise<readonly Uint8Array[]> {
  const subtrees: (readonly Uint8Array[])[] = [];
  for (let from = 0; from < leaves.length; from += AT_ONCE * HASH_BYTES) {
    if (from > 0) await turn();
    subtrees.push(levelsOf(leaves.subarray(from, from + AT_ONCE * HASH_BYTES), hash));
  }
  const [first, second] = subtrees;
  if (first === undefined || second === undefined) return first ?? levelsOf(leaves, hash);
  // The last one may be less high: its top goes up as it is.
  const levels = first.map((_, height) => concat(...subtrees.map((of) => of[height] ?? of.at(-1)!)));
  return [...levels.slice(0, -1), ...levelsOf(levels.at(-1)!, hash)];
}
