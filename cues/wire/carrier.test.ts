import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  carriedStampOf,
  carrierIdOf,
  fromHexSequence,
  parseStamp,
  readId3,
  readScriptCue,
  STAMP_TEXT_LIMIT,
  toHexSequence,
  writeId3,
} from './index.ts';

const vectors = JSON.parse(readFileSync(new URL('./vectors.json', import.meta.url), 'utf8'));
const { clock, announce, fire } = vectors as Record<string, { text: string }>;
const bytes = (hex: string): Uint8Array => new Uint8Array(Buffer.from(hex, 'hex'));
/** An ID3v2 tag with these frames: name, content as hex. */
const tagOf = (frames: string, version = '04', flags = '00'): Uint8Array =>
  bytes(`494433${version}00${flags}000000${(frames.length / 2).toString(16).padStart(2, '0')}${frames}`);
/** TXXX, description `framecue`, value `hi`. */
const TXXX = '54585858 0000000c 0000 03 6672616d65637565 00 6869'.replaceAll(' ', '');

describe('a stamp beside the video', () => {
  it('is open only where nothing of it is sealed', () => {
    expect(carriedStampOf(clock!.text)).toMatchObject({ pts: 80, eventPts: 80, isOpen: true });
    expect(carriedStampOf(announce!.text)).toMatchObject({ pts: 80, eventPts: 2080, isOpen: false });
    expect(carriedStampOf(fire!.text)).toMatchObject({ pts: 2080, eventPts: 2080, isOpen: true });
  });

  it('is not open where a B-frame after the fire PTS passed before the cue had landed', () => {
    const early = announce!.text.replace('"fireIn":2000', '"fireIn":-40');
    expect(carriedStampOf(early)).toMatchObject({ eventPts: 40, isOpen: false });
  });

  it('is not open before its picture, whatever it brings along', () => {
    expect(fire!.text).toContain('"key"');
    const ahead = fire!.text.replace('"fireIn":0', '"fireIn":40');
    expect(carriedStampOf(ahead)).toMatchObject({ eventPts: 2120, isOpen: false });
  });

  it('is none without its PTS', () => {
    expect(carriedStampOf(clock!.text.replace(',"pts":80', ''))).toBeNull();
  });

  it('has one name for each revision and epoch', () => {
    const named = (text: string) => carrierIdOf(parseStamp(text));
    expect(named(clock!.text)).toBe('epoch:e1');
    expect(named(fire!.text)).toBe('cue-1');
    expect(named(fire!.text.replace('"rev":0', '"rev":3'))).toBe('cue-1:3');
  });
});

describe('onFramecue', () => {
  it.each([
    ['nothing', undefined],
    ['a string', 'text'],
    ['another version', { v: 2, pts: 1, text: 'a' }],
    ['no PTS', { v: 1, text: 'a' }],
    ['a PTS that is no number', { v: 1, pts: Number.NaN, text: 'a' }],
    ['text over the limit', { v: 1, pts: 1, text: 'x'.repeat(STAMP_TEXT_LIMIT + 1) }],
  ])('passes over %s', (_, value) => {
    expect(readScriptCue(value)).toBeNull();
  });

  it('reads its three fields, and passes over later ones', () => {
    expect(readScriptCue({ v: 1, pts: -80, text: 'a', later: 1 })).toEqual({ v: 1, pts: -80, text: 'a' });
  });
});

describe('hexadecimal sequences', () => {
  it('come back', () => {
    expect(toHexSequence('a\nö')).toBe('0x610AC3B6');
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 200 }), (text) => {
        expect(fromHexSequence(toHexSequence(text))).toBe(text);
      }),
    );
  });

  it.each(['', '0x', '0x6', '0x6g', '61', '0xFF', `0x${'61'.repeat(STAMP_TEXT_LIMIT + 1)}`])(
    'not: %.12s',
    (hex) => {
      expect(fromHexSequence(hex)).toBeNull();
    },
  );
});

describe('ID3', () => {
  it('is one TXXX frame, to the byte', () => {
    expect(Buffer.from(writeId3('hi')).toString('hex')).toBe(
      '49443304000000000016' + '54585858' + '0000000c' + '0000' + '03' + '6672616d65637565' + '00' + '6869',
    );
  });

  it('comes back, up to the longest text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme-ascii', maxLength: STAMP_TEXT_LIMIT }), (text) => {
        expect(readId3(writeId3(text))).toBe(text);
      }),
    );
    const long = 'x'.repeat(STAMP_TEXT_LIMIT);
    expect(readId3(writeId3(long))).toBe(long);
  });

  it.each([
    ['in version 2.3', tagOf(TXXX, '03')],
    ['behind another frame', tagOf(`5452434b000000020000${'0035'}${TXXX}`)],
    ['behind another TXXX frame', tagOf(`${TXXX.replace('6672', '6673')}${TXXX}`)],
    ['before padding', tagOf(`${TXXX}${'00'.repeat(20)}`)],
    [
      'with a zero at its end',
      tagOf('54585858 0000000d 0000 00 6672616d65637565 00 686900'.replaceAll(' ', '')),
    ],
  ])('is found %s', (_, tag) => {
    expect(readId3(tag)).toBe('hi');
  });

  it.each([
    ['nothing', new Uint8Array()],
    ['another tag', bytes('4944340400000000000a')],
    ['another version', tagOf(TXXX, '02')],
    ['an unsynchronised tag', tagOf(TXXX, '04', '80')],
    ['a frame that outruns the tag', tagOf(TXXX.replace('0000000c', '0000007c'))],
    ['an empty frame', tagOf(TXXX.replace('0000000c', '00000000'))],
    ['UTF-16', tagOf(TXXX.replace('000003667', '000001667'))],
    ['no end of the description', tagOf(TXXX.replace('006869', '616869'))],
    ['what is not UTF-8', tagOf(TXXX.replace('6869', 'ff69'))],
  ])('is not there in %s', (_, tag) => {
    expect(readId3(tag)).toBeNull();
  });

  it('throws at nothing', () => {
    const ours = writeId3(fire!.text);
    fc.assert(
      fc.property(fc.nat(ours.length - 1), fc.nat(255), fc.nat(ours.length), (at, byte, cut) => {
        const changed = ours.slice(0, cut);
        if (at < cut) changed[at] = byte;
        readId3(changed);
      }),
      { numRuns: 1000 },
    );
  });
});
