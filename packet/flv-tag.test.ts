import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FramecueError } from './errors.ts';
import { FlvTagType, flvHeader, parseTagBody, tagBodyOf, writeFlvTag } from './flv-tag.ts';
import type { MediaPacket } from './packet.ts';
import { anyPacket } from './testing/any-packet.ts';
import { makeFlv, packetsOfFlv } from './testing/flv-fixture.ts';
import { ms } from './time.ts';

const bytes = (hex: string) => Uint8Array.from(Buffer.from(hex.replaceAll(' ', ''), 'hex'));
const text = (value: string) => Buffer.from(value).toString('hex');
const setDataFrame = `02000d${text('@setDataFrame')}`;
const onMetaData = `02000a${text('onMetaData')} 05`;

describe('a tag body becomes a packet', () => {
  test.each<[string, FlvTagType, string, object]>([
    ['AVC configuration', 9, '17 00 000000 01640028', { kind: 'avc-config', record: bytes('01640028') }],
    [
      'keyframe',
      9,
      '17 01 000050 0000000165',
      { kind: 'avc-frame', isKeyframe: true, compositionOffset: 80, data: bytes('0000000165') },
    ],
    [
      'inter frame with a negative composition offset',
      9,
      '27 01 ffffd8 0000000141',
      { kind: 'avc-frame', isKeyframe: false, compositionOffset: -40, data: bytes('0000000141') },
    ],
    ['the least composition offset', 9, '27 01 800000 00', { compositionOffset: -0x80_0000 }],
    ['the greatest composition offset', 9, '27 01 7fffff 00', { compositionOffset: 0x7f_ffff }],
    ['generated keyframe', 9, '47 01 000000 0000000165', { kind: 'avc-frame', isKeyframe: true }],
    ['disposable inter frame', 9, '37 01 000000 0000000141', { kind: 'avc-frame', isKeyframe: false }],
    ['end of sequence', 9, '17 02 000000', { kind: 'ignored', reason: 'avc-end-of-sequence' }],
    ['access unit without a NAL unit', 9, '27 01 000000', { kind: 'ignored', reason: 'empty-frame' }],
    ['command frame', 9, '52 00', { kind: 'ignored', reason: 'command-frame' }],
    ['command frame with an Enhanced RTMP header', 9, 'd0 00', { kind: 'ignored', reason: 'command-frame' }],
    ['AAC configuration', 8, 'af 00 1190', { kind: 'aac-config', data: bytes('1190') }],
    ['AAC frame', 8, 'af 01 2100', { kind: 'aac-frame', data: bytes('2100') }],
    ['AAC frame, mono by its flags', 8, 'ae 01 2100', { kind: 'aac-frame', data: bytes('2100') }],
    ['AAC frame without data', 8, 'af 01', { kind: 'ignored', reason: 'empty-frame' }],
    ['script data as in a file', 18, onMetaData, { kind: 'script', data: bytes(onMetaData) }],
    [
      'script data as in RTMP',
      18,
      `${setDataFrame} ${onMetaData}`,
      { kind: 'script', data: bytes(onMetaData) },
    ],
    [
      'script data that is taken back',
      18,
      `02000f${text('@clearDataFrame')} ${onMetaData}`,
      { kind: 'ignored', reason: 'clear-data-frame' },
    ],
  ])('%s', (_, type, body, expected) => {
    const packet = parseTagBody(type, bytes(body), ms(1234));
    expect(packet).toMatchObject(expected);
    if (packet.kind !== 'ignored') expect(packet.dts).toBe(1234);
  });

  test('copies what it keeps, also out of a Node Buffer', () => {
    for (const [type, hex] of [
      [9, '17 01 000000 0000000165'],
      [9, '17 00 000000 01640028'],
      [8, 'af 01 2100'],
      [18, onMetaData],
    ] as const) {
      const body = Buffer.from(bytes(hex));
      const packet = parseTagBody(type, body, ms(0)) as MediaPacket;
      const before = Buffer.from(tagBodyOf(packet)).toString('hex');
      body.fill(0xee);
      expect(Buffer.from(tagBodyOf(packet)).toString('hex')).toBe(before);
    }
  });
});

