import { describe, expect, it } from 'vitest';
import { buildPps, buildSlice, buildSps, type SlicePlan } from '../testing/build.ts';
import {
  type AccessUnit,
  AccessUnitSplitter,
  type AccessUnitSplitterOptions,
  isFirstSliceSegment,
  ParameterSets,
  parseHevcNalHeader,
  parseSliceHeader,
  parseSliceStart,
} from './index.ts';

const nal = (...bytes: number[]): Uint8Array => Uint8Array.from(bytes);
const AUD = nal(0x09, 0xf0);
const SEI = nal(0x06, 0x05, 0x00, 0x80);
const END_OF_SEQUENCE = nal(0x0a);
const END_OF_STREAM = nal(0x0b);
const FILLER = nal(0x0c, 0xff, 0x80);
const PREFIX = nal(0x6e, 0x40, 0x00, 0x07, 0x80);
const VIEW = nal(0x74, 0x40, 0x00, 0x07, 0x80);
const AUXILIARY = nal(0x13, 0x88, 0x80);

function split(nals: readonly Uint8Array[], options?: AccessUnitSplitterOptions): AccessUnit[] {
  const splitter = new AccessUnitSplitter(options);
  return [...nals.flatMap((unit) => splitter.push(unit)), ...splitter.end()];
}

/** NAL unit types, one access unit a string: `7 8 5 | 1`. */
const typesOf = (units: readonly AccessUnit[]): string =>
  units.map(({ nalUnits }) => nalUnits.map(({ type }) => type).join(' ')).join(' | ');

const slice = (plan: SlicePlan = {}): Uint8Array => buildSlice({ lsb: 0, ...plan });
const idr = (plan: SlicePlan = {}): Uint8Array => slice({ type: 5, sliceType: 7, ...plan });
const HEADERS = [buildSps(), buildPps()];

describe('what begins an access unit, clause 7.4.1.2.3', () => {
  it.each([
    ['an access unit delimiter', AUD, '9'],
    ['a sequence parameter set', buildSps(), '7'],
    ['a picture parameter set', buildPps(), '8'],
    ['SEI', SEI, '6'],
    ['a prefix NAL unit', PREFIX, '14'],
    ['a subset sequence parameter set', buildSps({ type: 15 }), '15'],
    ['a reserved NAL unit', nal(0x12, 0x80), '18'],
  ])('%s behind the slices', (_, unit, type) => {
    expect(typesOf(split([...HEADERS, idr(), unit, slice({ frameNum: 1, lsb: 2 })]))).toBe(
      `7 8 5 | ${type} 1`,
    );
  });

  it.each([
    ['filler', FILLER, '12'],
    ['the end of the sequence', END_OF_SEQUENCE, '10'],
    ['a slice of another view', VIEW, '20'],
    ['an auxiliary slice', AUXILIARY, '19'],
    ['a NAL unit of an unspecified type', nal(0x18, 1), '24'],
  ])('%s stays with the slices', (_, unit, type) => {
    expect(typesOf(split([...HEADERS, idr(), unit, slice({ frameNum: 1, lsb: 2 })]))).toBe(
      `7 8 5 ${type} | 1`,
    );
  });

  it('whatever comes before the first slice belongs to it', () => {
    expect(typesOf(split([AUD, AUD, ...HEADERS, SEI, SEI, FILLER, idr()]))).toBe('9 9 7 8 6 6 12 5');
  });

  it('SEI behind the slices (as OBS writes it) is the next access unit’s in a byte stream', () => {
    expect(typesOf(split([...HEADERS, idr(), SEI]))).toBe('7 8 5 | 6');
    expect(split([...HEADERS, idr(), SEI])[1]).toMatchObject({
      picture: null,
      slice: null,
      isKeyframe: false,
    });
  });

  it('after the end of the sequence all is new, the end of the stream apart', () => {
    const same = idr({ idrPicId: 0 });
    expect(typesOf(split([...HEADERS, same, END_OF_SEQUENCE, END_OF_STREAM, same]))).toBe('7 8 5 10 11 | 5');
    expect(typesOf(split([...HEADERS, same, END_OF_SEQUENCE, PREFIX, same]))).toBe('7 8 5 10 | 14 5');
    expect(typesOf(split([...HEADERS, same, END_OF_SEQUENCE, FILLER, same]))).toBe('7 8 5 10 | 12 5');
  });

  it('a prefix NAL unit goes with the slice behind it', () => {
    const next = slice({ frameNum: 1, lsb: 2 });
    const nals = [...HEADERS, PREFIX, idr(), PREFIX, idr({ firstMb: 9 }), VIEW, PREFIX, next, PREFIX];
    expect(typesOf(split(nals))).toBe('7 8 14 5 14 5 20 | 14 1 14');
  });
});

