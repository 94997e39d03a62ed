import { describe, expect, test } from 'vitest';
import { ms } from '../../packet/time.ts';
import { type AudioFrame, AudioTimeline } from './audio-timeline.ts';

const at = (...times: number[]): AudioFrame[] =>
  times.map((dts) => ({ dts: ms(dts), data: new Uint8Array(1) }));
/** Time stamps as RTMP has them: exact ones, rounded. */
const rounded = (count: number, from = 0, rate = 48_000) =>
  at(...Array.from({ length: count }, (_, n) => from + Math.round((n * 1024 * 1000) / rate)));
const durations = (run: ReturnType<AudioTimeline['run']>) => run.samples.map((sample) => sample.duration);

describe('audio frames', () => {
  test.each([48_000, 44_100, 22_050])('with rounded times lie end to end, at %d Hz', (rate) => {
    const timeline = new AudioTimeline(rate, 1024);
    const frames = rounded(500, 1000, rate);
    const first = timeline.run(frames.slice(0, 200));
    const second = timeline.run(frames.slice(200));
    expect(new Set([...durations(first), ...durations(second)])).toEqual(new Set([1024]));
    expect(first.baseDecodeTime).toBe(rate);
    expect(second.baseDecodeTime).toBe(rate + 200 * 1024);
  });

  test('that are missing make the frame before them longer', () => {
    const frames = rounded(10);
    const run = new AudioTimeline(48_000, 1024).run([...frames.slice(0, 4), ...frames.slice(6)]);
    expect(durations(run).slice(0, 3)).toEqual([1024, 1024, 1024]);
    expect(durations(run)[3]).toBeGreaterThan(1024 * 3 - 48);
    expect(durations(run)[3]).toBeLessThan(1024 * 3 + 48);
  });

  test('that are missing between two runs leave a hole between them', () => {
    const timeline = new AudioTimeline(48_000, 1024);
    timeline.run(rounded(10));
    const next = timeline.run(rounded(5, 1000));
    expect(next.baseDecodeTime).toBe(48_000);
    expect(durations(next)).toEqual(Array(5).fill(1024));
  });

  test('that come too early follow the one before', () => {
    const run = new AudioTimeline(48_000, 1024).run(at(0, 21, 21, 21, 85));
    expect(durations(run)).toEqual(Array(5).fill(1024));
  });

  test('none make an empty run, and change nothing', () => {
    const timeline = new AudioTimeline(48_000, 1024);
    expect(timeline.run([]).samples).toEqual([]);
    timeline.run(rounded(3));
    timeline.run([]);
    expect(timeline.run(at(64)).baseDecodeTime).toBe(3 * 1024);
  });
});