describe('a tag body is refused', () => {
  test.each<[string, FlvTagType, string, string, string]>([
    ['video', 9, '12 00', 'video', 'Sorenson H.263'],
    ['video', 9, '14 00', 'video', 'On2 VP6'],
    ['video', 9, '1c 01 000000 00', 'video', 'H.265 (codec id 12)'],
    ['video', 9, '1d', 'video', 'video codec id 13'],
    ['video', 9, '90 68766331', 'video', 'H.265 (hvc1)'],
    ['video', 9, `90 ${text('av01')}`, 'video', 'AV1 (av01)'],
    ['video', 9, `a1 ${text('vp09')} 00`, 'video', 'VP9 (vp09)'],
    ['video', 9, `90 ${text('avc1')}`, 'video', 'H.264 with the Enhanced RTMP header (avc1)'],
    ['video', 9, `90 ${text('wxyz')}`, 'video', 'FourCC wxyz'],
    ['video', 9, '96 01', 'video', 'an unknown Enhanced RTMP codec'],
    ['audio', 8, '2f ff', 'audio', 'MP3'],
    ['audio', 8, '72 00', 'audio', 'G.711 A-law'],
    ['audio', 8, '90', 'audio', 'an unknown Enhanced RTMP codec'],
    ['audio', 8, `90 ${text('Opus')}`, 'audio', 'Opus (Opus)'],
    ['audio', 8, `90 ${text('mp4a')}`, 'audio', 'AAC with the Enhanced RTMP header (mp4a)'],
    ['audio', 8, 'c0', 'audio', 'audio sound format 12'],
  ])('%s of another codec: %d %s', (_, type, body, media, codec) => {
    expect(refusal(type, body)).toMatchObject({ code: 'ERR_PUBLISH_CODEC', details: { media, codec } });
  });

  test.each<[string, FlvTagType, string, number]>([
    ['empty video', 9, '', 0],
    ['empty audio', 8, '', 0],
    ['empty script', 18, '', 0],
    ['H.264 without a packet type', 9, '17', 1],
    ['H.264 that ends inside its composition offset', 9, '27 01 0000', 4],
    ['H.264 configuration without one', 9, '17 00 000000', 5],
    ['H.264 of an unknown packet type', 9, '17 03 000000 00', 1],
    ['H.264 of frame type 0', 9, '07 01 000000 00', 0],
    ['H.264 of frame type 6', 9, '67 01 000000 00', 0],
    ['AAC without a packet type', 8, 'af', 1],
    ['AAC configuration without one', 8, 'af 00', 2],
    ['AAC of an unknown packet type', 8, 'af 02 00', 1],
    ['a script that begins with a number', 18, '00 0000000000000000', 0],
    ['a script that ends inside its name', 18, `02 00ff ${text('on')}`, 0],
    ['a script that ends after @setDataFrame', 18, setDataFrame, 16],
  ])('%s', (_, type, body, offset) => {
    expect(refusal(type, body)).toMatchObject({ code: 'ERR_FLV_TAG', details: { offset } });
  });

  test('never by anything but a coded error, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.constantFrom<FlvTagType>(8, 9, 18), fc.uint8Array({ maxLength: 40 }), (type, body) => {
        try {
          const packet = parseTagBody(type, body, ms(0));
          if (packet.kind !== 'ignored') {
            // What was read can be written, and read again to the same.
            expect(parseTagBody(type, tagBodyOf(packet), ms(0))).toEqual(packet);
          }
        } catch (error) {
          expect(error).toBeInstanceOf(FramecueError);
        }
      }),
      { numRuns: 2000 },
    );
  });
});

