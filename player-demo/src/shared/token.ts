/** The token of whoever works on media's pages: one for the tab, for this tab only, never left in the address. */
export interface TokenPlaces {
  readonly location: Pick<Location, 'hash' | 'pathname' | 'search'>;
  readonly history: Pick<History, 'replaceState'>;
  readonly storage: Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>;
}

const KEY = 'framecue.token';

/** From `#token=...`, which is taken out of the address at once; else what this tab kept; else null. */
export function takeToken({ location, history, storage }: TokenPlaces): string | null {
  const given = cleanToken(new URLSearchParams(location.hash.slice(1)).get('token') ?? '');
  if (location.hash.includes('token='))
    history.replaceState(null, '', `${location.pathname}${location.search}`);
  if (given !== null) storage.setItem(KEY, given);
  return given ?? storage.getItem(KEY);
}

export const keepToken = (storage: TokenPlaces['storage'], token: string): void =>
  storage.setItem(KEY, token);

export const forgetToken = (storage: TokenPlaces['storage']): void => storage.removeItem(KEY);

/** Pasted text without what comes along with it; null where it cannot be a token (RFC 6750, b68token). */
export function cleanToken(text: string): string | null {
  const token = text.trim().replace(/^Bearer\s+/i, '');
  return /^[A-Za-z0-9._~+/-]+=*$/.test(token) ? token : null;
}
