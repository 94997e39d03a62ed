import {
  entrantLeaf,
  fromBase64Url,
  fromHex,
  HASH_BYTES,
  isIncluded,
  sameBytes,
} from '../../../draws/index.ts';
import type { ToldPlace } from './read.ts';

/** Loaded where a viewer's place is checked, and only there: it brings SHA-256 along, for pages without WebCrypto too. */

export interface OwnFacts {
  /** Of the answer, as this viewer has it. */
  readonly receipt: string;
  readonly viewer: string;
  /** As everybody is shown them. */
  readonly root: string;
  readonly count: number;
}

/** Whether the list that everybody is shown holds this viewer where the server says (docs/draws.md, "To the byte"). */
export function isOnList({ index, tier, leaf, path }: ToldPlace, facts: OwnFacts): boolean {
  const root = fromHex(facts.root, HASH_BYTES);
  const told = fromBase64Url(leaf);
  const steps = path.map(fromBase64Url);
  if (root === null || told === null || steps.some((step) => step === null)) return false;
  const own = entrantLeaf({ receipt: facts.receipt, viewer: facts.viewer, tier });
  if (!sameBytes(own, told)) return false;
  return isIncluded({ leaf: own, index, count: facts.count, path: steps as Uint8Array[], root });
}
