import { concat, HASH_BYTES, type Sha256, sameBytes, sha256 } from './bytes.ts';

/**
 * Merkle tree hashing of RFC 6962 section 2.1: `leafHash` = SHA-256(0x00 || data), inner node = SHA-256(0x01 || left ||
 * right), the empty tree is SHA-256 of nothing. Built level by level, the last node of an odd level going up as it is:
 * the same tree as the RFC's split at the largest power of two. Leaves are given as hashes, one behind the other.
 */
export const leafHash = (data: Uint8Array, hash: Sha256 = sha256): Uint8Array =>
  hash(concat(LEAF_PREFIX, data));

const LEAF_PREFIX = Uint8Array.of(0);
const NODE_PREFIX = 1;

/** @param leaves 32 bytes each, one behind the other */
export function merkleRoot(leaves: Uint8Array, hash: Sha256 = sha256): Uint8Array {
  if (leaves.length === 0) return hash(leaves);
  return levelsOf(leaves, hash).at(-1)!;
}

/** All levels, from the leaves up to the root; one empty level for no leaves. */
export function levelsOf(leaves: Uint8Array, hash: Sha256 = sha256): readonly Uint8Array[] {
  if (leaves.length % HASH_BYTES !== 0) throw new RangeError('leaves are 32 bytes each');
  const levels = [leaves];
  let level = leaves;
  while (level.length > HASH_BYTES) {
    level = levelAbove(level, hash);
    levels.push(level);
  }
  return levels;
}

function levelAbove(level: Uint8Array, hash: Sha256): Uint8Array {
  const count = level.length / HASH_BYTES;
  const above = new Uint8Array(Math.ceil(count / 2) * HASH_BYTES);
  const pair = new Uint8Array(1 + 2 * HASH_BYTES);
  pair[0] = NODE_PREFIX;
  for (let i = 0; i + 1 < count; i += 2) {
    pair.set(level.subarray(i * HASH_BYTES, (i + 2) * HASH_BYTES), 1);
    above.set(hash(pair), (i / 2) * HASH_BYTES);
  }
  if (count % 2 === 1) above.set(level.subarray((count - 1) * HASH_BYTES), above.length - HASH_BYTES);
  return above;
}

/** The siblings on the way from leaf `index` up to the top of these levels, lowest first; none where a node goes up as it is. */
export function pathIn(levels: readonly Uint8Array[], index: number): readonly Uint8Array[] {
  const path: Uint8Array[] = [];
  let at = index;
  for (const level of levels.slice(0, -1)) {
    const sibling = (at ^ 1) * HASH_BYTES;
    if (sibling < level.length) path.push(level.slice(sibling, sibling + HASH_BYTES));
    at >>= 1;
  }
  return path;
}

/** RFC 6962 section 2.1.1: whether `leaf` (a leaf hash) is number `index` of `count` under `root`. */
export function isIncluded(
  proof: {
    readonly leaf: Uint8Array;
    readonly index: number;
    readonly count: number;
    readonly path: readonly Uint8Array[];
    readonly root: Uint8Array;
  },
  hash: Sha256 = sha256,
): boolean {
  const { leaf, index, count, path, root } = proof;
  if (!Number.isSafeInteger(index) || !Number.isSafeInteger(count) || index < 0 || index >= count)
    return false;
  if (leaf.length !== HASH_BYTES || path.some(({ length }) => length !== HASH_BYTES)) return false;
  let node = leaf;
  let at = index;
  let last = count - 1;
  let used = 0;
  while (last > 0) {
    if (at % 2 === 1 || at < last) {
      const sibling = path[used++];
      if (sibling === undefined) return false;
      const [left, right] = at % 2 === 1 ? [sibling, node] : [node, sibling];
      node = hash(concat(Uint8Array.of(NODE_PREFIX), left, right));
    }
    at = Math.floor(at / 2);
    last = Math.floor(last / 2);
  }
  return used === path.length && sameBytes(node, root);
}
