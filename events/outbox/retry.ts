import { type Milliseconds, ms } from '../../packet/time.ts';

/** Full jitter (anything between none and all of a span that doubles), so that what failed together comes back apart. */
const FIRST_MS = 1_000;
const LONGEST_MS = 600_000;
/** Never at once: a call that fails fast is not to be a busy loop. */
const SHORTEST_MS = 50;

/** What a `Retry-After` can ask for at most; no item waits longer than this. */
export const LONGEST_WAIT_MS = 3_600_000;

/**
 * @param failures 1 after the first.
 * @param random 0 to 1.
 * @param askedMs what the downstream has asked for: never earlier than that, and spread a little behind it.
 */
export function retryDelay(
  failures: number,
  random: () => number,
  askedMs: number | null = null,
): Milliseconds {
  const span = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(failures - 1, 30));
  const jittered = Math.max(SHORTEST_MS, Math.floor(span * random()));
  const delay = askedMs === null ? jittered : Math.max(askedMs + Math.min(jittered, FIRST_MS), jittered);
  return ms(Math.min(LONGEST_WAIT_MS, delay));
}

/**
 * `Retry-After` (RFC 9110, 10.2.3): seconds or a date. Null where there is none that can be read.
 * @param nowMs Unix ms.
 */
export function retryAfterOf(header: string | null, nowMs: number): Milliseconds | null {
  if (header === null) return null;
  const text = header.trim();
  if (/^\d{1,9}$/.test(text)) return ms(Math.min(LONGEST_WAIT_MS, Number(text) * 1000));
  // Date.parse takes much that is no date of HTTP: "-1" is one of them.
  if (!/^[A-Za-z]{3,9},? /.test(text)) return null;
  const at = Date.parse(text);
  return Number.isNaN(at) ? null : ms(Math.min(LONGEST_WAIT_MS, Math.max(0, at - nowMs)));
}
