import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FramecueError } from './errors.ts';
import { type FlvItem, FlvReader } from './flv-reader.ts';
import { flvHeader, writeFlvTag } from './flv-tag.ts';
import type { MediaPacket } from './packet.ts';
import { anyPacket } from './testing/any-packet.ts';
import { makeFlv, packetsOfFlv } from './testing/flv-fixture.ts';
import { ms } from './time.ts';

const header = flvHeader({ audio: true, video: true });
const aac = (dts: number, bytes = 4): MediaPacket => ({
  kind: 'aac-frame',
  dts: ms(dts),
  data: new Uint8Array(bytes).fill(7),
});

function concat(...parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}

/** Reads chunk after chunk; keeps what came before an error. */
function readAll(chunks: Iterable<Uint8Array>, reader = new FlvReader()) {
  const items: FlvItem[] = [];
  try {
    for (const chunk of chunks) for (const item of reader.read(chunk)) items.push(item);
    reader.end();
    return { items, error: null };
  } catch (error) {
    if (!(error instanceof FramecueError)) throw error;
    return { items, error: { code: error.code, offset: error.details?.offset } };
  }
}

function* cut(bytes: Uint8Array, sizes: readonly number[]): Generator<Uint8Array, void> {
  let at = 0;
  for (let i = 0; at < bytes.length; i++) {
    const size = sizes[i % sizes.length]!;
    // A fresh buffer every time, overwritten once it was read: the reader must not hold on to chunks.
    const chunk = new Uint8Array(bytes.subarray(at, at + size));
    at += size;
    yield chunk;
    chunk.fill(0xee);
  }
}

describe('chunks of any size', () => {
  test('give the packets that were written', () => {
    const packets = fc.array(anyPacket(), { maxLength: 12 });
    const sizes = fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(packets, sizes, (written, chunkSizes) => {
        // Unwrapping is time.ts's matter: times that never step by more than half the range stay what they are.
        const timed = written.map((packet, index) => ({ ...packet, dts: ms(index * 40) }));
        const stream = concat(header, ...timed.map(writeFlvTag));
        const { items, error } = readAll(cut(stream, chunkSizes));
        expect(error).toBeNull();
        expect(items.map((item) => (item.kind === 'packet' ? item.packet : item))).toEqual(timed);
      }),
    );
  });

  test('of a whole file, byte by byte', async () => {
    const flv = await makeFlv({ bFrames: 2, seconds: 1 });
    const { items, error } = readAll(cut(flv, [1]));
    expect(error).toBeNull();
    expect(items.filter((item) => item.kind === 'packet').map((item) => item.packet)).toEqual(
      packetsOfFlv(flv),
    );
    expect(items.at(-1)).toMatchObject({ kind: expect.stringMatching(/packet|ignored/) });
  });

  test('hold no more than one incomplete tag', () => {
    const reader = new FlvReader();
    const stream = concat(header, writeFlvTag(aac(0, 1000)), writeFlvTag(aac(23, 500)));
    let most = 0;
    for (const chunk of cut(stream, [100])) {
      for (const item of reader.read(chunk)) expect(item.kind).toBe('packet');
      most = Math.max(most, reader.heldBytes);
    }
    expect(most).toBe(1002);
    expect(reader.heldBytes).toBe(0);
  });
});

test('time stamps go on past 32 bits', () => {
  const stream = concat(header, ...[2 ** 32 - 40, 2 ** 32 - 17, 2 ** 32 + 6].map((t) => writeFlvTag(aac(t))));
  const times = readAll([stream]).items.map((item) => item.kind === 'packet' && item.packet.dts);
  expect(times).toEqual([2 ** 32 - 40, 2 ** 32 - 17, 2 ** 32 + 6]);
});

test('a longer file header is passed over', () => {
  const longer = concat(Uint8Array.from([0x46, 0x4c, 0x56, 1, 5, 0, 0, 0, 16]), new Uint8Array(7 + 4));
  const { items, error } = readAll([longer, writeFlvTag(aac(0))]);
  expect({ count: items.length, error }).toEqual({ count: 1, error: null });
});

describe('a corrupt tag is lost, and no other', () => {
  const mutations: [string, (tag: Uint8Array) => void, string][] = [
    ['an unknown tag type', (tag) => tag.fill(15, 0, 1), 'ERR_FLV_TAG'],
    ['an encrypted tag', (tag) => tag.fill(0x28, 0, 1), 'ERR_FLV_TAG'],
    ['an unknown AAC packet type', (tag) => tag.fill(9, 12, 13), 'ERR_FLV_TAG'],
    ['another codec', (tag) => tag.fill(0x2f, 11, 12), 'ERR_PUBLISH_CODEC'],
  ];
  test.each(mutations)('%s', (_, mutate, code) => {
    const bad = writeFlvTag(aac(23));
    mutate(bad);
    const stream = concat(header, writeFlvTag(aac(0)), bad, writeFlvTag(aac(46)));
    for (const sizes of [[1], [7], [stream.length]]) {
      const { items, error } = readAll(cut(stream, sizes));
      expect(error).toBeNull();
      expect(items.map(({ kind, offset }) => [kind, offset])).toEqual([
        ['packet', 13],
        ['corrupt', 34],
        ['packet', 55],
      ]);
      expect(items[1]).toMatchObject({ error: { code } });
    }
  });

  test('an empty one', () => {
    const empty = Uint8Array.from([8, ...new Array(10).fill(0), 0, 0, 0, 11]);
    const { items, error } = readAll(cut(concat(header, empty, writeFlvTag(aac(0))), [5]));
    expect(error).toBeNull();
    expect(items.map((item) => item.kind)).toEqual(['corrupt', 'packet']);
  });
});

