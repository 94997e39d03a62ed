import { describe, expect, it } from 'vitest';
import { type AlignerMark, alignerReport, isMarkPlausible } from './aligner.ts';

const marksOf = (delays: readonly number[]): AlignerMark[] =>
  delays.map((delay, i) => ({ picturePts: i * 10_000, pressedPts: i * 10_000 + delay }));

describe('the aligner', () => {
  it('offers the median of five marks or more', () => {
    expect(alignerReport('Ada', marksOf([240, 250, 260, 255, 245]))).toEqual({
      ...{ person: 'Ada', marks: 5, medianMs: 250, spreadMs: 8, offeredMs: 250, why: null },
    });
  });

  it('offers nothing from fewer, or from marks all over the place', () => {
    expect(alignerReport('Ada', marksOf([240, 250, 260, 255]))).toMatchObject({
      offeredMs: null,
      why: 'too-few',
    });
    const scattered = alignerReport('Ada', marksOf([-400, 900, 100, 1_500, 200]));
    expect(scattered).toMatchObject({ offeredMs: null, why: 'too-scattered' });
    expect(alignerReport('Ada', [])).toMatchObject({ marks: 0, medianMs: null, why: 'too-few' });
  });

  it('is not moved by one slip', () => {
    const report = alignerReport('Ada', marksOf([240, 250, 260, 255, 245, 250, 251, 249, 252, 3_000]));
    expect(report.medianMs).toBeCloseTo(250.5);
    expect(report.offeredMs).toBe(251);
  });

  it('takes a press ahead of the picture too, and nothing that cannot be of it', () => {
    expect(alignerReport('Ada', marksOf([-80, -85, -90, -80, -75])).offeredMs).toBe(-80);
    expect(isMarkPlausible({ pressedPts: 4_000, picturePts: 0 })).toBe(true);
    expect(isMarkPlausible({ pressedPts: 60_000, picturePts: 0 })).toBe(false);
  });
});
