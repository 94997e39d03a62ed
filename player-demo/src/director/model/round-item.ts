import type { Cue } from '../../shared/media-api.ts';
import { type Item, isWaiting, type Rundown } from './rundown.ts';

export type RoundAction = 'lock' | 'reveal' | 'cancel';

/** The item that opened this round; null where the loaded rundown has not. */
export const openingOf = (rundown: Rundown | null, open: Pick<Cue, 'id'>): Item | null =>
  rundown?.items.find(({ type, cue }) => type === 'interaction.open' && cue === open.id) ?? null;

/**
 * The item of the loaded rundown that is to lock, reveal or cancel this round and has not yet: what waits, else what was
 * missed or skipped (nothing has come of it, and a take begins it anew). Null: the rundown has none.
 */
export function itemOfRound(
  action: RoundAction,
  rundown: Rundown | null,
  open: Pick<Cue, 'id'>,
): Item | null {
  const opening = openingOf(rundown, open);
  if (rundown === null || opening === null) return null;
  const items = rundown.items.filter(
    ({ type, ref }) => type === `interaction.${action}` && ref === opening.id,
  );
  return (
    items.find(isWaiting) ?? items.find(({ state }) => state === 'missed' || state === 'skipped') ?? null
  );
}
