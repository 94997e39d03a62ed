import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Milliseconds, ms, unixUs, us } from '../packet/time.ts';
import { CaptureClock, type CaptureReading, type CaptureState } from './capture-clock.ts';

const START_US = 1_795_000_000_000_000;

/** A publisher with a clock of its own. Times in milliseconds of true time since the first picture was taken. */
interface Encoder {
  /** Its clock less ours. */
  readonly aheadMs: number;
  /** Its clock's rate less that of its timeline, and of ours. */
  readonly ppm: number;
  /** A reading is off by up to this, either way. */
  readonly jitterMs: number;
  readonly frameMs: number;
  readonly gop: number;
  readonly transitMs: number;
  readonly transitJitterMs: number;
  readonly insideMs: number;
  readonly resolutionUs: number;
}

const PLAIN: Encoder = {
  aheadMs: 0,
  ppm: 0,
  jitterMs: 0,
  frameMs: 40,
  gop: 50,
  transitMs: 300,
  transitJitterMs: 0,
  insideMs: 0,
  resolutionUs: 1000,
};

const trueCaptureUs = (encoder: Encoder, frame: number): number =>
  START_US + (frame * encoder.frameMs * (1 + encoder.ppm / 1e6) + encoder.aheadMs) * 1000;

const ptsOf = (encoder: Encoder, frame: number): Milliseconds =>
  ms(Math.round(frame * encoder.frameMs) + 5000);

function readingOf(
  encoder: Encoder,
  frame: number,
  noise: readonly [number, number] = [0, 0],
): CaptureReading {
  const exact = trueCaptureUs(encoder, frame) + noise[0] * encoder.jitterMs * 1000;
  const arrivedUs =
    (frame * encoder.frameMs + encoder.transitMs + Math.abs(noise[1]) * encoder.transitJitterMs) * 1000;
  return {
    pts: ptsOf(encoder, frame),
    captureUs: unixUs(Math.floor(exact / encoder.resolutionUs) * encoder.resolutionUs),
    resolutionUs: encoder.resolutionUs,
    arrivedUs: us(arrivedUs),
    arrivedAt: unixUs(START_US + arrivedUs),
    insideUs: encoder.insideMs * 1000,
    locked: true,
  };
}

/** Keyframes from one on; the clock and when the last of them came. */
function run(encoder: Encoder, keyframes: number, clock = new CaptureClock(), from = 0) {
  let last = readingOf(encoder, 0);
  for (let i = from; i < from + keyframes; i++) {
    last = readingOf(encoder, i * encoder.gop);
    clock.observe(last);
  }
  return { clock, last, state: clock.stateAt(last.arrivedUs), report: clock.reportAt(last.arrivedUs) };
}

describe('the state', () => {
  it('is absent before the first reading, and again when no more come', () => {
    const clock = new CaptureClock();
    expect(clock.stateAt(us(0))).toBe('absent');
    expect(clock.captureOf(ms(0))).toBeNull();
    expect(clock.pictureAt(unixUs(START_US), us(0))).toBeNull();
    const { last } = run(PLAIN, 10, clock);
    expect(clock.stateAt(us(last.arrivedUs + 7_900_000))).toBe('locked');
    expect(clock.stateAt(us(last.arrivedUs + 10_100_000))).toBe('absent');
    expect(clock.pictureAt(last.captureUs, us(last.arrivedUs + 10_100_000))).toBeNull();
  });

  it('is locking until four readings over three seconds agree', () => {
    const states = [1, 2, 3, 4].map((n) => run(PLAIN, n).state);
    expect(states).toEqual(['locking', 'locking', 'locking', 'locked']);
    const every = { ...PLAIN, gop: 1 };
    expect(run(every, 74).state).toBe('locking');
    expect(run(every, 77).state).toBe('locked');
    expect(run(PLAIN, 3).report.errorMs).toBeNull();
  });

  it('is locking for as long as the publisher says that its clock is not locked', () => {
    const { clock, last } = run(PLAIN, 10);
    clock.observe({ ...readingOf(PLAIN, 500), locked: false });
    expect(clock.stateAt(last.arrivedUs)).toBe('locking');
  });

  const states: readonly (readonly [string, Partial<Encoder>, CaptureState])[] = [
    ['right', {}, 'locked'],
    ['200 ms behind', { aheadMs: -200 }, 'locked'],
    ['ahead, within the time on the way', { aheadMs: 250 }, 'locked'],
    ['so far ahead that pictures come before they are taken', { aheadMs: 400 }, 'absurd'],
    ['a year ahead', { aheadMs: 31_536_000_000 }, 'absurd'],
    ['of 1970', { aheadMs: -1_795_000_000_000 }, 'absurd'],
    ['30 ppm fast, after five minutes', { ppm: 30 }, 'locked'],
    ['500 ppm slow', { ppm: -500 }, 'drifting'],
    ['120 ppm fast, until that is 50 ms', { ppm: 120, transitMs: 3000, gop: 120 }, 'drifting'],
  ];
  it.each(states)('of a clock that is %s', (_what, changes, expected) => {
    expect(run({ ...PLAIN, ...changes }, 150).state).toBe(expected);
  });
});

