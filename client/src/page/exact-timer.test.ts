import { describe, expect, test } from 'vitest';
import { VirtualNet } from '../../test/virtual-net.ts';
import { ExactTimer } from './exact-timer.ts';

/** A browser: turns of the loop take a quarter of a millisecond each, where a timer would take longer. */
class BrowserLikeNet extends VirtualNet {
  turns = 0;
  readonly soon = (run: () => void): void => {
    this.turns++;
    this.setTimeout(run, 0.25);
  };
}

function rig(net: VirtualNet) {
  const ranAt: number[] = [];
  const timer = new ExactTimer(net);
  const startMs = net.nowMs();
  const arm = (inMs: number) => timer.arm(startMs + inMs, () => ranAt.push(net.nowMs() - startMs));
  return { net, timer, arm, ranAt };
}

describe('ExactTimer', () => {
  test('runs once, at its moment and not before, by turns of the loop at the end', async () => {
    const browser = new BrowserLikeNet();
    const { net, timer, arm, ranAt } = rig(browser);
    arm(500);
    await net.advance(479);
    expect([ranAt, browser.turns]).toEqual([[], 0]);
    await net.advance(1000);
    expect(ranAt).toEqual([500]);
    expect(browser.turns).toBeGreaterThan(10);
    expect([timer.atMs, net.timers]).toEqual([null, 0]);
  });

  test('does with timers where there is nothing sooner', async () => {
    const { net, arm, ranAt } = rig(new VirtualNet());
    arm(500);
    await net.advance(1000);
    expect(ranAt).toEqual([500]);
  });

  test('a moment that has passed is met at once', async () => {
    const { net, arm, ranAt } = rig(new BrowserLikeNet());
    arm(-5);
    await net.advance(0);
    expect(ranAt).toEqual([0]);
  });

  test('the last one counts, and none after cancel', async () => {
    const { net, timer, arm, ranAt } = rig(new BrowserLikeNet());
    arm(500);
    await net.advance(490);
    arm(800);
    await net.advance(300);
    expect(ranAt).toEqual([]);
    timer.cancel();
    await net.advance(1000);
    expect(ranAt).toEqual([]);
    arm(1900);
    await net.advance(1000);
    expect(ranAt).toEqual([1900]);
  });
});