describe('a packet becomes a tag', () => {
  test('with header, body and size as the format asks', () => {
    const tag = writeFlvTag({
      kind: 'avc-frame',
      dts: ms(0x0102_0304),
      isKeyframe: true,
      compositionOffset: ms(-2),
      data: bytes('aabb'),
    });
    expect(Buffer.from(tag).toString('hex')).toBe('09000007020304010000001701fffffeaabb00000012');
  });

  test('whose time stamp wraps at 32 bits', () => {
    const at = (dts: number) =>
      Buffer.from(writeFlvTag({ kind: 'aac-frame', dts: ms(dts), data: bytes('00') })).toString('hex', 4, 8);
    expect(at(0xff_ffff)).toBe('ffffff00');
    expect(at(0x100_0000)).toBe('00000001');
    expect(at(2 ** 31)).toBe('00000080');
    expect(at(2 ** 32 + 5)).toBe('00000500');
  });

  test('whose sound flags are always those of AAC', () => {
    const packet = parseTagBody(FlvTagType.audio, bytes('a0 01 2100'), ms(0)) as MediaPacket;
    expect(tagBodyOf(packet)[0]).toBe(0xaf);
  });

  test('unless it does not fit', () => {
    const frame = { kind: 'avc-frame', dts: ms(0), isKeyframe: true } as const;
    const offset = (compositionOffset: number) => () =>
      writeFlvTag({ ...frame, compositionOffset: ms(compositionOffset), data: bytes('00') });
    expect(offset(0x7f_ffff)).not.toThrow();
    expect(offset(-0x80_0000)).not.toThrow();
    for (const value of [0x80_0000, -0x80_0001, Number.NaN]) {
      expect(offset(value)).toThrow(expect.objectContaining({ code: 'ERR_FLV_TAG' }));
    }
    const tooLarge = { kind: 'aac-frame', dts: ms(0), data: new Uint8Array(0xff_fffe) } as const;
    expect(() => writeFlvTag(tooLarge)).toThrow(expect.objectContaining({ code: 'ERR_FLV_TAG' }));
  });

  test('and back to the same packet', () => {
    fc.assert(
      fc.property(anyPacket(), (packet) => {
        const tag = writeFlvTag(packet);
        const body = tag.subarray(11, tag.length - 4);
        expect(tagBodyOf(packet)).toEqual(new Uint8Array(body));
        expect(parseTagBody(tag[0] as FlvTagType, body, packet.dts)).toEqual(packet);
      }),
    );
  });
});

test('the file header says what is in the stream', () => {
  expect(Buffer.from(flvHeader({ audio: true, video: true })).toString('hex')).toBe(
    '464c5601050000000900000000',
  );
  expect(flvHeader({ audio: false, video: true })[4]).toBe(1);
  expect(flvHeader({ audio: true, video: false })[4]).toBe(4);
});

describe('an encoder’s file', () => {
  test.each([0, 2])('comes back bit for bit, B-frames %d', async (bFrames) => {
    const flv = await makeFlv({ bFrames });
    const packets = packetsOfFlv(flv);
    const frames = packets.filter((packet) => packet.kind === 'avc-frame');
    expect(frames).toHaveLength(100);
    expect(frames.some((frame) => frame.compositionOffset > 0)).toBe(bFrames > 0);

    const written = packets.map((packet) => Buffer.from(writeFlvTag(packet)));
    const original = tagsOf(flv).filter((tag) => tag[11] !== 0x17 || tag[12] !== 2);
    expect(written.length).toBe(original.length);
    written.forEach((tag, at) => {
      expect(tag.equals(original[at]!), `tag ${at}`).toBe(true);
    });
    expect(Buffer.from(flv).subarray(0, 13)).toEqual(Buffer.from(flvHeader({ audio: true, video: true })));
  });
});

function refusal(type: FlvTagType, hex: string): unknown {
  try {
    return parseTagBody(type, bytes(hex), ms(0));
  } catch (error) {
    return error;
  }
}

/** The tags of a file, by their sizes alone: independent of the reader under test. */
function tagsOf(flv: Uint8Array): Buffer[] {
  const file = Buffer.from(flv);
  const tags: Buffer[] = [];
  for (let at = 13; at < file.length; ) {
    const size = 11 + file.readUIntBE(at + 1, 3) + 4;
    tags.push(file.subarray(at, at + size));
    at += size;
  }
  return tags;
}
