import type { ApiFailure } from '../../shared/http.ts';
import { momentOf } from '../../shared/json.ts';
import type { Wanted } from './decide.ts';
import { earlyGuard, type Guard } from './guard.ts';
import type { OnAir } from './on-air.ts';
import type { Rundown } from './rundown.ts';

/** Where nobody has told the cap yet: the setting's default, milliseconds. */
const CAP_MS = 15_000;

/**
 * Before which the viewers who are farthest behind can still answer: the end of the round and the capped spread, server's
 * clock, Unix milliseconds; null where the end is not known.
 * @param capMs null: not told yet
 */
export const revealNotBefore = (
  { lockedAt }: Pick<OnAir, 'lockedAt'>,
  capMs: number | null,
): number | null => (lockedAt === null ? null : lockedAt + (capMs ?? CAP_MS));

/** What is asked where the server has held back an item that follows a round; null: nothing is. */
export function askedOfRefusal(
  wanted: Wanted,
  failure: ApiFailure | null,
  rundown: Rundown | null,
  now: number,
): Guard | null {
  if (wanted.kind !== 'take' || failure?.kind !== 'refused') return null;
  if (failure.code !== 'ERR_RUNDOWN_TOO_EARLY') return null;
  // A round that may not open beside another one wants that one closed, not a second press.
  const item = rundown?.items.find(({ id }) => id === wanted.target);
  if (item === undefined || item.ref === null) return null;
  const path = `/rundown/items/${encodeURIComponent(item.id)}/take?anyway=1`;
  return earlyGuard({ ...wanted, path }, momentOf(failure.details?.notBefore), now);
}

/** The second press, with the picture that it means: the one of the first has passed. */
export function allTheSame({ body, ...wanted }: Wanted, meant: number | null): Wanted {
  const { mediaTime: _, ...rest } = body;
  return { ...wanted, mediaTime: meant, body: meant === null ? rest : { ...rest, mediaTime: meant } };
}

/** Why it is asked, in words. @param notBefore Unix milliseconds, as `now`; null: the round is not closed */
export function earlyWords(notBefore: number | null, now: number): string {
  if (notBefore === null) return 'Nobody knows yet when its round was locked: viewers may still answer.';
  const s = Math.ceil((notBefore - now) / 1000);
  if (s <= 0) return 'Every viewer has seen the lock now.';
  return `Viewers who are behind can still answer for ${s} s, and would read the solution before.`;
}