describe('a step of the publisher’s clock', () => {
  const stepped = { ...PLAIN, aheadMs: -2000 };

  it('is told from a reading that is merely wrong', () => {
    const { clock } = run(PLAIN, 20);
    clock.observe(readingOf(stepped, 20 * 50));
    const before = clock.reportAt(readingOf(PLAIN, 1000).arrivedUs);
    expect(before).toMatchObject({ state: 'locked', steps: 0 });
    expect(before.errorMs).toBeGreaterThan(1990);
    const { report } = run(PLAIN, 1, clock, 21);
    expect(report).toMatchObject({ state: 'locked', steps: 0, discarded: 1 });
    expect(report.errorMs).toBeLessThan(10);
  });

  it('begins anew after three readings that agree, and says how far it went', () => {
    const { clock } = run(PLAIN, 20);
    expect(run(stepped, 2, clock, 20).state).toBe('locked');
    const third = run(stepped, 1, clock, 22);
    expect(third.report).toMatchObject({ state: 'stepped', steps: 1 });
    expect(third.report.lastStep?.byMs).toBeCloseTo(-2000, 0);
    expect(third.report.lastStep?.at).toBe(third.last.arrivedAt);
    expect(clock.pictureAt(third.last.captureUs, third.last.arrivedUs)).toBeNull();
    const fourth = run(stepped, 1, clock, 23);
    expect(fourth.state).toBe('locked');
    expect(fourth.clock.captureOf(fourth.last.pts)).toBeCloseTo(fourth.last.captureUs + 500, -1);
  });

  it.each([1, 5, 250])('is found where every %dth picture says when it was taken', (gop) => {
    const before = { ...PLAIN, gop, resolutionUs: 1 };
    const after = { ...before, aheadMs: 900, transitMs: 2000 };
    const { clock } = run(before, 1000 / gop + 8);
    const from = Math.ceil(1000 / gop) + 8;
    const { state, report } = run(after, 125 / gop + 8, clock, from);
    expect(state).toBe('locked');
    expect(report).toMatchObject({ steps: 1, discarded: 0 });
    expect(report.errorMs).toBeLessThan(20);
  });

  it('is not made of three wrong readings that do not agree', () => {
    const { clock } = run(PLAIN, 20);
    for (const [i, aheadMs] of [-500, 9000, -70_000].entries()) {
      clock.observe(readingOf({ ...PLAIN, aheadMs }, (20 + i) * 50));
    }
    expect(run(PLAIN, 1, clock, 23).report).toMatchObject({ state: 'locked', steps: 0, discarded: 3 });
  });

  it('is not made of a moment of wrong readings on every picture', () => {
    const every = { ...PLAIN, gop: 1 };
    const { clock } = run(every, 250);
    run({ ...every, aheadMs: 500 }, 10, clock, 250);
    expect(run(every, 1, clock, 260).report).toMatchObject({ state: 'locked', steps: 0, discarded: 10 });
  });
});

describe('what arrival says of the clock', () => {
  it('is the least time on the way, and bounds on the setting of the clock', () => {
    const { report } = run({ ...PLAIN, aheadMs: 100, insideMs: 60 }, 60);
    expect(report.captureToArrivalMs?.least).toBeCloseTo(200, -1);
    expect(report.aheadAtLeastMs).toBe(0);
    expect(report.behindAtMostMs).toBeGreaterThan(139);
    expect(report.behindAtMostMs).toBeLessThan(150);
  });

  it('proves a clock to be ahead by what it must have been on the way', () => {
    const { report } = run({ ...PLAIN, aheadMs: 280, insideMs: 60, transitMs: 300 }, 60);
    expect(report.aheadAtLeastMs).toBeGreaterThan(30);
    expect(report.aheadAtLeastMs).toBeLessThanOrEqual(41);
  });

  it('measures the drift', () => {
    const { report } = run({ ...PLAIN, ppm: -100, transitJitterMs: 5 }, 300);
    expect(report.drift?.ppm).toBeCloseTo(100, 0);
    expect(report.movedMs).toBeGreaterThan(50);
  });
});

