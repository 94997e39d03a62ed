const DAY = { dateStyle: 'long' } as const;

/** What stands over the printed log: the show, and the days of its rows. @param at Unix milliseconds of the rows */
export function sheetHead(
  show: string | null,
  stream: string,
  at: readonly number[],
  zone?: string,
): { readonly show: string; readonly days: string } {
  const format = new Intl.DateTimeFormat('en-GB', zone === undefined ? DAY : { ...DAY, timeZone: zone });
  const known = at.length === 0 ? [Date.now()] : at;
  const first = known.reduce((a, b) => Math.min(a, b));
  const last = known.reduce((a, b) => Math.max(a, b));
  return { show: show ?? stream, days: format.formatRange(first, last) };
}
