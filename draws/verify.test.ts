import { describe, expect, test } from 'vitest';
import { nodeSha256 } from '../packet/node-sha256.ts';
import { sha256, toHex } from './bytes.ts';
import { commitmentDigest, commitmentText } from './commitment.ts';
import { commitmentOf, type DrawBundle } from './document.ts';
import { QUICKNET } from './drand.ts';
import { PAGE_LEAVES } from './entrants.ts';
import { readBundle } from './read.ts';
import { aBundle, ROUND } from './testing.ts';
import { type DrawCheckName, type DrawVerdict, verifyDraw } from './verify.ts';

// biome-ignore lint/suspicious/noExplicitAny: a forger changes what they like
type Loose = { -readonly [Field in keyof DrawBundle]: any };
const changed = (bundle: DrawBundle, change: (loose: Loose) => void): DrawBundle => {
  const copy = structuredClone(bundle) as Loose;
  change(copy);
  return copy;
};
const wrong = (verdict: DrawVerdict): DrawCheckName[] =>
  verdict.checks.filter(({ problem }) => problem !== null).map(({ what }) => what);

/** Makes text and digest of the commitment fit its fields again: a forger would. */
const fitted = (loose: Loose): void => {
  const { count, root, high } = loose.draw.commitment;
  const made = commitmentOf(loose.draw, { count, root, high });
  loose.draw.commitment.text = commitmentText(made);
  loose.draw.commitment.digest = toHex(commitmentDigest(made));
};

describe('a draw that is as published', () => {
  test.each([
    [1, 'drand'],
    [50, 'drand'],
    [50, 'commit-reveal'],
    [0, 'drand'],
    [2 * PAGE_LEAVES + 5, 'drand'],
  ] as const)('of %i entrants by %s is good', (count, source) => {
    const bundle = aBundle(count, source);
    expect(readBundle(JSON.parse(JSON.stringify(bundle)))).toEqual({ kind: 'read', value: bundle });
    expect(verifyDraw(bundle, { hash: nodeSha256 })).toMatchObject({ kind: 'good' });
  });

  test('that is not over is neither good nor bad', () => {
    const open = changed(aBundle(5), ({ draw }) => {
      draw.result = null;
      draw.state = 'drawn';
    });
    expect(verifyDraw(open)).toMatchObject({ kind: 'unfinished' });
    const early = changed(open, (loose) => {
      loose.draw.commitment = null;
      loose.pages = [];
    });
    expect(verifyDraw(early)).toMatchObject({ kind: 'unfinished', checks: [] });
    const off = changed(open, ({ draw }) => {
      draw.state = 'void';
      draw.void = { why: 'canceled', at: 5 };
    });
    expect(verifyDraw(off)).toMatchObject({
      kind: 'unfinished',
      missing: expect.stringContaining('canceled'),
    });
  });
});

