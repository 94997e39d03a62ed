import { once } from 'node:events';
import { createRequire } from 'node:module';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import { KEY, openIngest, type TestIngest } from './test-support/harness.ts';
import { makeRawStream, type RawStream, shortForm, startStream } from './test-support/raw-stream.ts';
import { amf, encodeMessage, RawRtmpClient } from './test-support/rtmp-client.ts';

const WAIT = { timeout: 20_000, interval: 10 };
const NAME = `main?key=${KEY}`;
let stream: RawStream;
beforeAll(async () => {
  stream = await makeRawStream();
});

const publish = (ingest: TestIngest, name = NAME) => RawRtmpClient.publish(ingest.port, 'live', name);
const arrived = (ingest: TestIngest) => ingest.packets.map(({ packet }) => shortForm(packet));
const latest = (ingest: TestIngest) => ingest.recentEvents()[0];
const until = (assertion: () => void) => vi.waitFor(assertion, WAIT);

describe('what is not RTMP', () => {
  test.each([
    ['an HTTP request', 'GET / HTTP/1.1\r\n\r\n', 'first byte is 71'],
    ['TLS', '\x16\x03\x01', 'TLS on the port for plain RTMP'],
  ])('%s', async (_, bytes, text) => {
    await using ingest = await openIngest();
    const client = await RawRtmpClient.connect(ingest.port);
    client.write(Buffer.from(bytes, 'latin1'));
    await client.waitForClose();
    await until(() =>
      expect(latest(ingest)).toMatchObject({ kind: 'refused', code: 'ERR_RTMP_PROTOCOL', stream: null }),
    );
    expect(latest(ingest)!.text).toContain(text);
  });

  test('a handshake and then noise', async () => {
    await using ingest = await openIngest();
    const client = await RawRtmpClient.connect(ingest.port);
    await client.handshake();
    client.write(Buffer.alloc(300_000, 0xa5));
    await client.waitForClose();
    await until(() => expect(latest(ingest)?.code).toMatch(/ERR_RTMP_(PROTOCOL|LIMIT)/));
    expect(client.received.length).toBe(3073);
  });
});

describe('who does not come to the point', () => {
  test.each([
    ['sends nothing at all', async () => undefined],
    ['stops inside the handshake', async (client: RawRtmpClient) => client.write(Buffer.alloc(700, 3))],
    ['connects and does not publish', (client: RawRtmpClient) => client.handshake()],
  ])('%s', async (_, begin) => {
    await using ingest = await openIngest({ settings: { handshakeMs: 150 } });
    const client = await RawRtmpClient.connect(ingest.port);
    await begin(client);
    await client.waitForClose();
    await until(() => expect(latest(ingest)).toMatchObject({ code: 'ERR_RTMP_HANDSHAKE' }));
    await until(() => expect(ingest.counts().openConnections).toBe(0));
  });

  test('publishes and falls silent: cut, and its name is free', async () => {
    await using ingest = await openIngest({ settings: { silentMs: 200 } });
    const client = await publish(ingest);
    startStream(client, stream);
    await client.waitFor('NetStream.Publish.Rejected');
    expect(client.heard).toContain('neither picture nor sound for 0.2 s');
    await client.waitForClose();
    await until(() => expect(ingest.ended).toHaveLength(1));
    expect(ingest.ended[0]!.end).toMatchObject({ kind: 'refused', code: 'ERR_PUBLISH_SILENT' });
    const again = await publish(ingest);
    expect(again.heard).toContain('NetStream.Publish.Start');
    again.destroy();
  });

  test('publishes and vanishes: the stream is free even though the goodbye is never answered', async () => {
    await using ingest = await openIngest({ settings: { silentMs: 200 } });
    const client = await publish(ingest);
    client.socket.pause();
    await until(() => expect(ingest.publishers()).toMatchObject([{ state: 'ending' }]));
    await until(() => expect(ingest.ended).toMatchObject([{ end: { code: 'ERR_PUBLISH_SILENT' } }]));
    expect(ingest.counts()).toMatchObject({ openConnections: 0, publishers: 0 });
    client.destroy();
  });

  test('publishes and sends metadata for ever', async () => {
    await using ingest = await openIngest({ settings: { silentMs: 200 } });
    const client = await publish(ingest);
    const timer = setInterval(() => client.message(5, 18, 0, amf('onMetaData', { width: 1 })), 20);
    await client.waitForClose().finally(() => clearInterval(timer));
    await until(() => expect(ingest.ended).toMatchObject([{ end: { code: 'ERR_PUBLISH_SILENT' } }]));
  });

  test('never sends a keyframe', async () => {
    await using ingest = await openIngest({ settings: { noVideoMs: 300 } });
    const client = await publish(ingest);
    client.video(0, stream.videoConfig);
    let time = 0;
    const timer = setInterval(() => {
      time += 40;
      client.video(time, stream.interFrame);
    }, 20);
    await client.waitForClose().finally(() => clearInterval(timer));
    await until(() => expect(ingest.ended).toHaveLength(1));
    expect(ingest.ended[0]!.end.text).toBe('There was no keyframe within 0.3 s.');
  });
});

