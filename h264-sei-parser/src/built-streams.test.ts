import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { buildPps, buildSlice, buildSps, type SlicePlan, type SpsPlan } from '../testing/build.ts';
import { compare } from '../testing/compare.ts';
import {
  bufferingPeriodMessage,
  type ClockTimestamp,
  parseSps,
  picTimingMessage,
  recoveryPointMessage,
  writeAnnexB,
  writeSeiNal,
} from './index.ts';

/** What no encoder at hand writes, built bit by bit, and ffmpeg's reading of it. */
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'h264-sei-parser-built-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const AUD = Uint8Array.of(0x09, 0xf0);
const FILLER = Uint8Array.of(0x0c, 0xff, 0xff, 0x80);
const END_OF_SEQUENCE = Uint8Array.of(0x0a);
const slice = (plan: SlicePlan): Uint8Array => buildSlice({ lsb: 0, ...plan });

const HRD_SPS: SpsPlan = {
  interlaced: true,
  vui: {
    nalHrd: { cpbs: 2, delayLength: 10, timeOffsetLength: 5 },
    vclHrd: { cpbs: 1, delayLength: 10, timeOffsetLength: 5 },
    picStruct: true,
  },
};
const sps = parseSps(buildSps(HRD_SPS));
const full: ClockTimestamp = {
  ctType: 1,
  nuitFieldBased: true,
  countingType: 4,
  fullTimestamp: true,
  discontinuity: false,
  cntDropped: true,
  nFrames: 12,
  seconds: 59,
  minutes: 7,
  hours: 23,
  timeOffset: -3,
};
const short: ClockTimestamp = { ...full, fullTimestamp: false, hours: null };
const timing = (picStruct: number, clockTimestamps: readonly (ClockTimestamp | null)[]) =>
  picTimingMessage({ cpbRemovalDelay: 9, dpbOutputDelay: 5, picStruct, clockTimestamps }, sps);
const start = [
  bufferingPeriodMessage(
    {
      spsId: 0,
      nal: [
        { delay: 1, offset: 2 },
        { delay: 3, offset: 4 },
      ],
      vcl: [{ delay: 1023, offset: 5 }],
    },
    sps,
  ),
  timing(1, [full]),
  recoveryPointMessage({
    recoveryFrameCnt: 7,
    exactMatch: false,
    brokenLink: true,
    changingSliceGroupIdc: 1,
  }),
];

const PLAIN = [buildSps(), buildPps()];
interface BuiltStream {
  readonly name: string;
  readonly nals: readonly Uint8Array[];
  readonly pictures: readonly string[];
  /** False where ffmpeg's packets are not the standard's access units. */
  readonly boundaries?: boolean;
}

const STREAMS: readonly BuiltStream[] = [
  {
    name: 'field pictures, time codes, several messages in one NAL unit, HRD of both kinds',
    nals: [
      AUD,
      buildSps(HRD_SPS),
      buildPps(),
      writeSeiNal(start),
      slice({ type: 5, field: 'top' }),
      AUD,
      writeSeiNal([timing(2, [short])]),
      slice({ field: 'bottom', lsb: 1 }),
      FILLER,
      AUD,
      writeSeiNal([timing(3, [full, null])]),
      slice({ field: 'frame', frameNum: 1, lsb: 4 }),
      slice({ field: 'frame', frameNum: 1, lsb: 4, firstMb: 16 }),
      writeSeiNal([timing(1, [null])]),
      slice({ field: 'top', frameNum: 2, lsb: 6 }),
      writeSeiNal([timing(2, [{ ...short, seconds: null, minutes: null }])]),
      slice({ field: 'bottom', frameNum: 2, lsb: 7 }),
    ],
    pictures: ['topField', 'bottomField', 'frame', 'topField', 'bottomField'],
  },
  {
    name: 'picture order count type 1, with deltas',
    nals: [
      buildSps({ picOrderCntType: 1 }),
      buildPps({ bottomFieldPicOrder: true }),
      buildSlice({ type: 5, delta: [0, 1] }),
      buildSlice({ frameNum: 1, delta: [-3, 2] }),
      buildSlice({ frameNum: 2, delta: [3, 0] }),
    ],
    pictures: ['frame', 'frame', 'frame'],
  },
  {
    name: 'bottom field offsets and slices in any order',
    nals: [
      buildSps(),
      buildPps({ bottomFieldPicOrder: true }),
      slice({ type: 5, deltaBottom: -1 }),
      slice({ type: 5, deltaBottom: -1, firstMb: 20 }),
      slice({ type: 5, deltaBottom: -1, firstMb: 8 }),
      slice({ frameNum: 1, lsb: 2, deltaBottom: 1 }),
    ],
    // ffmpeg takes a first_mb_in_slice that falls for a new picture; clause 7.4.1.2.4 does not.
    boundaries: false,
    pictures: ['frame', 'frame'],
  },
  {
    name: 'redundant pictures',
    nals: [
      buildSps({ profileIdc: 66 }),
      buildPps({ redundantPicCnt: true }),
      slice({ type: 5, redundantPicCnt: 0 }),
      slice({ type: 5, redundantPicCnt: 1 }),
      slice({ frameNum: 1, lsb: 2, redundantPicCnt: 0 }),
      slice({ frameNum: 1, lsb: 2, redundantPicCnt: 1 }),
    ],
    // ffmpeg ends a packet before a redundant picture; clause 7.4.1.2.3 has it in the access unit.
    boundaries: false,
    pictures: ['frame', 'frame'],
  },
  {
    name: 'two parameter sets of each kind, in turn',
    nals: [
      ...PLAIN,
      buildSps({ id: 1, picOrderCntType: 2, scalingLists: true }),
      buildPps({ id: 1, spsId: 1, scalingLists: 'of 4:2:0' }),
      slice({ type: 5 }),
      slice({ frameNum: 1, lsb: 2 }),
      buildSlice({ type: 5, ppsId: 1, idrPicId: 1 }),
      buildSlice({ ppsId: 1, frameNum: 1 }),
    ],
    pictures: ['frame', 'frame', 'frame', 'frame'],
  },
  {
    name: 'an end of sequence, and parameter sets that change',
    nals: [
      ...PLAIN,
      slice({ type: 5 }),
      slice({ frameNum: 1, lsb: 2 }),
      END_OF_SEQUENCE,
      buildSps({ picOrderCntType: 2, widthInMbs: 10 }),
      buildPps(),
      buildSlice({ type: 5 }),
      buildSlice({ frameNum: 1 }),
    ],
    pictures: ['frame', 'frame', 'frame', 'frame'],
  },
];

it.each(STREAMS)(
  '$name: agrees with ffmpeg, field by field',
  async ({ name, nals, pictures, boundaries = true }) => {
    const file = join(folder, `${name.replaceAll(/\W+/g, '-')}.h264`);
    await writeFile(file, writeAnnexB(nals));
    const units = await compare(file, 'h264', { boundaries });
    expect(units.map(({ picture }) => picture)).toEqual(pictures);
  },
);
