import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { openBooks } from './ledger/sqlite/books.ts';
import { DOMAINS } from './ledger/sqlite/domains.ts';
import { prepareJournal, type Reducer } from './ledger/sqlite/journal.ts';
import { aRight, someTerms } from './ledger/sqlite/treasury/fixtures.ts';
import { prepareTreasury } from './ledger/sqlite/treasury/index.ts';
import { EventsUnderTest } from './test-support/harness.ts';

test('a rehearsal that ran from its cue to its reveal leaves nothing that anybody could earn by', async () => {
  const t = await new EventsUnderTest().start();
  try {
    await t.quiz('q1');
    const rehearsed = { rehearsal: true, data: { interaction: 'q1' } } as const;
    await t.publish(t.land({ id: 'try-1', type: 'interaction.open', ...rehearsed }));
    const taken = await t.submit('q1', await t.session('ann'), { cue: 'try-1' });
    expect(taken.body.receipt.status).toBe('rehearsal');
    await t.publish(t.land({ id: 'try-2', type: 'interaction.reveal', ref: 'try-1', ...rehearsed }));
    // The same viewer in the round that counts, of a cue that counts: not answered.
    await t.publish(t.land({ id: 'open-1', type: 'interaction.open', data: { interaction: 'q1' } }));
    await t.shut();

    const db = new DatabaseSync(t.ledgerPath);
    const nowUs = t.time.clock.unixUs();
    const books = openBooks({ write: db, read: db, nowUs: () => nowUs });
    const reducers = new Map<string, Reducer>(
      DOMAINS.flatMap((domain) => Object.entries(domain.reducers(db))),
    );
    const treasury = prepareTreasury({ db, journal: prepareJournal(db, () => '00', reducers) });
    const budget = { pieces: 1, amountMinor: 100 };
    books.apply({
      ...{ kind: 'command', name: 'pool.open' },
      given: { terms: someTerms(), budget, by: null, atUs: nowUs },
    });
    expect(treasury.earn(aRight({ viewer: 'ann', interaction: 'q1' }), nowUs)).toBe('not-eligible');
    expect(() => treasury.earn(aRight({ viewer: 'ann', interaction: 'try-1' }), nowUs)).toThrow(
      expect.objectContaining({ code: 'ERR_INTERACTION_UNKNOWN' }),
    );
    expect(db.prepare('SELECT count(*) AS n FROM rights').get()).toEqual({ n: 0 });
    db.close();
    await t.open();
  } finally {
    await t.stop();
  }
});
