import { describe, expect, test } from 'vitest';
import { ManualClock } from '../packet/clock.ts';
import type { MediaPacket } from '../packet/packet.ts';
import { newCounters } from './counters.ts';
import { HlsAudience } from './hls-audience.ts';
import { HlsOutput } from './hls-output.ts';
import { DEFAULT_HLS_SETTINGS, type HlsSettings } from './settings.ts';
import { shifted } from './testing/feed.ts';
import { aacConfig, avcConfig, frame, madeStream } from './testing/packets.ts';

const START_MS = 1_700_000_000_000;

function setUp(chosen: Partial<HlsSettings> = {}) {
  const clock = new ManualClock(START_MS * 1000);
  const settings = {
    ...DEFAULT_HLS_SETTINGS,
    targetMs: 1_000,
    windowSegments: 3,
    keptSegments: 2,
    ...chosen,
  };
  const hls = new HlsOutput({ clock, settings, counters: newCounters() });
  const play = (packets: readonly MediaPacket[]) => {
    for (const packet of packets) {
      clock.advanceMs(Math.max(0, packet.dts - clock.monotonicUs() / 1000));
      hls.push(packet);
    }
  };
  const text = () => hls.playlist()!.toString();
  const listed = () => text().match(/^seg-.*$/gm)!;
  const numberOf = (tag: string) => Number(text().match(new RegExp(`^#EXT-X-${tag}:(\\d+)$`, 'm'))?.[1]);
  return { clock, hls, play, text, listed, numberOf };
}

/** Segments of 1 s. */
const seconds = (count: number, startMs = 0) => madeStream({ gops: count, gop: 25, startMs, bytes: 100 });

