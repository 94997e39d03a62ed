import { describe, expect, it } from 'vitest';
import { writeAnnexB, writeSeiNal } from '../../h264-sei-parser/src/index.ts';
import { buildPps, buildSlice, buildSps, type SlicePlan } from '../../h264-sei-parser/testing/build.ts';
import { AnnexBSplitter, type SplitOptions } from './annexb-splitter.ts';
import type { VideoCodec } from './items.ts';

const AUD = Uint8Array.of(0x09, 0xf0);
const SEI = writeSeiNal([{ payloadType: 200, payload: Uint8Array.of(1, 2, 3) }]);
const END = Uint8Array.of(0x0a);
/** Annex H: a slice of the other view, and what stands before slices of this one. */
const OTHER_VIEW = Uint8Array.of(0x74, 0, 0, 3, 0x88, 0x80);
const PREFIX = Uint8Array.of(0x6e, 0, 0, 3);
const slice = (plan: SlicePlan): Uint8Array => buildSlice({ lsb: 0, ...plan });
const HEVC_AUD = Uint8Array.of(0x46, 0x01, 0x50);
const hevcSlice = (type: number, first: boolean, layer = 0): Uint8Array =>
  Uint8Array.of(type << 1, (layer << 3) | 1, first ? 0x80 : 0x40, 7);

interface Case {
  readonly name: string;
  readonly codec?: VideoCodec;
  readonly options?: SplitOptions;
  /** NAL units, access unit by access unit. */
  readonly units: readonly (readonly Uint8Array[])[];
}

const interlaced = [buildSps({ interlaced: true }), buildPps()];
const FIELDS = [
  slice({ type: 5, field: 'top' }),
  slice({ field: 'bottom', lsb: 1 }),
  slice({ field: 'top', frameNum: 1, lsb: 2 }),
  slice({ field: 'bottom', frameNum: 1, lsb: 3 }),
] as const;

const CASES: readonly Case[] = [
  {
    name: 'slices in any order, and no delimiters',
    units: [
      [
        buildSps(),
        buildPps({ bottomFieldPicOrder: true }),
        slice({ type: 5, deltaBottom: 0, firstMb: 20 }),
        slice({ type: 5, deltaBottom: 0 }),
        slice({ type: 5, deltaBottom: 0, firstMb: 8 }),
      ],
      [
        slice({ frameNum: 1, lsb: 2, deltaBottom: 0, firstMb: 9 }),
        slice({ frameNum: 1, lsb: 2, deltaBottom: 0 }),
      ],
    ],
  },
  {
    name: 'redundant pictures',
    units: [
      [
        buildSps({ profileIdc: 66 }),
        buildPps({ redundantPicCnt: true }),
        slice({ type: 5, redundantPicCnt: 0 }),
        slice({ type: 5, redundantPicCnt: 1 }),
      ],
      [
        slice({ frameNum: 1, lsb: 2, redundantPicCnt: 0 }),
        slice({ frameNum: 1, lsb: 2, redundantPicCnt: 1 }),
      ],
    ],
  },
  {
    name: 'fields, each by itself',
    units: [[...interlaced, FIELDS[0]], [FIELDS[1]], [AUD, FIELDS[2]], [AUD, SEI, FIELDS[3]]],
  },
  {
    name: 'fields, two as one',
    options: { groupFields: true },
    units: [
      [...interlaced, FIELDS[0], FIELDS[1]],
      [AUD, FIELDS[2], AUD, SEI, FIELDS[3]],
    ],
  },
  {
    name: 'two views, a prefix before the slice of the next picture, an end of sequence',
    units: [
      [AUD, buildSps(), buildPps(), PREFIX, slice({ type: 5 }), OTHER_VIEW],
      [PREFIX, slice({ frameNum: 1, lsb: 2 }), OTHER_VIEW, END],
      [slice({ type: 5, idrPicId: 1 })],
    ],
  },
  {
    name: 'SEI behind the slices belongs to the next picture',
    units: [
      [AUD, buildSps(), buildPps(), slice({ type: 5 })],
      [SEI, AUD, slice({ frameNum: 1, lsb: 2 })],
    ],
  },
  {
    name: 'HEVC with several slices and layers',
    codec: 'hevc',
    units: [
      [HEVC_AUD, hevcSlice(19, true), hevcSlice(19, false), hevcSlice(19, true, 1)],
      [hevcSlice(1, true), hevcSlice(1, false)],
      [HEVC_AUD, hevcSlice(1, true)],
    ],
  },
];

