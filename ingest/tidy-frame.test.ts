import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nalUnitsOfAvcc, writeAvccNal } from '../h264-sei-parser/src/index.ts';
import { FramecueError } from '../packet/errors.ts';
import type { AvcFramePacket } from '../packet/packet.ts';
import { ms } from '../packet/time.ts';
import { tidyFrame } from './tidy-frame.ts';

const IDR = [0x65, 0x88, 1, 2];
const SLICE = [0x41, 0x9a, 3];
const SEI = [0x06, 5, 1, 7, 0x80];

const avcc = (...units: readonly (readonly number[])[]): number[] =>
  units.flatMap((unit) => [0, 0, 0, unit.length, ...unit]);
const annexB = (...units: readonly (readonly number[])[]): number[] =>
  units.flatMap((unit, index) => [...(index === 0 ? [0] : []), 0, 0, 1, ...unit]);
const frame = (bytes: readonly number[], isKeyframe = false): AvcFramePacket => ({
  kind: 'avc-frame',
  dts: ms(40),
  compositionOffset: ms(0),
  isKeyframe,
  data: Uint8Array.from(bytes),
});

describe('a frame that is', () => {
  it('well formed stays the very same object', () => {
    for (const tidy of [frame(avcc(SEI, SLICE)), frame(avcc(IDR), true)]) {
      expect(tidyFrame(tidy, 4)).toEqual({ frame: tidy, repairs: [] });
      expect(tidyFrame(tidy, 4).frame).toBe(tidy);
    }
  });

  it.each([
    ['an empty NAL unit between others', [...avcc(SEI), 0, 0, 0, 0, ...avcc(SLICE)], ['empty-nal']],
    ['an empty NAL unit before all', [0, 0, 0, 0, ...avcc(SEI, SLICE)], ['empty-nal']],
    ['an empty NAL unit behind all', [...avcc(SEI, SLICE), 0, 0, 0, 0], ['empty-nal']],
    ['two zero bytes behind all', [...avcc(SEI, SLICE), 0, 0], ['padding']],
    [
      'zero bytes without end behind all',
      [...avcc(SEI, SLICE), 0, 0, 0, 0, 0, 0, 0],
      ['empty-nal', 'padding'],
    ],
    ['Annex B start codes', annexB(SEI, SLICE), ['annex-b']],
    ['Annex B start codes and trailing zeros', [...annexB(SEI, SLICE), 0, 0, 0], ['annex-b']],
  ])('of %s comes out as the NAL units that it holds', (_, bytes, repairs) => {
    const tidy = tidyFrame(frame(bytes), 4);
    expect([...tidy.frame.data]).toEqual(avcc(SEI, SLICE));
    expect(tidy.repairs).toEqual(repairs);
  });

  it('an IDR picture is a keyframe, whatever its tag says', () => {
    expect(tidyFrame(frame(avcc(SEI, IDR)), 4)).toMatchObject({
      frame: { isKeyframe: true },
      repairs: ['keyframe-flag'],
    });
    expect(tidyFrame(frame(annexB(IDR)), 4)).toMatchObject({
      frame: { isKeyframe: true },
      repairs: ['annex-b', 'keyframe-flag'],
    });
    expect(tidyFrame(frame(avcc(SLICE), true), 4).frame.isKeyframe).toBe(true);
  });

  it.each([
    ['a NAL unit cut short', [...avcc(SEI), 0, 0, 0, 9, 0x41, 1]],
    ['bytes behind the last NAL unit', [...avcc(SEI, SLICE), 0, 7]],
    ['a length of 357 bytes that looks like a short start code', [0, 0, 1, 0x65, 1, 2, 3, 4]],
    ['nothing but zeros', [0, 0, 0, 0, 0, 0]],
  ])('of %s is corrupt', (_, bytes) => {
    expect(() => tidyFrame(frame(bytes), 4)).toThrow(expect.objectContaining({ code: 'ERR_MEDIA_CORRUPT' }));
  });

  it.each([1, 2, 4] as const)(
    'anything: tidied or refused, and tidy from then on, lengths of %i',
    (lengthSize) => {
      fc.assert(
        fc.property(fc.uint8Array({ maxLength: 60 }), fc.boolean(), (data, isKeyframe) => {
          const source = { ...frame([], isKeyframe), data };
          try {
            const { frame: out } = tidyFrame(source, lengthSize);
            expect(() => [...nalUnitsOfAvcc(out.data, lengthSize)]).not.toThrow();
            expect(tidyFrame(out, lengthSize)).toEqual({ frame: out, repairs: [] });
          } catch (error) {
            if (!(error instanceof FramecueError)) throw error;
            expect(error.code).toBe('ERR_MEDIA_CORRUPT');
          }
        }),
      );
    },
  );

  it.each([1, 2, 4] as const)(
    'empty NAL units anywhere are all that is left out, lengths of %i',
    (lengthSize) => {
      const unit = fc.uint8Array({ maxLength: 40 });
      fc.assert(
        fc.property(fc.array(unit, { minLength: 1, maxLength: 8 }), (units) => {
          const write = (list: readonly Uint8Array[]): Uint8Array => {
            const out = new Uint8Array(list.reduce((sum, one) => sum + lengthSize + one.length, 0));
            let at = 0;
            for (const one of list) at = writeAvccNal(out, at, one, lengthSize);
            return out;
          };
          const full = units.filter(({ length }) => length > 0);
          fc.pre(full.length > 0);
          const { frame: out } = tidyFrame({ ...frame([]), data: write(units) }, lengthSize);
          expect(out.data).toEqual(write(full));
        }),
      );
    },
  );
});

describe('more NAL units than a picture can have', () => {
  const repeated = (unit: readonly number[], times: number): AvcFramePacket => ({
    ...frame([]),
    data: new Uint8Array(Buffer.alloc(unit.length * times, Buffer.from(unit))),
  });
  it.each([
    ['with lengths', repeated([1, 0x41], 40_000), 1],
    ['with empty ones between them', repeated([0, 1, 0x41], 40_000), 1],
    ['with start codes', repeated([0, 0, 0, 1, 0x41], 40_000), 4],
  ] as const)('%s are no frame', (_, many, lengthSize) => {
    expect(() => tidyFrame(many, lengthSize)).toThrow(/more than 36864 NAL units/);
  });

  it('may stand behind it as zero bytes', () => {
    const data = new Uint8Array(1_000_000);
    data.set(avcc(SLICE));
    expect([...tidyFrame({ ...frame([]), data }, 4).frame.data]).toEqual(avcc(SLICE));
  });
});
