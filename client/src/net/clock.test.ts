import { describe, expect, test } from 'vitest';
import { json, VirtualNet } from '../../test/virtual-net.ts';
import { ServerClock } from './clock.ts';

/** A server whose clock is ahead of this device's by `aheadMs`. */
function rig(aheadMs: number) {
  const net = new VirtualNet();
  const state = { aheadMs, known: 0, problems: [] as string[], workMs: 0 };
  net.reply = (call) => {
    const t1 = Number(new URL(call.url).searchParams.get('t1'));
    const t2 = Math.round((net.localUnixMs() + state.aheadMs) * 1000);
    return json({ t1, t2, t3: t2 });
  };
  const clock = new ServerClock(net, {
    url: 'http://events/api/v1',
    onProblem: (code) => state.problems.push(code),
    onKnown: () => state.known++,
  });
  const errorUs = (): number => clock.now()!.unixUs - (net.localUnixMs() + state.aheadMs) * 1000;
  return { net, clock, state, errorUs };
}

describe('ServerClock', () => {
  test('is unknown until the first exchange', async () => {
    const { net, clock, state } = rig(90_000);
    expect(clock.now()).toBeNull();
    net.wayMs = 20;
    clock.start();
    await net.advance(39);
    expect(clock.now()).toBeNull();
    await net.advance(1);
    expect(clock.now()).not.toBeNull();
    expect(state.known).toBe(1);
  });

  test('is within its bound, which is half of the way and grows with age', async () => {
    const { net, clock, errorUs } = rig(-12_345);
    net.wayMs = 30;
    clock.start();
    await net.advance(60);
    const { errorUs: bound } = clock.now()!;
    expect(bound).toBeGreaterThanOrEqual(30_000);
    expect(bound).toBeLessThan(31_500);
    expect(Math.abs(errorUs())).toBeLessThanOrEqual(bound);
    net.reply = () => null;
    await net.advance(100_000);
    expect(clock.now()!.errorUs).toBeGreaterThan(bound + 5000);
  });

  test('holds its bound where the ways are not equally long', async () => {
    const { net, clock, errorUs } = rig(5000);
    const honest = net.reply;
    net.reply = async (call) => {
      // All of the way is on the way there.
      await new Promise<void>((resolve) => {
        net.setTimeout(resolve, 200);
      });
      return honest(call);
    };
    clock.start();
    await net.advance(200);
    expect(Math.abs(errorUs())).toBeGreaterThan(99_000);
    expect(Math.abs(errorUs())).toBeLessThanOrEqual(clock.now()!.errorUs);
  });

  test('of several exchanges the quickest rules', async () => {
    const { net, clock } = rig(0);
    net.wayMs = 200;
    clock.start();
    await net.advance(400);
    expect(clock.now()!.errorUs).toBeGreaterThan(200_000);
    net.wayMs = 5;
    await net.advance(250 + 10);
    expect(clock.now()!.errorUs).toBeLessThan(6500);
    net.wayMs = 400;
    await net.advance(1100);
    expect(clock.now()!.errorUs).toBeLessThan(6500);
  });

  test('asks often at first, then seldom', async () => {
    const { net, clock } = rig(0);
    clock.start();
    await net.advance(2000);
    expect(net.calls).toHaveLength(8);
    await net.advance(600_000);
    expect(net.calls.length).toBeLessThan(30);
    expect(net.calls.length).toBeGreaterThan(8);
  });

  test('backs off while the server is away, and tells of it', async () => {
    const { net, clock, state } = rig(0);
    net.reply = () => null;
    clock.start();
    await net.advance(600_000);
    expect(net.calls.length).toBeLessThan(20);
    expect(net.calls.length).toBeGreaterThan(6);
    expect(new Set(state.problems)).toEqual(new Set(['ERR_CLIENT_NETWORK']));
  });

  test('a server that hangs is given up after a while', async () => {
    const { net, clock, state } = rig(0);
    net.reply = () => 'hang';
    clock.start();
    await net.advance(5000);
    expect(state.problems).toEqual(['ERR_CLIENT_NETWORK']);
  });

  test.each([
    ['another t1, as a cache would give', { t1: 5, t2: 1, t3: 2 }],
    ['no times', {}],
    ['null', null],
    ['times that run backwards', { t1: 'same', t2: 5, t3: 4 }],
    ['text for numbers', { t1: 'same', t2: '5', t3: '6' }],
  ])('takes no answer with %s', async (_, body) => {
    const { net, clock, state } = rig(0);
    net.reply = (call) => {
      const t1 = Number(new URL(call.url).searchParams.get('t1'));
      return json(body !== null && 't1' in body && body.t1 === 'same' ? { ...body, t1 } : body);
    };
    clock.start();
    await net.advance(100);
    expect(clock.now()).toBeNull();
    expect(state.problems).toEqual(['ERR_CLIENT_RESPONSE']);
  });

  test('follows a step of the server clock', async () => {
    const { net, clock, state, errorUs } = rig(0);
    net.wayMs = 2;
    clock.start();
    await net.advance(2000);
    state.aheadMs = 60_000;
    await net.advance(60_000);
    expect(Math.abs(errorUs())).toBeLessThanOrEqual(clock.now()!.errorUs);
  });

  test('a device that slept asks anew at once, and trusts nothing from before', async () => {
    const { net, clock } = rig(0);
    clock.start();
    await net.advance(10_000);
    const asked = net.calls.length;
    // The monotonic clock stood still for an hour.
    net.unixZeroMs += 3_600_000;
    net.reply = () => 'hang';
    clock.check();
    expect(clock.now()).toBeNull();
    await net.advance(0);
    expect(net.calls.length).toBe(asked + 1);
  });

  test('destroy ends requests and timers', async () => {
    const { net, clock } = rig(0);
    net.reply = () => 'hang';
    clock.start();
    await net.advance(10);
    expect(net.underWay).toBe(1);
    clock.destroy();
    await net.advance(0);
    expect([net.underWay, net.timers]).toEqual([0, 0]);
    const calls = net.calls.length;
    await net.advance(600_000);
    expect(net.calls.length).toBe(calls);
  });
});
