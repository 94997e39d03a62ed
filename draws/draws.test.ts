import { hash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fromBase64Url, fromHex, sha256, toBase64Url, toHex, uint64, utf8 } from './bytes.ts';
import { commitmentDigest, commitmentText, seedHashOf, selectionKey } from './commitment.ts';
import { checkBeacon, QUICKNET, roundAtOrAfter, timeOfRound } from './drand.ts';
import {
  bitmapBytes,
  entrantLeaf,
  ListDigester,
  PAGE_LEAVES,
  pathThroughPage,
  setHigh,
  type Tier,
  tiersDigest,
} from './entrants.ts';
import { isIncluded, leafHash, levelsOf, merkleRoot, pathIn } from './merkle.ts';
import rounds from './rounds.json' with { type: 'json' };
import { NumberStream, selectWinners } from './selection.ts';
import vectors from './vectors.json' with { type: 'json' };

const bytes = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex, 'hex'));
const flat = (leaves: readonly Uint8Array[]): Uint8Array => Uint8Array.from(Buffer.concat(leaves));
const leavesOf = (count: number): Uint8Array =>
  flat(Array.from({ length: count }, (_, i) => hash('sha256', uint64(i), 'buffer')));

describe('the tree', () => {
  // The roots of Certificate Transparency's own reference tests, RFC 6962.
  test.each(vectors.trees)('has the root of $name', ({ data, root }) => {
    expect(toHex(merkleRoot(flat(data.map((leaf) => leafHash(bytes(leaf))))))).toBe(root);
  });

  test('proves every leaf of every size, and nothing else', () => {
    for (let count = 1; count <= 40; count++) {
      const levels = levelsOf(leavesOf(count));
      const root = levels.at(-1)!;
      for (let index = 0; index < count; index++) {
        const leaf = levels[0]!.slice(index * 32, index * 32 + 32);
        const path = pathIn(levels, index);
        expect(isIncluded({ leaf, index, count, path, root })).toBe(true);
        expect(isIncluded({ leaf: sha256(leaf), index, count, path, root })).toBe(false);
        expect(isIncluded({ leaf, index, count, path: [...path, leaf], root })).toBe(false);
        if (path.length > 0) {
          expect(isIncluded({ leaf, index, count, path: path.slice(1), root })).toBe(false);
          expect(isIncluded({ leaf, index: (index + 1) % count, count, path, root })).toBe(false);
        }
        expect(isIncluded({ leaf, index: count + index, count, path, root })).toBe(false);
      }
    }
  });

  test('page by page is the same tree, and gives the same proofs', () => {
    for (const count of [1, PAGE_LEAVES - 1, PAGE_LEAVES, PAGE_LEAVES + 1, 3 * PAGE_LEAVES + 77]) {
      const leaves = leavesOf(count);
      const fast = (data: Uint8Array) => new Uint8Array(hash('sha256', data, 'buffer'));
      const digester = new ListDigester(fast);
      for (let from = 0; from < count; from += PAGE_LEAVES) {
        const page = leaves.subarray(from * 32, (from + PAGE_LEAVES) * 32);
        digester.add({ leaves: page, high: new Uint8Array(bitmapBytes(page.length / 32)) });
      }
      const whole = levelsOf(leaves, fast);
      expect(digester.digest().root).toBe(toHex(whole.at(-1)!));
      for (const index of [0, count >> 1, count - 1]) {
        const from = Math.floor(index / PAGE_LEAVES) * PAGE_LEAVES;
        const page = levelsOf(leaves.subarray(from * 32, (from + PAGE_LEAVES) * 32), fast);
        expect(pathThroughPage(page, digester.pageRoots, index, fast)).toEqual(pathIn(whole, index));
      }
    }
  });
});

