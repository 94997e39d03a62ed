import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  BitstreamError,
  type Codec,
  escapeRbsp,
  isCanonicalSeiNal,
  type NalLengthSize,
  nalUnitsOfAnnexB,
  nalUnitsOfAvcc,
  parseSeiNal,
  parseSeiRbsp,
  parseUserData,
  readSeiNal,
  SEI_HEADER,
  sameUuid,
  unescapeRbsp,
  userDataMessage,
  uuidFromText,
  uuidToText,
  writeAvccNal,
  writeSeiNal,
} from './index.ts';

const bytes = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex.replaceAll(' ', ''), 'hex'));
const hex = (data: Uint8Array): string => Buffer.from(data).toString('hex');

function errorOf(run: () => unknown): { code: string; offset: number } {
  try {
    run();
  } catch (error) {
    if (error instanceof BitstreamError) return { code: error.code, offset: error.offset };
    throw error;
  }
  throw new Error('nothing was thrown');
}

/** Bytes where zeros and small values are frequent, as escaping needs them. */
const zeroish = fc.array(fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 4 }), fc.nat(255)), {
  maxLength: 80,
});

describe('emulation prevention, clause 7.4.1', () => {
  it.each([
    ['000000', '00000300'],
    ['000001', '00000301'],
    ['000002', '00000302'],
    ['000003', '00000303'],
    ['000004', '000004'],
    ['0000000000', '00000300000300'],
    ['010000', '01000003'],
    ['8000000000', '80000003000003'],
    ['0100', '0100'],
    ['ff000000000180', 'ff00000300000301 80'],
  ])('%s is written %s and read back', (rbsp, payload) => {
    expect(hex(escapeRbsp(bytes(rbsp)))).toBe(payload.replaceAll(' ', ''));
    expect(hex(unescapeRbsp(bytes(payload)))).toBe(rbsp);
  });

  it('copies nothing where nothing is escaped', () => {
    const plain = bytes('0102030400000405');
    expect(escapeRbsp(plain)).toBe(plain);
    expect(unescapeRbsp(plain)).toBe(plain);
  });

  it('gives every RBSP back, and leaves no start code in the payload', () => {
    fc.assert(
      fc.property(zeroish, (list) => {
        const rbsp = Uint8Array.from([...list, 0x80]);
        const payload = escapeRbsp(rbsp);
        expect(hex(unescapeRbsp(payload))).toBe(hex(rbsp));
        expect(hex(payload)).not.toMatch(/^(?:..)*00000[012]/);
      }),
      { numRuns: 500 },
    );
  });
});

describe('the NAL walk', () => {
  it.each([1, 2, 4] as const)('finds what was written, with %i length bytes', (size: NalLengthSize) => {
    const unit = fc.uint8Array({ minLength: 1, maxLength: 50 });
    fc.assert(
      fc.property(fc.array(unit, { maxLength: 6 }), (units) => {
        const data = new Uint8Array(units.reduce((sum, u) => sum + size + u.length, 0));
        let at = 0;
        for (const u of units) at = writeAvccNal(data, at, u, size);
        const found = [...nalUnitsOfAvcc(data, size)];
        expect(found.map((n) => hex(data.subarray(n.start, n.end)))).toEqual(units.map(hex));
        expect(found.map((n) => n.type)).toEqual(units.map((u) => u[0]! & 0x1f));
      }),
    );
  });

  it.each([
    ['a length that outruns the data', '00000005 65 01', 'ERR_NAL_TRUNCATED', 0],
    ['a length cut short', '00000001 65 0000', 'ERR_NAL_TRUNCATED', 5],
    ['a length of 0', '00000001 65 00000000', 'ERR_NAL_EMPTY', 5],
    ['a length with its top bit set', 'ffffffff 65', 'ERR_NAL_TRUNCATED', 0],
  ])('names %s', (_, data, code, offset) => {
    expect(errorOf(() => [...nalUnitsOfAvcc(bytes(data), 4)])).toEqual({ code, offset });
  });

  it('refuses to write a NAL unit that its length bytes cannot say', () => {
    const target = new Uint8Array(400);
    expect(errorOf(() => writeAvccNal(target, 0, new Uint8Array(256), 1)).code).toBe('ERR_NAL_LENGTH_SIZE');
  });

  it('finds units between three- and four-byte start codes, trailing zeros left out', () => {
    const data = bytes('ff 00000001 67 42 000001 68 ce 0000 00000001 65 88 01 00');
    const found = [...nalUnitsOfAnnexB(data)].map((n) => hex(data.subarray(n.start, n.end)));
    expect(found).toEqual(['6742', '68ce', '658801']);
    expect([...nalUnitsOfAnnexB(bytes('000001'))]).toEqual([]);
    expect([...nalUnitsOfAnnexB(bytes(''))]).toEqual([]);
  });

  it('finds in Annex B what escaped units were put there', () => {
    fc.assert(
      fc.property(fc.array(zeroish, { minLength: 1, maxLength: 5 }), (units) => {
        const nals = units.map((u) => [0x41, ...escapeRbsp(Uint8Array.from([...u, 0x80]))]);
        const data = Uint8Array.from(nals.flatMap((n, i) => (i % 2 ? [0, 0, 1, ...n] : [0, 0, 0, 1, ...n])));
        const found = [...nalUnitsOfAnnexB(data)].map((n) => hex(data.subarray(n.start, n.end)));
        expect(found).toEqual(nals.map((n) => hex(Uint8Array.from(n))));
      }),
    );
  });
});

