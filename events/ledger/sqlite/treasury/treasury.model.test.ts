import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FramecueError } from '../../../../packet/errors.ts';
import { type UnixMicroseconds, unixUs } from '../../../../packet/time.ts';
import { canceledBy, revealedBy } from '../../fixtures.ts';
import type { NewRight, PoolTerms } from '../../treasury.ts';
import type { RightCounts } from '../../treasury-commands.ts';
import { aRight, openTreasury, replayed, someTerms, T0, type TestBooks } from './fixtures.ts';
import { grantIdOf } from './index.ts';
import { TreasuryModel } from './model.ts';

const RUNS = Number(process.env.FRAMECUE_TREASURY_RUNS ?? 30);
/** Machines are busy; each run opens a ledger of its own. */
const timeout = 30_000 + RUNS * 2_000;

const POOLS = ['p1', 'p2', 'p3'] as const;
const ROUNDS = ['q1', 'q2', 'q3'] as const;
const VIEWERS = ['ann', 'bob', 'cyd', 'dan'] as const;
const SHADOW = 'q3';
const AT: Readonly<Record<string, UnixMicroseconds>> = Object.fromEntries(
  [0, 1, 2, 3, 4, 5, 6, 7, 8, 9].map((second) => [second, unixUs(T0 + second * 1_000_000)]),
);
const second = fc.integer({ min: 0, max: 9 });
const moment = second.map((at) => AT[at]!);

const pool = fc.constantFrom(...POOLS);
const round = fc.constantFrom(...ROUNDS);
const viewer = fc.constantFrom(...VIEWERS);
/** Few, so that they meet: also ids that belong to another right. */
const right = fc.integer({ min: 1, max: 9 }).map((n) => `r${n}`);
const amount = fc.integer({ min: 0, max: 300 });
/** Of a right: less than most pools hold. */
const worth = fc.integer({ min: 0, max: 90 });
const pieces = fc.integer({ min: 0, max: 4 });

const terms: fc.Arbitrary<PoolTerms> = fc
  .record({
    id: pool,
    tier: fc.constantFrom('high', 'low'),
    opensAtUs: fc.oneof({ weight: 4, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: moment }),
    closesAtUs: fc.oneof({ weight: 4, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: moment }),
    leftover: fc.oneof(
      fc.constant({ rule: 'return' } as const),
      pool.map((to) => ({ rule: 'to', pool: to }) as const),
    ),
    reverseOnVoid: fc.boolean(),
  })
  .map(someTerms);

const command = fc.oneof(
  fc.record({ do: fc.constant('open'), terms, pieces, amount }),
  fc.record({ do: fc.constant('fund'), pool, key: fc.constantFrom('k1', 'k2'), pieces, amount }),
  fc.record({ do: fc.constant('close'), pool, open: fc.boolean() }),
  fc.record({ do: fc.constant('sweep'), pool }),
  {
    weight: 24,
    arbitrary: fc.record({
      do: fc.constant('earn'),
      right: fc
        .record({
          ...{ id: right, pool, interaction: round, viewer, amountMinor: worth },
          expiresAtUs: fc.option(moment, { freq: 3 }),
        })
        .map((of) => aRight(of)),
    }),
  },
  {
    weight: 24,
    arbitrary: fc.record({ do: fc.constantFrom('release', 'void', 'grant', 'reverse'), at: fc.nat(20) }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('answer'), round, viewer }) },
  fc.record({ do: fc.constantFrom('reveal', 'cancel'), round }),
  fc.record({ do: fc.constant('boxes'), viewer, count: fc.integer({ min: 1, max: 3 }), cause: right }),
  fc.record({ do: fc.constant('threshold'), threshold: fc.integer({ min: 0, max: 2 }) }),
  fc.record({ do: fc.constant('settle'), limit: fc.integer({ min: 1, max: 3 }) }),
  fc.record({ do: fc.constant('wait'), until: moment }),
);
/** Each may be asked for again at once, as somebody does who got no answer. */
const asked = fc.record({ command, times: fc.integer({ min: 1, max: 3 }) });
/** Most viewers have answered and most pools are there before anything is tried: else little could be earned. */
/** Most viewers have answered and pools are there before anything is tried: else little could be earned. */
const sequence = fc
  .record({
    pools: fc.tuple(...POOLS.map((id) => fc.record({ terms, pieces, amount }).map((of) => opened(id, of)))),
    answers: fc.subarray(
      ROUNDS.flatMap((round) => VIEWERS.map((viewer) => ({ round, viewer }))),
      { minLength: 8 },
    ),
    steps: fc.array(asked, { minLength: 10, maxLength: 50, size: 'max' }),
  })
  .map(({ pools, answers, steps }) => [
    ...pools.map((of) => ({ command: { do: 'open', ...of } as const, times: 1 })),
    ...answers.map((of) => ({ command: { do: 'answer', ...of } as const, times: 1 })),
    ...steps,
  ]);

