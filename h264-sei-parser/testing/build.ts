import { BitWriter } from '../src/bit-writer.ts';
import { escapeRbsp } from '../src/index.ts';

/** Parameter sets and slices bit by bit, for what no encoder at hand writes. */

const nalOf = (header: number, bits: BitWriter): Uint8Array =>
  Uint8Array.from([header, ...escapeRbsp(bits.trailingBits().bytes())]);

export interface HrdPlan {
  readonly cpbs?: number;
  /** Bits of each delay. */
  readonly delayLength?: number;
  readonly timeOffsetLength?: number;
}

export interface VuiPlan {
  readonly nalHrd?: HrdPlan;
  readonly vclHrd?: HrdPlan;
  readonly picStruct?: boolean;
  readonly sar?: readonly [number, number];
  /** Ends in the middle, as some encoders write it. */
  readonly cut?: boolean;
}

export interface SpsPlan {
  readonly id?: number;
  readonly type?: 7 | 15;
  readonly profileIdc?: number;
  readonly constraintFlags?: number;
  readonly levelIdc?: number;
  readonly separateColourPlane?: boolean;
  readonly scalingLists?: boolean;
  readonly picOrderCntType?: 0 | 1 | 2;
  readonly deltaPicOrderAlwaysZero?: boolean;
  readonly interlaced?: boolean;
  readonly widthInMbs?: number;
  readonly heightInMapUnits?: number;
  readonly vui?: VuiPlan;
}

/** log2_max_frame_num and log2_max_pic_order_cnt_lsb of what is built here. */
const FRAME_NUM_BITS = 8;
const LSB_BITS = 8;

export function buildSps(plan: SpsPlan = {}): Uint8Array {
  const { picOrderCntType = 0, profileIdc = plan.separateColourPlane ? 244 : 100 } = plan;
  const bits = new BitWriter()
    .u(8, profileIdc)
    .u(8, plan.constraintFlags ?? 0)
    .u(8, plan.levelIdc ?? 30);
  bits.ue(plan.id ?? 0);
  if (profileIdc >= 100) {
    bits.ue(plan.separateColourPlane ? 3 : 1);
    if (plan.separateColourPlane) bits.flag(true);
    bits.ue(0).ue(0).flag(false);
    bits.flag(plan.scalingLists ?? false);
    if (plan.scalingLists) writeScalingLists(bits, plan.separateColourPlane ? 12 : 8);
  }
  bits.ue(FRAME_NUM_BITS - 4).ue(picOrderCntType);
  if (picOrderCntType === 0) bits.ue(LSB_BITS - 4);
  if (picOrderCntType === 1) {
    bits
      .flag(plan.deltaPicOrderAlwaysZero ?? false)
      .se(-2)
      .se(1);
    bits.ue(2).se(4).se(-4);
  }
  bits.ue(4).flag(false);
  bits.ue((plan.widthInMbs ?? 8) - 1).ue((plan.heightInMapUnits ?? 4) - 1);
  bits.flag(!plan.interlaced);
  if (plan.interlaced) bits.flag(true);
  bits.flag(true).flag(false);
  bits.flag(plan.vui !== undefined);
  if (plan.vui !== undefined) writeVui(bits, plan.vui);
  return nalOf(0x60 | (plan.type ?? 7), bits);
}

/** The first flat, one that ends at once, one whose last value is repeated; the others not sent. */
function writeScalingLists(bits: BitWriter, count: number): void {
  bits.flag(true).se(8);
  for (let i = 1; i < 16; i++) bits.se(0);
  bits.flag(true).se(-8);
  bits.flag(true).se(4).se(-12);
  for (let list = 3; list < count; list++) bits.flag(false);
}

function writeVui(bits: BitWriter, vui: VuiPlan): void {
  bits.flag(vui.sar !== undefined);
  if (vui.sar !== undefined) bits.u(8, 255).u(16, vui.sar[0]).u(16, vui.sar[1]);
  bits.flag(false).flag(false).flag(false);
  bits.flag(true).u(32, 1).u(32, 50);
  if (vui.cut) return;
  bits.flag(true);
  for (const hrd of [vui.nalHrd, vui.vclHrd]) {
    bits.flag(hrd !== undefined);
    if (hrd !== undefined) writeHrd(bits, hrd);
  }
  if (vui.nalHrd ?? vui.vclHrd) bits.flag(false);
  bits.flag(vui.picStruct ?? false);
  bits.flag(false);
}

