import { describe, expect, test } from 'vitest';
import { newFacts } from '../ledger/facts.ts';
import { anInteraction, canceledBy, lockedBy, openedBy } from '../ledger/fixtures.ts';
import { InteractionBook } from './book.ts';

const facts = (id: string, over: object = {}) => newFacts(anInteraction({ id, ...over }));

describe('the book of interactions', () => {
  test('holds a bounded number: those that are over go first, oldest first', () => {
    const book = new InteractionBook(3);
    for (const id of ['q1', 'q2', 'q3']) book.add(facts(id));
    expect(book.isFull).toBe(true);
    expect(book.holdsAll).toBe(true);
    book.apply(openedBy('q2', { cue: 'c2' }));
    book.apply(canceledBy('q2'));
    expect(book.isFull).toBe(false);
    book.add(facts('q4'));
    expect(['q1', 'q2', 'q3', 'q4'].map((id) => book.get(id) !== undefined)).toEqual([
      true,
      false,
      true,
      true,
    ]);
    expect(book.openedBy('live/main', 'c2')).toBeUndefined();
    expect(book.holdsAll).toBe(false);
  });

  test('takes from the ledger what it does not know, and keeps what it does', () => {
    const book = new InteractionBook(10);
    book.add(facts('q1'));
    book.apply(openedBy('q1', { cue: 'c1' }));
    const loaded = { ...facts('q1'), locked: lockedBy('q1', { cue: 'c2' }) };
    book.load({ interactions: [{ facts: loaded, answered: true, held: 2 }] });
    expect(book.get('q1')!.facts).toMatchObject({ opened: { moment: { cue: 'c1' } }, locked: loaded.locked });
    expect(book.get('q1')).toMatchObject({ answered: true, held: 2 });
    expect(book.heldTotal).toBe(2);
    book.load({ interactions: [{ facts: loaded, answered: true, held: 1 }] });
    expect(book.heldTotal).toBe(1);
  });

  test('leaves out what it cannot read: another type, a config that no longer fits', () => {
    const book = new InteractionBook(10);
    const unusable = book.load({
      interactions: [
        { facts: facts('q1', { type: 'seance' }), answered: false, held: 0 },
        { facts: facts('q2', { config: { question: '?' } }), answered: false, held: 0 },
        { facts: facts('q3'), answered: false, held: 0 },
      ],
    });
    expect(unusable).toEqual(['q1', 'q2']);
    expect(book.get('q3')).toBeDefined();
  });
});
