import { createServer, get, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { StampEvent } from '../../cues/cue.ts';
import { createDelivery, type Delivery } from '../../delivery/delivery.ts';
import { createRtmpIngest, type RtmpIngest } from '../../ingest/rtmp-server.ts';
import { DEFAULT_INJECTOR_SETTINGS, StreamInjector } from '../../injector/injector.ts';
import { systemClock } from '../../packet/clock.ts';
import { FlvReader } from '../../packet/flv-reader.ts';
import type { AvcFramePacket, MediaPacket } from '../../packet/packet.ts';
import { createLog } from '../../service/log.ts';
import { ensureTestStream } from '../../test-streams/catalogue.ts';
import { type Push, pushStream } from '../../test-streams/push.ts';
import { StreamRegistry } from './stream-registry.ts';

/** Breaks where nothing may: in the very call that every frame takes. */
class BrokenInjector extends StreamInjector {
  override process(_packet: MediaPacket): MediaPacket {
    throw new Error('a fault that was put in');
  }
}

const LIVE = { app: 'live', name: 'main' } as const;
const log = createLog('test', { logLevel: 'silent' });

let ingest: RtmpIngest;
let streams: StreamRegistry;
let delivery: Delivery;
let server: Server;
let push: Push;
let faults = 0;
let original: (AvcFramePacket | MediaPacket)[];

beforeEach(async () => {
  faults = 0;
  original = [];
  streams = new StreamRegistry({
    clock: systemClock,
    injector: DEFAULT_INJECTOR_SETTINGS,
    delivery: {},
    observer: {},
    awayMs: 1000,
    maxStreams: 2,
    onStampEvent: () => undefined,
    onEpoch: () => undefined,
    onFault: () => {
      faults++;
    },
    makeInjector: (_stream, epoch, emit: (event: StampEvent) => void) =>
      new BrokenInjector(epoch, systemClock, DEFAULT_INJECTOR_SETTINGS, emit),
  });
  ingest = await createRtmpIngest({
    host: '127.0.0.1',
    port: 0,
    authorize: () => ({ ok: true }),
    clock: systemClock,
    log,
    handlers: {
      onPublish: ({ stream }) => streams.beginPublish(stream),
      onPacket(stream, packet) {
        if (packet.kind === 'avc-frame') original.push(packet);
        streams.push(stream, packet);
      },
      onEnd: (stream) => streams.endPublish(stream),
    },
  });
  delivery = createDelivery({ findHub: (stream) => streams.findHub(stream), log, limits: { viewers: 10 } });
  server = createServer((req, res) => void delivery.handleRequest(req, res));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { file } = await ensureTestStream('bframes-25');
  push = pushStream({ file, url: `rtmp://127.0.0.1:${ingest.port}/live/main?key=none` });
});

afterEach(async () => {
  await push.stop();
  await ingest.close();
  streams.close();
  delivery.close();
  server.closeAllConnections();
  server.close();
});

/** Video frames of the running stream, until there are so many. */
function framesOverHttp(count: number): Promise<AvcFramePacket[]> {
  const { port } = server.address() as AddressInfo;
  return new Promise((resolve, reject) => {
    const frames: AvcFramePacket[] = [];
    const reader = new FlvReader();
    const attempt = (): void => {
      const request = get({ host: '127.0.0.1', port, path: '/live/main.flv' }, (res) => {
        if (res.statusCode !== 200) {
          res.resume();
          // The publisher's first packet has not come yet.
          res.once('end', () => setTimeout(attempt, 50));
          return;
        }
        res.on('data', (chunk: Buffer) => {
          for (const item of reader.read(chunk)) {
            if (item.kind === 'packet' && item.packet.kind === 'avc-frame') frames.push(item.packet);
          }
          if (frames.length >= count) {
            request.destroy();
            resolve(frames);
          }
        });
      });
      request.on('error', (error) => {
        if (frames.length < count) reject(error);
      });
    };
    attempt();
  });
}

describe('a fault in the injector', () => {
  it('keeps every picture flowing when the injector throws', async () => {
    const frames = await framesOverHttp(60);
    expect(faults).toBeGreaterThanOrEqual(60);
    expect(streams.find(LIVE)!.counters.injectorFaults).toBe(faults);
    const sent = original as AvcFramePacket[];
    const from = sent.findIndex((frame) => frame.dts === frames[0]!.dts);
    expect(from).toBeGreaterThanOrEqual(0);
    frames.slice(0, 60).forEach((frame, i) => {
      expect(frame.dts).toBe(sent[from + i]!.dts);
      expect(Buffer.compare(frame.data, sent[from + i]!.data)).toBe(0);
    });
  });
});