function writeHrd(bits: BitWriter, { cpbs = 1, delayLength = 24, timeOffsetLength = 24 }: HrdPlan): void {
  bits
    .ue(cpbs - 1)
    .u(4, 1)
    .u(4, 2);
  for (let i = 0; i < cpbs; i++)
    bits
      .ue(999 + i)
      .ue(1999)
      .flag(i === 0);
  for (let i = 0; i < 3; i++) bits.u(5, delayLength - 1);
  bits.u(5, timeOffsetLength);
}

export interface PpsPlan {
  readonly id?: number;
  readonly spsId?: number;
  readonly bottomFieldPicOrder?: boolean;
  readonly redundantPicCnt?: boolean;
  /** slice_group_map_type: two slice groups, flexible macroblock order. */
  readonly sliceGroupMapType?: number;
  readonly scalingLists?: 'of 4:2:0' | 'of 4:4:4';
}

export function buildPps(plan: PpsPlan = {}): Uint8Array {
  const bits = new BitWriter().ue(plan.id ?? 0).ue(plan.spsId ?? 0);
  // CAVLC: with CABAC, slice data would have to begin with ones.
  bits.flag(false);
  bits.flag(plan.bottomFieldPicOrder ?? false);
  bits.ue(plan.sliceGroupMapType === undefined ? 0 : 1);
  if (plan.sliceGroupMapType !== undefined) writeSliceGroups(bits, plan.sliceGroupMapType);
  bits.ue(2).ue(0).flag(false).u(2, 0).se(-3).se(0).se(-2).flag(true).flag(false);
  bits.flag(plan.redundantPicCnt ?? false);
  if (plan.scalingLists !== undefined) {
    bits.flag(true).flag(true);
    writeScalingLists(bits, plan.scalingLists === 'of 4:4:4' ? 12 : 8);
    bits.se(-5);
  }
  return nalOf(0x68, bits);
}

function writeSliceGroups(bits: BitWriter, mapType: number): void {
  bits.ue(mapType);
  if (mapType === 0) bits.ue(3).ue(5);
  if (mapType === 2) bits.ue(9).ue(12);
  if (mapType >= 3 && mapType <= 5) bits.flag(true).ue(3);
  if (mapType === 6) {
    bits.ue(31);
    for (let i = 0; i < 32; i++) bits.u(1, i % 2);
  }
}

export interface SlicePlan {
  readonly type?: 1 | 2 | 5;
  readonly nalRefIdc?: number;
  readonly firstMb?: number;
  readonly sliceType?: number;
  readonly ppsId?: number;
  readonly colourPlane?: number;
  readonly frameNum?: number;
  /** For interlaced SPS: what is coded. */
  readonly field?: 'frame' | 'top' | 'bottom';
  readonly idrPicId?: number;
  readonly lsb?: number;
  readonly deltaBottom?: number;
  readonly delta?: readonly number[];
  readonly redundantPicCnt?: number;
}

/** The beginning of a slice; the slice data is a few bytes of nothing. */
export function buildSlice(plan: SlicePlan = {}): Uint8Array {
  const bits = new BitWriter()
    .ue(plan.firstMb ?? 0)
    .ue(plan.sliceType ?? 7)
    .ue(plan.ppsId ?? 0);
  if (plan.colourPlane !== undefined) bits.u(2, plan.colourPlane);
  bits.u(FRAME_NUM_BITS, plan.frameNum ?? 0);
  if (plan.field !== undefined) bits.flag(plan.field !== 'frame');
  if (plan.field === 'top' || plan.field === 'bottom') bits.flag(plan.field === 'bottom');
  if (plan.type === 5) bits.ue(plan.idrPicId ?? 0);
  if (plan.lsb !== undefined) bits.u(LSB_BITS, plan.lsb);
  if (plan.deltaBottom !== undefined) bits.se(plan.deltaBottom);
  for (const delta of plan.delta ?? []) bits.se(delta);
  if (plan.redundantPicCnt !== undefined) bits.ue(plan.redundantPicCnt);
  bits.u(32, 0x55aa_33cc);
  return nalOf(((plan.nalRefIdc ?? 1) << 5) | (plan.type ?? 1), bits);
}
