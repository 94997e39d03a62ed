import { parseJson } from '../shared/json.ts';
import { type View, viewOf } from './told.ts';

const TICKET = 'framecue.stage-ticket';
const ROLE = 'framecue.stage-role';
const VIEW = 'framecue.stage-view';

type Store = Pick<Storage, 'getItem' | 'setItem'>;

/** What the address asks of a screen: `stage.html?name=Wall&standby=auto&behind=400#ticket=...`. */
export interface Asked {
  readonly ticket: string | null;
  readonly name: string | null;
  readonly role: 'show' | 'standby';
  readonly auto: boolean;
  readonly behindMs: number;
}

const MOST_BEHIND_MS = 60_000;

/** The ticket is taken out of the address at once and kept by this machine: a screen starts by itself after a power cut. */
export function takeAsked(
  location: Pick<Location, 'hash' | 'pathname' | 'search'>,
  history: Pick<History, 'replaceState'>,
  storage: Store,
): Asked {
  const hash = new URLSearchParams(location.hash.slice(1));
  const query = new URLSearchParams(location.search);
  const given = hash.get('ticket');
  if (given !== null) {
    history.replaceState(null, '', `${location.pathname}${location.search}`);
    if (isTicket(given)) storage.setItem(TICKET, given);
  }
  const ticket = given !== null && isTicket(given) ? given : storage.getItem(TICKET);
  const behind = Number(query.get('behind') ?? 0);
  return {
    ticket,
    name: query.get('name')?.trim().slice(0, 64) || null,
    role: query.has('standby') ? 'standby' : 'show',
    auto: query.get('standby') === 'auto',
    behindMs: Number.isFinite(behind) ? Math.min(MOST_BEHIND_MS, Math.max(0, behind)) : 0,
  };
}

/** A director's token is none: it has no business on a machine in a hall. */
const isTicket = (text: string): boolean => /^stage_[A-Za-z0-9_-]{16,256}$/.test(text);

/** What this tab was before it was loaded again; null: it is new. */
export function keptRole(storage: Store): 'show' | 'standby' | null {
  const kept = storage.getItem(ROLE);
  return kept === 'show' || kept === 'standby' ? kept : null;
}
export const keepRole = (storage: Store, role: 'show' | 'standby'): void => storage.setItem(ROLE, role);

export const keptView = (storage: Store): View =>
  viewOf(parseJson(storage.getItem(VIEW) ?? '')) ?? 'question';
export const keepView = (storage: Store, view: View): void => storage.setItem(VIEW, JSON.stringify(view));