describe('who takes room', () => {
  test('idle sockets make way for an encoder, publishers do not', async () => {
    await using ingest = await openIngest({ settings: { maxConnections: 3 } });
    const first = await publish(ingest, `one?key=${KEY}`);
    const idle = [await RawRtmpClient.connect(ingest.port), await RawRtmpClient.connect(ingest.port)];
    const second = await publish(ingest, `two?key=${KEY}`);
    const third = await publish(ingest, `three?key=${KEY}`);
    await Promise.all(idle.map((client) => client.waitForClose()));
    const fourth = await RawRtmpClient.connect(ingest.port);
    await fourth.waitForClose();
    expect(ingest.publishers().map((status) => status.stream.name)).toEqual(['one', 'two', 'three']);
    expect(ingest.counts()).toMatchObject({ openConnections: 3, publishers: 3, noRoom: 3 });
    for (const client of [first, second, third]) client.destroy();
    await until(() => expect(ingest.counts().openConnections).toBe(0));
  });

  test('made-up stream names leave nothing behind', async () => {
    await using ingest = await openIngest();
    for (let i = 0; i < 120; i++) {
      const client = await publish(ingest, `made-up-${i}?key=${i % 3 === 0 ? KEY : 'wrong'}`);
      client.destroy();
    }
    await until(() =>
      expect(ingest.counts()).toMatchObject({ openConnections: 0, publishers: 0, publishes: 40 }),
    );
    expect(ingest.ended).toHaveLength(40);
    expect(ingest.recentEvents()).toHaveLength(50);
    expect(ingest.counts()).toMatchObject({ bufferedBytes: 0, refusals: { ERR_PUBLISH_KEY: 80 } });
  });

  test("node-media-server's own registry is not even loaded", () => {
    const loaded = Object.keys(createRequire(import.meta.url).cache)
      .filter((path) => path.includes('/node-media-server/'))
      .map((path) => path.slice(path.indexOf('/src/') + 5))
      .sort();
    expect(loaded).toEqual([
      'core/avpacket.js',
      'core/logger.js',
      'protocol/amf.js',
      'protocol/flv.js',
      'protocol/rtmp.js',
    ]);
  });

  test('somebody who tries a key again and again fills one line', async () => {
    await using ingest = await openIngest();
    for (let i = 0; i < 5; i++) await (await publish(ingest, 'main?key=guess')).waitForClose();
    await until(() => expect(ingest.recentEvents()).toMatchObject([{ code: 'ERR_PUBLISH_KEY', times: 5 }]));
    expect(ingest.logged.filter(({ level }) => level === 'warn')).toHaveLength(1);
  });
});

