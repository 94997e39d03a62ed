import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { ListDigest } from '../draws/index.ts';
import { FramecueError } from '../packet/errors.ts';
import { countedSubmission, type ReadAnswer, RealRound } from './interactions/real-round.ts';
import { ShadowRound } from './interactions/shadow-round.ts';
import type { EntrantPageRow } from './ledger/draws.ts';
import { revealedBy } from './ledger/fixtures.ts';
import { readEntrants } from './ledger/sqlite/draws/list.ts';
import { aRight, openTreasury, T0, type TestBooks } from './ledger/sqlite/treasury/fixtures.ts';
import type { NewRight } from './ledger/treasury.ts';

/** Each opens a ledger of its own. */
const RUNS = Number(process.env.FRAMECUE_TREASURY_RUNS ?? 20);
const timeout = 30_000 + RUNS * 2_000;

const BUDGET = { pieces: 10, amountMinor: 1_000 };
const later = (seconds: number) => (T0 + seconds * 1e6) as typeof T0;

function twoPools(): TestBooks {
  const books = openTreasury();
  books.pool({ id: 'low', tier: 'low' }, BUDGET);
  books.pool({ id: 'high', tier: 'high' }, BUDGET);
  books.pool({ id: 'stock', tier: 'low', purpose: 'stock' }, BUDGET);
  return books;
}

/** Everything that would have to be there if anything had been given away. */
const givenAway = ({ db }: TestBooks) => ({
  rights: db.prepare('SELECT count(*) AS n FROM rights').get()!.n,
  grants: db.prepare('SELECT count(*) AS n FROM grants').get()!.n,
  entries: db.prepare("SELECT count(*) AS n FROM journal WHERE kind IN ('right.earned', 'grant.made')").get()!
    .n,
  outbox: db.prepare("SELECT count(*) AS n FROM journal WHERE kind = 'outbox.queued'").get()!.n,
});
const NOTHING = { rights: 0, grants: 0, entries: 0, outbox: 0 };

const anyRight: fc.Arbitrary<NewRight> = fc.record({
  id: fc.stringMatching(/^[a-z]{3,8}$/),
  interaction: fc.constant('pressed'),
  viewer: fc.constantFrom('shadow-1', 'ann', 'nobody'),
  pool: fc.constantFrom('low', 'high', 'stock'),
  prize: fc.constantFrom('voucher', 'car'),
  amountMinor: fc.integer({ min: 0, max: 1_000 }),
  currency: fc.constant('EUR'),
  cause: fc.constantFrom('draw', 'sale', 'answer', 'shadow'),
  expiresAtUs: fc.constantFrom(null, later(60)),
  tierJudged: fc.boolean(),
});

/** What comes of it, or the code by which it is refused. */
function outcomeOf(run: () => unknown): unknown {
  try {
    return run();
  } catch (error) {
    if (error instanceof FramecueError) return error.code;
    throw error;
  }
}

test('a shadow round earns nothing, by whatever call, before and after its reveal, for viewers of any kind', {
  timeout,
}, () => {
  fc.assert(
    fc.property(fc.array(anyRight, { minLength: 1, maxLength: 8 }), fc.boolean(), (rights, revealed) => {
      const books = twoPools();
      // Accepted answers, also one under the name of a viewer, as if the door had been open.
      books.round('pressed', ['shadow-1', 'ann'], { shadow: true });
      if (revealed) books.step(revealedBy('pressed', {}, {}));
      const { treasury } = books;
      for (const right of rights) {
        const isSale = right.cause === 'sale';
        const refused = isSale === (right.pool === 'stock') ? 'not-eligible' : 'ERR_POOL_PURPOSE';
        expect(outcomeOf(() => treasury.earn(right, later(1)))).toBe(refused);
        const { pool: _, ...anywhere } = right;
        const byTier = () => treasury.earnByTier(anywhere, { high: 'high', low: 'low' }, later(1)).pool;
        expect(outcomeOf(byTier)).toBe(isSale ? 'ERR_POOL_PURPOSE' : null);
        expect(treasury.release(right.id, later(1))).toBe('unknown');
        expect(treasury.grant(right.id, later(2))).toBe('unknown');
        expect(treasury.grant(right.id, later(2), { topic: 'order.placed', payload: {} })).toBe('unknown');
      }
      if (!revealed) books.step(revealedBy('pressed', {}, {}));
      expect(books.perform('grants.make', { limit: 100, atUs: later(3) })).toEqual({ granted: 0 });
      expect(givenAway(books)).toEqual(NOTHING);
      for (const pool of ['low', 'high', 'stock']) {
        expect(books.balances(pool)).toMatchObject({ free: BUDGET, funded: BUDGET });
      }
    }),
    { numRuns: RUNS },
  );
});

