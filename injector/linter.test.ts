import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { writeSeiNal } from '../h264-sei-parser/src/index.ts';
import { ms, unixMs } from '../packet/time.ts';
import { viewAccessUnit } from './access-unit-view.ts';
import { ALL_LINT_CODES, LINT_CODES, type LintCode, NORMALISED_CODES } from './lint-codes.ts';
import { LintRecord } from './lint-record.ts';
import { Linter } from './linter.ts';
import * as n from './test-support/nal-units.ts';

const set = (nal: Uint8Array): number[] => [nal.length >> 8, nal.length & 0xff, ...nal];
const record = (sps: readonly Uint8Array[], pps: readonly Uint8Array[], lengthSize = 4): Uint8Array =>
  Uint8Array.from([
    ...[1, 0x42, 0xc0, 0x0b, 0xfc | (lengthSize - 1), 0xe0 | sps.length],
    ...sps.flatMap(set),
    ...[pps.length, ...pps.flatMap(set)],
  ]);
const CONFIG = record([n.SPS], [n.PPS]);
/** Another level, else the same. */
const OTHER_SPS = Uint8Array.from(n.SPS, (byte, index) => (index === 3 ? 0x15 : byte));
const OTHER_PPS = Uint8Array.of(0x68, 0xce, 0x3c, 0x80);

const seiOf = (...messages: (readonly [number, ...number[]])[]): Uint8Array =>
  writeSeiNal(
    messages.map(([payloadType, ...payload]) => ({ payloadType, payload: Uint8Array.from(payload) })),
  );

type More = Parameters<typeof n.frame>[1];

/** The codes that one frame gives behind the configuration. */
function codesOf(data: Uint8Array, more: More = {}, linter = configured()): LintCode[] {
  const findings = linter.check(n.frame(data, more), viewAccessUnit(data, 4, linter.mayHaveFields));
  return findings.map(({ code }) => code);
}

function configured(bytes = CONFIG): Linter {
  const linter = new Linter();
  linter.config({ record: bytes });
  return linter;
}

const key: More = { isKeyframe: true };
const { AUD, SPS, PPS, IDR, SLICE, BUFFERING_PERIOD, PIC_TIMING, RECOVERY_POINT, X264_INFO } = n;
const BIG = seiOf([200, ...new Array<number>(5000).fill(7)]);
const HUGE = seiOf([200, ...new Array<number>(1_000_000).fill(7)]);
const MANY = seiOf(...Array.from({ length: 70 }, (_, i) => [200, i] as const));

