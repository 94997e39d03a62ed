import { isObject, numberOf, parseJson, textOf } from '../../shared/json.ts';
import { type Guard, isOver } from '../model/guard.ts';

/** The tab's storage. */
export type Kept = Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>;

const ARMED_KEY = 'framecue.armed';
const NAME_KEY = 'framecue.console-name';
const OFFSET_KEY = 'framecue.press-offset';

/** An armed prize outlives a reload, with what is left of its span. */
export function keepArmed(storage: Kept, guard: Guard | null): void {
  if (guard?.kind !== 'prize') {
    storage.removeItem(ARMED_KEY);
    return;
  }
  const until = Date.now() + (guard.until - performance.now());
  storage.setItem(ARMED_KEY, JSON.stringify({ item: guard.item, until }));
}

export function takeArmed(storage: Kept): Guard | null {
  const kept = parseJson(storage.getItem(ARMED_KEY) ?? '');
  if (!isObject(kept)) return null;
  const item = textOf(kept.item);
  const until = numberOf(kept.until);
  if (item === null || until === null) return null;
  const now = performance.now();
  const guard: Guard = { kind: 'prize', item, since: now, until: now + Math.min(10_000, until - Date.now()) };
  // One that is over is not shown as armed, but disarmed at the next tick.
  return isOver(guard, now) ? { ...guard, until: now } : guard;
}

/** What others read on their consoles; of this machine, over all its tabs. */
export const keptName = (storage: Kept): string => storage.getItem(NAME_KEY)?.trim() || 'Director';
export const keepName = (storage: Kept, name: string): void => storage.setItem(NAME_KEY, name.trim());

/** The person's press delay that this console takes off each press; null where none was taken. */
export function keptOffset(storage: Kept): { readonly person: string; readonly ms: number } | null {
  const kept = parseJson(storage.getItem(OFFSET_KEY) ?? '');
  if (!isObject(kept)) return null;
  const person = textOf(kept.person);
  const ms = numberOf(kept.ms);
  return person === null || ms === null ? null : { person, ms };
}

export function keepOffset(
  storage: Kept,
  offset: { readonly person: string; readonly ms: number } | null,
): void {
  if (offset === null) storage.removeItem(OFFSET_KEY);
  else storage.setItem(OFFSET_KEY, JSON.stringify(offset));
}
