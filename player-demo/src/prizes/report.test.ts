import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { JsonObject } from '../shared/json.ts';
import { deedWords, detailWords } from './deeds.ts';
import { remember, sampleOf } from './history.ts';
import { readDead, readOutbox, readPeople, readTreasury } from './report.ts';
import { doWords, formatMoney, whenWords } from './words.ts';

const amount = { pieces: 1, amountMinor: 100 };
const POOL = {
  ...{
    id: 'p1',
    show: 's1',
    title: 'Vouchers',
    tier: 'low',
    purpose: 'prize',
    currency: 'EUR',
    state: 'open',
  },
  balances: {
    ...{ funded: amount, sweptIn: amount, free: amount, reserved: amount, granted: amount, sweptOut: amount },
  },
};
const RIGHTS = { earned: 1, reserved: 2, released: 3, granted: 4, reversed: 5, voided: 6 };
const BOXES = {
  show: 's1',
  dropPpm: 1,
  threshold: 2,
  boxes: 3,
  viewers: 4,
  high: 5,
  levels: [{ n: 1, viewers: 4 }],
};
const MEASURE = {
  id: 'm1',
  title: 'M',
  when: null,
  do: { threshold: 3 },
  auto: false,
  state: 'prepared',
  due: null,
};
const DRAW = {
  ...{ interaction: 'final', show: null, title: 'Final', shadow: false, state: 'committed', since: 7 },
  ...{ problem: { code: 'no-randomness', since: 8 }, entrants: null, winners: 0, short: 0, excluded: 0 },
  ...{ round: 3, roundAt: 9, lacks: null, settled: false, next: 'Give it.' },
};
const TREASURY = {
  at: 5,
  pools: [POOL],
  rights: RIGHTS,
  shows: [{ boxes: BOXES, measures: [MEASURE] }],
  more: 1,
};
const LANE = {
  lane: 'p1',
  queued: 1,
  delivered: 2,
  declined: 3,
  dead: 4,
  lagMs: 5,
  breaker: 'open',
  waitMs: 6,
};

test('what the server tells is read; what it tells beyond that is passed over', () => {
  const treasury = readTreasury(TREASURY)!;
  // A server of before tells of no draws.
  expect(treasury.draws).toEqual([]);
  const { round: _r, lacks: _l, settled: _s, ...draw } = DRAW;
  expect(readTreasury({ ...TREASURY, draws: [DRAW] })!.draws).toEqual([draw]);
  expect(readTreasury({ ...TREASURY, draws: [{ ...DRAW, short: null }] })).toBeNull();
  expect(treasury.pools[0]).toMatchObject({ id: 'p1', closesAt: null, closedWhy: null });
  expect(treasury.rights).toEqual(RIGHTS);
  expect(treasury.shows[0]).toMatchObject({ show: 's1', high: 5, measures: [{ id: 'm1', appliedAt: null }] });
  expect(readOutbox({ sending: true, breaker: 'closed', lanes: [LANE] })).toMatchObject({ lanes: [LANE] });
  expect(readDead({ items: [{ id: 'g_1' }] })).toMatchObject([{ id: 'g_1', attempts: 0, lastCode: null }]);
  const deed = { seq: 1, at: 2, by: 'mia', what: 'pool.funded', target: 'p1', details: {} };
  expect(readPeople({ people: [deed] })).toEqual([deed]);
  expect(readPeople({ items: [deed] })).toEqual([deed]);
});

test.each([
  ['no object', 'text'],
  ['no pools', { ...TREASURY, pools: undefined }],
  [
    'a pool without an account',
    { ...TREASURY, pools: [{ ...POOL, balances: { ...POOL.balances, free: undefined } }] },
  ],
  ['a count that is none', { ...TREASURY, rights: { ...RIGHTS, earned: 'many' } }],
  [
    'a measure without a state',
    { ...TREASURY, shows: [{ boxes: BOXES, measures: [{ ...MEASURE, state: 1 }] }] },
  ],
])('money is not guessed: %s', (_name, value) => {
  expect(readTreasury(value)).toBeNull();
});