describe('a draw that was tampered with fails:', () => {
  const good = aBundle(50);
  const flip = (text: string, at = 0): string =>
    `${text.slice(0, at)}${text[at] === 'A' ? 'B' : 'A'}${text.slice(at + 1)}`;

  const cases: readonly [name: string, what: DrawCheckName, change: (loose: Loose) => void][] = [
    ['an entrant changed', 'list', ({ pages }) => (pages[0].leaves = flip(pages[0].leaves))],
    ['an entrant taken out', 'list', ({ pages }) => (pages[0].leaves = pages[0].leaves.slice(0, -128))],
    [
      'two entrants put in each other’s place',
      'list',
      ({ pages }) => {
        const bytes = Buffer.from(pages[0].leaves, 'base64url');
        pages[0].leaves = Buffer.concat([
          bytes.subarray(32, 64),
          bytes.subarray(0, 32),
          bytes.subarray(64),
        ]).toString('base64url');
      },
    ],
    ['a tier changed', 'list', ({ pages }) => (pages[0].high = flip(pages[0].high))],
    ['a page left out', 'list', (loose) => (loose.pages = [])],
    ["a page of another draw's", 'list', ({ pages }) => (pages[0].interaction = 'other')],
    [
      'a list of fewer entrants, committed to afterwards',
      'list',
      (loose) => {
        loose.draw.commitment.count = 49;
        fitted(loose);
      },
    ],
    [
      'another root, committed to afterwards',
      'list',
      (loose) => {
        loose.draw.commitment.root = toHex(sha256(new Uint8Array(1)));
        fitted(loose);
      },
    ],
    ['another root', 'commitment', ({ draw }) => (draw.commitment.root = '00'.repeat(32))],
    ['the commitment’s text', 'commitment', ({ draw }) => (draw.commitment.text += '\n')],
    ['the commitment’s digest', 'commitment', ({ draw }) => (draw.commitment.digest = '00'.repeat(32))],
    ['pieces of a prize', 'commitment', ({ draw }) => (draw.prizes[1].pieces = 21)],
    [
      'pieces of a prize, committed to afterwards',
      'winners',
      (loose) => {
        loose.draw.prizes[1].pieces = 21;
        fitted(loose);
      },
    ],
    [
      'the tier of a prize, committed to afterwards',
      'winners',
      (loose) => {
        loose.draw.prizes[0].tier = 'low';
        fitted(loose);
      },
    ],
    [
      'the prizes in another order, committed to afterwards',
      'winners',
      (loose) => {
        loose.draw.prizes.reverse();
        fitted(loose);
      },
    ],
    ['another seed', 'seed', ({ draw }) => (draw.result.seed = '00'.repeat(32))],
    [
      'the signature',
      'randomness',
      ({ draw }) => (draw.result.beacon.signature = `8${ROUND.signature.slice(1)}`),
    ],
    ['no signature', 'randomness', ({ draw }) => (draw.result.beacon = null)],
    [
      'the signature of another round',
      'randomness',
      ({ draw }) => (draw.result.beacon = { round: 1, signature: ROUND.signature }),
    ],
    [
      'another round, committed to afterwards',
      'randomness',
      (loose) => {
        loose.draw.commitment.round += 1;
        loose.draw.commitment.roundAt += 3_000;
        loose.draw.result.beacon.round += 1;
        fitted(loose);
      },
    ],
    [
      'a round from before the commitment',
      'source',
      ({ draw }) => (draw.commitment.committedAt = draw.commitment.roundAt),
    ],
    ['a round at another moment', 'source', ({ draw }) => (draw.commitment.roundAt += 1)],
    ['no round', 'source', ({ draw }) => (draw.commitment.round = null)],
    ['another network', 'source', ({ draw }) => (draw.source.chain = '00'.repeat(32))],
    ['a network with another key', 'source', ({ draw }) => (draw.source.publicKey = '00'.repeat(96))],
    [
      'a round moved to an earlier one',
      'source',
      ({ draw }) => (draw.commitment.moved = [{ round: draw.commitment.round + 1, at: 5 }]),
    ],
    ['a winner replaced', 'winners', ({ draw }) => (draw.result.winners[3].index += 1)],
    [
      'a winner’s leaf',
      'winners',
      ({ draw }) => (draw.result.winners[3].leaf = flip(draw.result.winners[3].leaf)),
    ],
    ['a winner’s prize', 'winners', ({ draw }) => (draw.result.winners[3].prize = 'car')],
    ['a winner left out', 'winners', ({ draw }) => draw.result.winners.pop()],
    ['a winner added', 'winners', ({ draw }) => draw.result.winners.push(draw.result.winners[0])],
    ['winners in another order', 'winners', ({ draw }) => draw.result.winners.reverse()],
  ];
  test.each(cases)('%s', (_name, what, change) => {
    // A signature takes a while to check: only where it matters.
    const isOfBeacon = what === 'source' || what === 'randomness';
    const verdict = verifyDraw(changed(isOfBeacon ? good : aBundle(50, 'commit-reveal'), change));
    expect(verdict.kind).toBe('bad');
    expect(wrong(verdict)).toContain(what);
    // In words.
    for (const { problem } of verdict.checks)
      if (problem !== null) expect(problem.length).toBeGreaterThan(15);
  });

  test('a network of somebody’s own counts only where it is named', () => {
    const other = { ...QUICKNET, chain: 'ab'.repeat(32) };
    expect(wrong(verifyDraw(good, { chains: [other] }))).toContain('source');
  });
});

describe('what is no draw at all', () => {
  test.each([
    [null, 'it'],
    [{}, 'v'],
    [{ v: 2 }, 'v'],
    [{ v: 1, draw: {}, pages: [] }, 'draw.v'],
    [changed(aBundle(2), ({ draw }) => (draw.prizes[1].prize = 'a b')), 'draw.prizes[1].prize'],
    [changed(aBundle(2), ({ draw }) => (draw.result.winners[0].index = -1)), 'draw.result.winners[0].index'],
    [changed(aBundle(2), ({ pages }) => delete pages[0].leaves), 'pages[0].leaves'],
    [changed(aBundle(2), ({ draw }) => (draw.source.kind = 'dice')), 'draw.source.kind'],
  ])('is named: %#', (given, where) => {
    expect(readBundle(given)).toEqual({ kind: 'malformed', where });
  });
});
