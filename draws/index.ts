export {
  concat,
  fromBase64Url,
  fromHex,
  HASH_BYTES,
  type Sha256,
  sameBytes,
  sha256,
  toBase64Url,
  toHex,
  utf8,
} from './bytes.ts';
export {
  type Beacon,
  type Commitment,
  commitmentDigest,
  commitmentText,
  type DrawPrize,
  SEED_BYTES,
  seedHashOf,
  selectionKey,
} from './commitment.ts';
export {
  commitmentOf,
  type DrawBundle,
  type DrawDocument,
  type DrawSource,
  type PageDocument,
  type PublishedCommitment,
  type PublishedResult,
  type PublishedWinner,
} from './document.ts';
export {
  bitmapBytes,
  type EntrantPage,
  entrantLeaf,
  isHigh,
  type ListDigest,
  ListDigester,
  PAGE_LEAVES,
  pagesOf,
  pathThroughPage,
  setHigh,
  type Tier,
} from './entrants.ts';
export { isIncluded, leafHash, levelsOf, merkleRoot, pathIn } from './merkle.ts';
export { type Read, readBundle, readDraw, readPage } from './read.ts';
export { NumberStream, selectWinners, type Winner } from './selection.ts';
