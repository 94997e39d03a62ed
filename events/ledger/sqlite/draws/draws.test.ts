import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { seedHashOf } from '../../../../draws/commitment.ts';
import { fromHex, type ListDigest, levelsOf, PAGE_LEAVES, toHex } from '../../../../draws/index.ts';
import { nodeSha256 } from '../../../../packet/node-sha256.ts';
import { unixUs } from '../../../../packet/time.ts';
import type { CommandIn, CommandOut, Commands, QuestionIn, QuestionOut, Questions } from '../../commands.ts';
import type { DrawCommitment, WinnerToBook } from '../../draws.ts';
import { anInteraction, aSubmission, canceledBy, revealedBy } from '../../fixtures.ts';
import { openBooks } from '../books.ts';
import { DOMAINS } from '../domains.ts';
import { MIGRATIONS } from '../schema.ts';
import { submitOp } from '../submit-op.ts';
import { someTerms, T0 } from '../treasury/fixtures.ts';
import { openDrawJobs } from './jobs.ts';
import { drawWinners, readEntrants } from './list.ts';

const SEED = new Uint8Array(32).fill(7);
const ON = { interaction: 'final', atUs: T0 };

/** The ledger's books over a file, one transaction for each call, as the writer has it. */
class Books {
  readonly path: string;
  db!: DatabaseSync;
  #books!: ReturnType<typeof openBooks>;

  constructor(path: string) {
    this.path = path;
    this.open(true);
  }

  /** A process's life begins; what was not committed is gone. */
  open(fresh = false): void {
    if (!fresh) this.db.close();
    this.db = new DatabaseSync(this.path);
    if (fresh) {
      this.db.exec('PRAGMA journal_mode = WAL');
      for (const step of MIGRATIONS) this.db.exec(step);
    }
    this.db.exec('PRAGMA synchronous = OFF');
    this.#books = openBooks({ write: this.db, read: this.db, nowUs: () => T0 });
  }

  apply(op: Parameters<ReturnType<typeof openBooks>['apply']>[0]): unknown {
    this.db.exec('BEGIN');
    try {
      const result = this.#books.apply(op);
      this.#books.beforeCommit();
      this.db.exec('COMMIT');
      return result;
    } catch (error) {
      this.db.exec('ROLLBACK');
      throw error;
    }
  }

  perform<Name extends keyof Commands>(name: Name, given: CommandIn<Name>): CommandOut<Name> {
    return this.apply({ kind: 'command', name, given }) as CommandOut<Name>;
  }

  ask<Name extends keyof Questions>(name: Name, given: QuestionIn<Name>): QuestionOut<Name> {
    return this.#books.answer({ kind: 'question', name, given }) as QuestionOut<Name>;
  }

  lottery(pieces: number, show?: string): void {
    const prizes = [{ prize: 'bag', pool: 'p1', pieces, amountMinor: 100 }];
    const config = { title: 'F', prizes, durationMs: 1_000, randomness: { kind: 'commit-reveal' } };
    const over = { id: 'final', type: 'lottery', config, ...(show === undefined ? {} : { show }) };
    this.apply({ kind: 'create', record: anInteraction(over) });
    this.perform('pool.open', {
      ...{ terms: someTerms(), budget: { pieces, amountMinor: pieces * 100 }, by: null, atUs: T0 },
    });
  }

  answer(viewer: string, status: 'accepted' | 'held' = 'accepted', id?: string): unknown {
    const over = { interaction: 'final', viewer, status, ...(id === undefined ? {} : { id }) };
    return this.apply(submitOp(aSubmission(over)));
  }

  /** The list is read and kept. */
  list(): ListDigest {
    const pages = readEntrants(new DatabaseSync(this.path, { readOnly: true }), 'final');
    for (let page = 0; ; page++) {
      const next = pages.next();
      if (next.done === true) return next.value;
      this.perform('draw.page', { interaction: 'final', page, ...next.value });
    }
  }

  committed(round: number | null = null): DrawCommitment {
    this.perform('draw.freeze', ON);
    const list = this.list();
    const pieces = 1_000_000;
    const beacon = round === null ? null : { chain: 'ab'.repeat(32), round };
    const prizes = [{ prize: 'bag', pieces, tier: 'any' as const }];
    const commitment = { seedHash: seedHashOf(SEED), ...list, prizes, beacon };
    expect(this.perform('draw.commit', { ...ON, commitment })).toBe('done');
    return commitment;
  }

