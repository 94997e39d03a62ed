import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { findBox, readBoxes, readFragments } from '../testing/mp4-reader.ts';
import { type FragmentSample, fragment, type TrackRun } from './fragment.ts';

const sample = (data: number[], more: Partial<FragmentSample> = {}): FragmentSample => ({
  data: Uint8Array.from(data),
  duration: 3600,
  compositionOffset: 0,
  isSync: false,
  ...more,
});

describe('a fragment', () => {
  test('is a moof with a run per track, and an mdat with their data', () => {
    const bytes = fragment(7, [
      {
        track: 1,
        baseDecodeTime: 2 ** 33,
        samples: [
          sample([1, 2, 3], { isSync: true, compositionOffset: 7200 }),
          sample([4], { compositionOffset: -3600 }),
        ],
      },
      { track: 2, baseDecodeTime: 48_000, samples: [sample([9, 9], { duration: 1024, isSync: true })] },
    ]);
    expect(readBoxes(bytes).map((entry) => entry.type)).toEqual(['moof', 'mdat']);
    expect(findBox(bytes, 'moof', 'mfhd').body.readUInt32BE(4)).toBe(7);
    expect(findBox(bytes, 'moof', 'traf', 'trun').body[0]).toBe(1);
    const [video, audio] = readFragments(bytes);
    expect(video).toMatchObject({ track: 1, baseDecodeTime: 2 ** 33 });
    expect(video!.samples.map(({ data, ...rest }) => ({ ...rest, data: [...data] }))).toEqual([
      { dts: 2 ** 33, duration: 3600, compositionOffset: 7200, flags: 0x0200_0000, data: [1, 2, 3] },
      { dts: 2 ** 33 + 3600, duration: 3600, compositionOffset: -3600, flags: 0x0101_0000, data: [4] },
    ]);
    expect(audio).toMatchObject({ track: 2, baseDecodeTime: 48_000 });
    expect([...audio!.samples[0]!.data]).toEqual([9, 9]);
  });

  test('leaves out tracks without samples', () => {
    const bytes = fragment(1, [
      { track: 1, baseDecodeTime: 0, samples: [sample([1])] },
      { track: 2, baseDecodeTime: 0, samples: [] },
    ]);
    expect(readFragments(bytes).map(({ track }) => track)).toEqual([1]);
  });

  test('says what it was given, whatever that is', () => {
    const samples = fc.array(
      fc.record({
        data: fc.uint8Array({ maxLength: 50 }),
        duration: fc.nat(2 ** 32 - 1),
        compositionOffset: fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
        isSync: fc.boolean(),
      }),
      { minLength: 1, maxLength: 20 },
    );
    const run = fc.record({ baseDecodeTime: fc.maxSafeNat(), samples });
    fc.assert(
      fc.property(fc.nat(2 ** 32 - 1), fc.array(run, { minLength: 1, maxLength: 2 }), (sequence, given) => {
        const runs: TrackRun[] = given.map((entry, index) => ({ ...entry, track: index + 1 }));
        const read = readFragments(fragment(sequence, runs));
        expect(
          read.map(({ track, baseDecodeTime, samples: got }) => ({
            track,
            baseDecodeTime,
            samples: got.map(({ data, duration, compositionOffset, flags }) => ({
              data: new Uint8Array(data),
              duration,
              compositionOffset,
              isSync: flags === 0x0200_0000,
            })),
          })),
        ).toEqual(runs);
      }),
    );
  });
});
