import { describe, expect, test } from 'vitest';
import { ClockWorld, exponential, percentile, type WorldOptions } from '../../test/clock-world.ts';

/** `FRAMECUE_CLOCK_MINUTES=20000` looks for longer; each viewer watches for twenty of them. */
const MINUTES = Number(process.env.FRAMECUE_CLOCK_MINUTES ?? 1000);
const EACH = 20;
const LOOK_MS = 5000;

interface Told {
  readonly errors: number[];
  outside: number;
  worstBound: number;
  readonly lastBounds: number[];
}

/** From the first exchange on: what a viewer has who joined a moment ago counts too. */
async function watch(
  minutes: number,
  worldOf: (seed: number) => WorldOptions,
  during?: (world: ClockWorld, look: number) => void | Promise<void>,
): Promise<Told> {
  const told: Told = { errors: [], outside: 0, worstBound: 0, lastBounds: [] };
  for (let seed = 1; seed <= minutes / EACH; seed++) {
    const world = new ClockWorld(worldOf(seed));
    let last = 0;
    await world.net.advance(3000);
    for (let i = 0; i < (EACH * 60_000) / LOOK_MS; i++) {
      await during?.(world, i);
      await world.net.advance(LOOK_MS);
      const look = world.look();
      if (look === null) continue;
      const error = Math.abs(look.errorMs);
      told.errors.push(error);
      if (error > look.boundMs) told.outside++;
      told.worstBound = Math.max(told.worstBound, look.boundMs);
      last = look.boundMs;
    }
    told.lastBounds.push(last);
    world.clock.destroy();
  }
  return told;
}

/** Crystals of PCs and phones: up to 50 ppm either way. */
const driftOf = (seed: number): number => ((seed * 37) % 101) - 50;

describe('the clock over 100 ms there and back, 1 % lost, 50 ppm', { timeout: 120_000 }, () => {
  test.each<[string, (random: () => number) => number]>([
    ['exponential jitter, 10 ms each way', exponential(10)],
    ['even jitter, 0 to 20 ms each way', (random) => 20 * random()],
    ['spikes of up to 200 ms on one in ten', (random) => (random() < 0.1 ? 200 : 3) * random()],
  ])('%s: 99 % are within 5 ms, all within the bound', async (_, jitterMs) => {
    const { errors, outside } = await watch(MINUTES, (seed) => ({
      seed,
      jitterMs,
      loss: 0.01,
      driftPpm: driftOf(seed),
    }));
    expect(errors.length).toBeGreaterThan(MINUTES * 10);
    expect(percentile(errors, 0.99)).toBeLessThanOrEqual(5);
    expect(outside).toBe(0);
  });
});

describe('the bound holds, whatever the network does', { timeout: 60_000 }, () => {
  const minutes = MINUTES / 10;

  test.each([
    [100, 0],
    [0, 100],
    [90, 10],
    [20, 80],
  ])('a way there of %d ms and back of %d ms', async (upMs, downMs) => {
    const { errors, outside, worstBound } = await watch(minutes, (seed) => ({
      ...{ seed, upMs, downMs, jitterMs: exponential(5), loss: 0.01, driftPpm: driftOf(seed) },
    }));
    // It cannot be known: half of the difference is the error, and the bound says so.
    expect(percentile(errors, 0.5)).toBeGreaterThan(Math.abs(upMs - downMs) / 2 - 6);
    expect(outside).toBe(0);
    expect(worstBound).toBeLessThan(90);
  });

  test('answers out of a cache, with their age: a second at first, less with each', async () => {
    const { outside, lastBounds, errors } = await watch(minutes, (seed) => ({
      ...{ seed, way: 'cached', upMs: 10, downMs: 10, jitterMs: exponential(5), driftPpm: driftOf(seed) },
      cache: { forMs: 1000 + 500 * (seed % 5), tellsAge: true },
    }));
    expect(outside).toBe(0);
    expect(percentile(lastBounds, 0.9)).toBeLessThan(600);
    expect(percentile(errors, 0.99)).toBeLessThan(600);
  });

  test('a cache that tells no age', async () => {
    const { outside, errors } = await watch(minutes, (seed) => ({
      ...{ seed, way: 'cached', jitterMs: exponential(5), driftPpm: driftOf(seed) },
      cache: { forMs: 2000, tellsAge: false },
    }));
    expect(outside).toBe(0);
    expect(errors.length).toBeGreaterThan(0);
  });

  test('a device that sleeps, shortly and long', async () => {
    const { outside, errors } = await watch(
      minutes,
      (seed) => ({ seed, jitterMs: exponential(10), loss: 0.01, driftPpm: driftOf(seed) }),
      (world, i) => {
        if (i % 20 === 11) world.sleep([60, 900, 30_000, 3_600_000][(i / 20) & 3]!);
      },
    );
    expect(outside).toBe(0);
    expect(percentile(errors, 0.95)).toBeLessThan(5);
  });

  test('a server whose clock steps: within the bound again with the first exchange after it', async () => {
    let stepped = 0;
    let heardOfIt = 0;
    for (let seed = 1; seed <= 40; seed++) {
      const world = new ClockWorld({ seed, jitterMs: exponential(10), driftPpm: driftOf(seed) });
      await world.net.advance(60_000 + seed * 1000);
      // Some smaller than the bound: only the server can tell of those.
      world.stepServer([-3, 20, -40, 100, -1000, 3_600_000][seed % 6]!);
      stepped++;
      const before = world.net.calls.length;
      while (world.net.calls.length === before) await world.net.advance(1000);
      await world.net.advance(5000);
      for (let i = 0; i < 60; i++) {
        const { errorMs, boundMs } = world.look()!;
        expect(Math.abs(errorMs)).toBeLessThanOrEqual(boundMs);
        await world.net.advance(5000);
      }
      if (Math.abs(world.look()!.errorMs) < 8) heardOfIt++;
      world.clock.destroy();
    }
    expect([stepped, heardOfIt]).toEqual([40, 40]);
  });
});

describe('where one way does not work', () => {
  test('another is taken, and the first is tried again later', async () => {
    let down = true;
    const world = new ClockWorld({ seed: 5, works: (path) => !(down && path.endsWith('/clock')) });
    await world.net.advance(30_000);
    expect(world.clock.way).toBe('cached');
    expect(world.look()).not.toBeNull();
    const { errorMs, boundMs } = world.look()!;
    expect(Math.abs(errorMs)).toBeLessThanOrEqual(boundMs);
    down = false;
    await world.net.advance(600_000);
    expect(world.clock.way).toBe('http');
    expect(world.look()!.boundMs).toBeLessThan(70);
    world.clock.destroy();
  });

  test('a page without WebSocket falls from the gateway to requests', async () => {
    const world = new ClockWorld({ seed: 6, way: 'gateway' });
    await world.net.advance(30_000);
    expect(world.clock.way).toBe('http');
    expect(world.look()!.boundMs).toBeLessThan(60);
    world.clock.destroy();
  });
});