describe('the window', () => {
  test('slides; what left it is kept for a while', () => {
    const { hls, play, listed, numberOf } = setUp();
    play(seconds(3));
    const early = listed();
    expect(early).toHaveLength(2);
    const first = numberOf('MEDIA-SEQUENCE');
    expect(first).toBe(START_MS / 1000);
    play(
      seconds(10)
        .slice(3)
        .filter((packet) => packet.dts >= 3000),
    );
    expect(listed()).toHaveLength(3);
    expect(numberOf('MEDIA-SEQUENCE')).toBe(first + 6);
    expect(listed()[0]).toMatch(new RegExp(`-${first + 6}\\.m4s$`));
    expect(hls.file(early[0]!)).toBeNull();
    for (const name of listed()) expect(hls.file(name)?.kind).toBe('segment');
    expect(hls.stats()).toMatchObject({ segments: 9, keptSegments: 5, targetDuration: 1 });
  });

  test('has limits in bytes too', () => {
    const { hls, play, listed, numberOf } = setUp({ maxTotalBytes: 12_000 });
    play(seconds(10));
    expect(hls.stats().keptBytes).toBeLessThanOrEqual(12_000);
    expect(listed().length).toBe(hls.stats().keptSegments);
    expect(numberOf('MEDIA-SEQUENCE')).toBe(START_MS / 1000 + 9 - listed().length);
  });

  test('another run of the stream uses no name again, and goes on above the numbers of before', () => {
    const [one, two] = [setUp(), setUp()];
    two.clock.advanceMs(60_000);
    const later = new HlsOutput({ clock: two.clock, settings: two.hls.settings, counters: newCounters() });
    for (const packet of seconds(5)) later.push(packet);
    one.play(seconds(5));
    expect(later.playlist()!.toString()).toContain(`#EXT-X-MEDIA-SEQUENCE:${START_MS / 1000 + 61}`);
    for (const name of one.listed()) expect(later.file(name)).toBeNull();
    expect(later.file(one.text().match(/init-[^"]*/)![0])).toBeNull();
  });
});

describe('a stream that does not go on', () => {
  test('has discontinuities, counted when they leave the window', () => {
    const { hls, play, text, numberOf } = setUp();
    play(seconds(2));
    const discontinuities = () => text().match(/^#EXT-X-DISCONTINUITY$/gm)?.length ?? 0;
    for (let epoch = 1; epoch < 6; epoch++) {
      hls.startEpoch();
      play(seconds(2, epoch * 10_000));
      expect(discontinuities()).toBeLessThanOrEqual(2);
    }
    hls.end();
    // Twelve segments of six epochs; three are listed: the second of the fifth, and those of the sixth.
    expect(discontinuities()).toBe(1);
    expect(numberOf('DISCONTINUITY-SEQUENCE')).toBe(4);
    expect(numberOf('MEDIA-SEQUENCE')).toBe(START_MS / 1000 + 9);
    expect(text().match(/^#EXT-X-MAP/gm)).toHaveLength(1);
  });

  test('has an initialization of its own where configs changed, kept as long as a segment needs it', () => {
    const { hls, play, text } = setUp();
    play(seconds(2));
    const firstInit = /init-[^"]*/.exec(text())![0];
    play([avcConfig(2000, 0x21), ...seconds(5, 2000).filter((packet) => packet.kind !== 'avc-config')]);
    const inits = new Set(text().match(/init-[^"]*/g));
    expect(inits.size).toBe(1);
    const [secondInit] = inits;
    expect(secondInit).not.toBe(firstInit);
    expect(hls.file(secondInit!)?.kind).toBe('init');
    expect(hls.file(firstInit)?.kind).toBe('init');
    play(seconds(4, 7000).filter((packet) => packet.kind.endsWith('frame')));
    expect(hls.file(firstInit)).toBeNull();
    expect(hls.file(secondInit!)?.kind).toBe('init');
  });

  test('is dated by when its pictures passed', () => {
    const { hls, play, text, clock } = setUp();
    play(seconds(2));
    clock.advanceMs(30_000);
    hls.startEpoch();
    play(seconds(2, clock.monotonicUs() / 1000));
    hls.end();
    const dates = text()
      .match(/(?<=DATE-TIME:).*/g)!
      .map((date) => Date.parse(date));
    const starts = [1000, 32_000, 33_000].map((ms) => START_MS + ms);
    dates.forEach((date, index) => {
      expect(Math.abs(date - starts[index]!)).toBeLessThan(60);
    });
  });

  test('says so at its end; without a segment there is nothing to say', () => {
    const { hls, play, text } = setUp();
    play(seconds(1));
    expect(hls.playlist()).toBeNull();
    hls.end();
    expect(text().endsWith('#EXT-X-ENDLIST\n')).toBe(true);
    const empty = setUp();
    empty.hls.end();
    expect(empty.hls.playlist()).toBeNull();
    expect(empty.hls.ended).toBe(true);
  });

  test('no longer promises that segments begin with keyframes once one did not', () => {
    const { play, text } = setUp({ windowSegments: 3 });
    play(seconds(2));
    expect(text()).toContain('INDEPENDENT-SEGMENTS');
    play(Array.from({ length: 100 }, (_, n) => frame(2000 + n * 40, n, n === 0)));
    expect(text()).not.toContain('INDEPENDENT-SEGMENTS');
    expect(text()).toContain('TARGETDURATION:1\n');
    play(shifted(seconds(8), 6000));
    expect(text()).not.toContain('INDEPENDENT-SEGMENTS');
  });
});

test('configs that cannot be read are counted; the stream goes on when they can', () => {
  const { hls, play } = setUp();
  play([{ kind: 'avc-config', dts: frame(0, 0, true).dts, record: Uint8Array.of(9) }, frame(0, 0, true)]);
  expect(hls.stats()).toMatchObject({ configErrors: 1, lastConfigError: 'ERR_AVCC_RECORD' });
  play([avcConfig(40), aacConfig(40), frame(40, 1, true), frame(1080, 2, true)]);
  expect(hls.playlist()).not.toBeNull();
});

describe('those who wait for the first segment', () => {
  test('are called once, when it is there', () => {
    const { hls, play } = setUp();
    let calls = 0;
    hls.whenReady(() => calls++);
    const callOff = hls.whenReady(() => calls++);
    callOff!();
    play(seconds(1));
    expect(calls).toBe(0);
    expect(hls.stats().waiting).toBe(1);
    play(seconds(3, 1000));
    expect([calls, hls.stats().waiting]).toEqual([1, 0]);
  });

  test('are called when the stream ends before it; and are not too many', () => {
    const { hls } = setUp({ maxWaiting: 1 });
    let calls = 0;
    expect(hls.whenReady(() => calls++)).not.toBeNull();
    expect(hls.whenReady(() => calls++)).toBeNull();
    hls.end();
    expect(calls).toBe(1);
  });
});

test('the audience is who asked lately', () => {
  const clock = new ManualClock();
  const counters = newCounters();
  const audience = new HlsAudience(clock, counters);
  audience.seen('a');
  audience.seen('b');
  audience.seen('a');
  expect(counters).toMatchObject({ viewers: 2, joins: 3 });
  clock.advanceMs(9_000);
  audience.seen('b');
  clock.advanceMs(2_000);
  audience.sweep(2_000);
  expect(counters.viewers).toBe(1);
  clock.advanceMs(11_000);
  audience.sweep(6_000);
  expect(counters.viewers).toBe(1);
  clock.advanceMs(10_000);
  audience.sweep(6_000);
  expect(counters.viewers).toBe(0);
  for (let n = 0; n < 12_000; n++) audience.seen(`player ${n}`);
  expect(counters.viewers).toBe(10_000);
});