describe('the first slice of a picture, clause 7.4.1.2.4', () => {
  const frame: SlicePlan = { frameNum: 4, lsb: 8, nalRefIdc: 1 };
  const sets = [buildSps(), buildPps(), buildPps({ id: 1 })];
  it.each<[string, SlicePlan]>([
    ['frame_num', { frameNum: 5 }],
    ['pic_parameter_set_id', { ppsId: 1 }],
    ['nal_ref_idc, one of them 0', { nalRefIdc: 0 }],
    ['pic_order_cnt_lsb', { lsb: 10 }],
    ['IdrPicFlag', { type: 5 }],
  ])('another %s', (_, change) => {
    expect(typesOf(split([...sets, slice(frame), slice({ ...frame, ...change })]))).toBe(
      `7 8 8 1 | ${change.type ?? 1}`,
    );
  });

  it.each<[string, SlicePlan]>([
    ['nothing', {}],
    ['first_mb_in_slice alone: slices in any order', { firstMb: 0 }],
    ['slice_type', { sliceType: 5 }],
    ['nal_ref_idc, none of them 0', { nalRefIdc: 3 }],
  ])('another %s is the same picture', (_, change) => {
    const first = slice({ ...frame, firstMb: 20 });
    expect(typesOf(split([...sets, first, slice({ ...frame, ...change })]))).toBe('7 8 8 1 1');
  });

  it('another idr_pic_id: two IDR pictures in a row', () => {
    expect(typesOf(split([...HEADERS, idr({ idrPicId: 0 }), idr({ idrPicId: 1 })]))).toBe('7 8 5 | 5');
  });

  it('another delta_pic_order_cnt_bottom', () => {
    const headers = [buildSps(), buildPps({ bottomFieldPicOrder: true })];
    const nals = [slice({ deltaBottom: 1 }), slice({ deltaBottom: 1 }), slice({ deltaBottom: -1 })];
    expect(typesOf(split([...headers, ...nals]))).toBe('7 8 1 1 | 1');
  });

  it('another delta_pic_order_cnt, of picture order count type 1', () => {
    const headers = [buildSps({ picOrderCntType: 1 }), buildPps({ bottomFieldPicOrder: true })];
    const at = (...delta: number[]) => buildSlice({ delta });
    expect(typesOf(split([...headers, at(0, 0), at(0, 0), at(0, 1), at(1, 1)]))).toBe('7 8 1 1 | 1 | 1');
    const always = [buildSps({ picOrderCntType: 1, deltaPicOrderAlwaysZero: true }), buildPps()];
    expect(typesOf(split([...always, buildSlice(), buildSlice({ frameNum: 1 })]))).toBe('7 8 1 | 1');
  });

  it('pictures of picture order count type 2 differ by frame_num', () => {
    const headers = [buildSps({ picOrderCntType: 2 }), buildPps()];
    const nals = [buildSlice(), buildSlice({ firstMb: 4 }), buildSlice({ frameNum: 1 })];
    expect(typesOf(split([...headers, ...nals]))).toBe('7 8 1 1 | 1');
  });

  it('colour planes are slices of one picture', () => {
    const headers = [
      buildSps({ separateColourPlane: true, scalingLists: true }),
      buildPps({ scalingLists: 'of 4:4:4' }),
    ];
    const planes = [0, 1, 2].map((colourPlane) => slice({ colourPlane }));
    const units = split([...headers, ...planes, slice({ colourPlane: 0, frameNum: 1, lsb: 2 })]);
    expect(typesOf(units)).toBe('7 8 1 1 1 | 1');
    expect(units[0]!.slice!.colourPlaneId).toBe(0);
  });

  it('a redundant picture never begins one', () => {
    const headers = [buildSps(), buildPps({ redundantPicCnt: true })];
    const primary = slice({ redundantPicCnt: 0, frameNum: 3, lsb: 6 });
    const redundant = slice({ redundantPicCnt: 1, frameNum: 3, lsb: 6, nalRefIdc: 0 });
    const next = slice({ redundantPicCnt: 0, frameNum: 4, lsb: 8 });
    expect(typesOf(split([...headers, primary, redundant, redundant, next]))).toBe('7 8 1 1 1 | 1');
  });

  it('data partitions B and C go with A', () => {
    const [b, c] = [nal(0x23, 0x80), nal(0x24, 0x80)];
    const nals = [
      slice({ type: 2 }),
      b,
      c,
      slice({ type: 2, firstMb: 9 }),
      b,
      slice({ type: 2, frameNum: 1 }),
    ];
    expect(typesOf(split([...HEADERS, ...nals]))).toBe('7 8 2 3 4 2 3 | 2');
  });

  it('a parameter set that is sent again with another content counts from then on', () => {
    const splitter = new AccessUnitSplitter();
    const before = [...HEADERS, idr(), slice({ frameNum: 1, lsb: 2 })];
    const after = [
      buildSps({ picOrderCntType: 2 }),
      buildPps(),
      buildSlice({ type: 5 }),
      buildSlice({ frameNum: 1 }),
    ];
    const units = [...before, ...after].flatMap((unit) => splitter.push(unit));
    units.push(...splitter.end());
    expect(typesOf(units)).toBe('7 8 5 | 1 | 7 8 5 | 1');
    expect(units.map(({ slice: header }) => header!.picOrderCntType)).toEqual([0, 0, 2, 2]);
    expect(units.flatMap(({ problems }) => problems)).toEqual([]);
  });

  it('uses parameter sets from elsewhere, and says which are missing', () => {
    const known = new ParameterSets();
    for (const set of HEADERS) known.add(set);
    const nals = [idr(), slice({ frameNum: 1, lsb: 2 })];
    expect(split(nals, { parameterSets: known }).flatMap(({ problems }) => problems)).toEqual([]);
    const units = split([...nals, slice({ firstMb: 4, frameNum: 1, lsb: 2 })]);
    // Without parameter sets, the first macroblock of the picture decides.
    expect(typesOf(units)).toBe('5 | 1 1');
    expect(units.map(({ problems }) => problems.map(({ code }) => code))).toEqual([
      ['ERR_PPS_MISSING'],
      ['ERR_PPS_MISSING', 'ERR_PPS_MISSING'],
    ]);
    expect(units[0]).toMatchObject({ isKeyframe: true, picture: null });
    const noSps = split([buildPps({ spsId: 3 }), ...nals]);
    expect(noSps[0]!.problems[0]).toMatchObject({ code: 'ERR_SPS_MISSING', offset: 2 });
  });
});

