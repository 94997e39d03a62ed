import type { Amount, Balances } from '../../../events/ledger/treasury.ts';

/** What came from elsewhere cannot move the cursor or colour the terminal. */
export const plain = (text: string): string => text.replaceAll(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, '\ufffd');

export const counted = (count: number, one: string, many = `${one}s`): string =>
  `${count.toLocaleString('en')} ${count === 1 ? one : many}`;

/** Minor units as money: ISO 4217 says how many digits a currency has. */
export function money(amountMinor: number, currency: string): string {
  const digits =
    new Intl.NumberFormat('en', { style: 'currency', currency }).resolvedOptions().maximumFractionDigits ?? 2;
  const whole = (amountMinor / 10 ** digits).toLocaleString('en', {
    ...{ minimumFractionDigits: digits, maximumFractionDigits: digits },
  });
  return `${whole} ${currency}`;
}

export const amount = ({ pieces, amountMinor }: Amount, currency: string): string =>
  `${counted(pieces, 'piece')}, ${money(amountMinor, currency)}`;

/** All that ever came into a pool. */
export const wholeOf = ({ funded, sweptIn }: Balances): Amount => ({
  pieces: funded.pieces + sweptIn.pieces,
  amountMinor: funded.amountMinor + sweptIn.amountMinor,
});

export const moment = (unixMs: number): string => new Date(unixMs).toISOString();

/** `40 s`, `12 min`, `3 h`. */
export function span(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 120) return `${seconds} s`;
  return seconds < 7_200 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3600)} h`;
}

export const percent = (ppm: number): string =>
  `${(ppm / 10_000).toLocaleString('en', { maximumFractionDigits: 4 })} %`;

/** Cells under each other, numbers to the right. */
export function columns(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const cells = rows.map((row) =>
    row.map((cell) => (typeof cell === 'number' ? cell.toLocaleString('en') : plain(cell))),
  );
  const widths = head.map((name, i) => Math.max(name.length, ...cells.map((row) => row[i]?.length ?? 0)));
  const isNumber = head.map((_, i) => typeof rows[0]?.[i] === 'number');
  const line = (row: readonly string[]): string =>
    row
      .map((cell, i) => (isNumber[i] === true ? cell.padStart(widths[i]!) : cell.padEnd(widths[i]!)))
      .join('  ')
      .trimEnd();
  return [head, ...cells].map(line).join('\n');
}

/** A table, and how to see its next page; where it has no rows, `none`. */
export function listed(
  head: readonly string[],
  rows: readonly (readonly (string | number)[])[],
  none: string,
  more: { readonly option: '--before' | '--after'; readonly next: string | number | null },
): string {
  if (rows.length === 0) return none;
  const hint = more.next === null ? '' : `\nThere may be more: ${more.option} ${more.next}`;
  return `${columns(head, rows)}${hint}`;
}
