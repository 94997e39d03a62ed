import { describe, expect, test } from 'vitest';
import { DATERANGE_CUE_CLASS, DATERANGE_EPOCH_CLASS, toHexSequence } from '../../../cues/wire/index.ts';
import type { SeiSample } from '../sei/sample.ts';
import { DateRangeReader } from './date-ranges.ts';

const ZERO = 1_700_000_000_000;
/** Stream time that is 0 in player time. */
const OFFSET_MS = 100_000;
const OFFSETS = [{ baseTime: OFFSET_MS * 90, timescale: 90_000 }];

function rig() {
  const samples: (Omit<SeiSample, 'data'> & { readonly text: string })[] = [];
  const problems: string[] = [];
  const reader = new DateRangeReader({
    sample: ({ data, ...rest }) => samples.push({ ...rest, text: new TextDecoder().decode(data) }),
    problem: (code) => problems.push(code),
    gone: () => undefined,
  });
  return { reader, samples, problems };
}

/** Segments of 2 s, dated; `start` is where the player has them. */
const fragments = (drift = 0) =>
  [0, 1, 2].map((n) => ({ programDateTime: ZERO + n * 2000, start: n * 2 + drift, cc: 0 }));

const range = (atMs: number, attributes: Readonly<Record<string, string>> = {}) => ({
  startDate: new Date(ZERO + atMs),
  attr: {
    CLASS: DATERANGE_CUE_CLASS,
    'X-FRAMECUE-PTS': String(OFFSET_MS + atMs),
    'X-FRAMECUE': toHexSequence('text'),
    ...attributes,
  },
});

describe('where a date range belongs', () => {
  test('by its date, as long as the player has told no offset', () => {
    const { reader, samples } = rig();
    reader.take({ fragments: fragments(0.03), dateRanges: { c: range(2500) } });
    expect(samples).toEqual([
      { ptsMs: 2530, isFire: true, text: 'text', told: { by: 'daterange', accuracyMs: 100 } },
    ]);
  });

  test('by its PTS to the millisecond, where the date agrees; how far they are apart is how well it is known', () => {
    const { reader, samples } = rig();
    reader.offsetsFound(OFFSETS);
    reader.take({ fragments: fragments(0.0301), dateRanges: { c: range(2500) } });
    expect(samples).toMatchObject([{ ptsMs: 2500, told: { accuracyMs: 31 } }]);
  });

  test('by its date, where a server on the way wrote other time stamps', () => {
    const { reader, samples } = rig();
    reader.offsetsFound([{ baseTime: 0, timescale: 90_000 }]);
    reader.take({ fragments: fragments(), dateRanges: { c: range(2500) } });
    expect(samples).toMatchObject([{ ptsMs: 2500, told: { accuracyMs: 100 } }]);
  });

  test('by the offset of its own discontinuity', () => {
    const { reader, samples } = rig();
    reader.offsetsFound([undefined, ...OFFSETS]);
    const moved = fragments(0.01).map((fragment) => ({ ...fragment, cc: 1 }));
    reader.take({ fragments: moved, dateRanges: { c: range(2500) } });
    expect(samples).toMatchObject([{ ptsMs: 2500, told: { accuracyMs: 10 } }]);
  });

  test('before the first segment: an open cue, for who joins late', () => {
    const { reader, samples } = rig();
    reader.take({ fragments: fragments(), dateRanges: { c: range(-7000) } });
    expect(samples).toMatchObject([{ ptsMs: -7000 }]);
  });

  test('nowhere without a date in the playlist', () => {
    const { reader, samples } = rig();
    reader.take({ fragments: [{ programDateTime: null, start: 0, cc: 0 }], dateRanges: { c: range(0) } });
    reader.take({ dateRanges: { c: range(0) } });
    reader.take(null);
    expect(samples).toEqual([]);
  });
});

test('is handed out with every reload, each time as well as its place is known', () => {
  const { reader, samples } = rig();
  const level = { fragments: fragments(0.02), dateRanges: { c: range(2500) } };
  reader.take(level);
  reader.offsetsFound(OFFSETS);
  reader.take(level);
  expect(samples.map(({ ptsMs }) => ptsMs)).toEqual([2520, 2500]);
});

test('an epoch says with every reload that cues would come this way; hours later by its PTS only', () => {
  const { reader, samples } = rig();
  const epoch = range(-3_600_000, { CLASS: DATERANGE_EPOCH_CLASS });
  // The encoder's clock is a second off after an hour.
  const level = { fragments: fragments(1), dateRanges: { 'epoch:e1': epoch } };
  reader.take(level);
  expect(samples).toEqual([]);
  reader.offsetsFound(OFFSETS);
  reader.take(level);
  reader.take(level);
  expect(samples.map(({ ptsMs }) => ptsMs)).toEqual([-3_600_000, -3_600_000]);
});

test.each([
  ['another class', { CLASS: 'com.apple.hls.interstitial' }, []],
  ['no text', { 'X-FRAMECUE': '' }, ['ERR_STAMP_FORMAT']],
  ['text that is no hex', { 'X-FRAMECUE': '0xzz' }, ['ERR_STAMP_FORMAT']],
])('%s is passed over, and counted once', (_, attributes, expected) => {
  const { reader, samples, problems } = rig();
  const level = { fragments: fragments(), dateRanges: { c: range(0, attributes) } };
  reader.take(level);
  reader.take(level);
  expect([samples, problems]).toEqual([[], expected]);
});
