import type { Clock } from '../../packet/clock.ts';
import type { SntpOutcome } from './sntp.ts';

const MAX_BODY_BYTES = 4096;
const CLOCK_PATH = '/api/v1/clock';

/**
 * Another framecue server by its clock exchange; any other web server by its `Date`, which is whole seconds (RFC 9110,
 * section 6.6.1). Never rejects.
 */
export async function askHttpPeer(url: string, clock: Clock, timeoutMs: number): Promise<SntpOutcome> {
  const base = url.replace(/\/+$/, '');
  const t1Us = clock.unixUs();
  const sentAtUs = clock.monotonicUs();
  let response: Response;
  let text: string;
  let t4Us: number;
  try {
    response = await fetch(`${base}${CLOCK_PATH}?t1=${t1Us}`, {
      signal: AbortSignal.timeout(timeoutMs),
      redirect: 'manual',
      headers: { 'Cache-Control': 'no-cache' },
    });
    t4Us = t1Us + (clock.monotonicUs() - sentAtUs);
    text = await shortText(response);
  } catch {
    return { ok: false, why: 'no answer in time, or it cannot be reached' };
  }
  const times = response.ok ? timesOf(text, t1Us) : null;
  const wayUs = t4Us - t1Us;
  if (times !== null) {
    const { t2, t3 } = times;
    const errorMs = Math.max(0, wayUs - (t3 - t2)) / 2000 + 0.5;
    return { ok: true, reading: { aheadMs: (t2 - t1Us + (t3 - t4Us)) / 2000, errorMs } };
  }
  const dateMs = Date.parse(response.headers.get('date') ?? '');
  if (!Number.isFinite(dateMs) || response.headers.has('age')) {
    return { ok: false, why: 'the answer tells no time, or comes out of a cache' };
  }
  // Cut off at the second, and read at any moment between question and answer.
  const leastUs = dateMs * 1000 - t4Us;
  const mostUs = dateMs * 1000 + 1_000_000 - t1Us;
  return {
    ok: true,
    reading: { aheadMs: (leastUs + mostUs) / 2000, errorMs: (mostUs - leastUs) / 2000 },
  };
}

function timesOf(text: string, t1Us: number): { readonly t2: number; readonly t3: number } | null {
  try {
    const { t1, t2, t3 } = JSON.parse(text) as Record<string, unknown>;
    const fits = t1 === t1Us && typeof t2 === 'number' && typeof t3 === 'number' && t3 >= t2;
    return fits ? { t2, t3 } : null;
  } catch {
    // A page of another server: its Date is all that it has.
    return null;
  }
}

/** The beginning of the body; the rest is not read. */
async function shortText(response: Response): Promise<string> {
  if (response.body === null) return '';
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of response.body) {
    text += decoder.decode(chunk as Uint8Array, { stream: true });
    if (text.length > MAX_BODY_BYTES) break;
  }
  return text;
}
