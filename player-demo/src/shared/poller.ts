import { backoffMs } from './backoff.ts';
import type { ApiFailure, ApiOutcome } from './http.ts';

export interface PollerOptions<T> {
  readonly run: (signal: AbortSignal) => Promise<ApiOutcome<T>>;
  /** From one answer to the next request, milliseconds. */
  readonly everyMs: number;
  /** The longest wait between tries that fail, milliseconds; 5,000 when absent. */
  readonly mostMs?: number;
  readonly onValue: (value: T) => void;
  /** `attempt` counts failures in a row, from 1; `retryInMs` until the next try. */
  readonly onFailure: (failure: ApiFailure, attempt: number, retryInMs: number) => void;
  readonly random?: () => number;
}

export interface Poller {
  /** Asks at once instead of waiting; a request under way counts. */
  readonly poke: () => void;
  readonly stop: () => void;
}

const DEFAULT_MOST_MS = 5000;

/**
 * Asks again and again, one request at a time, until stopped. Failures are waited out with backoff; the
 * browser's word that the network is back ends the wait.
 */
export function startPoller<T>(options: PollerOptions<T>): Poller {
  const { run, everyMs, mostMs = DEFAULT_MOST_MS, random = Math.random } = options;
  const end = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let busy = false;
  let failures = 0;

  const again = (waitMs: number): void => {
    timer = setTimeout(ask, waitMs);
  };

  const ask = async (): Promise<void> => {
    clearTimeout(timer);
    if (busy || end.signal.aborted) return;
    busy = true;
    const outcome = await run(end.signal);
    busy = false;
    if (end.signal.aborted) return;
    if (outcome.ok) {
      failures = 0;
      again(everyMs);
      options.onValue(outcome.value);
      return;
    }
    failures++;
    const { failure } = outcome;
    const asked = failure.kind === 'refused' ? (failure.retryAfterMs ?? 0) : 0;
    const waitMs = Math.max(asked, backoffMs(failures, { firstMs: everyMs, mostMs }, random()));
    again(waitMs);
    options.onFailure(failure, failures, waitMs);
  };

  const onOnline = (): void => void ask();
  globalThis.addEventListener?.('online', onOnline);
  void ask();
  return {
    poke: onOnline,
    stop() {
      end.abort();
      clearTimeout(timer);
      globalThis.removeEventListener?.('online', onOnline);
    },
  };
}