  winners(commitment: DrawCommitment): readonly WinnerToBook[] {
    return drawWinners(this.db, 'final', commitment, SEED, null).map((winner, place) => ({
      ...{ ...winner, right: `d_${place}` },
    }));
  }
}

let folder: string;
let books: Books;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'framecue-draws-'));
  books = new Books(join(folder, 'events.db'));
});
afterEach(() => {
  books.db.close();
  rmSync(folder, { recursive: true });
});

const get = () => books.ask('draw.get', { interaction: 'final' });

describe('the list', () => {
  test('once it is closed takes nobody, held or not', () => {
    books.lottery(1);
    expect(books.answer('ann')).toBe('recorded');
    expect(books.perform('draw.freeze', ON)).toBe('done');
    expect(books.perform('draw.freeze', ON)).toBe('already');
    expect(books.answer('bob')).toBe('LOCKED');
    expect(books.answer('cyd', 'held')).toBe('LOCKED');
    // Whoever was in has their receipt for ever.
    expect(books.answer('ann')).toMatchObject({ first: { status: 'accepted' } });
    expect(books.list().count).toBe(1);
  });

  test('waits for answers that are not judged; refused ones are not on it', () => {
    books.lottery(1);
    books.answer('ann');
    books.answer('bob', 'held', 'b');
    books.answer('cyd', 'held', 'c');
    expect(books.perform('draw.freeze', ON)).toBe('held');
    const common = { interaction: 'final', judgedAtUs: T0 };
    const verdicts = [
      { ...common, submission: 'b', verdict: 'accepted' as const },
      { ...common, submission: 'c', verdict: 'refused' as const, code: 'ERR_INTERACTION_LOCKED' as const },
    ];
    books.apply({ kind: 'judge', verdicts });
    expect(books.perform('draw.freeze', ON)).toBe('done');
    expect(books.list().count).toBe(2);
  });

  test('that is not what the ledger counts is not committed to', () => {
    books.lottery(1);
    for (const viewer of ['ann', 'bob']) books.answer(viewer);
    books.perform('draw.freeze', ON);
    const list = books.list();
    const common = { seedHash: seedHashOf(SEED), prizes: [], beacon: null };
    const commit = (count: number) =>
      books.perform('draw.commit', { ...ON, commitment: { ...common, ...list, count } });
    expect(commit(1)).toBe('changed');
    expect(commit(3)).toBe('changed');
    expect(get()).toMatchObject({ state: 'frozen', commitment: null });
    expect(commit(2)).toBe('done');
    expect(commit(2)).toBe('already');
  });

  test('is in the order of the ledger, has the tiers of its moment, and is kept page by page', () => {
    books.lottery(1, 's1');
    const count = PAGE_LEAVES + 5;
    books.db.exec('BEGIN');
    const insert = books.db.prepare(`
      INSERT INTO submissions (interaction, viewer, id, answer, bucket, status, arrived_us, claims, salt, leaf)
      VALUES (1, ?, ?, '{}', 'entered', 'accepted', 1, '{}', '', '')`);
    for (let i = 0; i < count; i++) insert.run(`v${i}`, `r${i}`);
    books.db.exec(`INSERT INTO tallies VALUES (1, 'entered', ${count})`);
    books.db.exec(`INSERT INTO prize_shows (show, threshold) VALUES ('s1', 2)`);
    books.db.exec(`INSERT INTO boxes VALUES ('s1', 'v1', 2), ('s1', 'v2', 1), ('s1', 'v${count - 1}', 9)`);
    books.db.exec('COMMIT');
    const commitment = books.committed();
    expect(commitment).toMatchObject({ count, high: { count: 2 } });
    const pages = [0, 1].map((page) => books.ask('draw.page', { interaction: 'final', page })!);
    expect(pages.map(({ leaves }) => leaves.length / 32)).toEqual([PAGE_LEAVES, 5]);
    expect(pages[0]!.high[0]).toBe(0x40);
    expect(pages[1]!.high[0]).toBe(0x08);
    const roots = books.ask('draw.roots', { interaction: 'final' });
    expect(toHex(levelsOf(roots, nodeSha256).at(-1)!)).toBe(commitment.root);
    // Of record: nobody changes them.
    expect(() => books.db.exec(`UPDATE draw_entrants SET leaves = x''`)).toThrow('only grows');
    // Each entrant finds their own answer by place.
    const [last] = drawWinners(
      books.db,
      'final',
      { ...commitment, prizes: [{ prize: 'b', pieces: 1, tier: 'high' }] },
      SEED,
      null,
    );
    expect([1, count - 1]).toContain(last!.entrant);
    expect(last!.submission).toBe(last!.entrant + 1);
  });
});

