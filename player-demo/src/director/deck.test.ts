import { describe, expect, it } from 'vitest';
import type { Interaction, InteractionState } from '../shared/events-api.ts';
import { firstOnDeck, nextOnDeck, waiting, withInteraction, withOwn } from './deck.ts';

const at = (id: string, state: InteractionState, createdAt: number | null = 0): Interaction => ({
  id,
  state,
  question: id,
  options: ['a', 'b'],
  correct: null,
  durationMs: 1000,
  createdAt,
  lockedAt: null,
});

describe('the deck', () => {
  it('goes on with the question under way when the console is loaded again', () => {
    const list = [
      at('a', 'SCHEDULED', 1),
      at('b', 'LOCKED', 2),
      at('c', 'ACTIVE', 3),
      at('d', 'SCHEDULED', 4),
    ];
    expect(firstOnDeck(list, 0)?.id).toBe('c');
  });

  it('else takes the oldest that waits, and not one that is over', () => {
    expect(firstOnDeck([at('a', 'RESOLVED'), at('c', 'SCHEDULED', 5), at('b', 'SCHEDULED', 2)], 0)?.id).toBe(
      'b',
    );
    expect(firstOnDeck([at('a', 'CANCELED')], 0)).toBeNull();
  });

  it('does not go back to one that was locked long ago and left', () => {
    const left = { ...at('a', 'LOCKED', 1), lockedAt: 1000 };
    expect(firstOnDeck([left], 1000 + 60_000)?.id).toBe('a');
    expect(firstOnDeck([left], 1000 + 3_600_000)).toBeNull();
  });

  it('goes to the next that waits, never to the same one', () => {
    const list = [at('a', 'SCHEDULED', 1), at('b', 'SCHEDULED', 2)];
    expect(nextOnDeck(list, 'a')?.id).toBe('b');
    expect(nextOnDeck(list, 'b')?.id).toBe('a');
    expect(nextOnDeck([at('a', 'SCHEDULED')], 'a')).toBeNull();
    expect(waiting(list).map(({ id }) => id)).toEqual(['a', 'b']);
  });

  it('keeps what was created here until the server lists it', () => {
    const own = [at('new', 'SCHEDULED')];
    expect(withOwn([at('a', 'SCHEDULED')], own).map(({ id }) => id)).toEqual(['a', 'new']);
    expect(withOwn([at('new', 'ACTIVE')], own)).toEqual([at('new', 'ACTIVE')]);
    expect(withInteraction(own, at('new', 'ACTIVE'))).toEqual([at('new', 'ACTIVE')]);
  });
});