describe('a wrong PreviousTagSize', () => {
  const tags = [0, 23, 46].map((dts) => writeFlvTag(aac(dts)));
  const stream = concat(header, ...tags);
  const ends = tags.map((_, index) => 13 + (index + 1) * tags[0]!.length);

  test.each([
    ['0 behind every tag', (bytes: Uint8Array) => ends.map((end) => bytes.fill(0, end - 4, end)), 3],
    ['without the tag header', (bytes: Uint8Array) => ends.map((end) => bytes.fill(6, end - 1, end)), 3],
    ['behind the last tag only', (bytes: Uint8Array) => bytes.fill(9, ends[2]! - 1, ends[2]!), 1],
  ])('%s is counted, and no tag is lost', (_, spoil, wrong) => {
    const bad = new Uint8Array(stream);
    spoil(bad);
    for (const sizes of [[1], [7], [bad.length]]) {
      const reader = new FlvReader();
      const { items, error } = readAll(cut(bad, sizes), reader);
      expect(error).toBeNull();
      expect(items.map(({ kind }) => kind)).toEqual(['packet', 'packet', 'packet']);
      expect(reader.wrongTagSizes).toBe(wrong);
    }
  });

  test('is not counted where there is none', () => {
    const reader = new FlvReader();
    readAll([stream], reader);
    expect(reader.wrongTagSizes).toBe(0);
  });
});

describe('wrong framing ends the reading, with its place', () => {
  const first = writeFlvTag(aac(0));
  const second = writeFlvTag(aac(23));
  const stream = concat(header, first, second);
  const at = 13 + first.length;
  const cases: [string, (bytes: Uint8Array) => void, { code: string; offset: number; packets: number }][] = [
    ['no FLV', (bytes) => bytes.fill(0x00, 0, 1), { code: 'ERR_FLV_HEADER', offset: 0, packets: 0 }],
    ['FLV version 2', (bytes) => bytes.fill(2, 3, 4), { code: 'ERR_FLV_HEADER', offset: 3, packets: 0 }],
    [
      'a header shorter than itself',
      (bytes) => bytes.fill(8, 8, 9),
      { code: 'ERR_FLV_HEADER', offset: 5, packets: 0 },
    ],
    ['a header of 16 MiB', (bytes) => bytes.fill(1, 5, 6), { code: 'ERR_FLV_HEADER', offset: 5, packets: 0 }],
    [
      'reserved bits in the tag type',
      (bytes) => bytes.fill(0xff, at, at + 1),
      { code: 'ERR_FLV_TAG', offset: at, packets: 1 },
    ],
    [
      'a tag size that does not fit PreviousTagSize',
      (bytes) => bytes.fill(5, at + 3, at + 4),
      { code: 'ERR_FLV_TAG', offset: at + 11 + 5, packets: 2 },
    ],
    [
      'a tag size above the limit',
      (bytes) => bytes.fill(0xff, at + 1, at + 2),
      { code: 'ERR_FLV_TAG', offset: at + 1, packets: 1 },
    ],
    [
      'another stream id',
      (bytes) => bytes.fill(1, at + 10, at + 11),
      { code: 'ERR_FLV_TAG', offset: at + 8, packets: 1 },
    ],
    [
      'another PreviousTagSize, and no tag behind it',
      (bytes) => bytes.fill(9, at - 1, at).fill(7, at, at + 1),
      { code: 'ERR_FLV_TAG', offset: at - 4, packets: 1 },
    ],
  ];
  test.each(cases)('%s', (_, mutate, { code, offset, packets }) => {
    const bad = new Uint8Array(stream);
    mutate(bad);
    for (const sizes of [[1], [bad.length]]) {
      const { items, error } = readAll(cut(bad, sizes));
      expect(error).toEqual({ code, offset });
      expect(items).toHaveLength(packets);
    }
  });

  test('and stays ended', () => {
    const reader = new FlvReader();
    const read = (bytes: Uint8Array) => [...reader.read(bytes)];
    expect(() => read(new Uint8Array(20))).toThrow(expect.objectContaining({ code: 'ERR_FLV_HEADER' }));
    expect(() => read(stream)).toThrow(expect.objectContaining({ code: 'ERR_FLV_HEADER' }));
    expect(() => reader.end()).toThrow(expect.objectContaining({ code: 'ERR_FLV_HEADER' }));
  });

  test('a truncated stream says where it stopped', () => {
    for (let length = 0; length <= stream.length; length++) {
      const { error } = readAll([stream.subarray(0, length)]);
      const whole = [13, at - 4, at, stream.length - 4, stream.length].includes(length);
      expect(error, `${length} bytes`).toEqual(whole ? null : { code: 'ERR_FLV_TRUNCATED', offset: length });
    }
  });
});

test('arbitrary bytes never give anything but packets and coded errors', () => {
  const noisy = fc.tuple(fc.array(anyPacket(), { maxLength: 5 }), fc.array(fc.nat(), { maxLength: 8 }));
  fc.assert(
    fc.property(noisy, fc.uint8Array({ minLength: 1, maxLength: 8 }), ([packets, places], values) => {
      const stream = concat(header, ...packets.map(writeFlvTag));
      places.forEach((place, index) => {
        stream[place % stream.length] = values[index % values.length]!;
      });
      const reader = new FlvReader({ maxBodyBytes: 1000 });
      const { items } = readAll(cut(stream, [37]), reader);
      expect(reader.heldBytes).toBeLessThanOrEqual(1000 + 1024);
      expect(items.length).toBeLessThanOrEqual(stream.length / 15);
    }),
    { numRuns: 500 },
  );
});
