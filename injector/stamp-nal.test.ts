import fc from 'fast-check';
import { expect, it } from 'vitest';
import { userDataMessage, writeSeiNal } from '../h264-sei-parser/src/index.ts';
import { STAMP_UUID } from './sei-unit.ts';
import { stampNal } from './stamp-nal.ts';

const slowly = (text: string): Uint8Array =>
  writeSeiNal([userDataMessage(STAMP_UUID, new TextEncoder().encode(text))]);

it('gives the bytes that the general writer gives, for any text', () => {
  const text = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 900 }),
    fc.integer({ min: 220, max: 530 }).map((length) => 'x'.repeat(length)),
    fc.constantFrom('', '\0\0\0\u0001', 'a\0\0', '{"v":1,"epoch":"ü"}', 'x'.repeat(239), 'x'.repeat(494)),
  );
  fc.assert(
    fc.property(text, (value) => {
      expect(stampNal(value)).toEqual(slowly(value));
    }),
  );
});