describe('pictureAt', () => {
  it('gives the picture of a moment, passed or to come', () => {
    const { clock, last } = run({ ...PLAIN, ppm: 80 }, 60);
    for (const frame of [2800, 2950, 3000, 3100]) {
      const target = clock.pictureAt(unixUs(trueCaptureUs({ ...PLAIN, ppm: 80 }, frame)), last.arrivedUs)!;
      expect(Math.abs(target.pts - ptsOf(PLAIN, frame))).toBeLessThanOrEqual(target.errorMs);
      expect(target.errorMs).toBeLessThan(20);
      expect(target.arrivalErrorMs).toBeGreaterThan(270);
    }
  });

  it('counts what the clock has moved and what is proven against it', () => {
    const { clock, last } = run({ ...PLAIN, aheadMs: 310, insideMs: 100 }, 60);
    const target = clock.pictureAt(last.captureUs, last.arrivedUs)!;
    expect(target.errorMs).toBeGreaterThan(100);
    expect(target.arrivalErrorMs).toBeLessThan(15);
  });
});

describe('its bounds', () => {
  const encoders = fc.record({
    aheadMs: fc.integer({ min: -100_000, max: 290 }),
    ppm: fc.integer({ min: -150, max: 150 }),
    jitterMs: fc.constantFrom(0, 0.5, 3, 10),
    frameMs: fc.constantFrom(40, 1001 / 30, 20, 1001 / 60),
    gop: fc.integer({ min: 1, max: 240 }),
    transitMs: fc.integer({ min: 0, max: 3000 }),
    transitJitterMs: fc.constantFrom(0, 20, 300),
    insideMs: fc.constant(0),
    resolutionUs: fc.constantFrom(1, 1000),
  });
  const noise = fc.infiniteStream(fc.double({ min: -1, max: 1, noNaN: true }));
  const frames = fc.integer({ min: 100, max: 5000 });
  /** Of ten keyframes, how many come, whatever the reason. */
  const lost = fc.constantFrom(0, 0, 3);
  const wrong = fc.constantFrom(0, 0, 0.05);
  const step = fc.option(
    fc.tuple(fc.double({ min: 0.2, max: 0.8, noNaN: true }), fc.integer({ min: -5000, max: -100 })),
  );

  it('hold: no picture was taken further off than the bound says, whatever drifts, jitters, is lost or steps', () => {
    fc.assert(
      fc.property(encoders, noise, frames, lost, wrong, step, (encoder, random, count, gone, bad, jump) => {
        const next = (): number => random.next().value;
        const clock = new CaptureClock();
        let knownSince: number | null = null;
        // No two in a row agree: those that do are a step, whoever is right.
        let wrongs = 0;
        let now = encoder;
        for (let frame = 0; frame < count; frame++) {
          if (jump !== null && frame === Math.floor(jump[0] * count)) {
            now = { ...encoder, aheadMs: encoder.aheadMs + jump[1] };
            knownSince = null;
          }
          if (frame % encoder.gop !== 0 || (next() + 1) * 5 < gone) continue;
          const isWrong = (next() + 1) / 2 < bad;
          const reading = readingOf(now, frame, [next(), next()]);
          clock.observe(
            isWrong
              ? { ...reading, captureUs: unixUs(reading.captureUs + (1 + (wrongs++ % 5)) * 777_000) }
              : reading,
          );
          // After a step nobody can know of it before the first reading of the other clock.
          if (!isWrong) knownSince ??= frame;
          if (knownSince === null) continue;
          for (const ahead of [-encoder.gop, 0, 37, 200]) {
            const asked = frame + ahead;
            if (asked < knownSince) continue;
            const error = clock.errorMsOf(ptsOf(now, asked));
            if (error === null) continue;
            const off = Math.abs(clock.captureOf(ptsOf(now, asked))! - trueCaptureUs(now, asked)) / 1000;
            expect(off).toBeLessThanOrEqual(error);
          }
          const { aheadAtLeastMs, behindAtMostMs } = clock.reportAt(reading.arrivedUs);
          const aheadMs = now.aheadMs + (frame * now.frameMs * now.ppm) / 1e6;
          // The proof is of the last minute: what the clock has drifted since then is not in it.
          const driftedMs = (60_000 * Math.abs(now.ppm)) / 1e6;
          expect(aheadAtLeastMs).toBeLessThanOrEqual(Math.max(0, aheadMs + driftedMs));
          if (behindAtMostMs !== null)
            expect(behindAtMostMs).toBeGreaterThanOrEqual(-aheadMs - driftedMs - 1);
        }
      }),
      { numRuns: 60 },
    );
  }, 60_000);

  it('are small for what OBS sends: whole milliseconds, each two seconds', () => {
    const { report } = run({ ...PLAIN, ppm: 20 }, 60);
    expect(report.errorMs).toBeLessThan(7);
  });

  it('hold a bounded number of readings', () => {
    const clock = new CaptureClock();
    const every = { ...PLAIN, gop: 1, resolutionUs: 1 };
    const { report } = run(every, 30_000, clock);
    expect(report).toMatchObject({ state: 'locked', readings: 30_000, discarded: 0 });
    expect(report.errorMs).toBeLessThan(5);
  });
});
