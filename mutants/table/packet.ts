import type { MutantTable } from '../lib/mutant.ts';

const flvTag = (name: string) => ({ file: 'packet/flv-tag.test.ts', name });

export const PACKET: MutantTable = [
  {
    name: 'composition-offset-sign-read',
    file: 'packet/flv-tag.ts',
    find: '(body[4]! << 8)) >> 8),',
    replace: '(body[4]! << 8)) >>> 8),',
    test: flvTag('and back to the same packet'),
    why: 'a negative composition offset becomes four and a half hours',
  },
  {
    name: 'composition-offset-sign-written',
    file: 'packet/flv-tag.ts',
    find: 'writeInt24(target, at + 2, packet.compositionOffset);',
    replace: 'writeInt24(target, at + 2, -packet.compositionOffset);',
    test: flvTag('and back to the same packet'),
    why: 'B-frames are shown in the wrong order',
  },
  {
    name: 'previous-tag-size',
    file: 'packet/flv-tag.ts',
    find: 'FLV_TAG_HEADER_BYTES + bodyBytes, FLV_TAG_HEADER_BYTES + bodyBytes);',
    replace: 'FLV_TAG_HEADER_BYTES + bodyBytes, bodyBytes);',
    test: flvTag('with header, body and size as the format asks'),
    why: 'strict FLV readers give up after the first tag',
  },
  {
    name: 'time-extension-read',
    file: 'packet/flv-reader.ts',
    find: 'const timestamp = bytes[7]! * 0x100_0000 + uint24(bytes, 4);',
    replace: 'const timestamp = uint24(bytes, 4);',
    test: { file: 'packet/flv-reader.test.ts', name: 'time stamps go on past 32 bits' },
    why: 'the timeline falls back to zero after 4 h 39 min',
  },
  {
    name: 'time-extension-written',
    file: 'packet/flv-tag.ts',
    find: 'tag[7] = time >>> 24;',
    replace: 'tag[7] = 0;',
    test: flvTag('whose time stamp wraps at 32 bits'),
    why: 'players freeze after 4 h 39 min',
  },
  {
    name: 'time-wrap',
    file: 'packet/time.ts',
    find: 'this.#last = timestamp32 + Math.max(0, laps) * WRAP;',
    replace: 'this.#last = timestamp32;',
    test: { file: 'packet/time.test.ts', name: 'goes on past 32 bits, again and again' },
    why: 'an encoder that has been up for 49.7 days begins a new epoch in the middle of a show',
  },
  {
    name: 'timeline-going-back',
    file: 'packet/timeline.ts',
    find: 'const dts = Math.max(wanted, isVideo ? track.lastOut + 1 : Math.max(0, track.lastOut));',
    replace: 'const dts = wanted;',
    test: { file: 'packet/timeline.test.ts', name: 'no track goes back, no time is negative' },
    why: 'a timeline that goes back freezes mpegts.js',
  },
  {
    name: 'timeline-offset-of-one-track',
    file: 'packet/timeline.ts',
    find: 'return placed(this.#place(packet, this.#offset, arrivedUs), reason);',
    replace:
      "return placed(this.#place(packet, packet.kind === 'aac-frame' ? this.#offset + 1 : this.#offset, arrivedUs), reason);",
    test: { file: 'packet/timeline.test.ts', name: 'within an epoch one offset holds for audio and video' },
    why: 'lip sync goes',
  },
  {
    name: 'avcc-length-size',
    file: 'packet/avc-record.ts',
    find: 'const nalLengthSize = (record[4]! & 0x3) + 1;',
    replace: 'const nalLengthSize = 4 | (record[4]! & 0);',
    test: {
      file: 'packet/avc-record.test.ts',
      name: 'with several parameter sets, short lengths and an extension',
    },
    why: 'streams with short lengths cannot be walked: never a stamp',
  },
];
