import { describe, expect, test } from 'vitest';
import { ShareControl } from './share.ts';

const LIMITS = { reportsPerSecond: 300, everyMs: 10_000, firstShare: 0.001, settleMs: 45_000 };
const WINDOW_MS = 30_000;

/**
 * An audience whose clients hear of a new share within 20 s (a smaller one with their next report) and report every
 * 10 s, spread evenly; told in steps of a second.
 */
function simulate(audience: (second: number) => number, seconds: number) {
  const control = new ShareControl(LIMITS, 0);
  const told: { at: number; share: number }[] = [{ at: 0, share: control.share }];
  const rates: number[] = [];
  for (let second = 0; second < seconds; second++) {
    const nowMs = second * 1_000;
    const viewers = audience(second);
    const heard = told.filter(({ at }) => at <= nowMs);
    // Whoever has not heard of the newest share yet, at worst, acts by the largest of the last 20 s.
    const acting = Math.max(
      ...heard.filter(({ at }, n) => n === heard.length - 1 || at > nowMs - 20_000).map((t) => t.share),
    );
    const arriving = Math.round((viewers * acting) / 10);
    rates.push(arriving);
    const chosen = Math.min(arriving, Math.round((viewers * control.share) / 10));
    for (let n = 0; n < chosen; n++) control.arrived();
    const reporters = Math.round(viewers * control.share * Math.min(1, (nowMs + 1_000) / 10_000));
    if (control.update(nowMs + 999, Math.min(reporters, (LIMITS.reportsPerSecond * WINDOW_MS) / 750)))
      told.push({ at: nowMs + 999, share: control.share });
  }
  return { share: control.share, rates, told };
}

describe('ShareControl', () => {
  test.each([0, 3, 200, 2_000])('of %d viewers all report, in a minute', (viewers) => {
    const { share } = simulate(() => viewers, 180);
    expect(share).toBe(1);
  });

  test.each([50_000, 1_000_000, 51_000_000])('of %d viewers about as many as planned', (viewers) => {
    const { share, rates } = simulate(() => viewers, 400);
    const rate = (viewers * share) / 10;
    expect(rate).toBeGreaterThan(120);
    expect(rate).toBeLessThan(1.3 * LIMITS.reportsPerSecond);
    // Also at the start, when nobody knows how many there are.
    expect(Math.max(...rates)).toBeLessThan(5_200);
    expect(Math.max(...rates.slice(60))).toBeLessThan(600);
  });

  test('an audience that grows a hundredfold in a minute is asked less at once', () => {
    const { rates, share } = simulate(
      (second) => (second < 120 ? 2_000 : Math.min(2e6, 2_000 + (second - 120) * 33_000)),
      400,
    );
    expect(2e6 * share).toBeLessThan(1.3 * 3_000);
    expect(rates.at(-1)).toBeLessThan(400);
  });

  test('an audience that goes is asked more, once that is sure', () => {
    const { share } = simulate((second) => (second < 120 ? 1_000_000 : 1_000), 500);
    expect(share).toBe(1);
  });

  test('0 a second is none', () => {
    const control = new ShareControl({ ...LIMITS, reportsPerSecond: 0 }, 0);
    expect(control.update(1_000_000, 0)).toBe(false);
    expect(control.share).toBe(0);
  });
});
