/** Numbers as people read them. Minus is U+2212, thousands are split by a narrow no-break space. */
const MINUS = '\u2212';
const THIN = '\u202f';

const grouped = (digits: string): string => digits.replace(/\B(?=(\d{3})+(?!\d))/g, THIN);

export function formatCount(value: number): string {
  const whole = Math.round(Math.abs(value));
  return `${value < 0 && whole > 0 ? MINUS : ''}${grouped(String(whole))}`;
}

/** `+12`, `0`, `−3`. */
export function formatSigned(value: number): string {
  const whole = Math.round(value);
  return whole > 0 ? `+${formatCount(whole)}` : formatCount(whole);
}

/** Up to a second in ms, then in s with one decimal. */
export function formatSpan(spanMs: number): string {
  if (Math.abs(spanMs) < 1000) return `${formatCount(spanMs)}${THIN}ms`;
  return `${spanMs < 0 ? MINUS : ''}${(Math.abs(spanMs) / 1000).toFixed(1)}${THIN}s`;
}

/** Media time as `h:mm:ss.mmm`, without hours where there are none. */
export function formatMediaTime(mediaMs: number): string {
  const whole = Math.max(0, Math.round(mediaMs));
  const pad = (value: number, digits: number): string => String(value).padStart(digits, '0');
  const hours = Math.floor(whole / 3_600_000);
  const minutes = Math.floor(whole / 60_000) % 60;
  const rest = `${pad(Math.floor(whole / 1000) % 60, 2)}.${pad(whole % 1000, 3)}`;
  return hours > 0 ? `${hours}:${pad(minutes, 2)}:${rest}` : `${pad(minutes, 2)}:${rest}`;
}

/** Seconds that are left, never 0 while something is. */
export const secondsLeft = (leftMs: number): number => Math.max(0, Math.ceil(leftMs / 1000));

/** Wall clock, local, `14:03:22`. */
export function formatClock(unixMs: number): string {
  const at = new Date(unixMs);
  return [at.getHours(), at.getMinutes(), at.getSeconds()].map((n) => String(n).padStart(2, '0')).join(':');
}

export const formatBitrate = (kbitPerS: number): string =>
  kbitPerS >= 10_000
    ? `${(kbitPerS / 1000).toFixed(1)}${THIN}Mbit/s`
    : `${formatCount(kbitPerS)}${THIN}kbit/s`;

export const formatFps = (fps: number): string =>
  Math.abs(fps - Math.round(fps)) < 0.02 ? String(Math.round(fps)) : fps.toFixed(2);

/** Whole percents that add up to 100 (largest remainders), all 0 where nothing was counted. */
export function percentages(counts: readonly number[]): readonly number[] {
  const total = counts.reduce((sum, count) => sum + count, 0);
  if (total === 0) return counts.map(() => 0);
  const exact = counts.map((count) => (count * 100) / total);
  const whole = exact.map(Math.floor);
  const short = 100 - whole.reduce((sum, value) => sum + value, 0);
  const order = exact.map((value, index) => ({ index, rest: value - whole[index]! }));
  order.sort((a, b) => b.rest - a.rest || a.index - b.index);
  for (const { index } of order.slice(0, short)) whole[index]!++;
  return whole;
}

export const optionLetter = (index: number): string => String.fromCharCode(65 + index);

export const plural = (count: number, one: string, many = `${one}s`): string =>
  `${formatCount(count)} ${Math.round(count) === 1 ? one : many}`;
