import { nodeSha256 } from '../packet/node-sha256.ts';
import { concat, sha256, toBase64Url, toHex, utf8 } from './bytes.ts';
import {
  type Commitment,
  commitmentDigest,
  commitmentText,
  type DrawPrize,
  seedHashOf,
  selectionKey,
} from './commitment.ts';
import type { DrawBundle } from './document.ts';
import { QUICKNET, timeOfRound } from './drand.ts';
import { bitmapBytes, entrantLeaf, ListDigester, PAGE_LEAVES, pagesOf, setHigh } from './entrants.ts';
import { selectWinners } from './selection.ts';

/** Draws for tests, whole and good: what they then change is what is wrong. */

export const ROUND = {
  round: 31_543_729,
  signature:
    '9041fec7a1ba5398abdafd1cacd6a86563ec064b3bd8e36d7dc7ae3fe5244f1136788d106e3fd2996b8e30f2b8cf4f8b',
} as const;

export const SEED = sha256(utf8('a seed for tests'));

export const PRIZES: readonly DrawPrize[] = [
  { prize: 'car', pieces: 1, tier: 'high' },
  { prize: 'bag', pieces: 20, tier: 'any' },
];

export function aBundle(count: number, source: 'drand' | 'commit-reveal' = 'drand'): DrawBundle {
  const isDrand = source === 'drand' && count > 0;
  const pages = Array.from({ length: pagesOf(count) }, (_, page) => {
    const here = Math.min(PAGE_LEAVES, count - page * PAGE_LEAVES);
    const high = new Uint8Array(bitmapBytes(here));
    const leaves = Array.from({ length: here }, (_, i) => {
      const tier = i % 3 === 0 ? 'high' : 'low';
      if (tier === 'high') setHigh(high, i);
      const number = page * PAGE_LEAVES + i;
      return entrantLeaf({ receipt: `receipt-${number}`, viewer: `viewer-${number}`, tier }, nodeSha256);
    });
    return { leaves: concat(...leaves), high };
  });
  const digester = new ListDigester(nodeSha256);
  for (const page of pages) digester.add(page);
  const list = digester.digest();
  const commitment: Commitment = {
    ...{ interaction: 'final', seedHash: seedHashOf(SEED), list, prizes: PRIZES },
    beacon: isDrand ? { kind: 'drand', chain: QUICKNET.chain, round: ROUND.round } : { kind: 'none' },
  };
  const randomness = isDrand ? sha256(Uint8Array.from(Buffer.from(ROUND.signature, 'hex'))) : null;
  const winners = selectWinners(
    selectionKey(commitment, SEED, randomness),
    { count, high: digester.bitmap },
    PRIZES,
  );
  const roundAt = isDrand ? timeOfRound(QUICKNET, ROUND.round) : null;
  const leafAt = (index: number) =>
    toBase64Url(
      pages[Math.floor(index / PAGE_LEAVES)]!.leaves.subarray(
        (index % PAGE_LEAVES) * 32,
        ((index % PAGE_LEAVES) + 1) * 32,
      ),
    );
  return {
    v: 1,
    draw: {
      ...{ v: 1, interaction: 'final', state: 'revealed', seedHash: commitment.seedHash, prizes: PRIZES },
      source: source === 'drand' ? { kind: 'drand', ...QUICKNET } : { kind: 'commit-reveal' },
      commitment: {
        ...{ text: commitmentText(commitment), digest: toHex(commitmentDigest(commitment)) },
        ...{ ...list, pages: pages.length, round: isDrand ? ROUND.round : null, roundAt },
        ...{ committedAt: timeOfRound(QUICKNET, ROUND.round) - 10_000, moved: [] },
      },
      result: {
        seed: toHex(SEED),
        beacon: isDrand ? ROUND : null,
        winners: winners.map(({ index, prize }) => ({
          ...{ index, leaf: leafAt(index), prize: PRIZES[prize]!.prize },
        })),
      },
      void: null,
    },
    pages: pages.map(({ leaves, high }, page) => ({
      ...{ v: 1, interaction: 'final', root: list.root, page },
      ...{ leaves: toBase64Url(leaves), high: toBase64Url(high) },
    })),
  };
}