describe('fields', () => {
  const headers = [buildSps({ interlaced: true }), buildPps()];
  const top = (plan: SlicePlan = {}) => slice({ field: 'top', ...plan });
  const bottom = (plan: SlicePlan = {}) => slice({ field: 'bottom', lsb: 1, ...plan });
  const paff = [
    ...headers,
    top({ type: 5 }),
    top({ type: 5, firstMb: 4 }),
    bottom(),
    slice({ field: 'frame', frameNum: 1, lsb: 4 }),
    SEI,
    bottom({ frameNum: 2, lsb: 6, nalRefIdc: 0 }),
    top({ frameNum: 2, lsb: 7, nalRefIdc: 0 }),
    top({ frameNum: 3, lsb: 8 }),
  ];

  it('are access units of their own, clause 7.4.1.2.4', () => {
    const units = split(paff);
    expect(typesOf(units)).toBe('7 8 5 5 | 1 | 1 | 6 1 | 1 | 1');
    expect(units.map(({ picture }) => picture)).toEqual([
      'topField',
      'bottomField',
      'frame',
      'bottomField',
      'topField',
      'topField',
    ]);
  });

  it('come as one frame where asked for, as containers hold them', () => {
    const units = split(paff, { groupFields: true });
    expect(typesOf(units)).toBe('7 8 5 5 1 | 1 | 6 1 1 | 1');
    expect(units.map(({ picture, isKeyframe }) => [picture, isKeyframe])).toEqual([
      ['fields', true],
      ['frame', false],
      ['fields', false],
      ['topField', false],
    ]);
  });

  it.each<[string, Uint8Array[]]>([
    ['of one parity', [top({ frameNum: 1, lsb: 2 }), top({ frameNum: 1, lsb: 4 })]],
    ['of different frames', [top({ frameNum: 1 }), bottom({ frameNum: 2 })]],
    ['and a frame', [top({ frameNum: 1 }), slice({ field: 'frame', frameNum: 1, lsb: 1 })]],
    ['and an IDR field', [top({ frameNum: 0 }), bottom({ frameNum: 0, type: 5 })]],
    ['and what cannot be read', [top(), slice({ field: 'bottom', ppsId: 9 })]],
  ])('%s are not joined', (_, nals) => {
    expect(split([...headers, ...nals], { groupFields: true })).toHaveLength(2);
  });

  it('are told apart in macroblock-adaptive streams with picture order count type 1', () => {
    const sets = [
      buildSps({ interlaced: true, picOrderCntType: 1 }),
      buildPps({ bottomFieldPicOrder: true }),
    ];
    const nals = [buildSlice({ field: 'top', delta: [1] }), buildSlice({ field: 'bottom', delta: [1] })];
    expect(split([...sets, ...nals]).map(({ picture }) => picture)).toEqual(['topField', 'bottomField']);
  });
});

