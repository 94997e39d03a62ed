/** MaxDpbMbs, H.264 table A-1, by level_idc; 9 is level 1b. */
const MAX_DPB_MBS: Readonly<Record<number, number>> = {
  9: 396,
  10: 396,
  11: 900,
  12: 2376,
  13: 2376,
  20: 2376,
  21: 4752,
  22: 8100,
  30: 8100,
  31: 18_000,
  32: 20_480,
  40: 32_768,
  41: 32_768,
  42: 34_816,
  50: 110_400,
  51: 184_320,
  52: 184_320,
  60: 696_320,
  61: 696_320,
  62: 696_320,
};
const LEVEL_1B_MBS = 396;
const MOST_FRAMES = 16;
const CONSTRAINT_SET3 = 0x10;
/** Profiles in which constraint_set3_flag says "intra only" (clause E.2.1, max_num_reorder_frames). */
const INTRA_PROFILES = new Set([44, 86, 100, 110, 122, 244]);
/** Profiles in which it says "level 1b", where level_idc is 11 (clause A.3.1). */
const PROFILES_WITH_1B_FLAG = new Set([66, 77, 88]);

interface LevelFacts {
  readonly profileIdc: number;
  readonly constraintFlags: number;
  readonly levelIdc: number;
  readonly picOrderCntType: number;
  readonly picWidthInMbs: number;
  readonly picHeightInMapUnits: number;
  readonly frameMbsOnly: boolean;
}

/**
 * max_num_reorder_frames where it is not written, clause E.2.1: 0 for intra profiles, else MaxDpbFrames (clause
 * A.3.1). 0 too for pic_order_cnt_type 2, whose output order is the decoding order (clause 8.2.1.3).
 */
export function inferredReorderDepth(sps: LevelFacts): number {
  const constraint3 = (sps.constraintFlags & CONSTRAINT_SET3) !== 0;
  if (sps.picOrderCntType === 2 || (constraint3 && INTRA_PROFILES.has(sps.profileIdc))) return 0;
  const is1b = sps.levelIdc === 11 && constraint3 && PROFILES_WITH_1B_FLAG.has(sps.profileIdc);
  const mbs = is1b ? LEVEL_1B_MBS : MAX_DPB_MBS[sps.levelIdc];
  if (mbs === undefined) return MOST_FRAMES;
  const frameHeightInMbs = sps.picHeightInMapUnits * (sps.frameMbsOnly ? 1 : 2);
  return Math.min(Math.floor(mbs / (sps.picWidthInMbs * frameHeightInMbs)), MOST_FRAMES);
}
