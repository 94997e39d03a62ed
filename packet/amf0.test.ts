import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Amf0Value, decodeAmf0, encodeAmf0, scriptNameOf } from './amf0.ts';
import { FramecueError } from './errors.ts';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text.replaceAll(' ', ''), 'hex'));

const CASES: readonly (readonly [string, readonly Amf0Value[], string])[] = [
  ['a number', [1.5], '00 3ff8000000000000'],
  ['booleans', [true, false], '0101 0100'],
  ['a string', ['onFramecue'], '02 000a 6f6e4672616d65637565'],
  ['null and undefined', [null, undefined], '05 06'],
  ['an object', [{ v: 1 }], '03 0001 76 00 3ff0000000000000 0000 09'],
  ['an array', [[true, null]], '0a 00000002 0101 05'],
  ['a date', [new Date(1000)], '0b 408f400000000000 0000'],
  ['a name and its value', ['a', {}], '02 0001 61 03 0000 09'],
];

describe('AMF0', () => {
  it.each(CASES)('writes and reads %s', (_, values, text) => {
    expect(hex(encodeAmf0(...values))).toBe(text.replaceAll(' ', ''));
    expect(decodeAmf0(bytes(text))).toEqual(values);
  });

  it('reads an ECMA array as an object, whatever its count', () => {
    expect(decodeAmf0(bytes('08 ffffffff 0001 61 0101 0000 09'))).toEqual([{ a: true }]);
  });

  it('writes what is over 65,535 bytes as a long string', () => {
    const long = 'ä'.repeat(40_000);
    const written = encodeAmf0(long);
    expect(hex(written.subarray(0, 5))).toBe('0c00013880');
    expect(decodeAmf0(written)).toEqual([long]);
  });

  it('keeps a property called __proto__ a property', () => {
    const [value] = decodeAmf0(bytes('03 0009 5f5f70726f746f5f5f 0101 0000 09'));
    expect(Object.keys(value as object)).toEqual(['__proto__']);
  });

  it.each([
    ['a number cut short', '00 3ff8'],
    ['a string cut short', '02 0005 6161'],
    ['an object without its end', '03 0001 61 0101'],
    ['an array that claims more than is there', '0a ffffffff 05'],
    ['a reference', '07 0001'],
    ['arrays in arrays in arrays', '0a 00000001'.repeat(40)],
  ])('refuses %s by code and offset', (_, text) => {
    const run = () => decodeAmf0(bytes(text));
    expect(run).toThrow(FramecueError);
    expect(run).toThrow(
      expect.objectContaining({ code: 'ERR_FLV_TAG', details: { offset: expect.any(Number) } }),
    );
  });

  it('finds a tag by its name without reading its value', () => {
    expect(scriptNameOf(bytes('02 0001 61 ff'))).toBe('a');
    expect(scriptNameOf(bytes('02 0009 61'))).toBeNull();
    expect(scriptNameOf(bytes('03'))).toBeNull();
    expect(scriptNameOf(new Uint8Array())).toBeNull();
  });

  it('comes back as it was written', () => {
    const { value } = fc.letrec<{ value: Amf0Value }>((tie) => ({
      value: fc.oneof(
        { maxDepth: 4 },
        fc.double({ noNaN: true }),
        fc.boolean(),
        fc.string({ unit: 'grapheme' }),
        fc.constant(null),
        fc.array(tie('value'), { maxLength: 4 }),
        fc.dictionary(fc.string({ minLength: 1 }), tie('value'), { maxKeys: 4, noNullPrototype: true }),
      ),
    }));
    fc.assert(
      fc.property(fc.array(value, { maxLength: 4 }), (v) => {
        expect(decodeAmf0(encodeAmf0(...v))).toEqual(v);
      }),
    );
  });

  it('throws nothing but coded errors, whatever it reads', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (data) => {
        try {
          decodeAmf0(data);
        } catch (error) {
          expect(error).toBeInstanceOf(FramecueError);
        }
      }),
      { numRuns: 2000 },
    );
  });
});
