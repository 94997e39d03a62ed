import type { Interaction } from '../shared/events-api.ts';

const isOver = ({ state }: Interaction): boolean => state === 'RESOLVED' || state === 'CANCELED';

const byAge = (a: Interaction, b: Interaction): number => (a.createdAt ?? 0) - (b.createdAt ?? 0);

/** What a console shows that was just opened: the question under way, else the oldest that waits; null: none. */
export function firstOnDeck(interactions: readonly Interaction[]): Interaction | null {
  const sorted = [...interactions].sort(byAge);
  const running = sorted.filter(({ state }) => state === 'ACTIVE' || state === 'LOCKED').at(-1);
  return running ?? sorted.find(({ state }) => state === 'SCHEDULED') ?? null;
}

/** The question after this one: the oldest other one that waits; null: none. */
export function nextOnDeck(interactions: readonly Interaction[], current: string | null): Interaction | null {
  return waiting(interactions).find(({ id }) => id !== current) ?? null;
}

/** Those that wait, oldest first. */
export const waiting = (interactions: readonly Interaction[]): readonly Interaction[] =>
  interactions.filter(({ state }) => state === 'SCHEDULED').sort(byAge);

/** The list with one that was just created or changed here, before the next list comes. */
export function withInteraction(
  interactions: readonly Interaction[],
  added: Interaction,
): readonly Interaction[] {
  return [...interactions.filter(({ id }) => id !== added.id), added];
}

/** A list from the server, with what was created here after it was asked for. */
export function withOwn(listed: readonly Interaction[], own: readonly Interaction[]): readonly Interaction[] {
  const ids = new Set(listed.map(({ id }) => id));
  return [...listed, ...own.filter(({ id }) => !ids.has(id))];
}

export { isOver };