describe('the linter', () => {
  it.each<[string, Uint8Array, More, LintCode[]]>([
    ['a usual keyframe', n.avcc([AUD, SPS, PPS, BUFFERING_PERIOD, X264_INFO, PIC_TIMING, IDR]), key, []],
    ['a usual frame with end of sequence and filler', n.avcc([SLICE, n.FILLER, n.END_OF_SEQUENCE]), {}, []],
    ['a length beyond the tag', n.avcc([SLICE]).subarray(0, -1), {}, ['NAL_TRUNCATED']],
    ['Annex B', Uint8Array.of(0, 0, 0, 1, 9, 0xf0, 0, 0, 1, 0x65, 1, 2, 3), key, ['ANNEX_B_IN_FLV']],
    ['thousands of NAL units', new Uint8Array(20_000), {}, ['NAL_TOO_MANY']],
    ['an empty NAL unit', n.avcc([SLICE, new Uint8Array()]), {}, ['NAL_EMPTY']],
    ['a forbidden bit', n.avcc([Uint8Array.of(0xc1, 0x9a, 1)]), {}, ['NAL_FORBIDDEN_BIT']],
    ['an unspecified type', n.avcc([Uint8Array.of(0x18, 1), SLICE]), {}, ['NAL_UNKNOWN_TYPE', 'NAL_ORDER']],
    ['a reserved type', n.avcc([SLICE, Uint8Array.of(0x16, 1)]), {}, ['NAL_UNKNOWN_TYPE']],
    ['filler before the slice', n.avcc([n.FILLER, SLICE]), {}, ['NAL_ORDER']],
    ['a delimiter behind a parameter set', n.avcc([SPS, AUD, IDR]), key, ['AUD_NOT_FIRST']],
    ['a PPS behind the slices', n.avcc([SLICE, PPS]), {}, ['PARAMETER_SET_AFTER_SLICES']],
    ['no slice', n.avcc([AUD, SPS, PPS]), key, ['NO_SLICES']],
    ['two access units', n.avcc([AUD, SLICE, AUD, SLICE]), {}, ['SEVERAL_ACCESS_UNITS']],
    ['SEI behind the slices', n.avcc([SLICE, ...n.bpmUnits()]), {}, ['SEI_AFTER_SLICES']],
    [
      'a late buffering period',
      n.avcc([X264_INFO, BUFFERING_PERIOD, IDR]),
      key,
      ['BUFFERING_PERIOD_NOT_FIRST'],
    ],
    [
      'a buffering period as the second message of its NAL unit',
      n.avcc([seiOf([1, 0x12], [0, 0x80]), IDR]),
      key,
      ['SEI_SEVERAL_MESSAGES', 'BUFFERING_PERIOD_NOT_FIRST'],
    ],
    ['the same message twice', n.avcc([PIC_TIMING, X264_INFO, PIC_TIMING, SLICE]), {}, ['SEI_DUPLICATE']],
    ['5,000 bytes of SEI', n.avcc([BIG, SLICE]), {}, ['SEI_OVERSIZE']],
    ['two messages in one NAL unit', n.avcc([seiOf([1, 2], [4, 5]), SLICE]), {}, ['SEI_SEVERAL_MESSAGES']],
    ['a megabyte of SEI', n.avcc([HUGE, SLICE]), {}, ['SEI_OVERSIZE', 'SEI_TOO_MANY']],
    ['seventy messages in one NAL unit', n.avcc([MANY, SLICE]), {}, ['SEI_TOO_MANY', 'SEI_SEVERAL_MESSAGES']],
    ['no trailing bits', n.avcc([PIC_TIMING.subarray(0, -1), SLICE]), {}, ['SEI_TRAILING_BITS']],
    ['an SEI header alone', n.avcc([Uint8Array.of(6), SLICE]), {}, ['SEI_TRAILING_BITS']],
    [
      'a message longer than its NAL unit',
      n.avcc([Uint8Array.of(6, 4, 99, 1, 0x80), SLICE]),
      {},
      ['SEI_OVERRUN'],
    ],
    ['another SPS', n.avcc([OTHER_SPS, PPS, IDR]), key, ['SPS_CHANGED_IN_BAND']],
    ['another PPS', n.avcc([SPS, OTHER_PPS, IDR]), key, ['PPS_CHANGED_IN_BAND']],
    ['the same SPS with zeros behind it', n.avcc([Uint8Array.from([...SPS, 0, 0]), IDR]), key, []],
    [
      'a keyframe that is a recovery point',
      n.avcc([RECOVERY_POINT, SLICE]),
      key,
      ['KEYFRAME_RECOVERY_POINT'],
    ],
    ['a keyframe that is nothing of the kind', n.avcc([SLICE]), key, ['KEYFRAME_WITHOUT_IDR']],
    ['an IDR picture whose tag says otherwise', n.avcc([IDR]), {}, ['IDR_WITHOUT_KEYFRAME_FLAG']],
    ['a recovery point that is no keyframe', n.avcc([RECOVERY_POINT, SLICE]), {}, ['INTRA_REFRESH']],
    [
      'a negative composition offset',
      n.avcc([SLICE]),
      { compositionOffset: ms(-40) },
      ['NEGATIVE_COMPOSITION_OFFSET'],
    ],
  ])('%s', (_, data, more, codes) => {
    expect(codesOf(data, more)).toEqual(codes);
  });

  it('says where', () => {
    const data = n.avcc([SLICE, PIC_TIMING]);
    const findings = new Linter().check(n.frame(data), viewAccessUnit(data, 4, false));
    expect(findings).toEqual([{ code: 'SEI_AFTER_SLICES', offset: 4 + SLICE.length + 4 }]);
  });

  it('says each thing once for a frame', () => {
    expect(codesOf(n.avcc([SLICE, ...n.bpmUnits(), ...n.bpmUnits()]))).toEqual([
      'SEI_AFTER_SLICES',
      'SEI_DUPLICATE',
    ]);
  });

  it('knows two pictures of one time, and two fields in one tag', () => {
    const linter = configured();
    expect(codesOf(n.avcc([SLICE]), {}, linter)).toEqual([]);
    expect(codesOf(n.avcc([SLICE]), { dts: ms(1), compositionOffset: ms(-1) }, linter)).toEqual([
      'NEGATIVE_COMPOSITION_OFFSET',
      'PTS_REPEATED',
    ]);
    const data = n.avcc([SLICE, PIC_TIMING, SLICE]);
    const codes = new Linter().check(n.frame(data), viewAccessUnit(data, 4, true)).map(({ code }) => code);
    expect(codes).toEqual(['FIELD_PAIR']);
  });

  it.each<[string, Uint8Array[], LintCode[]]>([
    ['the first one', [CONFIG], []],
    ['the same again', [CONFIG, CONFIG], []],
    ['another', [CONFIG, record([OTHER_SPS], [PPS])], ['CONFIG_CHANGED']],
    [
      'with two SPS and three PPS',
      [record([SPS, OTHER_SPS], [PPS, OTHER_PPS, PPS])],
      ['SEVERAL_PARAMETER_SETS'],
    ],
    ['with lengths of one byte', [record([SPS], [PPS], 1)], ['LENGTH_SIZE_SMALL']],
    ['that cannot be read', [CONFIG, CONFIG.subarray(0, 9)], ['CONFIG_CHANGED', 'CONFIG_UNREADABLE']],
    ['that is empty', [new Uint8Array()], ['CONFIG_UNREADABLE']],
  ])('a configuration: %s', (_, records, codes) => {
    const linter = new Linter();
    expect(records.flatMap((bytes) => linter.config({ record: bytes }).map(({ code }) => code))).toEqual(
      codes,
    );
  });

  it('never throws, and finds nothing but what is in the table', () => {
    const bytes = fc.uint8Array({ maxLength: 80 });
    fc.assert(
      fc.property(
        fc.array(bytes, { maxLength: 4 }),
        bytes,
        fc.boolean(),
        (datas, configBytes, isKeyframe) => {
          const linter = configured(configBytes);
          for (const data of datas) {
            const codes = codesOf(data, { isKeyframe }, linter);
            for (const code of codes) expect(LINT_CODES[code]).toBeDefined();
            expect(new Set(codes).size).toBe(codes.length);
          }
        },
      ),
    );
  });

  it('has a case for every code', async () => {
    const { readFileSync } = await import('node:fs');
    const tests = ['linter.test.ts', 'injector-odd.test.ts'].map((name) =>
      readFileSync(new URL(name, import.meta.url), 'utf8'),
    );
    const uncovered = ALL_LINT_CODES.filter((code) => !tests.some((text) => text.includes(`'${code}'`)));
    expect(uncovered).toEqual([]);
  });
});