describe('a draw', () => {
  test.each(vectors.draws)('comes out as in the vectors: $name', (vector) => {
    const { entrants, prizes, beacon } = vector;
    const leaves = entrants.map(({ receipt, viewer, tier }) =>
      entrantLeaf({ receipt, viewer, tier: tier as Tier }),
    );
    expect(leaves.map(toHex)).toEqual(vector.leaves);
    const bitmap = new Uint8Array(bitmapBytes(entrants.length));
    for (const [i, { tier }] of entrants.entries()) if (tier === 'high') setHigh(bitmap, i);
    expect(toHex(bitmap)).toBe(vector.bitmap);
    expect(toHex(tiersDigest(bitmap))).toBe(vector.highDigest);
    const digester = new ListDigester();
    if (leaves.length > 0) digester.add({ leaves: flat(leaves), high: bitmap });
    const seed = bytes(vector.seed);
    const commitment = {
      ...{ interaction: vector.interaction, seedHash: seedHashOf(seed), list: digester.digest() },
      beacon:
        beacon === null
          ? ({ kind: 'none' } as const)
          : ({ kind: 'drand', chain: beacon.chain, round: beacon.round } as const),
      prizes: prizes.map(({ prize, pieces, tier }) => ({ prize, pieces, tier: tier as Tier | 'any' })),
    };
    expect(commitment.list.root).toBe(vector.root);
    expect(commitmentText(commitment)).toBe(vector.text);
    expect(toHex(commitmentDigest(commitment))).toBe(vector.digest);
    const key = selectionKey(commitment, seed, beacon === null ? null : sha256(bytes(beacon.signature)));
    expect(toHex(key)).toBe(vector.key);
    const winners = selectWinners(key, { count: entrants.length, high: bitmap }, commitment.prizes);
    expect(winners.map(({ index, prize }) => [index, prize])).toEqual(vector.winners);
    const levels = levelsOf(flat(leaves));
    for (const { index, path } of vector.paths) expect(pathIn(levels, index).map(toHex)).toEqual(path);
  });

  test('gives nobody two prizes, nobody one that is not for them, and all that somebody can have', () => {
    fc.assert(
      fc.property(
        fc.array(fc.boolean(), { maxLength: 60 }),
        fc.array(fc.tuple(fc.integer({ min: 0, max: 40 }), fc.constantFrom('high', 'low', 'any' as const)), {
          maxLength: 5,
        }),
        fc.uint8Array({ minLength: 32, maxLength: 32 }),
        (tiers, wanted, key) => {
          const high = new Uint8Array(bitmapBytes(tiers.length));
          for (const [i, isOne] of tiers.entries()) if (isOne) setHigh(high, i);
          const prizes = wanted.map(([pieces, tier], i) => ({
            prize: `p${i}`,
            pieces,
            tier: tier as Tier | 'any',
          }));
          const winners = selectWinners(key, { count: tiers.length, high }, prizes);
          expect(new Set(winners.map(({ index }) => index)).size).toBe(winners.length);
          const left = { high: tiers.filter(Boolean).length, low: tiers.filter((one) => !one).length };
          for (const [at, { pieces, tier }] of prizes.entries()) {
            const won = winners.filter(({ prize }) => prize === at);
            const highs = won.filter(({ index }) => tiers[index]).length;
            if (tier === 'high') expect(highs).toBe(won.length);
            if (tier === 'low') expect(highs).toBe(0);
            const there = tier === 'any' ? left.high + left.low : left[tier];
            expect(won.length).toBe(Math.min(pieces, there));
            left.high -= highs;
            left.low -= won.length - highs;
          }
        },
      ),
    );
  });

  test('is as likely for each: 3 of 10, chi-squared over 30,000 draws', () => {
    const won = new Array<number>(10).fill(0);
    const prizes = [{ prize: 'p', pieces: 3, tier: 'any' as const }];
    for (let i = 0; i < 30_000; i++) {
      const high = new Uint8Array(2);
      for (const { index } of selectWinners(sha256(uint64(i)), { count: 10, high }, prizes)) won[index]!++;
    }
    const chi = won.reduce((sum, n) => sum + (n - 9_000) ** 2 / 9_000, 0);
    // 9 degrees of freedom: beyond 33 once in 10,000; the keys are fixed, so it is the same number each time.
    expect(chi).toBeLessThan(33);
  });

  test('passes over numbers that would be likelier than others', () => {
    // Two of 64 bits that are above the largest multiple of 3, then one below.
    const blocks = [new Uint8Array(32).fill(0xff, 0, 8)];
    blocks[0]!.set([0, 0, 0, 0, 0, 0, 0, 7], 8);
    const numbers = new NumberStream(new Uint8Array(32), () => blocks[0]!);
    // 2^64 - 1 is a multiple of 3, so 0..2^64-2 are whole thirds and 2^64-1 itself is passed over.
    expect(numbers.below(3)).toBe(7 % 3);
  });
});

