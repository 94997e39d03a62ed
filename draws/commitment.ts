import { concat, type Sha256, sha256, toHex, utf8 } from './bytes.ts';
import type { ListDigest, Tier } from './entrants.ts';

/** One kind of prize: so many pieces, for entrants of this tier. */
export interface DrawPrize {
  readonly prize: string;
  readonly pieces: number;
  readonly tier: Tier | 'any';
}

/** Where the public half of the randomness comes from; `none`: the operator's seed is all there is. */
export type Beacon =
  | { readonly kind: 'drand'; readonly chain: string; readonly round: number }
  | { readonly kind: 'none' };

/** All that is fixed before the randomness is known. */
export interface Commitment {
  readonly interaction: string;
  /** SHA-256 of the operator's seed, lower-case hex; published when the interaction is created. */
  readonly seedHash: string;
  readonly beacon: Beacon;
  readonly list: ListDigest;
  readonly prizes: readonly DrawPrize[];
}

/** The commitment as text: lines that end with a line feed, fields apart by one space. Ids have neither. */
export function commitmentText({ interaction, seedHash, beacon, list, prizes }: Commitment): string {
  const lines = [
    'framecue draw 1',
    `interaction ${interaction}`,
    `seed ${seedHash}`,
    beacon.kind === 'drand' ? `beacon drand ${beacon.chain} ${beacon.round}` : 'beacon none',
    `entrants ${list.count} ${list.root}`,
    `high ${list.high.count} ${list.high.digest}`,
    ...prizes.map(({ prize, pieces, tier }) => `prize ${pieces} ${tier} ${prize}`),
  ];
  return `${lines.join('\n')}\n`;
}

export const commitmentDigest = (commitment: Commitment, hash: Sha256 = sha256): Uint8Array =>
  hash(utf8(commitmentText(commitment)));

export const SEED_BYTES = 32;

export const seedHashOf = (seed: Uint8Array, hash: Sha256 = sha256): string => toHex(hash(seed));

/**
 * What the selection is drawn from: SHA-256("framecue selection 1\n" || digest of the commitment || seed || randomness of
 * the beacon's round, nothing for `none`). With a beacon nobody can choose it, and nobody but the operator knows it
 * before the seed is shown.
 */
export const selectionKey = (
  commitment: Commitment,
  seed: Uint8Array,
  randomness: Uint8Array | null,
  hash: Sha256 = sha256,
): Uint8Array =>
  hash(
    concat(
      utf8('framecue selection 1\n'),
      commitmentDigest(commitment, hash),
      seed,
      randomness ?? new Uint8Array(0),
    ),
  );
