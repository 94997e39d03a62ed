import { describe, expect, test } from 'vitest';
import { needsOf } from './needs.ts';
import type { Draw, Measure, Outbox, OutboxLane, Pool, Treasury } from './report.ts';

const AT = 1_700_000_000_000;
const none = { pieces: 0, amountMinor: 0 };
const pieces = (count: number) => ({ pieces: count, amountMinor: count * 100 });
const pool = (free: number, over: Partial<Pool> = {}): Pool => ({
  ...{
    id: 'p1',
    show: 's1',
    title: 'Vouchers',
    tier: 'low',
    purpose: 'prize',
    currency: 'EUR',
    state: 'open',
  },
  ...{ closedWhy: null, opensAt: null, closesAt: null },
  balances: {
    ...{ funded: pieces(100), sweptIn: none, reserved: none, sweptOut: none },
    ...{ free: pieces(free), granted: pieces(100 - free) },
  },
  ...over,
});
const measure = (over: Partial<Measure>): Measure => ({
  ...{ id: 'm1', title: 'Slow down', state: 'prepared', auto: false, due: true, appliedAt: null },
  ...{ when: { boxesOver: 5 }, do: { dropPpm: 50_000 } },
  ...over,
});
const treasury = (
  pools: readonly Pool[],
  measures: readonly Measure[] = [],
  draws: readonly Draw[] = [],
): Treasury => ({
  ...{ at: AT, pools, rights: { earned: 0, reserved: 0, released: 0, granted: 0, reversed: 0, voided: 0 } },
  draws,
  shows: [
    { ...{ show: 's1', dropPpm: 1, threshold: 0, boxes: 0, viewers: 0, high: 0, levels: [] }, measures },
  ],
});
const draw = (over: Partial<Draw>): Draw => ({
  ...{ interaction: 'final', show: 's1', title: 'The final', shadow: false, state: 'revealed', since: AT },
  ...{ problem: null, entrants: 9, winners: 4, short: 0, excluded: 0, roundAt: null, next: 'Do this.' },
  ...over,
});
const lane = (over: Partial<OutboxLane>): OutboxLane => ({
  ...{ lane: 'p1', queued: 0, delivered: 5, declined: 0, dead: 0, lagMs: 0, breaker: 'closed', waitMs: 0 },
  ...over,
});
const outbox = (over: Partial<Outbox>, ...lanes: readonly OutboxLane[]): Outbox => ({
  ...{ sending: true, breaker: 'closed', lanes },
  ...over,
});
const told = (of: Treasury | null, out: Outbox | null = null) =>
  needsOf(of, out).map(({ level, text }) => `${level}: ${text}`);

test('a draw that is over, void, a load test or has winners who get nothing for good, needs nobody', () => {
  const draws = [
    draw({}),
    draw({ excluded: 2 }),
    draw({ short: 3, state: 'void' }),
    draw({ short: 1, shadow: true }),
  ];
  expect(told(treasury([], [], draws))).toEqual([]);
  expect(needsOf(treasury([], [], [draw({ short: 1 })]), null)).toMatchObject([
    { advice: 'Do this.', href: '#draw-final' },
  ]);
});

describe('what needs a person', () => {
  test('nothing, while all is well, and before anything is known', () => {
    expect(told(null)).toEqual([]);
    expect(told(treasury([pool(50)]), outbox({}, lane({ queued: 3, lagMs: 2_000 })))).toEqual([]);
  });

  test.each<[string, Treasury | null, Outbox | null, string]>([
    ['a pool that runs low', treasury([pool(10)]), null, 'soon: Vouchers has 10 of 100 left.'],
    ['an empty pool', treasury([pool(0)]), null, 'soon: Vouchers has nothing left.'],
    [
      'a draw that is stuck',
      treasury([], [], [draw({ state: 'committed', problem: { code: 'no-randomness', since: AT } })]),
      null,
      'now: The draw The final is stuck: no randomness.',
    ],
    [
      'a winner whom no pool had a piece for',
      treasury([], [], [draw({ short: 1 })]),
      null,
      'now: 1 winner of The final without a right.',
    ],
    [
      'a closed pool with pieces',
      treasury([pool(5, { state: 'closed' })]),
      null,
      'soon: Vouchers is over, with 5 pieces left.',
    ],
    [
      'a pool past its time',
      treasury([pool(1, { closesAt: AT })]),
      null,
      'soon: Vouchers is over, with 1 piece left.',
    ],
    ['a measure that is due', treasury([], [measure({})]), null, 'now: Slow down is due.'],
    ['dead letters', null, outbox({}, lane({ dead: 2 })), 'now: 2 dead letters of p1.'],
    [
      'a lane that is held back',
      null,
      outbox({}, lane({ breaker: 'open' })),
      'now: p1 is held back: the reward platform fails for it.',
    ],
    [
      'a platform that is gone',
      null,
      outbox({ breaker: 'open' }, lane({ breaker: 'open' })),
      'now: The reward platform cannot be reached.',
    ],
    ['no address', null, outbox({ sending: false }, lane({ queued: 4 })), 'now: 4 items cannot be sent.'],
    ['a lag', null, outbox({}, lane({ queued: 1, lagMs: 90_000 })), 'soon: p1 is 2\u202fmin behind.'],
  ])('%s', (_name, of, out, words) => {
    expect(told(of, out)).toEqual([words]);
  });

  test.each<[string, Partial<Measure>]>([
    ['goes by itself', { auto: true }],
    ['is applied', { state: 'applied' }],
    ['was taken back', { state: 'reverted' }],
    ['is not due', { due: false }],
    ['has no condition', { due: null }],
  ])('not a measure that %s', (_name, over) => {
    expect(told(treasury([], [measure(over)]))).toEqual([]);
  });

  test('a measure that closes a pool is due while the pool is open', () => {
    const close = measure({ title: 'Close it', do: { closePool: 'p1' } });
    expect(told(treasury([pool(50)], [close]))).toEqual(['now: Close it is due.']);
    expect(told(treasury([pool(0, { state: 'closed' })], [close]))).toEqual([]);
  });

  test('a closed pool that is swept, and an open one that was never funded, are nobody’s matter', () => {
    const unfunded = { ...pool(0).balances, funded: none, granted: none };
    expect(told(treasury([pool(0, { state: 'closed' }), pool(0, { balances: unfunded })]))).toEqual([]);
  });

  test('what cannot wait comes first', () => {
    expect(told(treasury([pool(0)]), outbox({}, lane({ dead: 1 })))[0]).toMatch(/^now/);
  });
});
