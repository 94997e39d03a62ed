import { describe, expect, it } from 'vitest';
import type { FiredCue } from '../../../client/src/index.ts';
import type { Landing } from '../shared/media-api.ts';
import { openingOf, type Reached, spreadOf } from './opening.ts';
import { neverOn, openedOn } from './testing.ts';
import { afterWords, landedWords, laneWords, spreadWords } from './words.ts';

const opened = (over: Partial<FiredCue>) => ({ ...openedOn('flv', 600, over), afterMs: 600 });

describe('what stands beside a lane', () => {
  it.each([
    ['on its frame', opened({})],
    ['1 frame late', opened({ frames: 1, lateMs: 33 })],
    ['3 frames late', opened({ frames: 3, lateMs: 120, outcome: 'late', reason: 'skipped' })],
    ['3.0\u202fs late', opened({ frames: 75, lateMs: 3000, outcome: 'late', reason: 'skipped' })],
    ['joined after it', opened({ frames: null, lateMs: 3000, outcome: 'late', reason: 'joined' })],
    ['without its frame', opened({ frames: null, shownPts: null, trigger: 'clock', outcome: 'late' })],
    ['closed: the picture is too far behind', neverOn('flv')],
  ])('%s', (words, lane) => {
    expect(laneWords(lane)).toBe(words);
  });

  it('tells hundredths of a second apart', () => {
    expect([afterWords(304), afterWords(6104)]).toEqual(['+0.30\u202fs', '+6.10\u202fs']);
  });
});

describe('the line over the lanes', () => {
  const said = (leftMs: number, ...reached: Reached[]) => {
    const opening = openingOf({ reached, cues: [], since: 0 });
    const { title, text } = spreadWords(opening === null ? null : spreadOf(opening), leftMs);
    return `${title}: ${text}`.replaceAll('\u202f', ' ');
  };
  const two = [openedOn('flv', 600), openedOn('ws', 620)];

  it.each([
    ['One stream, three delays: The question waits for its picture in each.', 0, []],
    ['Open in 2 of 3: HLS comes to this picture in about 4 s', 4200, two],
    ['Open in 2 of 3: HLS comes to this picture in about 1 s', 100, two],
    ['Open in 2 of 3: HLS comes to this picture', -100, two],
    ['Open in 1 of 3: WS-FLV, HLS come to this picture in about 5 s', 5000, [openedOn('flv', 600)]],
    ['Same picture in all three: opened 5.5 s apart', 0, [...two, openedOn('hls', 6100)]],
    [
      'Same picture or the next in all three: opened 5.5 s apart',
      0,
      [...two, openedOn('hls', 6100, { frames: 1, shownPts: 1040 })],
    ],
    [
      '2 of 3 on the marked picture: opened 5.5 s apart',
      0,
      [...two, openedOn('hls', 6100, { frames: 2, shownPts: 1080 })],
    ],
    [
      '0 of 3 on the marked picture: opened 0 ms apart',
      0,
      (['flv', 'ws', 'hls'] as const).map((path) => openedOn(path, 9000, { frames: 9, shownPts: 1360 })),
    ],
    ['2 of 3 on the marked picture: opened 20 ms apart', 0, [...two, neverOn('hls')]],
    [
      'Opened before this page: each app joined with the time that was left',
      0,
      (['flv', 'ws', 'hls'] as const).map((path) =>
        openedOn(path, 9000, { reason: 'joined', outcome: 'late', frames: 9, shownPts: 1360 }),
      ),
    ],
  ])('%s', (words, leftMs, reached) => {
    expect(said(leftMs, ...reached)).toBe(words);
  });
});

describe('a receipt in words', () => {
  const landing: Landing = {
    pts: 12_320,
    frame: 308,
    fireAtMs: 1,
    markToStampMs: 12,
    errorMs: 240,
    choice: null,
  };
  it.each([
    ['12 ms after the mark, 240 ms after the picture you saw. Counted in coding order; PTS 12 320.', {}],
    [
      '12 ms after the mark, the very picture you saw. Counted in coding order; PTS 12 320.',
      { errorMs: 0.2 },
    ],
    [
      '12 ms after the mark, 40 ms before the picture you saw. Counted in coding order; PTS 12 320.',
      { errorMs: -40 },
    ],
    ['Counted in coding order; PTS 12 320.', { errorMs: null, markToStampMs: null }],
  ])('%s', (words, over) => {
    expect(landedWords({ ...landing, ...over }).replaceAll(/[\u202f\u00a0]/g, ' ')).toBe(words);
  });
});
