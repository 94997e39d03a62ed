import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type NalLengthSize, userDataMessage, writeSeiNal } from '../h264-sei-parser/src/index.ts';
import { NO_REWRITES, type Rewrites, rewriteAccessUnit, STAMP_UUID } from './access-unit.ts';
import { SEI_READ_BYTES, viewAccessUnit } from './access-unit-view.ts';
import * as n from './test-support/nal-units.ts';

const STAMP = writeSeiNal([userDataMessage(STAMP_UUID, Buffer.from('{"v":1,"epoch":"e","at":1}'))]);
const FORGED = writeSeiNal([userDataMessage(STAMP_UUID, Buffer.from('{"v":1,"epoch":"x","at":9}'))]);
const [TS, SM, ERM] = n.bpmUnits() as [Uint8Array, Uint8Array, Uint8Array];
/** The second field of a frame begins at macroblock 0 again. */
const FIELD = Uint8Array.of(0x41, 0x9a, 9);
const EMPTY = new Uint8Array();
const KNOWN = Object.entries({ ...n, STAMP, FORGED, TS, SM, ERM, FIELD }).filter(
  (entry): entry is [string, Uint8Array] => entry[1] instanceof Uint8Array,
);

interface Options {
  readonly stamps?: readonly Uint8Array[];
  readonly normalise?: boolean;
  readonly fields?: boolean;
  readonly lengthSize?: NalLengthSize;
}

function rewrite(units: readonly Uint8Array[], options: Options = {}) {
  const { stamps = [], normalise = true, fields = false, lengthSize = 4 } = options;
  const source = n.avcc(units, lengthSize);
  const { data, rewrites } = rewriteAccessUnit(viewAccessUnit(source, lengthSize, fields), stamps, normalise);
  return { source, data, rewrites };
}

/** By name, so that a failure can be read. */
const nameOf = (unit: Uint8Array): string =>
  KNOWN.find(([, known]) => Buffer.compare(known, unit) === 0)?.[0] ??
  `? ${Buffer.from(unit).toString('hex')}`;
const namesIn = (data: Uint8Array): string[] => n.unitsOf(data).map(nameOf);

const { AUD, SPS, PPS, IDR, IDR_SECOND, SLICE, SLICE_SECOND, BUFFERING_PERIOD, PIC_TIMING, X264_INFO } = n;
const moved = (seiMoved: number): Rewrites => ({ ...NO_REWRITES, seiMoved });
const behind = (seiBehindBufferingPeriod: number): Rewrites => ({ ...NO_REWRITES, seiBehindBufferingPeriod });

