import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  AnnexBReader,
  type AnnexBReaderOptions,
  escapeRbsp,
  nalItemsOfAvcc,
  nalUnitsOfAnnexB,
  nalUnitsOfAvcc,
  type StreamNal,
  writeAnnexB,
  writeAvcc,
} from './index.ts';

const bytes = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex.replaceAll(' ', ''), 'hex'));
const hex = (data: Uint8Array): string => Buffer.from(data).toString('hex');
const zeroish = fc.array(fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 4 }), fc.nat(255)), {
  maxLength: 200,
});

function readInChunks(data: Uint8Array, sizes: readonly number[], options?: AnnexBReaderOptions) {
  const reader = new AnnexBReader(options);
  const items: ReturnType<AnnexBReader['push']> = [];
  let at = 0;
  for (let i = 0; at < data.length; i++) {
    const size = sizes[i % sizes.length]!;
    // A buffer that is used again for every chunk would be the caller's mistake: views are allowed.
    items.push(...reader.push(data.slice(at, at + size)));
    at += size;
  }
  items.push(...reader.end());
  return items.map((item) =>
    item.kind === 'nal'
      ? `${hex(item.bytes)}@${item.offset}:${item.type}`
      : `${item.error.code}@${item.error.offset}`,
  );
}

describe('AnnexBReader', () => {
  it.each([
    ['three- and four-byte start codes', '000001 6742 00000001 68ce', ['6742@3:7', '68ce@9:8']],
    ['trailing zero bytes', '0000000001 6742 0000000000 000001 68', ['6742@5:7', '68@15:8']],
    ['bytes before the first start code', 'ff00 0102 000001 67', ['ERR_START_CODE@0', '67@7:7']],
    ['zeros and bytes before the first', '000065 000001 67', ['ERR_START_CODE@2', '67@6:7']],
    ['nothing between two start codes', '000001 000001 67', ['ERR_NAL_EMPTY@3', '67@6:7']],
    ['nothing behind the last', '000001 67 000001', ['67@3:7', 'ERR_NAL_EMPTY@7']],
    ['no start code', '6742', ['ERR_START_CODE@0']],
    ['zeros alone', '00000000', []],
    ['nothing', '', []],
    ['one NAL unit above the limit', '000001 67010203040506 000001 68', ['ERR_NAL_TOO_LARGE@3', '68@13:8']],
    [
      'zeros that would pass the limit',
      '000001 67 0000000000000000 02 000001 68',
      ['ERR_NAL_TOO_LARGE@3', '68@16:8'],
    ],
    ['a NAL unit as large as the limit', '000001 670102030405', ['670102030405@3:7']],
  ])('%s, in chunks of every size', (_, data, expected) => {
    const stream = bytes(data);
    for (let size = 1; size <= stream.length + 1; size++) {
      const found = readInChunks(stream, [size], { maxNalBytes: 6 });
      // Junk is reported where its end is found.
      expect(found, `chunks of ${size}`).toEqual(expected);
    }
  });

  it('finds what the walk over the whole finds, wherever the chunks are cut', () => {
    fc.assert(
      fc.property(zeroish, fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 }), (list, sizes) => {
        const data = Uint8Array.from([0, 0, 1, ...list]);
        const whole = [...nalUnitsOfAnnexB(data)].map(
          (n) => `${hex(data.subarray(n.start, n.end))}@${n.start}:${n.type}`,
        );
        expect(readInChunks(data, sizes).filter((item) => !item.startsWith('ERR'))).toEqual(whole);
        expect(readInChunks(data, sizes)).toEqual(readInChunks(data, [data.length]));
      }),
      { numRuns: 1000 },
    );
  });

  it('reads HEVC headers, and another stream after the end', () => {
    const reader = new AnnexBReader({ codec: 'hevc' });
    for (let round = 0; round < 2; round++) {
      const items = [...reader.push(bytes('00000001 4001 0c 000001 4e01 05')), ...reader.end()];
      expect(items.map((item) => [(item as StreamNal).type, (item as StreamNal).offset])).toEqual([
        [32, 4],
        [39, 10],
      ]);
    }
  });

  it('takes a large NAL unit byte by byte in linear time', () => {
    const nal = new Uint8Array(300_000).fill(0x55);
    const reader = new AnnexBReader();
    const stream = writeAnnexB([nal]);
    const items = [];
    for (let i = 0; i < stream.length; i++) items.push(...reader.push(stream.subarray(i, i + 1)));
    items.push(...reader.end());
    expect(items).toHaveLength(1);
    expect(hex((items[0] as StreamNal).bytes)).toBe(hex(nal));
  });
});

describe('from Annex B to AVCC and back', () => {
  it('keeps every NAL unit', () => {
    fc.assert(
      fc.property(fc.array(zeroish, { maxLength: 5 }), fc.constantFrom(2, 4), (list, size) => {
        const nals = list.map((u) => Uint8Array.from([0x41, ...escapeRbsp(Uint8Array.from([...u, 0x80]))]));
        const avcc = writeAvcc(nals, size as 2 | 4);
        const walked = [...nalUnitsOfAvcc(avcc, size as 2 | 4)].map((n) => avcc.subarray(n.start, n.end));
        const stream = writeAnnexB(walked);
        expect([...nalUnitsOfAnnexB(stream)].map((n) => hex(stream.subarray(n.start, n.end)))).toEqual(
          nals.map(hex),
        );
      }),
    );
  });
});

describe('the AVCC walk that reports', () => {
  it.each([
    [
      'a length of 0 in between',
      '00000001 09 00000000 00000002 6588',
      ['9@4-5', 'ERR_NAL_EMPTY@5 5-9', '5@13-15'],
    ],
    ['a length that outruns the data', '00000001 09 00000009 6588', ['9@4-5', 'ERR_NAL_TRUNCATED@5 5-11']],
    ['a length cut short', '00000001 09 0000', ['9@4-5', 'ERR_NAL_TRUNCATED@5 5-7']],
    ['nothing', '', []],
  ])('%s', (_, data, expected) => {
    const items = [...nalItemsOfAvcc(bytes(data), 4)].map((item) =>
      item.kind === 'nal'
        ? `${item.type}@${item.start}-${item.end}`
        : `${item.error.code}@${item.error.offset} ${item.start}-${item.end}`,
    );
    expect(items).toEqual(expected);
  });

  it('covers every byte once', () => {
    fc.assert(
      fc.property(zeroish, fc.constantFrom(1, 2, 4), (list, size) => {
        const data = Uint8Array.from(list);
        let at = 0;
        for (const item of nalItemsOfAvcc(data, size as 1 | 2 | 4)) {
          expect(item.start).toBe(item.kind === 'nal' ? at + size : at);
          at = item.end;
        }
        expect(at).toBe(data.length);
      }),
    );
  });

  it('refuses lengths of 3 bytes, as all do', () => {
    const three = 3 as 4;
    for (const run of [
      () => [...nalItemsOfAvcc(bytes('00'), three)],
      () => [...nalUnitsOfAvcc(bytes('00'), three)],
      () => writeAvcc([bytes('65')], three),
    ]) {
      expect(run).toThrow(expect.objectContaining({ code: 'ERR_NAL_LENGTH_SIZE' }));
    }
  });
});