describe('SEI framing, clause 7.3.2.3', () => {
  const message = fc.record({
    payloadType: fc.oneof(fc.nat(60), fc.integer({ min: 254, max: 1000 })),
    payload: fc.oneof(
      zeroish.map((l) => Uint8Array.from(l)),
      fc.uint8Array({ minLength: 250, maxLength: 520 }),
    ),
  });

  it('reads back what it wrote, any types and sizes', () => {
    fc.assert(
      fc.property(fc.array(message, { maxLength: 4 }), (messages) => {
        const read = parseSeiNal(writeSeiNal(messages));
        expect(read.map((m) => [m.payloadType, hex(m.payload)])).toEqual(
          messages.map((m) => [m.payloadType, hex(m.payload)]),
        );
      }),
    );
  });

  it('chains types and sizes of 255 and above', () => {
    expect(hex(writeSeiNal([{ payloadType: 255, payload: new Uint8Array(0) }]))).toBe('06ff000080');
    const [m] = parseSeiRbsp(Uint8Array.from([0xff, 0x01, 0xff, 0x00, ...new Array(255).fill(7), 0x80]));
    expect([m!.payloadType, m!.payload.length]).toEqual([256, 255]);
  });

  it.each([
    ['no trailing bits', '05 01 aa', 'ERR_SEI_TRAILING_BITS'],
    ['nothing at all', '', 'ERR_SEI_TRAILING_BITS'],
    ['only zeros', '000000', 'ERR_SEI_TRAILING_BITS'],
    ['a payload that outruns it', '05 10 aa 80', 'ERR_SEI_TRUNCATED'],
    ['an end inside a chained type', 'ff ff 80', 'ERR_SEI_TRUNCATED'],
    ['an end before the size', '05 80', 'ERR_SEI_TRUNCATED'],
  ])('names %s', (_, rbsp, code) => {
    expect(errorOf(() => parseSeiRbsp(bytes(rbsp))).code).toBe(code);
  });

  it('knows what is no SEI NAL unit', () => {
    expect(errorOf(() => parseSeiNal(bytes('65 80'))).code).toBe('ERR_SEI_NOT_SEI');
    expect(errorOf(() => parseSeiNal(bytes(''))).code).toBe('ERR_SEI_NOT_SEI');
  });

  it('throws nothing but coded errors, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (data) => {
        try {
          parseSeiRbsp(unescapeRbsp(data));
        } catch (error) {
          expect(error).toBeInstanceOf(BitstreamError);
        }
      }),
      { numRuns: 1000 },
    );
  });
});

