import { ID_PATTERN, isCueType, type JsonObject } from '../../../cues/wire/index.ts';
import type { CueFacts } from '../scheduler/cue-entry.ts';
import { backoffMs, type Net, pause, request } from './http.ts';

/** A cue that is due and open, as the events service lists it for those who lost its stamps. */
export interface DueCue {
  readonly facts: CueFacts;
  readonly data: JsonObject;
  readonly fireAtUs: number;
  readonly epoch: string;
  /** Fire PTS on the stream's timeline. */
  readonly ptsMs: number | null;
  /** How long it had been due when the answer was made, by the server's clock. */
  readonly elapsedMs: number;
}

export interface NowFeedOptions {
  readonly url: string;
  readonly fallbackMs: number;
  readonly safetyMs: number;
  /** True while cues cannot be expected from stamps and frames. */
  readonly isNeeded: () => boolean;
  readonly onCues: (cues: readonly DueCue[]) => void;
  /** What the answer says of who reports their delay. */
  readonly onDelayReports?: (plan: unknown) => void;
  readonly onProblem: (code: string) => void;
}

const TIMEOUT_MS = 5000;
const MAX_BACKOFF_MS = 60_000;
/** How often it looks whether the poll has become urgent. */
const LOOK_MS = 500;
const MAX_CUES = 64;

/**
 * Polls the cues that are due: often where nothing else brings them, seldom as a safety net. The answer is the same
 * for all viewers and may come out of a cache.
 */
export class NowFeed {
  readonly #net: Net;
  readonly #options: NowFeedOptions;
  readonly #stop = new AbortController();

  constructor(net: Net, options: NowFeedOptions) {
    this.#net = net;
    this.#options = options;
  }

  start(): void {
    void this.#run();
  }

  destroy(): void {
    this.#stop.abort();
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    let failures = 0;
    let polledAtMs = this.#net.nowMs();
    let jitter = this.#net.random();
    while (!signal.aborted) {
      await pause(this.#net, LOOK_MS * (0.5 + this.#net.random()), signal);
      if (signal.aborted) return;
      const { isNeeded, fallbackMs, safetyMs } = this.#options;
      const periodMs = isNeeded() ? fallbackMs : safetyMs;
      const dueMs =
        failures > 0
          ? backoffMs({ ...this.#net, random: () => jitter }, failures, fallbackMs, MAX_BACKOFF_MS)
          : periodMs * (0.7 + 0.6 * jitter);
      if (this.#net.nowMs() - polledAtMs < dueMs) continue;
      failures = (await this.#poll()) ? 0 : failures + 1;
      polledAtMs = this.#net.nowMs();
      jitter = this.#net.random();
    }
  }

  async #poll(): Promise<boolean> {
    const { signal } = this.#stop;
    const outcome = await request(this.#net, this.#options.url, {
      timeoutMs: TIMEOUT_MS,
      signal,
      cacheable: true,
    });
    if (signal.aborted) return false;
    const cues = outcome.ok ? readDueCues(outcome.value, this.#options.onProblem) : null;
    if (cues === null) {
      this.#options.onProblem(outcome.ok ? 'ERR_CLIENT_RESPONSE' : outcome.error.code);
      return false;
    }
    this.#options.onCues(cues);
    if (outcome.ok)
      this.#options.onDelayReports?.((outcome.value as { delayReports?: unknown }).delayReports);
    return true;
  }
}

/** Null for anything that is no such answer; entries that do not fit are passed over and told of. */
export function readDueCues(value: unknown, onProblem: (code: string) => void): readonly DueCue[] | null {
  const { at, cues } = (value ?? {}) as { at?: unknown; cues?: unknown };
  if (!isTime(at) || !Array.isArray(cues)) return null;
  const read: DueCue[] = [];
  for (const raw of cues.slice(0, MAX_CUES) as unknown[]) {
    const cue = readDueCue(raw, at);
    if (cue === null) onProblem('ERR_CLIENT_RESPONSE');
    else read.push(cue);
  }
  return read;
}

function readDueCue(value: unknown, atUs: number): DueCue | null {
  const raw = (value ?? {}) as Readonly<Record<string, unknown>>;
  const {
    id,
    rev,
    type,
    ref,
    show,
    data,
    audience,
    rehearsal,
    fireAt,
    durationMs,
    alignAt,
    exp,
    epoch,
    pts,
  } = raw;
  const fits =
    isId(id) &&
    isTime(rev) &&
    isCueType(type) &&
    isTime(fireAt) &&
    isTime(exp) &&
    typeof epoch === 'string' &&
    isAbsentOr(ref, isId) &&
    isAbsentOr(show, isId) &&
    isAbsentOr(data, isObject) &&
    isAbsentOr(audience, isObject) &&
    isAbsentOr(rehearsal, (v) => typeof v === 'boolean') &&
    isAbsentOr(durationMs, isTime) &&
    isAbsentOr(alignAt, isTime) &&
    isAbsentOr(pts, (v) => typeof v === 'number' && Number.isFinite(v));
  if (!fits) return null;
  return {
    facts: {
      id,
      rev,
      type,
      exp,
      ref: (ref as string | null) ?? undefined,
      show: (show as string | null) ?? undefined,
      audience: (audience as JsonObject | null) ?? undefined,
      rehearsal: (rehearsal as boolean | null) ?? undefined,
      durationMs: (durationMs as number | null) ?? undefined,
      alignAt: (alignAt as number | null) ?? undefined,
    },
    data: (data as JsonObject | null) ?? {},
    fireAtUs: fireAt,
    epoch,
    ptsMs: (pts as number | null) ?? null,
    elapsedMs: Math.max(0, (atUs - fireAt) / 1000),
  };
}

const isId = (v: unknown): v is string => typeof v === 'string' && ID_PATTERN.test(v);
const isTime = (v: unknown): v is number => typeof v === 'number' && Number.isFinite(v) && v >= 0;
const isObject = (v: unknown): boolean => typeof v === 'object' && v !== null && !Array.isArray(v);
const isAbsentOr = (v: unknown, fits: (v: unknown) => boolean): boolean =>
  v === undefined || v === null || fits(v);