describe('messages that are too much', () => {
  // A header and the first byte of the payload, with which the parser looks at the header.
  const huge = Buffer.alloc(13);
  huge[0] = 6;
  huge.writeUIntBE(0xff_ffff, 4, 3);
  huge[7] = 9;

  test('a video message of 16 MB is refused before it is held', async () => {
    await using ingest = await openIngest();
    const client = await publish(ingest);
    client.write(huge);
    await client.waitFor('NetStream.Publish.Rejected');
    await client.waitForClose();
    await until(() => expect(ingest.ended).toMatchObject([{ end: { code: 'ERR_RTMP_LIMIT' } }]));
    expect(ingest.ended[0]!.end.text).toContain('16777215');
  });

  test('before publishing even less', async () => {
    await using ingest = await openIngest();
    const client = await RawRtmpClient.connect(ingest.port);
    await client.handshake();
    const message = Buffer.from(huge);
    message.writeUIntBE(65_537, 4, 3);
    client.write(message);
    await client.waitForClose();
    await until(() => expect(latest(ingest)).toMatchObject({ code: 'ERR_RTMP_LIMIT' }));
  });

  test('many messages begun and none finished', async () => {
    const limits = { maxMessageBytes: 1_000_000, maxBufferedBytes: 3_000_000, maxChunkStreams: 32 };
    await using ingest = await openIngest({ settings: { limits } });
    const client = await publish(ingest);
    for (let i = 0; i < 3; i++) {
      const message = Buffer.concat([huge, Buffer.alloc(127)]);
      message[0] = 10 + i;
      message.writeUIntBE(999_000, 4, 3);
      client.write(message);
    }
    await client.waitFor('NetStream.Publish.Rejected');
    await until(() => expect(ingest.ended).toMatchObject([{ end: { code: 'ERR_RTMP_LIMIT' } }]));
    expect(ingest.counts().bufferedBytes).toBeLessThanOrEqual(3_000_000);
  });

  test('many chunk streams', async () => {
    await using ingest = await openIngest();
    const client = await publish(ingest);
    for (let i = 0; i < 40; i++) client.message(8 + i, 9, 0, Buffer.of(0x57));
    await until(() => expect(ingest.ended).toMatchObject([{ end: { code: 'ERR_RTMP_LIMIT' } }]));
    expect(ingest.ended[0]!.end.text).toContain('32 chunk streams');
    client.destroy();
  });

  test.each([1, 127, 65_536, 0x7fff_ffff])('a chunk size of %i is none of them', async (size) => {
    await using ingest = await openIngest();
    const client = await publish(ingest);
    client.setChunkSize(size);
    startStream(client, stream);
    client.video(40, stream.interFrame);
    await until(() => expect(arrived(ingest)).toEqual(['cv:0', 'ca:0', 'v:0', 'v:40']));
    expect(ingest.packets[2]!.packet).toMatchObject({ data: stream.keyframe.subarray(5) });
    client.destroy();
  });
});

describe('an encoder that does not read', () => {
  test('is cut before its answers pile up', async () => {
    await using ingest = await openIngest();
    const client = await publish(ingest);
    client.socket.pause();
    const ping = encodeMessage(
      { chunkStream: 2, type: 4, timestamp: 0, body: Buffer.from([0, 6, 0, 0, 0, 1]) },
      128,
    );
    const pings = Buffer.concat(Array.from({ length: 5000 }, () => ping));
    while (ingest.ended.length === 0 && client.socket.writable) {
      // The cut may reach it as a reset, which is the end that is waited for below.
      if (!client.socket.write(pings)) {
        await Promise.race([once(client.socket, 'drain').catch(() => undefined), ingestEnds(ingest)]);
      }
    }
    await ingestEnds(ingest);
    expect(ingest.ended[0]!.end).toMatchObject({ kind: 'refused', code: 'ERR_RTMP_LIMIT' });
    expect(ingest.ended[0]!.end.text).toContain('does not read');
    client.destroy();
  });

  const ingestEnds = (ingest: TestIngest) => until(() => expect(ingest.ended).toHaveLength(1));
});