describe('SEI in its place', () => {
  it.each<[string, Uint8Array[], string[], Rewrites]>([
    [
      "OBS's three messages behind a keyframe's slices",
      [AUD, SPS, PPS, X264_INFO, IDR, IDR_SECOND, TS, SM, ERM],
      ['AUD', 'SPS', 'PPS', 'X264_INFO', 'TS', 'SM', 'ERM', 'STAMP', 'IDR', 'IDR_SECOND'],
      moved(3),
    ],
    ['SEI between slices', [SLICE, TS, SLICE_SECOND], ['TS', 'STAMP', 'SLICE', 'SLICE_SECOND'], moved(1)],
    [
      'SEI before and behind an end of sequence',
      [SLICE, TS, n.END_OF_SEQUENCE, SM, n.END_OF_STREAM],
      ['TS', 'SM', 'STAMP', 'SLICE', 'END_OF_SEQUENCE', 'END_OF_STREAM'],
      moved(2),
    ],
    ['SEI between slices and filler', [SLICE, TS, n.FILLER], ['TS', 'STAMP', 'SLICE', 'FILLER'], moved(1)],
    [
      'SEI behind a slice with its prefix and its extension',
      [PIC_TIMING, n.PREFIX, SLICE, n.SLICE_EXTENSION, TS],
      ['PIC_TIMING', 'TS', 'STAMP', 'PREFIX', 'SLICE', 'SLICE_EXTENSION'],
      moved(1),
    ],
    [
      'SEI behind data partitions',
      [n.PARTITION_A, n.PARTITION_B, n.PARTITION_C, TS],
      ['TS', 'STAMP', 'PARTITION_A', 'PARTITION_B', 'PARTITION_C'],
      moved(1),
    ],
    ['SEI behind an auxiliary slice', [IDR, n.AUXILIARY, TS], ['TS', 'STAMP', 'IDR', 'AUXILIARY'], moved(1)],
    [
      'nothing but leading SEI between parameter sets',
      [AUD, X264_INFO, SPS, PIC_TIMING, PPS, IDR],
      ['AUD', 'X264_INFO', 'SPS', 'PIC_TIMING', 'PPS', 'STAMP', 'IDR'],
      NO_REWRITES,
    ],
    [
      'a buffering period behind another message',
      [AUD, SPS, PPS, X264_INFO, BUFFERING_PERIOD, PIC_TIMING, IDR],
      ['AUD', 'SPS', 'PPS', 'BUFFERING_PERIOD', 'X264_INFO', 'PIC_TIMING', 'STAMP', 'IDR'],
      behind(1),
    ],
    [
      'a buffering period that must not come before its SPS',
      [AUD, X264_INFO, SPS, PPS, BUFFERING_PERIOD, IDR],
      ['AUD', 'SPS', 'PPS', 'BUFFERING_PERIOD', 'X264_INFO', 'STAMP', 'IDR'],
      behind(1),
    ],
    [
      'a buffering period behind the slices',
      [SPS, PPS, PIC_TIMING, IDR, BUFFERING_PERIOD, TS],
      ['SPS', 'PPS', 'BUFFERING_PERIOD', 'PIC_TIMING', 'TS', 'STAMP', 'IDR'],
      { ...NO_REWRITES, seiMoved: 2, seiBehindBufferingPeriod: 1 },
    ],
    [
      'a delimiter behind SEI, as from ffmpeg with x264',
      [X264_INFO, AUD, SPS, PPS, BUFFERING_PERIOD, PIC_TIMING, IDR],
      ['AUD', 'SPS', 'PPS', 'BUFFERING_PERIOD', 'X264_INFO', 'PIC_TIMING', 'STAMP', 'IDR'],
      { ...behind(1), delimiterFirst: 1 },
    ],
    [
      'a delimiter behind an SPS, with late SEI',
      [SPS, AUD, PPS, IDR, TS],
      ['AUD', 'SPS', 'PPS', 'TS', 'STAMP', 'IDR'],
      { ...moved(1), delimiterFirst: 1 },
    ],
    [
      'a delimiter as the last before the slice',
      [SPS, AUD, IDR],
      ['AUD', 'SPS', 'STAMP', 'IDR'],
      { ...NO_REWRITES, delimiterFirst: 1 },
    ],
    [
      'an empty NAL unit before the slice, and one behind it',
      [PIC_TIMING, EMPTY, IDR, EMPTY, TS],
      ['PIC_TIMING', 'EMPTY', 'TS', 'STAMP', 'IDR', 'EMPTY'],
      moved(1),
    ],
  ])('%s', (_, units, expected, rewrites) => {
    const source = n.avcc(units);
    const result = rewriteAccessUnit(viewAccessUnit(source, 4, false), [STAMP], true);
    // The reader of the tests has no empty NAL units.
    expect(namesOf(result.data)).toEqual(expected);
    expect(result.rewrites).toEqual(rewrites);
  });

  it('is given no other bytes, whatever place it has', () => {
    const twice = writeSeiNal([
      { payloadType: 200, payload: Uint8Array.of(0, 0, 1) },
      { payloadType: 5, payload: new Uint8Array(20) },
    ]);
    twice[0] = 0x26;
    const { data } = rewrite([SLICE, twice]);
    expect(data).toEqual(n.avcc([twice, SLICE]));
  });

  it('stays where it is with the normaliser off, stamps before the first slice', () => {
    const units = [X264_INFO, BUFFERING_PERIOD, IDR, TS];
    expect(rewrite(units, { normalise: false }).rewrites).toEqual(NO_REWRITES);
    expect(namesIn(rewrite(units, { normalise: false, stamps: [STAMP] }).data)).toEqual([
      'X264_INFO',
      'BUFFERING_PERIOD',
      'STAMP',
      'IDR',
      'TS',
    ]);
  });

  it('gives the very same array back where nothing is to be done', () => {
    for (const units of [
      [SLICE],
      [AUD, SPS, PPS, BUFFERING_PERIOD, X264_INFO, IDR, n.FILLER],
      [BUFFERING_PERIOD, X264_INFO, BUFFERING_PERIOD, IDR],
    ]) {
      const source = n.avcc(units);
      expect(rewriteAccessUnit(viewAccessUnit(source, 4, false), [], true).data).toBe(source);
    }
  });

  it('leaves a buffering period inside another NAL unit alone: one NAL unit stays one', () => {
    const inside = writeSeiNal([
      { payloadType: 1, payload: Uint8Array.of(0x12) },
      { payloadType: 0, payload: Uint8Array.of(0x80) },
    ]);
    const { data, source, rewrites } = rewrite([inside, IDR]);
    expect(data).toBe(source);
    expect(rewrites).toEqual(NO_REWRITES);
  });
});

