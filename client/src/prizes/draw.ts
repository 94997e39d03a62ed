import { type HttpOutcome, type Net, request } from '../net/http.ts';
import type { DrawState } from './types.ts';

/** What is needed of the public document of a draw (docs/draws.md, `GET .../draw`). */
export interface PublicDraw {
  readonly state: DrawState;
  /** What the list was committed to, as everybody is shown it; null before. */
  readonly list: { readonly root: string; readonly count: number } | null;
}

const TIMEOUT_MS = 8000;
const STATES: readonly string[] = ['open', 'frozen', 'committed', 'drawn', 'revealed', 'void'];

type Asked<Value> = { readonly ok: true; readonly value: Value } | Extract<HttpOutcome, { ok: false }>;

/** The same for everybody, so caches on the way may answer. */
export async function askDraw(
  net: Net,
  url: string,
  interaction: string,
  signal: AbortSignal,
): Promise<Asked<PublicDraw>> {
  const path = `${url}/${encodeURIComponent(interaction)}/draw`;
  const outcome = await request(net, path, { timeoutMs: TIMEOUT_MS, signal, cacheable: true });
  if (!outcome.ok) return outcome;
  const read = readDraw(outcome.value, interaction);
  return read === null ? unreadable('The answer is no draw.') : { ok: true, value: read };
}

function readDraw(value: unknown, interaction: string): PublicDraw | null {
  const draw = (value ?? {}) as Readonly<Record<string, unknown>>;
  if (draw.v !== 1 || draw.interaction !== interaction || !STATES.includes(draw.state as string)) return null;
  const state = draw.state as DrawState;
  if (draw.commitment == null) return { state, list: null };
  const { root, count } = draw.commitment as Readonly<Record<string, unknown>>;
  return typeof root === 'string' && typeof count === 'number' ? { state, list: { root, count } } : null;
}

export const unreadable = (message: string): Extract<HttpOutcome, { ok: false }> => ({
  ok: false,
  error: { code: 'ERR_CLIENT_RESPONSE', message, retryable: true, status: null },
  retryAfterMs: null,
});