function opened<Of extends { readonly terms: PoolTerms }>(id: string, { terms, ...of }: Of) {
  const { leftover } = terms;
  const isAhead = leftover.rule === 'to' && leftover.pool >= id;
  return { ...of, terms: { ...terms, id, leftover: isAhead ? { rule: 'return' as const } : leftover } };
}

type ValueOf<Of> = Of extends fc.Arbitrary<infer Value> ? Value : never;
type Command = ValueOf<typeof command>;

class Pair {
  readonly books = openTreasury();
  readonly model = new TreasuryModel();
  now = T0;

  constructor() {
    for (const id of ROUNDS) {
      const shadow = id === SHADOW;
      this.books.round(id, [], shadow ? { shadow } : {});
      this.model.rounds.set(id, { answered: new Set(), shadow, revealed: false, canceled: false });
    }
  }

  /** What both say to it. */
  run(step: Command, again: boolean): readonly [unknown, unknown] {
    const { books, model, now: atUs } = this;
    const by = 'treasurer';
    switch (step.do) {
      case 'open': {
        const { terms, pieces, amount } = step;
        const budget = pieces + amount === 0 ? null : { pieces, amountMinor: amount };
        const { kind } = books.perform('pool.open', { terms, budget, by, atUs });
        const expected = model.open(terms, pieces, amount);
        return [kind === 'already' && again ? 'refused' : kind, expected];
      }
      case 'fund': {
        const { pool, key } = step;
        // Nothing is no funding; a key goes with one amount.
        const of = { pieces: step.pieces + 1, amountMinor: step.amount };
        const { kind } = books.perform('pool.fund', {
          pool,
          amount: of,
          key: `${key}:${JSON.stringify(of)}`,
          by,
          atUs,
        });
        return [kind, model.fund(pool, `${key}:${JSON.stringify(of)}`, of.pieces, of.amountMinor)];
      }
      case 'close': {
        const { pool, open } = step;
        const { kind } = open
          ? books.perform('pool.reopen', { pool, by, atUs })
          : books.perform('pool.close', { pool, why: 'test', by, atUs });
        return [kind, model.setOpen(pool, open)];
      }
      case 'sweep': {
        const key = `sweep-${this.#sweeps++}`;
        const { kind } = books.perform('pool.sweep', { pool: step.pool, key, by, atUs });
        return [kind, model.sweep(step.pool, atUs)];
      }
      case 'earn':
        return [
          this.#earn(step.right),
          this.#conflicts(step.right) ? 'conflict' : model.earn(step.right, atUs),
        ];
      case 'release':
        return [
          books.treasury.release(this.#right(step.at), atUs),
          model.release(this.#right(step.at), atUs),
        ];
      case 'void':
        return [books.treasury.void(this.#right(step.at), 'test', atUs), model.void(this.#right(step.at))];
      case 'grant':
        return [books.treasury.grant(this.#right(step.at), atUs), model.grant(this.#right(step.at))];
      case 'reverse':
        return [
          books.treasury.reverse(grantIdOf(this.#right(step.at)), 'test', atUs, { tell: true }),
          model.reverse(this.#right(step.at)),
        ];
      case 'answer': {
        const of = model.rounds.get(step.round)!;
        books.answer(step.round, step.viewer);
        if (!of.revealed && !of.canceled) of.answered.add(step.viewer);
        return [null, null];
      }
      case 'reveal': {
        const of = model.rounds.get(step.round)!;
        books.step(revealedBy(step.round, {}, {}));
        if (!of.canceled) of.revealed = true;
        return [null, null];
      }
      case 'cancel':
        books.step(canceledBy(step.round));
        model.rounds.get(step.round)!.canceled = true;
        return [null, null];
      case 'boxes': {
        const { viewer, count, cause } = step;
        const { kind } = books.perform('boxes.drop', {
          ...{ show: 's1', viewer, count, cause: `${cause}:${viewer}:${count}`, by, atUs },
        });
        if (kind === 'done') model.boxes.set(viewer, (model.boxes.get(viewer) ?? 0) + count);
        return [kind === 'refused', false];
      }
      case 'threshold': {
        const rules = { dropPpm: 0, threshold: step.threshold };
        books.perform('show.rule', { show: 's1', rules, measures: [], by, atUs });
        model.threshold = step.threshold;
        return [null, null];
      }
      case 'settle':
        this.settle(step.limit);
        return [null, null];
      case 'wait':
        this.now = unixUs(Math.max(this.now, step.until));
        return [null, null];
    }
  }
  #sweeps = 0;

  /** Mostly one that is there. */
  #right(at: number): string {
    const ids = [...this.model.rights.keys(), 'nobody'];
    return ids[at % ids.length]!;
  }

  #earn(right: NewRight): string {
    try {
      return this.books.treasury.earn(right, this.now);
    } catch (error) {
      if (!(error instanceof FramecueError)) throw error;
      return error.code === 'ERR_RIGHT_CONFLICT' ? 'conflict' : 'unknown';
    }
  }

  #conflicts(right: NewRight): boolean {
    const { model } = this;
    const has = [...model.rights.values()].some(
      ({ of }) => of.interaction === right.interaction && of.viewer === right.viewer,
    );
    return !has && model.pools.has(right.pool) && model.rights.has(right.id);
  }

  settle(limit: number): void {
    const { books, model, now: atUs } = this;
    for (;;) {
      const { expired } = books.perform('rights.expire', { limit, atUs });
      const { voided, reversed } = books.perform('rounds.void', { limit, atUs });
      const { granted } = books.perform('grants.make', { limit, atUs });
      if (expired + voided + reversed + granted === 0) break;
    }
    model.settle(atUs);
    const { grants, voids, expired } = books.ask('treasury.due', { nowUs: atUs });
    expect({ grants, voids, expired }).toEqual({ grants: false, voids: false, expired: false });
  }

  compare(): void {
    const { books, model } = this;
    for (const [id, kept] of model.pools) {
      const balances = books.balances(id);
      const [free, money] = model.free(id);
      expect([id, balances.free]).toEqual([id, { pieces: free, amountMinor: money }]);
      const used = [...kept.used.keys()];
      const granted = used.filter((of) => model.rights.get(of)!.state === 'granted');
      expect([id, balances.granted.pieces]).toEqual([id, granted.length]);
      expect([id, balances.reserved.pieces]).toEqual([id, used.length - granted.length]);
      for (const unit of ['pieces', 'amountMinor'] as const) {
        const of = (account: keyof typeof balances) => balances[account][unit];
        expect(of('funded') + of('sweptIn')).toBe(
          of('free') + of('reserved') + of('granted') + of('sweptOut'),
        );
        for (const account of Object.values(balances)) expect(account[unit]).toBeGreaterThanOrEqual(0);
      }
    }
    for (const [id] of model.rights) {
      expect([id, books.ask('right.get', { right: id })?.state]).toEqual([id, model.stateOf(id)]);
    }
    expect(books.ask('treasury.view', { show: null }).rights).toEqual(this.#counted());
  }

  /** What is listed by state. */
  compareLists(): void {
    const { books, model } = this;
    for (const state of ['earned', 'released', 'granted', 'voided'] as const) {
      const { items } = books.ask('right.list', {
        ...{ interaction: null, viewer: null, pool: null, state, limit: 1_000, before: null },
      });
      const ids = [...model.rights.keys()].filter((id) => model.stateOf(id) === state);
      expect([state, items.map(({ id }) => id).sort()]).toEqual([state, ids.sort()]);
    }
  }

  #counted(): RightCounts {
    const { model } = this;
    const counts = { earned: 0, reserved: 0, released: 0, granted: 0, reversed: 0, voided: 0 };
    for (const [id, { of, reversed }] of model.rights) {
      const state = model.stateOf(id)!;
      counts[state === 'earned' && of.expiresAtUs !== null ? 'reserved' : state]++;
      if (reversed) counts.reversed++;
    }
    return counts;
  }
}

const run = (steps: ValueOf<typeof sequence>): Pair => {
  const pair = new Pair();
  for (const { command, times } of steps) {
    for (let n = 0; n < times; n++) {
      const [is, shouldBe] = pair.run(command, n > 0);
      expect([command, is]).toEqual([command, shouldBe]);
    }
    pair.compare();
  }
  pair.compareLists();
  return pair;
};

/** What the reward platform is told: one grant for a right at most, and its reversal behind it. */
function expectOneCallEach(books: TestBooks): void {
  const items = books.ask('outbox.list', { limit: 1_000 });
  const ids = items.map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
  const { items: rights } = books.ask('right.list', {
    ...{ interaction: null, viewer: null, pool: null, state: 'granted', limit: 1_000, before: null },
  });
  expect(ids.filter((id) => id.startsWith('g_')).sort()).toEqual(
    rights.map(({ id }) => grantIdOf(id)).sort(),
  );
  const holders = rights.map(({ interaction, viewer }) => `${interaction} ${viewer}`);
  expect(new Set(holders).size).toBe(holders.length);
  for (const { id, after } of items) if (id.startsWith('r_')) expect(after).toBe(`g_${id.slice(2)}`);
}

describe('whatever happens in whatever order, and however often each is asked for', () => {
  test('the books say what the plain model says, and every balance is kept', { timeout }, () => {
    fc.assert(
      fc.property(sequence, (steps) => {
        const { books } = run(steps);
        expectOneCallEach(books);
        for (const { wrong } of books.ask('treasury.account', { show: null, atUs: T0 }))
          expect(wrong).toEqual([]);
        expect(replayed(books.db)).toEqual([]);
      }),
      { numRuns: RUNS },
    );
  });

  test('at the end every piece is granted, or swept where the rule says', { timeout }, () => {
    fc.assert(
      fc.property(sequence, (steps) => {
        const pair = run(steps);
        const { books, model } = pair;
        for (const id of ROUNDS) {
          const of = model.rounds.get(id)!;
          books.step(revealedBy(id, {}, {}));
          if (!of.canceled) of.revealed = true;
        }
        pair.now = AT[9]!;
        pair.settle(2);
        const by = 'treasurer';
        for (const [id] of model.rights) {
          if (model.stateOf(id) !== 'granted') {
            books.treasury.void(id, 'the show is over', pair.now);
            model.void(id);
          }
        }
        for (const [id] of model.pools)
          books.perform('pool.close', { pool: id, why: 'over', by, atUs: pair.now });
        // A pool may lead to another, and that to a third.
        for (let n = 0; n <= POOLS.length; n++) {
          for (const [id] of model.pools) {
            books.perform('pool.sweep', { pool: id, key: `end-${n}`, by, atUs: pair.now });
          }
        }
        for (const { pool, settled, wrong, grants } of books.ask('treasury.account', {
          show: null,
          atUs: pair.now,
        })) {
          expect([pool.id, wrong, settled]).toEqual([pool.id, [], true]);
          const { funded, sweptIn, sweptOut } = pool.balances;
          expect(grants.pieces + sweptOut.pieces).toBe(funded.pieces + sweptIn.pieces);
          expect(grants.amountMinor + sweptOut.amountMinor).toBe(funded.amountMinor + sweptIn.amountMinor);
        }
      }),
      { numRuns: Math.ceil(RUNS / 3) },
    );
  });
});

test('the tables themselves refuse a balance that is off, whatever wrote it', () => {
  const { db, ...books } = openTreasury();
  books.pool({ id: 'p1' }, { pieces: 2, amountMinor: 200 });
  for (const change of [
    'free_pieces = free_pieces + 1',
    'granted_amount = granted_amount + 1',
    'free_pieces = -1, reserved_pieces = reserved_pieces + 3',
    'funded_pieces = 9007199254740992, free_pieces = 9007199254740992',
  ]) {
    expect(() => db.exec(`UPDATE pools SET ${change} WHERE id = 'p1'`)).toThrow('CHECK constraint failed');
  }
  expect(books.balances('p1').free).toEqual({ pieces: 2, amountMinor: 200 });
});