test('the same calls for a round that counts do earn: it is the round alone that makes the difference', () => {
  const books = twoPools();
  books.round('q1', ['ann']);
  expect(books.treasury.earn(aRight({ pool: 'low' }), later(1))).toBe('earned');
});

test('a shadow viewer and one who has only rehearsed earn nothing in a round that counts: neither has an answer there', () => {
  const books = twoPools();
  books.round('q1', []);
  books.round('pressed', ['shadow-1'], { shadow: true });
  for (const viewer of ['shadow-1', 'rehearsed']) {
    expect(books.treasury.earn(aRight({ pool: 'low', viewer }), later(1))).toBe('not-eligible');
  }
  expect(givenAway(books)).toEqual(NOTHING);
});

test('a shadow lottery is drawn like any other, and nobody who is drawn gets anything, asked for again or not', () => {
  for (const shadow of [true, false]) {
    const books = twoPools();
    const prizes = [{ prize: 'bag', pool: 'low', pieces: 1, amountMinor: 100 }];
    const config = { title: 'F', prizes, durationMs: 1_000, randomness: { kind: 'commit-reveal' } };
    books.round('pressed', ['shadow-1'], { type: 'lottery', config, ...(shadow ? { shadow } : {}) });
    const on = { interaction: 'pressed', atUs: later(1) };
    books.perform('draw.freeze', on);
    const pages = readEntrants(books.db, 'pressed');
    // Read to the end first: it is within a transaction of its own.
    const page = pages.next().value as EntrantPageRow;
    const list = pages.next().value as ListDigest;
    books.perform('draw.page', { interaction: 'pressed', page: 0, ...page });
    const commitment = { seedHash: 'ab'.repeat(32), ...list, prizes: [], beacon: null };
    expect(books.perform('draw.commit', { ...on, commitment })).toBe('done');
    expect(books.perform('draw.publish', { ...on, round: null })).toBe('done');
    const winner = { entrant: 0, prize: 0, submission: 1, right: 'd_0' };
    const drawn = { ...on, signature: null, by: null, winners: 1, batch: [winner] };
    expect(books.perform('draw.draw', drawn)).toBe('done');
    books.step(revealedBy('pressed', {}, {}));
    const again = books.perform('draw.rebook', { ...on, by: 'mia', limit: 10 });
    expect(again).toMatchObject({ kind: 'done', earned: 0 });
    books.perform('grants.make', { limit: 10, atUs: later(2) });
    const one = { rights: 1, grants: 1, entries: 2, outbox: 1 };
    expect([shadow, givenAway(books)]).toEqual([shadow, shadow ? NOTHING : one]);
  }
});

test('answers of a shadow round drop no box, and nothing is reserved or ordered in a shadow sale', () => {
  for (const shadow of [true, false]) {
    const books = twoPools();
    const rules = { dropPpm: 1_000_000, threshold: 1 };
    books.perform('show.rule', { show: 's1', rules, measures: [], by: null, atUs: T0 });
    const config = { title: 'S', pool: 'stock', priceMinor: 100, currency: 'EUR', reservationMs: 60_000 };
    books.round('pressed', ['shadow-1'], { type: 'flash-sale', config, ...(shadow ? { shadow } : {}) });
    const dealt = books.perform('boxes.deal', { limit: 100, atUs: later(1), key: 'ab'.repeat(32) });
    expect([shadow, dealt.dropped]).toEqual([shadow, shadow ? 0 : 1]);
    const who = { interaction: 'pressed', viewer: 'shadow-1', atUs: later(1) };
    expect(books.perform('sale.order', { ...who, key: 'k' })).toMatchObject({ code: 'ERR_RESERVATION_NONE' });
    expect(books.perform('sale.give-back', who)).not.toMatchObject({ kind: 'done' });
    expect(givenAway(books)).toEqual(NOTHING);
  }
});

test('nothing but the treasury writes a right or a grant, and answers of shadow rounds are booked by nobody', () => {
  const sources = readdirSync(import.meta.dirname, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts') && !path.endsWith('.test.ts') && !path.includes('simulation'))
    .filter((path) => {
      const text = readFileSync(join(import.meta.dirname, path), 'utf8');
      // A step of the schema may move those that there are.
      const writes = /INSERT INTO (rights|grants)\b(?![^;]*FROM grants_of_before)/;
      return /(append|kind:)[^;]{0,40}'right\.earned'/.test(text) || writes.test(text);
    });
  expect(sources.sort()).toEqual([
    join('ledger', 'sqlite', 'treasury', 'core.ts'),
    join('ledger', 'sqlite', 'treasury', 'reducers.ts'),
  ]);
  const answer = {} as ReadAnswer;
  expect(countedSubmission(new RealRound('q1'), answer, 'r1', 'accepted', 'sale').bookedBy).toBe('sale');
  expect(countedSubmission(new ShadowRound('q1'), answer, 'r1', 'accepted', 'sale')).not.toHaveProperty(
    'bookedBy',
  );
});