describe.each(CASES)('$name', ({ codec = 'h264', options = {}, units }) => {
  const wanted = units.map((nals) => Buffer.from(writeAnnexB(nals)));
  const stream = Buffer.concat(wanted);

  it.each([1, 7, 1000])('in chunks of %d bytes', (size) => {
    const splitter = new AnnexBSplitter(codec, 1 << 20, options);
    const found = [];
    for (let at = 0; at < stream.length; at += size)
      found.push(...splitter.push(stream.subarray(at, at + size)));
    found.push(...splitter.end());
    expect(found.map(({ data }) => Buffer.from(data).toString('hex'))).toEqual(
      wanted.map((bytes) => bytes.toString('hex')),
    );
    let at = 0;
    for (const { offset, data, isCut } of found) {
      expect([offset, isCut]).toEqual([at, false]);
      at += data.length;
    }
  });
});

describe('every byte lands in some access unit', () => {
  const picture = (n: number, bytes = 40): Uint8Array =>
    Buffer.concat([slice({ frameNum: n & 255, lsb: (2 * n) & 255 }), Buffer.alloc(bytes, 0x5a)]);
  const good = writeAnnexB([AUD, buildSps(), buildPps(), slice({ type: 5 }), picture(1), AUD, picture(2)]);
  const STREAMS: readonly (readonly [string, Uint8Array])[] = [
    ['bytes before the first start code', Buffer.concat([Buffer.from('junk'), good])],
    ['start codes with nothing behind them', Buffer.concat([Buffer.from('000001000001000000', 'hex'), good])],
    ['zero bytes at the end', Buffer.concat([good, Buffer.alloc(9)])],
    ['a start code at the end', Buffer.concat([good, Buffer.from('00000001', 'hex')])],
    ['no start code at all', Buffer.alloc(100, 7)],
    ['no parameter sets', writeAnnexB([picture(1), picture(2), picture(3)])],
    [
      'one that is too large',
      writeAnnexB([AUD, picture(1), AUD, picture(2, 5000), AUD, picture(3), AUD, picture(4)]),
    ],
  ];
  it.each(STREAMS)('%s', (_name, stream) => {
    for (const size of [1, 3, 64, stream.length]) {
      const splitter = new AnnexBSplitter('h264', 2000);
      const found = [];
      for (let at = 0; at < stream.length; at += size)
        found.push(...splitter.push(stream.subarray(at, at + size)));
      found.push(...splitter.end());
      expect(Buffer.concat(found.map(({ data }) => data)).equals(stream)).toBe(true);
      let at = 0;
      for (const { offset, data } of found) {
        expect(offset).toBe(at);
        at += data.length;
      }
    }
  });

  it('what follows one that is too large is whole again', () => {
    const [, stream] = STREAMS.at(-1)!;
    const splitter = new AnnexBSplitter('h264', 2000);
    const found = [];
    for (let at = 0; at < stream.length; at += 100)
      found.push(...splitter.push(stream.subarray(at, at + 100)));
    found.push(...splitter.end());
    const whole = found.filter(({ isCut }) => !isCut).map(({ data }) => data.length);
    const last = writeAnnexB([AUD, picture(4)]).length;
    expect(whole.slice(-2)).toEqual([last, last]);
    expect(found.some(({ isCut }) => isCut)).toBe(true);
  });
});
