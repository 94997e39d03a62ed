import { describe, expect, it } from 'vitest';
import { buildSps, type SpsPlan } from '../testing/build.ts';
import { parseSps } from './index.ts';

describe('reorder depth where it is not written, clause E.2.1 and table A-1', () => {
  const cif = { widthInMbs: 22, heightInMapUnits: 18 };
  it.each<[string, SpsPlan, number]>([
    ['1080p at level 4.0', { levelIdc: 40, widthInMbs: 120, heightInMapUnits: 68 }, 4],
    ['1080i at level 4.0', { levelIdc: 40, widthInMbs: 120, heightInMapUnits: 34, interlaced: true }, 4],
    ['720p at level 3.1', { levelIdc: 31, widthInMbs: 80, heightInMapUnits: 45 }, 5],
    ['small pictures: 16 at most', { levelIdc: 40 }, 16],
    ['CIF at level 1.1', { ...cif, levelIdc: 11, profileIdc: 77 }, 2],
    [
      'CIF at level 1b of the main profile',
      { ...cif, levelIdc: 11, constraintFlags: 0x10, profileIdc: 77 },
      1,
    ],
    ['CIF at level 1b of the high profile', { ...cif, levelIdc: 9 }, 1],
    ['an unknown level', { levelIdc: 99 }, 16],
    ['an intra profile', { levelIdc: 40, profileIdc: 110, constraintFlags: 0x10 }, 0],
    ['output in decoding order', { levelIdc: 40, picOrderCntType: 2 }, 0],
  ])('%s', (_, plan, depth) => {
    expect(parseSps(buildSps(plan))).toMatchObject({ maxReorderFrames: null, reorderDepth: depth });
  });

  it('that is written counts', () => {
    const sps = parseSps(buildSps({ vui: {} }));
    expect(sps.vui).toMatchObject({
      timing: { numUnitsInTick: 1, timeScale: 50 },
      bitstreamRestriction: null,
    });
    expect(sps).toMatchObject({ frameRate: 25, reorderDepth: 16 });
  });
});

describe('VUI', () => {
  it('that is cut short: what came before stands', () => {
    const { vui, problem, frameRate, width } = parseSps(buildSps({ vui: { sar: [4, 3], cut: true } }));
    expect(vui).toMatchObject({
      sampleAspectRatio: [4, 3],
      picStructPresent: false,
      bitstreamRestriction: null,
    });
    expect(problem).toMatchObject({ code: 'ERR_SPS_TRUNCATED' });
    expect([width, frameRate]).toEqual([128, 25]);
  });

  it('with an aspect ratio of 0 has none', () => {
    expect(parseSps(buildSps({ vui: { sar: [0, 3] } })).vui!.sampleAspectRatio).toBe(null);
    expect(parseSps(buildSps({ vui: { sar: [3, 0] } })).vui!.sampleAspectRatio).toBe(null);
  });

  it('with HRD parameters of both kinds', () => {
    const { vui } = parseSps(buildSps({ vui: { nalHrd: { cpbs: 2 }, vclHrd: { delayLength: 9 } } }));
    expect(vui!.nalHrd!.cpbs).toEqual([
      { bitRate: 1000 * 128, cpbSize: 2000 * 64, constantBitRate: true },
      { bitRate: 1001 * 128, cpbSize: 2000 * 64, constantBitRate: false },
    ]);
    expect(vui!.vclHrd).toMatchObject({ initialCpbRemovalDelayLength: 9, timeOffsetLength: 24 });
    expect(vui!.lowDelayHrd).toBe(false);
  });
});