describe('protocol that is broken closes its own session', () => {
  const deep = Buffer.concat([
    amf('connect', 1),
    ...Array.from({ length: 15_000 }, () => Buffer.of(3, 0, 1, 97)),
  ]);
  test.each<[string, (client: RawRtmpClient) => void]>([
    ['a chunk size of 0', (client) => client.setChunkSize(0)],
    ['a negative chunk size', (client) => client.setChunkSize(0x8000_0000)],
    ['a control message without its value', (client) => client.message(2, 1, 0, Buffer.alloc(0))],
    [
      'a new chunk size inside a message',
      (client) => {
        client.write(Buffer.concat([Buffer.of(6, 0, 0, 0, 0, 16, 0, 9, 1, 0, 0, 0), Buffer.alloc(128)]));
        client.setChunkSize(4096);
      },
    ],
    [
      'a longer message inside a message',
      (client) => {
        client.write(Buffer.concat([Buffer.of(6, 0, 0, 0, 0, 1, 0, 9, 1, 0, 0, 0), Buffer.alloc(128)]));
        client.write(Buffer.concat([Buffer.of(6, 0, 0, 0, 0, 255, 0, 9, 1, 0, 0, 0), Buffer.alloc(128)]));
      },
    ],
    ['a command of an unknown type', (client) => client.message(3, 20, 0, Buffer.from([13, 1, 2, 3]))],
    ['a command that ends early', (client) => client.message(3, 20, 0, Buffer.from([2, 0]))],
    ['an empty command', (client) => client.message(3, 20, 0, Buffer.alloc(0))],
    ['a command nested without end', (client) => client.message(3, 20, 0, deep)],
    ['connect a second time', (client) => client.command('connect', 9, { app: 'live' })],
    ['publish a second time', (client) => client.command('publish', 9, null, `other?key=${KEY}`, 'live')],
  ])('%s', async (_, misbehave) => {
    await using ingest = await openIngest();
    const bystander = await publish(ingest, `bystander?key=${KEY}`);
    startStream(bystander, stream);
    const client = await publish(ingest);
    misbehave(client);
    // The zero-length message is only seen when something follows it.
    client.message(7, 4, 0, Buffer.alloc(6));
    await client.waitForClose();
    await until(() => expect(ingest.ended).toHaveLength(1));
    expect(ingest.ended[0]).toMatchObject({
      stream: { name: 'main' },
      end: { kind: 'refused', code: 'ERR_RTMP_PROTOCOL' },
    });
    bystander.video(40, stream.interFrame);
    await until(() => expect(arrived(ingest).at(-1)).toBe('v:40'));
    bystander.destroy();
  });

  test.each<[string, (client: RawRtmpClient) => void]>([
    ['publish before connect', (client) => client.command('publish', 1, null, NAME, 'live')],
    ['createStream before connect', (client) => client.command('createStream', 1, null)],
    ['connect without an app', (client) => client.command('connect', 1, { tcUrl: 'rtmp://x/live' })],
    ['connect without an object', (client) => client.command('connect', 1, null)],
    [
      'connect without a transaction',
      (client) => client.message(3, 20, 0, amf('connect', 'one', { app: 'live' })),
    ],
    [
      'publish without a name',
      (client) => {
        client.command('connect', 1, { app: 'live' });
        client.command('publish', 2, null, 17);
      },
    ],
  ])('%s', async (_, misbehave) => {
    await using ingest = await openIngest();
    const client = await RawRtmpClient.connect(ingest.port);
    await client.handshake();
    misbehave(client);
    await client.waitForClose();
    await until(() => expect(latest(ingest)).toMatchObject({ kind: 'refused', code: 'ERR_RTMP_PROTOCOL' }));
    expect(ingest.published).toEqual([]);
  });
});