describe('SEI read leniently', () => {
  const read = (nal: string, codec?: Codec) => {
    const { messages, problems } = readSeiNal(bytes(nal), codec);
    return {
      messages: messages.map((m) => `${m.payloadType}:${hex(m.payload)}/${m.payloadSize}@${m.offset}`),
      problems: problems.map(({ code, offset }) => `${code}@${offset}`),
    };
  };

  it.each([
    ['good', '06 00 01 aa 05 02 bbcc 80', ['0:aa/1@1', '5:bbcc/2@4'], []],
    [
      'without trailing bits',
      '06 00 01 aa 05 02 bbcc',
      ['0:aa/1@1', '5:bbcc/2@4'],
      ['ERR_SEI_TRAILING_BITS@7'],
    ],
    [
      'without them, behind a payload that ends in 80',
      '06 05 02 bb80',
      ['5:bb80/2@1'],
      ['ERR_SEI_TRAILING_BITS@4'],
    ],
    ['without them, behind zero bytes', '06 05 03 bb0000', ['5:bb0000/3@1'], ['ERR_SEI_TRAILING_BITS@3']],
    ['that outruns it', '06 00 01 aa 05 09 bb 80', ['0:aa/1@1', '5:bb/9@4'], ['ERR_SEI_TRUNCATED@6']],
    ['behind an escape', '06 00 03 00000301 05 01 bb 80', ['0:000001/3@1', '5:bb/1@7'], []],
    ['that is none', '65 88', [], ['ERR_SEI_NOT_SEI@0']],
  ])('%s', (_, nal, messages, problems) => {
    expect(read(nal)).toEqual({ messages, problems });
  });

  it('of HEVC, prefix and suffix', () => {
    expect(read('4e01 05 01 aa 80', 'hevc')).toEqual({ messages: ['5:aa/1@2'], problems: [] });
    expect(read('5001 84 01 aa 80', 'hevc')).toEqual({ messages: ['132:aa/1@2'], problems: [] });
    expect(read('4001 05 01 aa 80', 'hevc').problems).toEqual(['ERR_SEI_NOT_SEI@0']);
    const message = { payloadType: 5, payload: bytes('000000') };
    for (const header of [SEI_HEADER.hevcPrefix, SEI_HEADER.hevcSuffix]) {
      const nal = writeSeiNal([message], header);
      expect(hex(nal)).toBe(`${hex(header)}050300000300 80`.replace(' ', ''));
      expect(parseSeiNal(nal, 'hevc')).toEqual([message]);
    }
  });

  it.each([
    ['06 05 01 aa 80', true],
    ['66 05 01 aa 80', true],
    ['06 80', true],
    ['06 05 04 00000301 aa 80', true],
    ['06 05 03 00000301 80', true],
    ['06 05 03 000001 80', false],
    ['06 05 03 00000304 80', false],
    ['06 05 01 aa 80 00', false],
    ['06 05 01 aa 80 000003', false],
    ['06 05 02 aa 80', false],
    ['06 05 01 aa', false],
    ['65 80', false],
  ])('%s is canonical: %s', (nal, canonical) => {
    expect(isCanonicalSeiNal(bytes(nal))).toBe(canonical);
  });

  it('is written again to the same bytes where it is canonical, and never loses a message', () => {
    const body = fc.array(fc.oneof(fc.constantFrom(0, 0, 1, 2, 3, 5, 0x80, 0xff), fc.nat(255)), {
      maxLength: 40,
    });
    let canonical = 0;
    fc.assert(
      fc.property(body, (list) => {
        const nal = Uint8Array.from([6, ...list, 0x80]);
        const { messages, problems } = readSeiNal(nal);
        if (!isCanonicalSeiNal(nal)) {
          if (problems.length === 0) expect(parseSeiNal(nal)).toHaveLength(messages.length);
          return;
        }
        canonical++;
        expect(hex(writeSeiNal(parseSeiNal(nal)))).toBe(hex(nal));
      }),
      { numRuns: 3000 },
    );
    expect(canonical).toBeGreaterThan(50);
  });
});

describe('user_data_unregistered, clause D.1.7', () => {
  const text = 'f5fe598b-3f69-4d2e-8516-f2ccd21cb72f';

  it('splits UUID and data', () => {
    const { payload } = userDataMessage(uuidFromText(text), Uint8Array.of(1, 2));
    const { uuid, data } = parseUserData(payload);
    expect([uuidToText(uuid), [...data]]).toEqual([text, [1, 2]]);
    expect(sameUuid(uuid, uuidFromText(text.toUpperCase()))).toBe(true);
    expect(sameUuid(uuid, uuidFromText(text.replace('f5', 'f6')))).toBe(false);
    expect(sameUuid(uuid, uuid.subarray(0, 8))).toBe(false);
  });

  it('names a payload too short for a UUID, and text that is none', () => {
    expect(errorOf(() => parseUserData(new Uint8Array(15))).code).toBe('ERR_USER_DATA_SHORT');
    expect(() => uuidFromText('f5fe598b')).toThrow(TypeError);
  });
});
