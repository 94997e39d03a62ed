import { concat, HASH_BYTES, type Sha256, sha256, toHex, utf8 } from './bytes.ts';
import { leafHash, levelsOf, merkleRoot, pathIn } from './merkle.ts';

/** Whether an entrant had as many treasure boxes as the high pools ask for when the list was closed. */
export type Tier = 'high' | 'low';

/**
 * One entrant as the list has them: the receipt's id is random and known to the viewer alone, so nobody else can tell
 * from the leaf who it is.
 */
export const entrantLeaf = (
  { receipt, viewer, tier }: { readonly receipt: string; readonly viewer: string; readonly tier: Tier },
  hash: Sha256 = sha256,
): Uint8Array => leafHash(utf8(`framecue entrant 1\n${receipt}\n${viewer}\n${tier}`), hash);

/** Leaves on a page of the published list. A power of two, so that a page is a subtree. */
export const PAGE_LEAVES = 8192;

export const pagesOf = (count: number): number => Math.ceil(count / PAGE_LEAVES);

/** A page of the list. Of `high`, bit `0x80 >> (i % 8)` of byte `i / 8` is 1 where leaf `i` of the page is of the high tier. */
export interface EntrantPage {
  /** 32 bytes each. */
  readonly leaves: Uint8Array;
  readonly high: Uint8Array;
}

export const bitmapBytes = (count: number): number => Math.ceil(count / 8);

export const isHigh = (bitmap: Uint8Array, index: number): boolean =>
  ((bitmap[index >> 3] ?? 0) & (0x80 >> (index & 7))) !== 0;

export function setHigh(bitmap: Uint8Array, index: number): void {
  bitmap[index >> 3]! |= 0x80 >> (index & 7);
}

/** The tiers of all entrants, committed to beside the leaves: SHA-256("framecue tiers 1\n" || bitmap). */
export const tiersDigest = (bitmap: Uint8Array, hash: Sha256 = sha256): Uint8Array =>
  hash(concat(utf8('framecue tiers 1\n'), bitmap));

function countHigh(bitmap: Uint8Array): number {
  let count = 0;
  for (let byte of bitmap) for (; byte !== 0; byte &= byte - 1) count++;
  return count;
}

/** What is committed to of the list. Hashes are lower-case hex. */
export interface ListDigest {
  readonly count: number;
  readonly root: string;
  readonly high: { readonly count: number; readonly digest: string };
}

/** The digest of a list that comes page by page: holds 32 bytes a page, and one bit for each entrant. */
export class ListDigester {
  readonly #hash: Sha256;
  readonly #pageRoots: Uint8Array[] = [];
  readonly #bitmaps: Uint8Array[] = [];
  #count = 0;
  #isWhole = true;

  constructor(hash: Sha256 = sha256) {
    this.#hash = hash;
  }

  /** Every page but the last is full. @returns the root over its leaves */
  add({ leaves, high }: EntrantPage): Uint8Array {
    const count = leaves.length / HASH_BYTES;
    if (!this.#isWhole) throw new RangeError('only the last page may be short');
    this.#isWhole = count === PAGE_LEAVES;
    const root = merkleRoot(leaves, this.#hash);
    this.#pageRoots.push(root);
    this.#bitmaps.push(high);
    this.#count += count;
    return root;
  }

  /** The root of each page, 32 bytes each: the level of the tree that proofs go on from. */
  get pageRoots(): Uint8Array {
    return concat(...this.#pageRoots);
  }

  get bitmap(): Uint8Array {
    return concat(...this.#bitmaps);
  }

  digest(): ListDigest {
    const bitmap = this.bitmap;
    return {
      count: this.#count,
      root: toHex(merkleRoot(this.pageRoots, this.#hash)),
      high: { count: countHigh(bitmap), digest: toHex(tiersDigest(bitmap, this.#hash)) },
    };
  }
}

/**
 * The way from one leaf up to the root, from its own page and the roots of all pages.
 * @param page levels of the leaf's page (`levelsOf`)
 */
export function pathThroughPage(
  page: readonly Uint8Array[],
  pageRoots: Uint8Array,
  index: number,
  hash: Sha256 = sha256,
): readonly Uint8Array[] {
  const inPage = pathIn(page, index % PAGE_LEAVES);
  return [...inPage, ...pathIn(levelsOf(pageRoots, hash), Math.floor(index / PAGE_LEAVES))];
}