describe('last words are heard', () => {
  test('by a refused encoder that goes on sending', async () => {
    await using ingest = await openIngest();
    const client = await RawRtmpClient.connect(ingest.port);
    await client.handshake();
    client.command('connect', 1, { app: 'live', tcUrl: 'rtmp://127.0.0.1/live' });
    client.command('createStream', 2, null);
    client.command('publish', 3, null, 'main?key=wrong', 'live');
    for (let i = 0; i < 50; i++) client.video(i, Buffer.alloc(60_000, 0x17));
    await client.waitFor('NetStream.Publish.Denied');
    await client.waitForClose();
    expect(client.heard).toContain('The stream key is wrong.');
    expect(client.heard).not.toContain('Publish.Start');
    expect(ingest.packets).toEqual([]);
  });

  test('by one whose codec is not taken', async () => {
    await using ingest = await openIngest();
    const client = await publish(ingest);
    client.video(0, Buffer.concat([Buffer.of(0x90), Buffer.from('hvc1'), Buffer.alloc(40)]));
    await client.waitFor('NetStream.Publish.Rejected');
    await client.waitForClose();
    await until(() => expect(ingest.ended).toHaveLength(1));
    expect(ingest.ended[0]!.end).toMatchObject({ code: 'ERR_PUBLISH_CODEC' });
    expect(ingest.ended[0]!.end.text).toContain('H.265');
    expect(client.heard).toContain('H.265');
  });
});