describe('the winners', () => {
  const enter = (count: number): void => {
    for (let i = 0; i < count; i++) books.answer(`v${i}`);
  };
  const draw = (winners: readonly WinnerToBook[], batch: number) =>
    books.perform('draw.draw', {
      ...{ ...ON, signature: null, by: null, winners: winners.length, batch: winners.slice(0, batch) },
    });

  test('are not drawn before the commitment is known to be in time, nor without the round that was named', () => {
    books.lottery(5);
    enter(3);
    const commitment = books.committed(77);
    const signature = 'ab'.repeat(48);
    const given = { ...ON, by: null, winners: 0, batch: [] };
    expect(books.perform('draw.draw', { ...given, signature })).toBe('unfit');
    expect(books.perform('draw.publish', { ...ON, round: 78 })).toBe('unfit');
    expect(books.perform('draw.publish', { ...ON, round: 77 })).toBe('done');
    expect(books.perform('draw.publish', { ...ON, round: 77 })).toBe('already');
    // Known to be in time: no other round any more.
    expect(books.perform('draw.move', { ...ON, from: 77, to: 78 })).toBe('unfit');
    expect(books.perform('draw.draw', { ...given, signature: null })).toBe('unfit');
    expect(books.perform('draw.draw', { ...given, signature })).toBe('done');
    expect(books.perform('draw.draw', { ...given, signature })).toBe('already');
    expect(commitment.beacon?.round).toBe(77);
  });

  test('a round is moved to a later one alone, and the commitment says from where', () => {
    books.lottery(5);
    enter(3);
    books.committed(77);
    expect(books.perform('draw.move', { ...ON, from: 77, to: 76 })).toBe('unfit');
    expect(books.perform('draw.move', { ...ON, from: 76, to: 80 })).toBe('unfit');
    expect(books.perform('draw.move', { ...ON, atUs: unixUs(T0 + 5), from: 77, to: 80 })).toBe('done');
    expect(books.perform('draw.move', { ...ON, from: 77, to: 80 })).toBe('already');
    expect(get()).toMatchObject({
      ...{ commitment: { beacon: { round: 80 } }, committedAtUs: T0 + 5 },
      moved: [{ round: 77, atUs: T0 + 5 }],
    });
  });

  test('goes on with the batch that was not booked, each once', () => {
    books.lottery(30);
    enter(25);
    const commitment = books.committed();
    books.perform('draw.publish', { ...ON, round: null });
    const winners = books.winners(commitment);
    expect(winners).toHaveLength(25);
    expect(draw(winners, 10)).toBe('done');
    // A crash within the next batch: nothing of it stands.
    books.db.exec('BEGIN');
    books.db.exec(`DELETE FROM draw_winners WHERE place > 4`);
    books.open();
    expect(get()).toMatchObject({ state: 'booking', booked: 10, winners: 25 });
    expect(books.winners(commitment)).toEqual(winners);
    const book = (from: number, to: number) =>
      books.perform('draw.book', { ...ON, from, batch: winners.slice(from, to) });
    expect(book(0, 10)).toBe('already');
    expect(book(20, 25)).toBe('unfit');
    expect(book(10, 20)).toBe('done');
    books.open();
    expect(book(10, 20)).toBe('already');
    expect(book(20, 25)).toBe('done');
    expect(get()).toMatchObject({ state: 'drawn', booked: 25, short: 0 });
    expect(book(20, 25)).toBe('already');
    expect(books.ask('pool.get', { pool: 'p1' })!.balances).toMatchObject({
      ...{ reserved: { pieces: 25 }, free: { pieces: 5 } },
    });
    const booked = books.ask('draw.winners', { interaction: 'final' });
    expect(booked.map(({ outcome }) => outcome)).toEqual(new Array(25).fill('earned'));
  });

  test('cancelled between two batches get no more, and what they had is void', () => {
    books.lottery(30);
    enter(25);
    const commitment = books.committed();
    books.perform('draw.publish', { ...ON, round: null });
    const winners = books.winners(commitment);
    draw(winners, 10);
    books.apply({ kind: 'transition', transition: canceledBy('final') });
    expect(books.perform('draw.book', { ...ON, from: 10, batch: winners.slice(10, 20) })).toBe('unfit');
    expect(get()).toMatchObject({ state: 'void', void: { why: expect.stringContaining('cancelled') } });
    books.perform('rounds.void', { limit: 100, atUs: T0 });
    expect(books.ask('pool.get', { pool: 'p1' })!.balances.free.pieces).toBe(30);
    expect(books.perform('draw.rebook', { ...ON, by: 'tess', limit: 5 })).toMatchObject({
      code: 'ERR_DRAW_STATE',
    });
  });

  test('a viewer sees their own entry alone, and cannot be erased while the draw is under way', () => {
    books.lottery(1);
    enter(2);
    const commitment = books.committed();
    books.apply({ kind: 'transition', transition: revealedBy('final', {}, {}) });
    const erase = () =>
      books.perform('viewer.erase', { viewer: 'v0', pseudonym: 'erased:x', by: 'tess', atUs: T0 });
    expect(erase).toThrow(expect.objectContaining({ code: 'ERR_VIEWER_BUSY' }));
    books.perform('draw.publish', { ...ON, round: null });
    const winners = books.winners({ ...commitment, prizes: [{ prize: 'bag', pieces: 1, tier: 'any' }] });
    draw(winners, 1);
    const own = (viewer: string) => books.ask('draw.mine', { interaction: 'final', viewer });
    const won = [own('v0'), own('v1')].map((entry) => entry!.won !== null);
    expect(won.filter(Boolean)).toHaveLength(1);
    expect(own(won[0] === true ? 'v0' : 'v1')!.won).toMatchObject({ right: 'released', outcome: 'earned' });
    expect(own('nobody')).toBeNull();
    const loser = won[0] === true ? 'v1' : 'v0';
    const before = books.ask('draw.page', { interaction: 'final', page: 0 });
    books.perform('viewer.erase', { viewer: loser, pseudonym: 'erased:x', by: 'tess', atUs: T0 });
    expect(books.ask('draw.page', { interaction: 'final', page: 0 })).toEqual(before);
  });

  test('follow from the journal alone', () => {
    books.lottery(3);
    enter(8);
    const commitment = books.committed();
    books.perform('draw.publish', { ...ON, round: null });
    const winners = books.winners({ ...commitment, prizes: [{ prize: 'bag', pieces: 5, tier: 'any' }] });
    draw(winners, 5);
    expect(get()).toMatchObject({ state: 'drawn', winners: 5, short: 2 });
    const tables = ['draws', 'draw_winners'];
    const read = (db: DatabaseSync) => tables.map((table) => db.prepare(`SELECT * FROM ${table}`).all());
    const again = new DatabaseSync(':memory:');
    for (const step of MIGRATIONS) again.exec(step);
    const { reducers } = DOMAINS.find(({ name }) => name === 'draws')!;
    const reduce = reducers(again);
    for (const row of books.db.prepare('SELECT * FROM journal ORDER BY seq').all()) {
      const { kind, at_us, viewer, body } = row as {
        kind: string;
        at_us: number;
        viewer: null;
        body: string;
      };
      reduce[kind]?.({ seq: 0, kind, atUs: unixUs(at_us), viewer, body: JSON.parse(body) });
    }
    expect(read(again)).toEqual(read(books.db));
    again.close();
  });
});

test('the long work runs in a thread of its own, and is given up at the end', async () => {
  books.lottery(1);
  for (const viewer of ['ann', 'bob', 'cyd']) books.answer(viewer);
  books.perform('draw.freeze', ON);
  const jobs = openDrawJobs({ path: books.path, busyTimeoutMs: 1_000 });
  const pages: number[] = [];
  const list = await jobs.list('final', async ({ leaves }, page) => {
    pages.push(page, leaves.length);
  });
  expect(pages).toEqual([0, 96]);
  expect(fromHex(list.root, 32)).not.toBeNull();
  await expect(jobs.list('final', () => Promise.reject(new Error('the store is away')))).rejects.toThrow(
    'the store is away',
  );
  // The next one is not held up by it.
  expect((await jobs.list('final', async () => undefined)).root).toBe(list.root);
  await jobs.close();
  await expect(jobs.list('final', async () => undefined)).rejects.toMatchObject({ code: 'ERR_NOT_READY' });
});