describe('bounds and damage', () => {
  it('gives a too large access unit out in parts', () => {
    const nals = Array.from({ length: 5 }, (_, i) => idr({ firstMb: i }));
    const units = split([...HEADERS, ...nals], { maxBytes: 50 });
    expect(units.length).toBeGreaterThan(1);
    expect(units.flatMap(({ nalUnits }) => nalUnits)).toHaveLength(7);
    expect(units[0]!.problems.map(({ code }) => code)).toEqual(['ERR_ACCESS_UNIT_TOO_LARGE']);
  });

  it('gives nothing empty out behind one that was too large', () => {
    const nals = [...HEADERS, idr(), slice({ frameNum: 1, lsb: 2 }), PREFIX, slice({ frameNum: 2, lsb: 4 })];
    for (let maxBytes = 1; maxBytes < 80; maxBytes++) {
      const units = split(nals, { maxBytes });
      expect(units.flatMap(({ nalUnits }) => nalUnits)).toHaveLength(nals.length);
      expect(units.filter(({ nalUnits }) => nalUnits.length === 0)).toEqual([]);
    }
  });

  it('reports empty NAL units, parameter sets and slices that cannot be read, and goes on', () => {
    const nals = [nal(), nal(0x67, 0x64), ...HEADERS, nal(0x65), idr(), nal(0x41), nal(0x41, 0xff)];
    const [unit, ...others] = split(nals);
    expect(unit!.problems.map(({ code }) => code)).toEqual([
      'ERR_NAL_EMPTY',
      'ERR_SPS_TRUNCATED',
      'ERR_SLICE_TRUNCATED',
    ]);
    expect(others.flatMap(({ problems }) => problems).map(({ code }) => code)).toEqual([
      'ERR_SLICE_TRUNCATED',
      'ERR_SLICE_TRUNCATED',
    ]);
  });

  it('gives problems of a stream without a single NAL unit', () => {
    expect(split([nal()])).toMatchObject([{ nalUnits: [], picture: null }]);
    expect(split([])).toEqual([]);
  });
});