describe('corrupt media', () => {
  test('is counted and left out, and the stream goes on', async () => {
    await using ingest = await openIngest();
    const client = await publish(ingest);
    startStream(client, stream);
    const cut = stream.interFrame.subarray(0, stream.interFrame.length - 3);
    client.video(40, Buffer.of(0x27, 1));
    client.video(40, Buffer.alloc(0));
    client.video(40, cut);
    client.video(40, Buffer.concat([stream.videoConfig.subarray(0, 9)]));
    client.audio(40, Buffer.of(0xaf, 9));
    client.audio(40, Buffer.of(0xaf, 0, 0));
    client.message(5, 18, 40, Buffer.of(2, 0, 200));
    client.video(80, stream.interFrame);
    client.audio(80, stream.audioFrame);
    await until(() => expect(arrived(ingest)).toEqual(['cv:0', 'ca:0', 'v:0', 'v:80', 'a:80']));
    expect(ingest.publishers()[0]).toMatchObject({
      state: 'live',
      drops: { corrupt: 7 },
      health: {
        corrupt: 7,
        problems: expect.arrayContaining([expect.objectContaining({ code: 'corrupt' })]),
      },
    });
    expect(ingest.counts().corruptPackets).toBe(7);
    client.destroy();
    await until(() => expect(ingest.publishers()).toEqual([]));
    expect(ingest.counts().corruptPackets).toBe(7);
  });

  test('that is all there is, is named when the publisher is cut', async () => {
    await using ingest = await openIngest({ settings: { noVideoMs: 200 } });
    const client = await publish(ingest);
    client.video(0, stream.videoConfig.subarray(0, 9));
    await until(() => expect(ingest.ended).toHaveLength(1));
    expect(ingest.ended[0]!.end.text).toMatch(/no H\.264 video within 0\.2 s \(1 corrupt: The AVC/);
    client.destroy();
  });

  test('nothing goes on before its configuration, no picture before a keyframe', async () => {
    await using ingest = await openIngest();
    const client = await publish(ingest);
    client.audio(0, stream.audioFrame);
    client.video(0, stream.keyframe);
    client.video(40, stream.videoConfig);
    client.video(40, stream.interFrame);
    client.audio(40, stream.audioConfig);
    client.audio(60, stream.audioFrame);
    client.video(80, stream.keyframe);
    await until(() => expect(arrived(ingest)).toEqual(['cv:40', 'ca:40', 'a:60', 'v:80']));
    expect(ingest.publishers()[0]!.drops).toEqual({ beforeConfig: 2, beforeKeyframe: 1, corrupt: 0 });
    client.destroy();
  });

  test('a handler that throws loses its packet and nothing else', async () => {
    const seen: string[] = [];
    let ends = 0;
    await using ingest = await openIngest({
      handlers: {
        onPublish: () => undefined,
        onPacket: (_, packet) => {
          if (packet.kind === 'aac-config') throw new Error('a fault behind the ingest');
          seen.push(shortForm(packet));
        },
        onEnd: () => {
          ends++;
          throw new Error('and another');
        },
      },
    });
    const client = await publish(ingest);
    startStream(client, stream);
    await until(() => expect(seen).toEqual(['cv:0', 'v:0']));
    expect(ingest.publishers()[0]!.handlerErrors).toBe(1);
    expect(ingest.logged.filter(({ level }) => level === 'error')).toHaveLength(1);
    client.destroy();
    await until(() => expect(ends).toBe(1));
    expect(ingest.counts()).toMatchObject({ publishers: 0, handlerErrors: 2 });
  });

  test('a fault at authorization refuses the publisher, and its words go nowhere', async () => {
    await using ingest = await openIngest({
      authorize: () => {
        throw new Error(`no database for ${KEY}`);
      },
    });
    const client = await publish(ingest);
    await client.waitFor('NetStream.Publish.Denied');
    await client.waitForClose();
    expect(client.heard).not.toContain('database');
    await until(() => expect(latest(ingest)).toMatchObject({ code: 'ERR_INTERNAL' }));
    expect(ingest.logged).toContainEqual(
      expect.objectContaining({ level: 'error', fields: { fault: 'Error', stream: 'live/main' } }),
    );
    expect(ingest.ended).toEqual([]);
  });

  test('a fault at publish refuses the publisher, who never was one', async () => {
    let ends = 0;
    await using ingest = await openIngest({
      handlers: {
        onPublish: () => {
          throw new Error('no room for streams');
        },
        onPacket: () => undefined,
        onEnd: () => ends++,
      },
    });
    const client = await publish(ingest);
    await client.waitFor('NetStream.Publish.Denied');
    await client.waitForClose();
    expect(client.heard).not.toContain('no room');
    await until(() => expect(latest(ingest)).toMatchObject({ kind: 'refused', code: 'ERR_INTERNAL' }));
    expect(ends).toBe(0);
    expect(ingest.publishers()).toEqual([]);
  });
});

describe('time stamps of 32 bits', () => {
  const WRAP = 2 ** 32;

  test('pass zero on both tracks, whichever is first', async () => {
    await using ingest = await openIngest();
    const client = await publish(ingest);
    startStream(client, stream, WRAP - 80);
    client.audio(WRAP - 20, stream.audioFrame);
    client.video(WRAP - 40, stream.interFrame);
    client.audio(3, stream.audioFrame);
    client.video(0, stream.interFrame);
    client.audio(WRAP - 1, stream.audioFrame);
    client.video(40, stream.interFrame);
    const frames = [-80, -20, -40, 3, 0, -1, 40].map((time) => WRAP + time);
    await until(() => expect(ingest.packets.slice(2).map(({ packet }) => packet.dts)).toEqual(frames));
    client.destroy();
  });

  test('begin below zero on one track', async () => {
    await using ingest = await openIngest();
    const client = await publish(ingest);
    startStream(client, stream);
    client.audio(WRAP - 16, stream.audioFrame);
    client.audio(5, stream.audioFrame);
    client.video(40, stream.interFrame);
    await until(() => expect(arrived(ingest).slice(2)).toEqual(['v:0', 'a:-16', 'a:5', 'v:40']));
    client.destroy();
  });

  test('pass it in deltas too', async () => {
    await using ingest = await openIngest();
    const client = await publish(ingest);
    startStream(client, stream, WRAP - 40);
    for (let i = 0; i < 3; i++) {
      const { length } = stream.interFrame;
      // Type 2: a delta of 40, and length and type as before.
      client.message(6, 9, WRAP - 40, stream.interFrame);
      const chunk = Buffer.alloc(8);
      chunk[0] = 0x40 | 6;
      chunk.writeUIntBE(80, 1, 3);
      chunk.writeUIntBE(length, 4, 3);
      chunk[7] = 9;
      const parts: Uint8Array[] = [chunk, stream.interFrame.subarray(0, 128)];
      for (let at = 128; at < length; at += 128) {
        parts.push(Buffer.of(0xc6), stream.interFrame.subarray(at, at + 128));
      }
      client.write(Buffer.concat(parts));
    }
    await until(() => expect(ingest.packets.at(-1)!.packet.dts).toBe(WRAP + 40));
    expect(ingest.packets).toHaveLength(9);
    client.destroy();
  });

  test('configuration and metadata without a time stay with the stream', async () => {
    await using ingest = await openIngest();
    const client = await publish(ingest);
    const time = 2 ** 31 - 10;
    startStream(client, stream, time);
    client.message(5, 18, 0, amf('@setDataFrame', 'onMetaData', { encoder: 'raw\u0007', framerate: 25 }));
    client.video(0, stream.videoConfig);
    client.video(time + 40, stream.keyframe);
    await until(() =>
      expect(arrived(ingest).slice(3)).toEqual([`s:${time}`, `cv:${time}`, `v:${time + 40}`]),
    );
    expect(ingest.publishers()[0]).toMatchObject({
      encoder: 'raw?',
      health: { video: { declaredFrameRate: 25 } },
    });
    client.destroy();
  });
});

describe('what encoders expect of a server', () => {
  test('a ping is answered', async () => {
    await using ingest = await openIngest();
    const client = await publish(ingest);
    client.message(2, 4, 0, Buffer.from([0, 6, 1, 2, 3, 4]));
    await client.waitFor('\x04\x00\x00\x00\x00\x00\x07\x01\x02\x03\x04');
    client.destroy();
  });

  test('bytes are acknowledged', async () => {
    await using ingest = await openIngest();
    const client = await publish(ingest);
    client.message(2, 5, 0, Buffer.from([0, 0, 0x10, 0]));
    for (let i = 0; i < 3; i++) client.audio(i, Buffer.concat([stream.audioFrame, Buffer.alloc(4096)]));
    // Acknowledgement: chunk stream 2, type 3, 4 bytes.
    await client.waitFor('\x02\x00\x00\x00\x00\x00\x04\x03');
    client.destroy();
  });

  test.each(['FCUnpublish', 'deleteStream', 'closeStream'])('%s is the end', async (command) => {
    await using ingest = await openIngest();
    const client = await publish(ingest);
    startStream(client, stream);
    client.command(command, 6, null, 'main');
    client.video(40, stream.keyframe);
    await client.waitForClose();
    await until(() => expect(ingest.ended).toMatchObject([{ end: { kind: 'finished' } }]));
    expect(arrived(ingest)).toEqual(['cv:0', 'ca:0', 'v:0']);
  });

  test('commands and data in AMF3 envelopes', async () => {
    await using ingest = await openIngest();
    const client = await RawRtmpClient.connect(ingest.port);
    await client.handshake();
    const envelope = (...values: unknown[]) => Buffer.concat([Buffer.of(0), amf(...values)]);
    client.message(3, 17, 0, envelope('connect', 1, { app: 'live', objectEncoding: 3 }));
    client.message(3, 17, 0, envelope('createStream', 2, null));
    client.message(3, 17, 0, envelope('publish', 3, null, NAME, 'live'), 1);
    await client.waitFor('NetStream.Publish.Start');
    client.message(5, 15, 0, envelope('onMetaData', { encoder: 'amf3' }));
    startStream(client, stream);
    await until(() => expect(arrived(ingest)).toEqual(['s:0', 'cv:0', 'ca:0', 'v:0']));
    expect(ingest.publishers()[0]!.encoder).toBe('amf3');
    client.destroy();
  });
});
