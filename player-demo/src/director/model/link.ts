/** How this console hears of the show. */
export type Link =
  | { readonly kind: 'connecting' }
  | { readonly kind: 'live' }
  /** `since`: monotonic, milliseconds. */
  | { readonly kind: 'lost'; readonly since: number; readonly attempt: number }
  /** The server has no console channel: everything is asked for again and again. */
  | { readonly kind: 'absent' };

/** The first moment of a loss is kept over the attempts that follow. */
export function nextLink(before: Link, now: Link): Link {
  if (before.kind === 'lost' && now.kind === 'lost') return { ...now, since: before.since };
  return now;
}
