import { readFileSync } from 'node:fs';
import HLS from 'hls-parser';
import { describe, expect, test } from 'vitest';
import { carriedStampOf, fromHexSequence } from '../../cues/wire/index.ts';
import { ManualClock } from '../../packet/clock.ts';
import type { AvcFramePacket } from '../../packet/packet.ts';
import { newCounters } from '../counters.ts';
import { HlsOutput } from '../hls-output.ts';
import { DEFAULT_HLS_SETTINGS } from '../settings.ts';
import { avcConfig, frame } from '../testing/packets.ts';
import { type Copy, cueText, KEY, stamped } from '../testing/stamps.ts';
import { DateRanges } from './date-ranges.ts';

const START_MS = 1_700_000_000_000;
const carried = (pts: number, copy: Copy) => carriedStampOf(cueText(pts, copy))!;
const segment = (number: number, date = START_MS + number * 1000) => ({
  number,
  startPts: number * 1000,
  durationMs: 1000,
  date,
});
const attributesOf = (line: string): Record<string, string> =>
  Object.fromEntries(
    [...line.replace('#EXT-X-DATERANGE:', '').matchAll(/([A-Z-]+)=("[^"]*"|[^,]*)/g)].map(
      ([, name, value]) => [name!, value!.replaceAll('"', '')],
    ),
  );

describe('a cue in a playlist', () => {
  test('is written once it has landed: all values at once, dated by its segment', () => {
    const ranges = new DateRanges();
    ranges.add(segment(0), [carried(200, { id: 'c', firePts: 1200 })]);
    expect(ranges.lines(0)).toEqual([]);
    const landed = { id: 'c', firePts: 1200, keyed: true, durationMs: 2500 };
    ranges.add(segment(1, START_MS + 1003.7), [carried(1200, landed)]);
    const [line] = ranges.lines(0);
    expect(attributesOf(line!)).toEqual({
      ID: 'c',
      CLASS: 'framecue.cue',
      'START-DATE': new Date(START_MS + 1003 + 200).toISOString(),
      'PLANNED-DURATION': '2.5',
      'X-FRAMECUE-PTS': '1200',
      'X-FRAMECUE': expect.stringMatching(/^0x[0-9A-F]+$/),
    });
    expect(fromHexSequence(attributesOf(line!)['X-FRAMECUE']!)).toBe(cueText(1200, landed));
  });

  test('is the vector of docs/wire-format.md', () => {
    const { fire } = JSON.parse(
      readFileSync(new URL('../../cues/wire/vectors.json', import.meta.url), 'utf8'),
    );
    const ranges = new DateRanges();
    const date = 1_700_000_002_043;
    ranges.add({ number: 0, startPts: 2000, durationMs: 2000, date }, [carriedStampOf(fire.text)!]);
    expect(ranges.lines(0)).toEqual([fire.dateRange]);
  });

  test('never changes: later copies, and another date of the same moment, leave it as it stands', () => {
    const ranges = new DateRanges();
    const copy = { id: 'c', firePts: 200, keyed: true };
    ranges.add(segment(0), [carried(200, copy)]);
    const first = ranges.lines(0);
    for (let n = 1; n < 40; n++) ranges.add(segment(n, START_MS + n * 1010), [carried(n * 1000, copy)]);
    expect(ranges.lines(39)).toEqual(first);
  });

  test('stays while copies of it come, so that late joiners find it, and goes with the last one', () => {
    const ranges = new DateRanges();
    const copy = { id: 'c', firePts: 200, keyed: true };
    ranges.add(segment(0), [carried(200, copy)]);
    ranges.add(segment(1), [carried(1000, copy)]);
    ranges.add(segment(2), []);
    expect([0, 1, 2].map((first) => ranges.lines(first).length)).toEqual([1, 1, 0]);
    // A keyframe after a long GOP carries it again: the same values once more.
    ranges.add(segment(9), [carried(9000, copy)]);
    expect(attributesOf(ranges.lines(9)[0]!)['START-DATE']).toBe(new Date(START_MS + 200).toISOString());
  });

  test('another revision has a name of its own', () => {
    const ranges = new DateRanges();
    ranges.add(segment(0), [carried(200, { id: 'c', firePts: 200, keyed: true })]);
    ranges.add(segment(1), [carried(1200, { id: 'c', firePts: 1200, keyed: true, rev: 1 })]);
    expect(ranges.lines(0).map((line) => attributesOf(line).ID)).toEqual(['c', 'c:1']);
  });

  test('that lands in the segment before its picture waits for the date of its own', () => {
    const ranges = new DateRanges();
    ranges.add(segment(0), [carried(960, { id: 'c', firePts: 1040, keyed: true, sealed: false })]);
    // Not open before its picture: this copy says nothing yet.
    expect(ranges.lines(0)).toEqual([]);
    ranges.add(segment(1, START_MS + 1050), [carried(1040, { id: 'c', firePts: 1040, keyed: true })]);
    expect(attributesOf(ranges.lines(0)[0]!)['START-DATE']).toBe(new Date(START_MS + 1090).toISOString());
  });

  test('with a moment before this timeline has no PTS that an attribute could hold', () => {
    const ranges = new DateRanges();
    ranges.add(segment(0), [carried(0, { id: 'c', firePts: -500, keyed: true })]);
    const attributes = attributesOf(ranges.lines(0)[0]!);
    expect(attributes['START-DATE']).toBe(new Date(START_MS - 500).toISOString());
    expect(attributes).not.toHaveProperty('X-FRAMECUE-PTS');
  });

  test('lists a bounded number, the newest', () => {
    const ranges = new DateRanges();
    for (let n = 0; n < 20; n++) {
      const many = Array.from({ length: 30 }, (_, i) =>
        carried(n * 1000, { id: `c${n}-${i}`, firePts: n * 1000, keyed: true }),
      );
      ranges.add(segment(n), many);
    }
    const lines = ranges.lines(0);
    expect(lines).toHaveLength(64);
    expect(attributesOf(lines.at(-1)!).ID).toBe('c19-29');
  });
});

describe('in a live playlist', () => {
  function play(
    frames: readonly AvcFramePacket[],
    carriers: readonly ('daterange' | 'emsg')[] = ['daterange'],
  ) {
    const clock = new ManualClock(START_MS * 1000);
    const settings = { ...DEFAULT_HLS_SETTINGS, targetMs: 1_000, windowSegments: 3 };
    const hls = new HlsOutput({ clock, settings, counters: newCounters(), carriers });
    const playlists: string[] = [];
    hls.push(avcConfig());
    for (const packet of frames) {
      clock.advanceMs(Math.max(0, packet.dts - clock.monotonicUs() / 1000));
      hls.push(packet);
      const text = hls.playlist()?.toString();
      if (text !== undefined && text !== playlists.at(-1)) playlists.push(text);
    }
    return playlists;
  }
  const cue = { id: 'c1', firePts: 1560 };
  /** Ten seconds, a keyframe each; the cue is announced at 1 s, lands at 1.48 s and is open until 4 s. */
  const frames = Array.from({ length: 250 }, (_, i) => {
    const packet = frame(i * 40, i, i % 25 === 0, 40, 80);
    const copies: (Copy | 'clock')[] = i % 25 === 0 ? ['clock'] : [];
    if (i === 25 || i === 26) copies.push(cue);
    if ((i >= 37 && i < 40) || (i >= 50 && i <= 100 && i % 25 === 0)) copies.push({ ...cue, keyed: true });
    return copies.length === 0 ? packet : stamped(packet, ...copies);
  });

  test('a reader of playlists takes it, and its date lies in its segment', () => {
    const playlists = play(frames);
    const text = playlists.find((p) => p.includes('ID="c1"'))!;
    HLS.setOptions({ strictMode: true });
    const playlist = HLS.parse(text) as HLS.types.MediaPlaylist;
    const ranges = playlist.segments
      .map(({ dateRange }) => dateRange)
      .filter((range) => range !== null && range !== undefined);
    const lines = text.match(/^#EXT-X-DATERANGE:.*$/gm)!;
    expect(lines.map((line) => attributesOf(line).ID)).toEqual(['epoch:e1', 'c1']);
    expect(ranges.length).toBeGreaterThan(0);
    const start = Date.parse(attributesOf(lines[1]!)['START-DATE']!);
    const holds = playlist.segments.filter(
      ({ programDateTime, duration }) =>
        start >= programDateTime!.getTime() && start < programDateTime!.getTime() + duration * 1000,
    );
    expect(holds).toHaveLength(1);
    // The second segment: its first picture has PTS 1080.
    expect(start - holds[0]!.programDateTime!.getTime()).toBe(1560 - 1080);
  });

  test('one ID has the same values in every playlist, and is gone with the last segment that carries it', () => {
    const byId = new Map<string, Set<string>>();
    const playlists = play(frames);
    for (const text of playlists) {
      for (const line of text.match(/^#EXT-X-DATERANGE:.*$/gm) ?? []) {
        const { ID } = attributesOf(line);
        byId.set(ID!, (byId.get(ID!) ?? new Set()).add(line));
      }
    }
    expect([...byId].map(([id, lines]) => [id, lines.size])).toEqual([
      ['epoch:e1', 1],
      ['c1', 1],
    ]);
    const listed = playlists.map((text) => text.includes('ID="c1"'));
    // Segments 1 to 4 carry it; a window of three shows it until segment 4 has left.
    expect(listed).toEqual([false, true, true, true, true, true, true, false, false]);
  });

  test('nothing leaks early, and nothing is there where it is switched off', () => {
    const playlists = play(frames);
    const hexOf = (text: string) => Buffer.from(text).toString('hex').toUpperCase();
    const landed = playlists.findIndex((text) => text.includes(hexOf(KEY)));
    expect(landed).toBe(1);
    expect(playlists.slice(0, landed).join()).not.toContain(hexOf('"id":"c1"'));
    expect(play(frames, ['emsg']).join()).not.toContain('DATERANGE');
  });
});