describe('HEVC, H.265 clause 7.4.2.4.4', () => {
  const unit = (type: number, first: number, layer = 0): Uint8Array =>
    nal(type << 1, (layer << 3) | 1, first);
  it('splits at the first slice segment and at what stands before it', () => {
    const nals = [
      unit(35, 0),
      unit(32, 0),
      unit(33, 0),
      unit(34, 0),
      unit(39, 0),
      unit(19, 0x80),
      unit(19, 0),
      unit(40, 0),
      unit(1, 0x80),
      unit(1, 0x80, 1),
      unit(38, 0),
      unit(39, 0),
      unit(21, 0x80),
      unit(36, 0),
      unit(37, 0),
      unit(38, 0),
      unit(41, 0),
      unit(1, 0),
      unit(48, 0),
    ];
    const units = split([...nals, nal(0x02)], { codec: 'hevc' });
    expect(typesOf(units)).toBe('35 32 33 34 39 19 19 40 | 1 1 38 | 39 21 36 37 | 38 41 1 | 48 1');
    expect(units.map(({ isKeyframe }) => isKeyframe)).toEqual([true, false, true, false, false]);
    expect(units.at(-1)).toMatchObject({
      problems: [expect.objectContaining({ code: 'ERR_NAL_TRUNCATED' })],
    });
  });
});

describe('slice headers by themselves', () => {
  it('are read from slices only', () => {
    const sets = new ParameterSets();
    expect(sets.onlySps()).toBe(null);
    for (const set of HEADERS) expect(sets.add(set)).toMatchObject({ changed: true });
    for (const set of HEADERS) expect(sets.add(set)).toMatchObject({ changed: false });
    expect(sets.add(SEI)).toBe(null);
    expect(sets.add(nal())).toBe(null);
    expect(sets.onlySps()).toMatchObject({ id: 0 });
    for (const unit of [SEI, nal(), nal(0x23, 0x80)]) {
      const refusal = expect.objectContaining({ code: 'ERR_SLICE_VALUE', offset: 0, clause: '7.4.1' });
      expect(() => parseSliceHeader(unit, sets)).toThrow(refusal);
      expect(() => parseSliceStart(unit)).toThrow(refusal);
    }
    expect(parseSliceStart(idr({ firstMb: 7, sliceType: 2 }))).toEqual({ firstMbInSlice: 7, sliceType: 'I' });
    expect(parseSliceHeader(idr({ firstMb: 7, idrPicId: 3, nalRefIdc: 2, sliceType: 5 }), sets)).toEqual({
      nalUnitType: 5,
      nalRefIdc: 2,
      isIdr: true,
      firstMbInSlice: 7,
      sliceType: 'P',
      allSlicesOfThisType: true,
      ppsId: 0,
      spsId: 0,
      colourPlaneId: null,
      frameNum: 0,
      fieldPic: false,
      bottomField: false,
      idrPicId: 3,
      picOrderCntType: 0,
      picOrderCntLsb: 0,
      deltaPicOrderCntBottom: 0,
      deltaPicOrderCnt: [0, 0],
      redundantPicCnt: 0,
    });
  });

  it('keep the set that was there where a new one cannot be read', () => {
    const sets = new ParameterSets();
    sets.add(buildSps({ id: 2 }));
    expect(() => sets.add(nal(0x67, 0x64, 0, 30))).toThrow(
      expect.objectContaining({ code: 'ERR_SPS_TRUNCATED' }),
    );
    expect(sets.sps(2)).toMatchObject({ id: 2, width: 128 });
    expect([sets.sps(0), sets.pps(0)]).toEqual([null, null]);
    expect(() => sets.ofSlice(0)).toThrow(expect.objectContaining({ code: 'ERR_PPS_MISSING', offset: 0 }));
  });

  it('HEVC headers are two bytes', () => {
    expect(parseHevcNalHeader(nal(0x4e))).toBe(null);
    expect(parseHevcNalHeader(nal(0x4e, 0x0b))).toEqual({ type: 39, layerId: 1, temporalId: 2 });
    expect(isFirstSliceSegment(nal(0x02, 0x01))).toBe(false);
  });
});