describe('a round of drand', () => {
  const [first, second, late] = rounds.rounds;

  test.each(rounds.rounds)('$round is signed by the network', ({ round, signature, randomness }) => {
    const check = checkBeacon(QUICKNET, round, signature);
    expect(check.kind === 'good' && toHex(check.randomness)).toBe(randomness);
  });

  test('with one bit of the signature changed is not', () => {
    for (const bit of [0, 1, 2, 100, 383]) {
      const changed = bytes(late!.signature);
      changed[bit >> 3]! ^= 0x80 >> (bit & 7);
      expect(checkBeacon(QUICKNET, late!.round, toHex(changed)).kind).toBe('bad');
    }
  });

  test("with another round's number, another's signature or another key is not", () => {
    expect(checkBeacon(QUICKNET, second!.round, first!.signature).kind).toBe('bad');
    expect(checkBeacon(QUICKNET, late!.round + 1, late!.signature).kind).toBe('bad');
    const key = bytes(QUICKNET.publicKey);
    key[95]! ^= 1;
    expect(checkBeacon({ ...QUICKNET, publicKey: toHex(key) }, 1, first!.signature).kind).toBe('bad');
    // A key of drand's own test network (drand-client, test/beacon-verification.test.ts).
    const walkthrough =
      '81d320f220ee9c79e60e19dedc838c31e3ab919b15481e9feb52f643628c4f6a13fdc52129493875a818109d767272ca0541cbcdcea9335f2870d781b39b845ba8cbd44fdfe4967781cf72ca5917fc9398bcf97ca0548ed5a709016c4b1ff0f3';
    const other = { ...QUICKNET, publicKey: walkthrough };
    expect(checkBeacon(other, 1, first!.signature).kind).toBe('bad');
    const theirs =
      '95c93585c513ebbcb4777ff15599b3140e5ec0295faa0e483f3deadd88fa6d43f0d3703e3a4ce106e8fd6c6987f32126';
    expect(checkBeacon(other, 38, theirs).kind).toBe('good');
  });

  test.each(['', 'zz', 'ab'.repeat(47), 'AB'.repeat(48), '00'.repeat(48), `c0${'00'.repeat(47)}`])(
    'with what is no signature is not: %s',
    (signature) => {
      expect(checkBeacon(QUICKNET, 1, signature).kind).toBe('bad');
    },
  );

  test('is the first at or after a moment', () => {
    expect(roundAtOrAfter(QUICKNET, 0)).toBe(1);
    expect(timeOfRound(QUICKNET, 1)).toBe(1_692_803_367_000);
    const at = timeOfRound(QUICKNET, 1_000);
    expect(roundAtOrAfter(QUICKNET, at)).toBe(1_000);
    expect(roundAtOrAfter(QUICKNET, at + 1)).toBe(1_001);
    expect(roundAtOrAfter(QUICKNET, at - 1)).toBe(1_000);
  });
});

describe('bytes as text', () => {
  test('base64url and hex have one form each', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (given) => {
        expect(fromBase64Url(toBase64Url(given))).toEqual(given);
        expect(toBase64Url(given)).toBe(Buffer.from(given).toString('base64url'));
        expect(fromHex(toHex(given), given.length)).toEqual(given);
      }),
    );
    for (const text of ['a', 'ab=', 'a+', 'AB', 'é', null, 5]) expect(fromBase64Url(text)).toBeNull();
    for (const text of ['0', 'AA', 'zz', null]) expect(fromHex(text, 1)).toBeNull();
    expect(utf8('é').length).toBe(2);
  });
});