describe('the record of findings', () => {
  it('has what is put right on the spot as worth knowing, and no more', () => {
    const found = [{ code: 'SEI_AFTER_SLICES', offset: 9 }] as const;
    const severities = [new LintRecord(), new LintRecord(NORMALISED_CODES)].map((lint) => {
      lint.note(found, { at: unixMs(1), pts: null, frame: null });
      return lint.all()[0]!.severity;
    });
    expect(severities).toEqual(['warn', 'info']);
  });

  it('counts by code, keeps the last place, and has the worst first', () => {
    const lint = new LintRecord();
    const place = (at: number) => ({ at: unixMs(at), pts: ms(at * 2), frame: at * 3 });
    lint.note([{ code: 'SEI_AFTER_SLICES', offset: 9 }], place(10));
    lint.note([{ code: 'NAL_TRUNCATED', offset: 1 }], place(20));
    lint.note(
      [
        { code: 'SEI_AFTER_SLICES', offset: 8 },
        { code: 'NAL_ORDER', offset: 2 },
      ],
      place(30),
    );
    expect(lint.all().map(({ code, count }) => [code, count])).toEqual([
      ['NAL_TRUNCATED', 1],
      ['SEI_AFTER_SLICES', 2],
      ['NAL_ORDER', 1],
    ]);
    expect(lint.all()[1]).toMatchObject({
      firstAt: 10,
      lastAt: 30,
      lastPts: 60,
      lastFrame: 90,
      lastOffset: 8,
    });
    expect(lint.countOf('NAL_EMPTY')).toBe(0);
  });
});

describe('parameter sets by the thousand', () => {
  // 255 sets of 32,000 bytes against 1,000 in one frame: compared one by one they would take 8 billion steps.
  it('are each looked at once', () => {
    const long = Buffer.alloc(2 + 32_000);
    long.writeUInt16BE(32_000);
    long.set([0x68, 0x68], 2);
    const head = Buffer.from([...record([SPS], [])].slice(0, -1));
    const sets = Array.from({ length: 255 }, () => long);
    const linter = configured(Uint8Array.from(Buffer.concat([head, Buffer.of(255), ...sets])));
    const others = Array.from({ length: 1000 }, () => OTHER_PPS);
    expect(codesOf(n.avcc([...others, SLICE]), {}, linter)).toEqual(['PPS_CHANGED_IN_BAND']);
    const known = Uint8Array.of(0x68, 0x68, 0, 0);
    expect(codesOf(n.avcc([known, SLICE]), { dts: ms(40) }, linter)).toEqual([]);
  });
});