describe('two pictures in one tag', () => {
  it('the second field keeps its SEI, what stands behind the frame moves before it', () => {
    const units = [PIC_TIMING, SLICE, SM, FIELD, TS];
    const { data, rewrites } = rewrite(units, { fields: true, stamps: [STAMP] });
    expect(namesIn(data)).toEqual(['PIC_TIMING', 'TS', 'STAMP', 'SLICE', 'SM', 'FIELD']);
    expect(rewrites).toEqual(moved(1));
  });

  it('without fields a slice at macroblock 0 is a repeated one, and SEI before it is late', () => {
    expect(namesIn(rewrite([SLICE, SM, FIELD]).data)).toEqual(['SM', 'SLICE', 'FIELD']);
  });

  it('behind a delimiter another access unit begins, and keeps all it has', () => {
    const { data, rewrites } = rewrite([AUD, SLICE, TS, AUD, SM, SLICE, ERM], { stamps: [STAMP] });
    expect(namesIn(data)).toEqual(['AUD', 'TS', 'STAMP', 'SLICE', 'AUD', 'SM', 'SLICE', 'ERM']);
    expect(rewrites).toEqual(moved(1));
  });
});

describe('stamps from outside', () => {
  it.each<[string, Uint8Array[], string[]]>([
    ['before the slices', [FORGED, X264_INFO, IDR], ['X264_INFO', 'STAMP', 'IDR']],
    ['behind the slices', [X264_INFO, IDR, FORGED, TS], ['X264_INFO', 'TS', 'STAMP', 'IDR']],
    ['in a tag without slices', [FORGED, SPS], ['SPS', 'STAMP']],
  ])('%s are taken out', (_, units, expected) => {
    const { data, rewrites } = rewrite(units, { stamps: [STAMP] });
    expect(namesIn(data)).toEqual(expected);
    expect(rewrites.stampsRemoved).toBe(1);
  });

  it('hide no buffering period: what begins with one once they are gone comes first', () => {
    const hidden = writeSeiNal([
      userDataMessage(STAMP_UUID, Buffer.from('{"v":1}')),
      { payloadType: 0, payload: Uint8Array.of(0x80) },
    ]);
    const period = writeSeiNal([{ payloadType: 0, payload: Uint8Array.of(0x80) }]);
    const { data, rewrites } = rewrite([X264_INFO, hidden, IDR]);
    expect(n.unitsOf(data).map((unit) => Buffer.from(unit).toString('hex'))).toEqual(
      [period, X264_INFO, IDR].map((unit) => Buffer.from(unit).toString('hex')),
    );
    expect(rewrites).toEqual({ ...NO_REWRITES, stampsRemoved: 1, seiBehindBufferingPeriod: 1 });
  });

  it('are taken out with the normaliser off, and leave the rest where it is', () => {
    const { data, rewrites } = rewrite([FORGED, IDR, FORGED, TS], { normalise: false });
    expect(namesIn(data)).toEqual(['IDR', 'TS']);
    expect(rewrites).toEqual({ ...NO_REWRITES, stampsRemoved: 2 });
  });
});

