import { formatClock, formatCount } from '../shared/format.ts';
import type { JsonObject } from '../shared/json.ts';
import type { Amount, Measure } from './report.ts';

/** Minor units as money; ISO 4217 says how many digits a currency has. Not for arithmetic. */
export function formatMoney(amountMinor: number, currency: string): string {
  try {
    const format = new Intl.NumberFormat('en', { style: 'currency', currency, currencyDisplay: 'code' });
    const digits = format.resolvedOptions().maximumFractionDigits ?? 2;
    return format.format(amountMinor / 10 ** digits).replaceAll('\u00a0', '\u202f');
  } catch {
    return `${formatCount(amountMinor)} ${currency}`;
  }
}

export const formatAmount = ({ pieces, amountMinor }: Amount, currency: string): string =>
  `${formatCount(pieces)} (${formatMoney(amountMinor, currency)})`;

/** The local clock, with the day where it is not today. */
export function formatMoment(unixMs: number, now: number): string {
  const dayOf = (at: number): string => new Date(at).toLocaleDateString('sv');
  return dayOf(unixMs) === dayOf(now) ? formatClock(unixMs) : `${dayOf(unixMs)} ${formatClock(unixMs)}`;
}

/** `3 s`, `4 min`, `2 h`. */
export function formatAge(ms: number): string {
  if (ms < 60_000) return `${Math.max(0, Math.round(ms / 1000))}\u202fs`;
  if (ms < 3_600_000) return `${Math.round(ms / 60_000)}\u202fmin`;
  return `${(ms / 3_600_000).toFixed(1)}\u202fh`;
}

export const percentOfPpm = (ppm: number): string => `${(ppm / 10_000).toLocaleString('en')}\u202f%`;

const count = (value: unknown): string => formatCount(Number(value));

/** When a measure is due, as a person says it. */
export function whenWords(when: JsonObject | null): string {
  if (when === null) return 'By hand';
  const { boxesOver, shareOver, poolBelow, budgetBelow } = when as {
    [kind: string]: JsonObject | number | undefined;
  };
  if (boxesOver !== undefined) return `More than ${count(boxesOver)} boxes`;
  if (typeof shareOver === 'object') {
    return `More than ${percentOfPpm(Number(shareOver.ppm))} of viewers have ${count(shareOver.boxes)} boxes`;
  }
  if (typeof poolBelow === 'object') return `Fewer than ${count(poolBelow.pieces)} free in ${poolBelow.pool}`;
  if (typeof budgetBelow === 'object')
    return `Less than ${count(budgetBelow.amountMinor)} (minor) free in ${budgetBelow.pool}`;
  return JSON.stringify(when);
}

export function doWords(does: JsonObject): string {
  if (does.dropPpm !== undefined) return `drop rate to ${percentOfPpm(Number(does.dropPpm))}`;
  if (does.threshold !== undefined) return `threshold to ${count(does.threshold)} boxes`;
  if (does.closePool !== undefined) return `close pool ${does.closePool}`;
  return JSON.stringify(does);
}

export const MEASURE_STATES: { readonly [state: string]: string | undefined } = {
  prepared: 'Prepared',
  applied: 'Applied',
  reverted: 'Reverted',
};

/** `prepared` can be applied, `applied` reverted; `reverted` by hand again. */
export const nextOf = ({ state }: Measure): 'apply' | 'revert' => (state === 'applied' ? 'revert' : 'apply');

export const DRAW_STATES: { readonly [state: string]: string | undefined } = {
  frozen: 'List closed',
  committed: 'Committed',
  booking: 'Drawn, booking',
  drawn: 'Drawn, sealed',
  revealed: 'Revealed',
  void: 'Void',
};

export const DRAW_PROBLEMS: { readonly [code: string]: string | undefined } = {
  'no-randomness': 'No randomness',
  'seed-lost': 'Secret is missing',
  'list-changed': 'List does not fit',
  failed: 'A step fails',
};

export const BREAKERS: { readonly [state: string]: string | undefined } = {
  closed: 'Sending',
  open: 'Held back',
  'half-open': 'Probing',
};

const DEAD_CODES: { readonly [code: string]: string | undefined } = {
  dns: 'name does not resolve',
  connect: 'no connection',
  timeout: 'no answer in time',
  broken: 'connection broke',
  'too-large': 'answer too large',
  unreadable: 'answer not understood',
  unsigned: 'answer not signed',
  redirect: 'redirected',
  limited: 'asked to wait',
  failed: 'failed there',
  misconfigured: 'address or secret is wrong',
  refused: 'refused for good',
};

export const deadWords = (code: string | null, status: number | null): string =>
  `${code === null ? 'unknown' : (DEAD_CODES[code] ?? code)}${status === null ? '' : ` (HTTP ${status})`}`;
