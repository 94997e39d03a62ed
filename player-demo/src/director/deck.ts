import type { Interaction } from '../shared/events-api.ts';

const byAge = (a: Interaction, b: Interaction): number => (a.createdAt ?? 0) - (b.createdAt ?? 0);

/** A question that was locked this long ago and never revealed has been left. */
const LEFT_AFTER_MS = 30 * 60_000;

/**
 * What a console shows that was just opened: the question under way, else the oldest that waits; null: none.
 * @param now the server's clock, Unix milliseconds.
 */
export function firstOnDeck(interactions: readonly Interaction[], now: number): Interaction | null {
  const sorted = [...interactions].sort(byAge);
  const isRunning = ({ state, lockedAt }: Interaction): boolean =>
    state === 'ACTIVE' || (state === 'LOCKED' && now - (lockedAt ?? now) < LEFT_AFTER_MS);
  const running = sorted.filter(isRunning).at(-1);
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
