import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { ApiOutcome } from './http.ts';
import { startPoller } from './poller.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const good: ApiOutcome<string> = { ok: true, value: 'v', status: 200 };
const bad: ApiOutcome<string> = { ok: false, failure: { kind: 'unreachable' } };

function poll(answers: readonly ApiOutcome<string>[], everyMs = 500, mostMs = 5000) {
  const at: number[] = [];
  const waits: number[] = [];
  const values: string[] = [];
  const start = Date.now();
  const poller = startPoller<string>({
    everyMs,
    mostMs,
    random: () => 1,
    run: async () => {
      at.push(Date.now() - start);
      return answers[Math.min(at.length, answers.length) - 1]!;
    },
    onValue: (value) => values.push(value),
    onFailure: (_failure, _attempt, retryInMs) => waits.push(retryInMs),
  });
  return { poller, at, waits, values };
}

describe('startPoller', () => {
  it('asks at once and then at its pace', async () => {
    const { poller, at, values } = poll([good]);
    await vi.advanceTimersByTimeAsync(1100);
    poller.stop();
    expect(at).toEqual([0, 500, 1000]);
    expect(values).toEqual(['v', 'v', 'v']);
  });

  it('backs off while it fails and comes back to its pace', async () => {
    const { poller, at, waits } = poll([bad, bad, bad, good, good]);
    await vi.advanceTimersByTimeAsync(4100);
    poller.stop();
    expect(waits).toEqual([500, 1000, 2000]);
    expect(at).toEqual([0, 500, 1500, 3500, 4000]);
  });

  it('never waits longer than it was told to', async () => {
    const { poller, waits } = poll([bad], 500, 700);
    await vi.advanceTimersByTimeAsync(2500);
    poller.stop();
    expect(waits).toEqual([500, 700, 700, 700]);
  });

  it('waits as long as the server asks for', async () => {
    const busy: ApiOutcome<string> = {
      ok: false,
      failure: { kind: 'refused', status: 429, code: 'E', message: '', retryable: true, retryAfterMs: 7000 },
    };
    const { poller, waits } = poll([busy]);
    await vi.advanceTimersByTimeAsync(10);
    poller.stop();
    expect(waits).toEqual([7000]);
  });

  it('never has two requests under way, and none after stop', async () => {
    let open = 0;
    let most = 0;
    let asked = 0;
    let release = (): void => undefined;
    const poller = startPoller<string>({
      everyMs: 100,
      run: (signal) =>
        new Promise((resolve) => {
          asked++;
          most = Math.max(most, ++open);
          release = () => {
            open--;
            resolve(good);
          };
          signal.addEventListener('abort', release);
        }),
      onValue: () => undefined,
      onFailure: () => undefined,
    });
    poller.poke();
    poller.poke();
    await vi.advanceTimersByTimeAsync(1000);
    expect([asked, most]).toEqual([1, 1]);
    release();
    await vi.advanceTimersByTimeAsync(100);
    expect(asked).toBe(2);
    poller.stop();
    await vi.advanceTimersByTimeAsync(1000);
    expect(asked).toBe(2);
  });

  it('asks at once when poked while it waits', async () => {
    const { poller, at } = poll([bad, good], 1000);
    await vi.advanceTimersByTimeAsync(300);
    poller.poke();
    await vi.advanceTimersByTimeAsync(0);
    poller.stop();
    expect(at).toEqual([0, 300]);
  });
});