test('the plots’ memory is bounded and goes forward', () => {
  const treasury = readTreasury(TREASURY)!;
  const at = (seconds: number) => sampleOf({ ...treasury, at: seconds * 1000 }, null);
  expect(at(1).pools.get('p1')).toEqual([1, 1, 1]);
  const back = [at(1), at(2), at(3), at(2)].reduce(remember, [] as ReturnType<typeof remember>);
  expect(back.map((sample) => sample.at)).toEqual([1, 2]);
  const many = Array.from({ length: 2_000 }, (_, n) => at(n)).reduce(
    remember,
    [] as ReturnType<typeof remember>,
  );
  expect(many.length).toBe(1_800);
});

test('money is told in its currency’s own digits', () => {
  expect(formatMoney(123_456, 'EUR')).toBe('EUR\u202f1,234.56');
  expect(formatMoney(500, 'JPY')).toBe('JPY\u202f500');
  expect(formatMoney(500, 'no such')).toBe('500 no such');
});

test.each([
  [{ boxesOver: 20_000 }, { dropPpm: 50_000 }, 'More than 20\u202f000 boxes', 'drop rate to 5\u202f%'],
  [
    { poolBelow: { pool: 'cars', pieces: 2 } },
    { closePool: 'cars' },
    'Fewer than 2 free in cars',
    'close pool cars',
  ],
  [null, { threshold: 7 }, 'By hand', 'threshold to 7 boxes'],
])('%o is told in words', (when, does, whenText, doText) => {
  expect([whenWords(when), doWords(does)]).toEqual([whenText, doText]);
});

describe('what people did, in words', () => {
  test.each<[string, object, string]>([
    [
      'pool.open',
      { budget: { pieces: 2, amountMinor: 900 } },
      'Opened the pool: with 2 pieces, 900 in minor units',
    ],
    ['pool.open', { budget: null }, 'Opened the pool: with nothing in it'],
    ['pool.fund', { pieces: 1, amountMinor: 0 }, 'Funded the pool: by 1 piece, 0 in minor units'],
    ['pool.close', { why: 'over' }, 'Closed the pool: why: over'],
    ['pool.reopen', {}, 'Opened the pool again: '],
    [
      'pool.sweep',
      { pieces: 3, amountMinor: 9, to: 'p2' },
      'Swept the pool: 3 pieces, 9 in minor units, to pool p2',
    ],
    [
      'pool.sweep',
      { pieces: 3, amountMinor: 9, to: null },
      'Swept the pool: 3 pieces, 9 in minor units, returned',
    ],
    ['grant.reverse', { why: 'fraud' }, 'Took the grant back: why: fraud'],
    ['boxes.drop', { count: 2, cause: 'c1' }, 'Gave boxes in the show: 2 boxes, for c1'],
    [
      'show.rule',
      { dropPpm: 10_000, threshold: 3, measures: ['a', 'b'] },
      'Set the rules of the show: drop rate 1\u202f%, threshold 3, measures: a, b',
    ],
    [
      'measure.apply',
      { show: 's1', before: { threshold: 1 } },
      'Applied the measure: of show s1; the threshold was 1 box',
    ],
    ['measure.revert', { before: { pool: 'p1', state: 'open' } }, 'Reverted the measure: pool p1 was open'],
    ['draw.randomness', { signature: 'ab' }, 'Gave the randomness of the draw: the round by hand, checked'],
    ['draw.rebook', { earned: 1 }, 'Asked again for rights in the draw: 1 right earned'],
    ['outbox.revive', {}, 'Sent the dead letter again: '],
    ['moon.land', { by: 2, who: 'x' }, 'moon.land: by: 2, who: x'],
  ])('%s %j', (what, details, words) => {
    expect(`${deedWords(what)}: ${detailWords({ what, details: details as JsonObject })}`).toBe(words);
  });

  test('every kind that the ledger writes down', () => {
    const root = new URL('../../../events/ledger/sqlite/', import.meta.url);
    const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter(
      (name) => name.endsWith('.ts') && !name.endsWith('.test.ts'),
    );
    const kinds = files.flatMap((name) =>
      [...readFileSync(new URL(name, root), 'utf8').matchAll(/(?:what: |did\(by, )'([a-z]+\.[a-z]+)'/g)].map(
        ([, kind]) => kind!,
      ),
    );
    expect(kinds.length).toBeGreaterThan(10);
    expect(kinds.filter((kind) => deedWords(kind) === kind)).toEqual([]);
  });
});
