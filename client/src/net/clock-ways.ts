import type { ClockReading } from './clock-filter.ts';
import { MOST_DRIFT } from './clock-filter.ts';
import type { ClockSocket } from './clock-socket.ts';
import { type Net, request } from './http.ts';

/** How the server is asked: by its gateway (WebSocket), by a request, or by an answer that a CDN may give out. */
export type ClockWay = 'gateway' | 'http' | 'cached';

export type WayOutcome =
  | { readonly ok: true; readonly reading: ClockReading }
  | { readonly ok: false; readonly code: string };

export interface AskContext {
  readonly net: Net;
  readonly url: string;
  readonly socket: ClockSocket;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** `performance.now()` is coarsened to 100 us where it has fractions, and to 1 ms or more where it has none. */
const FINE_US = 200;
const COARSE_US = 1000;
/** What a cache may round its age by, and what the age on its own way may be counted twice by. */
const SECOND_US = 1e6;

/** T1..T4 as NTP does it (RFC 5905, section 8). */
export async function askHttp({ net, url, timeoutMs, signal }: AskContext): Promise<WayOutcome> {
  const sentUs = net.nowMs() * 1000;
  const t1 = Math.round(net.localUnixMs() * 1000);
  const outcome = await request(net, `${url}/clock?t1=${t1}`, { timeoutMs, signal });
  const receivedUs = net.nowMs() * 1000;
  return outcome.ok
    ? exchangeOf(outcome.value, { t1, sentUs, receivedUs })
    : { ok: false, code: outcome.error.code };
}

export async function askGateway({ net, socket, timeoutMs, signal }: AskContext): Promise<WayOutcome> {
  if (!(await socket.open(timeoutMs, signal))) return { ok: false, code: 'ERR_CLIENT_NETWORK' };
  const sentUs = net.nowMs() * 1000;
  const t1 = Math.round(net.localUnixMs() * 1000);
  const answer = await socket.ask({ t: 'clock', t1 }, timeoutMs, signal);
  const receivedUs = answer?.atMs === undefined ? 0 : answer.atMs * 1000;
  return answer === null
    ? { ok: false, code: 'ERR_CLIENT_NETWORK' }
    : exchangeOf(answer.value, { t1, sentUs, receivedUs });
}

/**
 * An answer that may have lain in a cache: made at `at`, `Age` whole seconds ago (RFC 9111, section 5.1), cut off or
 * rounded, with the way to the cache counted in by some; then the way to here. By itself it tells a second; many,
 * asked at different moments of that second, tell much more.
 */
export async function askCached({ net, url, timeoutMs, signal }: AskContext): Promise<WayOutcome> {
  const sentUs = net.nowMs() * 1000;
  // Not out of the browser's own cache: nobody counts the age of what lies there.
  const outcome = await request(net, `${url}/clock/cached`, { timeoutMs, signal });
  const receivedUs = net.nowMs() * 1000;
  if (!outcome.ok) return { ok: false, code: outcome.error.code };
  const { at, maxAgeMs, steps } = (outcome.value ?? {}) as Record<string, unknown>;
  if (!isTime(at) || !isTime(maxAgeMs)) return { ok: false, code: 'ERR_CLIENT_RESPONSE' };
  const { ageS = null } = outcome;
  const resolutionUs = resolutionOf(sentUs, receivedUs);
  const wayUs = receivedUs - sentUs;
  // A cache that tells no age still gives nothing out for longer than it may.
  const leastAgeUs = ageS === null ? 0 : Math.max(0, ageS - 1) * SECOND_US;
  const mostAgeUs = (ageS === null ? maxAgeMs * 1000 : ageS * SECOND_US) + SECOND_US;
  return {
    ok: true,
    reading: {
      loUs: at + leastAgeUs - receivedUs - resolutionUs,
      hiUs: at + mostAgeUs + wayUs * (1 + MOST_DRIFT) - receivedUs + resolutionUs,
      atUs: receivedUs,
      kind: 'cached',
      steps: stepsOf(steps),
    },
  };
}

interface Moments {
  readonly t1: number;
  readonly sentUs: number;
  readonly receivedUs: number;
}

/** The server read T2 after the request was sent and T3 before the answer came: nothing else is taken for granted. */
function exchangeOf(value: unknown, { t1, sentUs, receivedUs }: Moments): WayOutcome {
  const { t1: echoed, t2, t3, steps } = (value ?? {}) as Record<string, unknown>;
  // Another t1 is another's answer, out of a cache: its t3 is old by nobody knows how much.
  if (echoed !== t1 || !isTime(t2) || !isTime(t3) || t3 < t2)
    return { ok: false, code: 'ERR_CLIENT_RESPONSE' };
  const resolutionUs = resolutionOf(sentUs, receivedUs) + MOST_DRIFT * (receivedUs - sentUs);
  const loUs = t3 - receivedUs - resolutionUs;
  const hiUs = t2 - sentUs + resolutionUs;
  // It says that it worked on it for longer than it all took: its clock was stepped meanwhile, or is none.
  if (loUs > hiUs) return { ok: false, code: 'ERR_CLIENT_RESPONSE' };
  return { ok: true, reading: { loUs, hiUs, atUs: receivedUs, kind: 'exchange', steps: stepsOf(steps) } };
}

const resolutionOf = (...timesUs: readonly number[]): number =>
  timesUs.every((us) => us % 1000 === 0) ? COARSE_US : FINE_US;
const isTime = (value: unknown): value is number =>
  typeof value === 'number' && Number.isFinite(value) && value >= 0;
const stepsOf = (value: unknown): number | null => (isTime(value) ? value : null);