describe('whatever comes', () => {
  const sei = fc.uint8Array({ maxLength: 24 }).map((bytes) => Uint8Array.of(6, ...bytes));
  const anyUnit = fc.oneof(
    sei,
    fc.uint8Array({ minLength: 1, maxLength: 12 }),
    fc.constantFrom(...KNOWN.map(([, unit]) => unit)),
  );
  const lengthSize = fc.constantFrom<NalLengthSize>(1, 2, 4);
  const units = fc.array(anyUnit, { maxLength: 12 });

  it('every NAL unit that is no stamp is still there, slices and all others in their order', () => {
    fc.assert(
      fc.property(units, lengthSize, fc.boolean(), fc.boolean(), (list, size, normalise, fields) => {
        const clean = list.filter((unit) => !Buffer.from(unit).includes(Buffer.from(STAMP_UUID)));
        const { data } = rewrite(clean, { lengthSize: size, normalise, fields, stamps: [STAMP] });
        const out = n.unitsOf(data, size).filter((unit) => Buffer.compare(unit, STAMP) !== 0);
        const sorted = (all: readonly Uint8Array[]) =>
          all.map((unit) => Buffer.from(unit).toString('hex')).sort();
        const isSei = (unit: Uint8Array): boolean => (unit[0]! & 0x1f) === 6;
        expect(sorted(out)).toEqual(sorted(clean));
        const inOrder = (all: readonly Uint8Array[]) =>
          all.filter((unit) => !isSei(unit) && (unit[0]! & 0x1f) !== 9);
        expect(inOrder(out)).toEqual(inOrder(clean));
        if (!normalise) expect(out).toEqual(clean);
      }),
    );
  });

  /** A prefix NAL unit, SEI, a buffering period, and the slice that the prefix is of. */
  const BETWEEN_PREFIX_AND_SLICE = [[46, 0], [6], [6, 0, 4, 128, 0, 0, 3, 3, 128], [66, 154, 1]].map(
    (bytes) => Uint8Array.from(bytes),
  );

  it('what was put right once has nothing left to be put right', () => {
    fc.assert(
      fc.property(units, fc.boolean(), (list, fields) => {
        const once = rewrite(list, { fields, stamps: [] });
        const view = viewAccessUnit(once.data, 4, fields);
        expect(view.broken).toBeNull();
        const again = rewriteAccessUnit(view, [], true);
        expect(again.data).toBe(once.data);
        expect(again.rewrites).toEqual(NO_REWRITES);
      }),
      { examples: [[BETWEEN_PREFIX_AND_SLICE, false]] },
    );
  });

  it('the view never throws, and says where it had to stop', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), lengthSize, fc.boolean(), (data, size, fields) => {
        const { broken } = viewAccessUnit(data, size, fields);
        if (broken === null) return;
        expect(broken.code).toBe('ERR_NAL_TRUNCATED');
        expect(broken.offset).toBeLessThan(data.length);
      }),
    );
  });

  it('more NAL units than anybody writes are not looked at one by one', () => {
    const view = viewAccessUnit(new Uint8Array(4 * 5000), 4, false);
    expect(view.broken).toMatchObject({ code: 'ERR_NAL_TOO_MANY' });
    expect(view.others.length).toBeLessThan(2000);
  });
});

/** As {@link namesIn}, empty NAL units among them. */
function namesOf(data: Uint8Array): string[] {
  const names: string[] = [];
  for (let at = 0; at < data.length; ) {
    const length = Buffer.from(data).readUInt32BE(at);
    names.push(length === 0 ? 'EMPTY' : namesIn(data.subarray(at, at + 4 + length))[0]!);
    at += 4 + length;
  }
  return names;
}

describe('more SEI in one frame than is read', () => {
  const large = (bytes: number, uuid?: Uint8Array): Uint8Array => {
    const payload = new Uint8Array(bytes);
    if (uuid !== undefined) payload.set(uuid, bytes / 2);
    return writeSeiNal([{ payloadType: 200, payload }]);
  };

  it('passes as it came, and what is small is read behind it', () => {
    const huge = large(SEI_READ_BYTES);
    const source = n.avcc([huge, IDR, TS]);
    const view = viewAccessUnit(source, 4, false);
    expect(view.sei.map(({ messages, problem }) => [messages.length, problem])).toEqual([
      [0, 'too-many'],
      [1, null],
    ]);
    const { data } = rewriteAccessUnit(view, [STAMP], true);
    expect(n.unitsOf(data).map((unit) => unit.length)).toEqual([huge, TS, STAMP, IDR].map((u) => u.length));
    expect(data.subarray(4, 4 + huge.length)).toEqual(huge);
  });

  it('is read up to the bound, over many NAL units', () => {
    const unit = large(1000);
    const view = viewAccessUnit(n.avcc([...Array.from({ length: 900 }, () => unit), IDR]), 4, false);
    const read = view.sei.filter(({ messages }) => messages.length > 0);
    expect(read).toHaveLength(Math.floor(SEI_READ_BYTES / unit.length));
  });

  it('goes where our UUID stands in it', () => {
    const { data, rewrites } = rewrite([large(SEI_READ_BYTES, STAMP_UUID), IDR]);
    expect(n.unitsOf(data)).toEqual([IDR]);
    expect(rewrites.stampsRemoved).toBe(1);
  });
});
