import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FramecueError } from '../packet/errors.ts';
import { RtmpSession, readMetadata } from './rtmp-session.ts';
import { amf, encodeMessage, type RtmpMessage } from './test-support/rtmp-client.ts';

const CHUNK_SIZE = 128;
const bodies = Array.from({ length: 12 }, (_, i) => Buffer.alloc(i * 61 + 1, 0x20 + i));
const setWindow = Buffer.from([0, 0, 2, 0]);

/** What a publisher sends: handshake, commands, and messages on two chunk streams with large and small times. */
const conversation = Buffer.concat([
  Buffer.of(3),
  Buffer.alloc(1536, 1),
  Buffer.alloc(1536, 2),
  ...(
    [
      { chunkStream: 2, type: 5, timestamp: 0, body: setWindow },
      {
        chunkStream: 3,
        type: 20,
        timestamp: 0,
        body: amf('connect', 1, { app: 'live', flashVer: 'test/1' }),
      },
      { chunkStream: 3, type: 20, timestamp: 0, body: amf('releaseStream', 2, null, 'main') },
      { chunkStream: 3, type: 20, timestamp: 0, body: amf('createStream', 3, null) },
      {
        chunkStream: 3,
        type: 20,
        timestamp: 0,
        body: amf('publish', 4, null, 'main?key=k', 'live'),
        streamId: 1,
      },
      { chunkStream: 2, type: 4, timestamp: 0, body: Buffer.from([0, 6, 0, 0, 0, 1]) },
      ...bodies.map((body, i) => ({
        chunkStream: i % 2 === 0 ? 6 : 4,
        type: i % 2 === 0 ? 9 : 8,
        timestamp: i * 3_000_000,
        body,
      })),
      { chunkStream: 5, type: 18, timestamp: 1, body: amf('@setDataFrame', 'onMetaData', { framerate: 25 }) },
    ] satisfies RtmpMessage[]
  ).map((message) => encodeMessage(message, CHUNK_SIZE)),
]);

interface Heard {
  readonly media: string[];
  readonly written: number[];
  failure: unknown;
}

/** Feeds `bytes` cut at `cuts`, as TCP may cut them. */
function converse(bytes: Buffer, cuts: readonly number[]): Heard {
  const heard: Heard = { media: [], written: [], failure: null };
  const session = new RtmpSession({
    write: (out) => heard.written.push(out.length),
    publish: ({ app, name, encoder }) => heard.media.push(`${app} ${name} ${encoder}`),
    media: (type, time, body) => heard.media.push(`${type} ${time} ${Buffer.from(body).toString('hex')}`),
    unpublish: () => heard.media.push('unpublish'),
  });
  const edges = [...new Set([0, ...cuts.filter((cut) => cut < bytes.length), bytes.length])].sort(
    (a, b) => a - b,
  );
  try {
    for (let i = 1; i < edges.length; i++) session.receive(bytes.subarray(edges[i - 1], edges[i]));
  } catch (error) {
    heard.failure = error;
  }
  return heard;
}

const anyCuts = fc.array(fc.nat(conversation.length), { maxLength: 40 });

describe('whatever TCP and clients do', () => {
  test('a conversation is the same however it is cut', () => {
    const whole = converse(conversation, []);
    expect(whole.failure).toBeNull();
    expect(whole.media).toEqual([
      'live main?key=k test/1',
      ...bodies.map((body, i) => `${i % 2 === 0 ? 9 : 8} ${i * 3_000_000} ${body.toString('hex')}`),
      expect.stringMatching(/^18 1 0200/),
    ]);
    fc.assert(
      fc.property(anyCuts, (cuts) => {
        const parts = converse(conversation, cuts);
        expect(parts.failure).toBeNull();
        expect(parts.media).toEqual(whole.media);
      }),
    );
  });

  test('bytes that are wrong end it with a coded error, or not at all', () => {
    const anyDamage = fc.array(
      fc.record({
        // Behind the handshake, where there is something to be misunderstood.
        at: fc.integer({ min: 3073, max: conversation.length - 1 }),
        value: fc.oneof(fc.constantFrom(0, 1, 2, 3, 0x7f, 0x80, 0xff), fc.nat(255)),
      }),
      { minLength: 1, maxLength: 8 },
    );
    fc.assert(
      fc.property(anyDamage, anyCuts, (damage, cuts) => {
        const bytes = Buffer.from(conversation);
        for (const { at, value } of damage) bytes[at] = value;
        const { failure } = converse(bytes, cuts);
        if (failure !== null) expect(failure).toBeInstanceOf(FramecueError);
      }),
      { numRuns: 800 },
    );
  });

  test('noise behind a handshake too', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 2000 }), anyCuts, (noise, cuts) => {
        const { failure } = converse(Buffer.concat([conversation.subarray(0, 3073), noise]), cuts);
        if (failure !== null) expect(failure).toBeInstanceOf(FramecueError);
      }),
      { numRuns: 300 },
    );
  });
});

describe('metadata', () => {
  test.each<[string, Buffer, object | null]>([
    [
      'is read',
      amf('onMetaData', { encoder: 'obs-output module', framerate: 29.97 }),
      {
        encoder: 'obs-output module',
        frameRate: 29.97,
      },
    ],
    ['without what is looked for', amf('onMetaData', { width: 1280 }), { encoder: null, frameRate: null }],
    [
      'of the wrong types',
      amf('onMetaData', { encoder: 4, framerate: '25' }),
      { encoder: null, frameRate: null },
    ],
    [
      'with a frame rate that is none',
      amf('onMetaData', { framerate: 90_000 }),
      { encoder: null, frameRate: null },
    ],
    [
      'with an encoder that writes too much',
      amf('onMetaData', { encoder: `x\n${'y'.repeat(200)}` }),
      {
        encoder: `x?${'y'.repeat(78)}`,
        frameRate: null,
      },
    ],
    ['of another name', amf('onCuePoint', { framerate: 25 }), null],
    ['without a value', amf('onMetaData'), null],
    ['that is cut off', amf('onMetaData', { framerate: 25 }).subarray(0, -8), null],
    ['of an unknown type', Buffer.concat([amf('onMetaData'), Buffer.of(0x0d, 0)]), null],
    ['that is not AMF', Buffer.from('<xml/>'), null],
    ['that is empty', Buffer.alloc(0), null],
  ])('%s', (_, data, expected) => {
    expect(readMetadata(data)).toEqual(expected);
  });
});
