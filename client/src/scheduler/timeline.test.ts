import { describe, expect, test } from 'vitest';
import { PlayerTimeline } from './timeline.ts';

const newTimeline = () => new PlayerTimeline(0, () => 'flv');
const head = (pts: number, epoch = 'e1', at = 0) => ({ epoch, at, pts });

describe('player time and stream time', () => {
  test('are unknown until a stamp names its PTS', () => {
    const timeline = newTimeline();
    timeline.stamped(0, { epoch: 'e1', at: 0 }, 0);
    expect(timeline.toStream(0)).toBeNull();
    expect(timeline.toPlayer(5000, 'e1')).toBeNull();
    timeline.stamped(40, head(5040), 0);
    expect(timeline.toStream(80)).toEqual({ ptsMs: 5080, epoch: 'e1' });
    expect(timeline.toPlayer(5080, 'e1')).toBe(80);
    expect(timeline.toPlayer(5080, 'e2')).toBeNull();
  });

  test('frames before the first stamp are on the same timeline', () => {
    const timeline = newTimeline();
    timeline.stamped(2000, head(7000), 0);
    expect(timeline.toStream(0)).toEqual({ ptsMs: 5000, epoch: 'e1' });
  });

  test('rounding of time bases is no other timeline', () => {
    const timeline = newTimeline();
    timeline.stamped(1000, head(6000), 0);
    timeline.stamped(2000.9, head(7000), 0);
    expect(timeline.toStream(3000)).toEqual({ ptsMs: 8000, epoch: 'e1' });
    timeline.stamped(1000 / 3, head(5333), 0);
    expect(timeline.toStream(1000 / 3 + 0.2)!.ptsMs).toBe(5334);
  });

  test('an epoch begins where its first stamp was, whatever order stamps come in', () => {
    const timeline = newTimeline();
    timeline.stamped(0, head(5000), 0);
    timeline.stamped(4080, head(9080, 'e2'), 0);
    timeline.stamped(4000, head(9000, 'e2'), 0);
    expect(timeline.toStream(3960)).toEqual({ ptsMs: 8960, epoch: 'e1' });
    expect(timeline.toStream(4000)).toEqual({ ptsMs: 9000, epoch: 'e2' });
    expect(timeline.toPlayer(5000, 'e1')).toBe(0);
  });

  test('another offset in the same player (HLS after a discontinuity)', () => {
    const timeline = newTimeline();
    timeline.stamped(0, head(5000), 0);
    timeline.stamped(4000, head(60_000, 'e2'), 0);
    expect(timeline.toStream(3960)!.ptsMs).toBe(8960);
    expect(timeline.toStream(4000)!.ptsMs).toBe(60_000);
    expect(timeline.toPlayer(60_000, 'e2')).toBe(4000);
    expect(timeline.toPlayer(5040, 'e1')).toBe(40);
  });

  test('what is remembered is bounded', () => {
    const timeline = newTimeline();
    for (let i = 0; i < 1000; i++) timeline.stamped(i * 1000, head(i * 5000, `e${i}`), 0);
    expect(timeline.toPlayer(0, 'e0')).toBeNull();
    expect(timeline.toPlayer(999 * 5000, 'e999')).toBe(999_000);
  });

  test('a reset forgets it all', () => {
    const timeline = newTimeline();
    timeline.stamped(0, head(5000), 0);
    timeline.presented(0, 0, 1);
    timeline.reset(100);
    expect([timeline.toStream(0), timeline.shown, timeline.firstShownMs, timeline.frameMs]).toEqual([
      null,
      null,
      null,
      null,
    ]);
    expect(timeline.generation).toBe(1);
    expect(timeline.state(100)).toBe('starting');
  });
});

describe('frames', () => {
  test('their length, also where some are decoded and not presented', () => {
    const timeline = newTimeline();
    expect(timeline.frameMs).toBeNull();
    timeline.presented(0, 0, 1);
    timeline.presented(80, 80, 3);
    expect(timeline.frameMs).toBe(40);
    timeline.presented(160, 160, 4);
    expect(timeline.frameMs).toBe(40);
  });

  test('a seek is no frame length', () => {
    const timeline = newTimeline();
    timeline.presented(0, 0, 1);
    timeline.presented(60_000, 40, 2);
    timeline.presented(0, 80, 3);
    expect(timeline.frameMs).toBeNull();
  });
});

describe('state', () => {
  test('starting, running, paused, stopped', () => {
    const timeline = newTimeline();
    expect(timeline.state(3999)).toBe('starting');
    expect(timeline.state(4000)).toBe('stopped');
    timeline.presented(0, 5000, 1);
    expect(timeline.state(5000)).toBe('running');
    expect(timeline.state(9999)).toBe('running');
    expect(timeline.state(10_000)).toBe('stopped');
    timeline.paused = true;
    expect(timeline.state(60_000)).toBe('paused');
    timeline.resumed(60_000);
    expect(timeline.state(60_001)).toBe('running');
  });

  test('a first picture under a blocked autoplay is no playing', () => {
    const timeline = newTimeline();
    timeline.paused = true;
    timeline.presented(0, 100, 1);
    expect(timeline.state(1000)).toBe('starting');
    expect(timeline.state(5000)).toBe('stopped');
  });

  test('a position that does not move is no picture', () => {
    const timeline = newTimeline();
    timeline.positioned(100, 0);
    timeline.positioned(100, 10_000);
    expect(timeline.state(10_000)).toBe('stopped');
  });

  test('stamps that stay away', () => {
    const timeline = newTimeline();
    expect(timeline.stampsRunning(19_999)).toBe(true);
    expect(timeline.stampsRunning(20_000)).toBe(false);
    timeline.stamped(0, head(0), 30_000);
    expect(timeline.stampsRunning(49_999)).toBe(true);
  });
});

test('the delay of the picture on screen, from the stamp before it', () => {
  const timeline = newTimeline();
  timeline.stamped(0, head(5000, 'e1', 1_000_000 * 1000), 0);
  timeline.stamped(2000, head(7000, 'e1', 1_002_000 * 1000), 0);
  expect(timeline.delayMs((at) => 1_000_000 + at)).toBeNull();
  timeline.presented(1000, 1700, 1);
  expect(timeline.delayMs((at) => 1_000_000 + at)).toBe(700);
});

test('the delay stays known behind a crowd of stamps that are ahead of the picture', () => {
  const timeline = newTimeline();
  for (let pts = 0; pts <= 8000; pts += 40) {
    timeline.stamped(pts, head(5000 + pts, 'e1', (1_000_000 + pts) * 1000), 0);
  }
  timeline.presented(1000, 1700, 1);
  expect(timeline.delayMs((at) => 1_000_000 + at)).toBe(700);
});
