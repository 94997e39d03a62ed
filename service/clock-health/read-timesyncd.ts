import type { ToolReader } from './reading.ts';

const UNIT_MS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  μs: 1e-3,
  ms: 1,
  s: 1000,
  min: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};
const SPAN_PART = /(\d+(?:\.\d+)?)\s*(ns|us|µs|μs|ms|s|min|h|d)(?=\s|$|\d)/gu;

/** systemd's spans: `-1.230ms`, `1min 2.5s`, `+45us`, `0`; null for anything else. */
export function spanMs(text: string): number | null {
  const trimmed = text.trim();
  if (/^[+-]?0$/.test(trimmed)) return 0;
  const body = trimmed.replace(/^[+-]/, '');
  let sum = 0;
  let rest = body;
  for (const [whole, amount, unit] of body.matchAll(SPAN_PART)) {
    sum += Number(amount) * UNIT_MS[unit!]!;
    rest = rest.replace(whole, '');
  }
  if (rest.trim() !== '' || rest === body) return null;
  return trimmed.startsWith('-') ? -sum : sum;
}

/**
 * `timedatectl timesync-status` (systemd 239 and later), as systemd-timesyncd tells it in C: `Name: value` lines. Its
 * offset is the server's time less ours. Root distance is the server's own; the way to the server and its jitter are
 * added.
 */
export const readTimesyncd: ToolReader = (text) => {
  const values = new Map(
    Array.from(text.matchAll(/^\s*([A-Z][A-Za-z ]*):[ \t]+(.*)$/gm), ([, k, v]) => [k!, v!.trim()]),
  );
  const server = values.get('Server');
  if (server === undefined || !values.has('Poll interval')) return null;
  const offset = spanMs(values.get('Offset') ?? '');
  const distance = spanMs((values.get('Root distance') ?? '').replace(/\s*\(.*$/, ''));
  // It names a server from the start; these come with the first answer.
  if (offset === null || distance === null || values.get('Leap') === 'not synchronized') {
    return { state: 'unsynchronised', why: 'systemd-timesyncd runs, but no time server has answered yet.' };
  }
  const delay = spanMs(values.get('Delay') ?? '') ?? 0;
  const jitter = spanMs(values.get('Jitter') ?? '') ?? 0;
  return {
    state: 'synchronised',
    offsetMs: 0 - offset,
    errorMs: Math.abs(offset) + distance + delay / 2 + jitter,
  };
};
