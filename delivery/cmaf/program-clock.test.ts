import { describe, expect, test } from 'vitest';
import { ManualClock } from '../../packet/clock.ts';
import { ms } from '../../packet/time.ts';
import { ProgramClock } from './program-clock.ts';

const START = 1_700_000_000_000;

/** A stream whose encoder's clock runs `drift` times as fast as ours; dates of 2 s segments. */
class Bench {
  readonly clock = new ManualClock(START * 1000);
  readonly program = new ProgramClock(this.clock);
  #at = 0;
  readonly #drift: number;
  readonly #jitter: (frame: number) => number;
  #frames = 0;

  constructor(drift = 1, jitter: (frame: number) => number = () => 0) {
    this.#drift = drift;
    this.#jitter = jitter;
  }

  /** Plays one segment; its date, and the wall clock when its first picture really passed. */
  segment(): { date: number; truth: number } {
    const startPts = this.#at;
    const truth = this.clock.unixMs();
    for (let frame = 0; frame < 50; frame++) {
      const lateMs = this.#jitter(this.#frames++);
      this.clock.advanceMs(lateMs);
      this.program.observe(ms(this.#at), ms(this.#at));
      this.#at += 40;
      this.clock.advanceMs(40 / this.#drift - lateMs);
    }
    return { date: this.program.dateOf(ms(startPts), ms(2000)), truth };
  }

  skip(mediaMs: number): void {
    this.#at += mediaMs;
  }
}

describe('program dates', () => {
  test('are when the first picture passed', () => {
    const bench = new Bench();
    for (let n = 0; n < 5; n++) {
      const { date, truth } = bench.segment();
      expect(Math.abs(date - truth)).toBeLessThan(1);
    }
  });

  test.each([1.0005, 0.9995])(
    'follow an encoder whose clock runs at %d, for hours, without jumps',
    (drift) => {
      const bench = new Bench(drift);
      let last: number | null = null;
      for (let n = 0; n < 3600; n++) {
        const { date, truth } = bench.segment();
        expect(Math.abs(date - truth)).toBeLessThan(50);
        if (last !== null) expect(Math.abs(date - last - 2000)).toBeLessThanOrEqual(41);
        last = date;
      }
    },
  );

  test('do not shake with the network', () => {
    const bench = new Bench(1, (frame) => (frame * 7919) % 35);
    let last = bench.segment().date;
    for (let n = 0; n < 30; n++) {
      const { date, truth } = bench.segment();
      expect(Math.abs(date - last - 2000)).toBeLessThanOrEqual(41);
      expect(Math.abs(date - truth)).toBeLessThan(60);
      last = date;
    }
  });

  test('follow a step of the wall clock at once', () => {
    const bench = new Bench();
    bench.segment();
    bench.clock.stepWallMs(3_600_000);
    const { date, truth } = bench.segment();
    expect(Math.abs(date - truth)).toBeLessThan(1);
  });

  test('of a new epoch begin with it, not before the last one ended', () => {
    const bench = new Bench();
    const before = bench.segment().date;
    bench.program.startEpoch();
    bench.skip(60_000);
    bench.clock.advanceMs(5_000);
    const { date, truth } = bench.segment();
    expect(Math.abs(date - truth)).toBeLessThan(1);
    expect(date).toBeGreaterThanOrEqual(before + 2000);
    bench.program.startEpoch();
    bench.clock.stepWallMs(-500);
    expect(bench.segment().date).toBe(date + 2000);
  });
});
