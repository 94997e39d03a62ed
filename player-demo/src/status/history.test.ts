import { describe, expect, it } from 'vitest';
import { report, streamWith } from './fixtures.ts';
import { HISTORY_MS, type History, recentlyUnstamped, remember } from './history.ts';
import type { StreamReport } from './report.ts';

const START = 1_000_000;
const NAME = 'live/main';

/** One answer after the other: the stream as it was, and when (milliseconds). */
function answers(...steps: readonly (readonly [at: number, stream: StreamReport])[]): History {
  let history: History = new Map();
  for (const [at, stream] of steps) {
    history = remember(history, { at: START + at, streams: [stream], events: [] }, at);
  }
  return history;
}

const withFrames = (frames: number): StreamReport => streamWith({}, { video: { frames } });
const ratesOf = (history: History) => history.get(NAME)?.map(({ framesPerS }) => framesPerS);

describe('remember', () => {
  it('counts pictures between answers, on the clock of the server', () => {
    expect(ratesOf(answers([0, withFrames(100)], [1000, withFrames(125)], [3000, withFrames(135)]))).toEqual([
      null,
      25,
      5,
    ]);
  });

  it('shows a second without pictures', () => {
    expect(ratesOf(answers([0, withFrames(100)], [1000, withFrames(100)]))).toEqual([null, 0]);
  });

  it('counts nothing over a new publisher, a long pause, or a clock that stepped back', () => {
    const again = { ...streamWith().publisher!, since: 7 };
    const other = streamWith({ publisher: again }, { video: { frames: 5 } });
    expect(ratesOf(answers([0, withFrames(100)], [1000, other]))).toEqual([null, null]);
    expect(ratesOf(answers([0, withFrames(100)], [6000, withFrames(250)]))).toEqual([null, null]);
    expect(ratesOf(answers([1000, withFrames(100)], [0, withFrames(125)]))).toEqual([null, null]);
  });

  it('keeps bit rates in kbit/s, and nothing while nobody publishes', () => {
    const off = streamWith({ publisher: null, health: null });
    const on = streamWith({}, { video: { bitsPerSecond: 417_500 } });
    const samples = answers([0, on], [1000, off]).get(NAME);
    expect(samples?.map(({ videoKbitPerS }) => videoKbitPerS)).toEqual([417.5, null]);
  });

  it('forgets what is older than two minutes, and streams that are gone', () => {
    const steps = Array.from({ length: 200 }, (_, i) => [i * 1000, withFrames(i * 25)] as const);
    const history = answers(...steps);
    const samples = history.get(NAME)!;
    expect(samples).toHaveLength(HISTORY_MS / 1000 + 1);
    expect(samples[0]?.at).toBe(79_000);
    expect(remember(history, { ...report(), streams: [] }, 200_000).size).toBe(0);
  });
});

describe('recentlyUnstamped', () => {
  const counted = (...counts: readonly (number | null)[]) =>
    recentlyUnstamped(
      answers(
        ...counts.map((passedUntouched, i) => {
          const stream = streamWith();
          return [i * 1000, { ...stream, stamps: { ...stream.stamps, passedUntouched } }] as const;
        }),
      ).get(NAME)!,
    );

  it.each([
    [[3, 3, 5], 2],
    [[3, null, 4], 1],
    [[3], 0],
    [[null, null], 0],
    // the server was started again
    [[9, 0], 0],
  ] as const)('%j is %d', (counts, grown) => expect(counted(...counts)).toBe(grown));
});
