import { bls12_381 } from '@noble/curves/bls12-381.js';
import { fromHex, sha256, uint64 } from './bytes.ts';

/** A drand network of the scheme `bls-unchained-g1-rfc9380`. Times are Unix seconds, bytes lower-case hex. */
export interface DrandChain {
  /** Hash of the chain's description: its name in URLs. */
  readonly chain: string;
  /** On G2, compressed: 96 bytes. */
  readonly publicKey: string;
  /** When round 1 is published. */
  readonly genesis: number;
  /** Between two rounds. */
  readonly period: number;
}

/**
 * The network that the League of Entropy runs since August 2023. The figures stand in drand's own sources:
 * github.com/drand/tlock-js `src/drand/defaults.ts` (MAINNET_CHAIN_INFO), and at `GET /{chain}/info` of any relay.
 */
export const QUICKNET: DrandChain = {
  chain: '52db9ba70e0cc0f6eaf7803dd07447a1f5477735fd3f661792ba94600c84e971',
  publicKey:
    '83cf0f2896adee7eb8b5f01fcad3912212c437e0073e911fb90022d3e760183c8c4b450b6a0a6c3ac6a5776a2d1064510d1fec758c921cc22b0e17e63aaf4bcb5ed66304de9cf809bd274ca73bab4af5a6e9c76a4bc09e76eae8991ef5ece45a',
  genesis: 1_692_803_367,
  period: 3,
};

/** When a round is published, Unix milliseconds. */
export const timeOfRound = ({ genesis, period }: DrandChain, round: number): number =>
  (genesis + (round - 1) * period) * 1000;

/** The first round that is published at this moment (Unix milliseconds) or after it. */
export const roundAtOrAfter = ({ genesis, period }: DrandChain, moment: number): number =>
  Math.max(1, Math.ceil((moment / 1000 - genesis) / period) + 1);

/** RFC 9380 section 8.8.1, with the name that drand's scheme gives to it. */
const DOMAIN = 'BLS_SIG_BLS12381G1_XMD:SHA-256_SSWU_RO_NUL_';
const SIGNATURE_BYTES = 48;
const KEY_BYTES = 96;

export type BeaconCheck =
  /** 32 bytes: SHA-256 of the signature. */
  { readonly kind: 'good'; readonly randomness: Uint8Array } | { readonly kind: 'bad' };

/**
 * Whether the network has signed this round (SHA-256 of its number, 64 bits, big-endian). Takes a tenth of a second and
 * more: not for a thread on which others wait.
 * @param signature on G1, compressed: 48 bytes in hex
 */
export function checkBeacon(chain: DrandChain, round: number, signature: string): BeaconCheck {
  const bytes = fromHex(signature, SIGNATURE_BYTES);
  const key = fromHex(chain.publicKey, KEY_BYTES);
  if (bytes === null || key === null || !Number.isSafeInteger(round) || round < 1) return { kind: 'bad' };
  const { shortSignatures } = bls12_381;
  try {
    const message = shortSignatures.hash(sha256(uint64(round)), DOMAIN);
    return shortSignatures.verify(bytes, message, key)
      ? { kind: 'good', randomness: sha256(bytes) }
      : { kind: 'bad' };
  } catch {
    // Bytes that are no point of the curve or of its subgroup.
    return { kind: 'bad' };
  }
}
