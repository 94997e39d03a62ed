import { afterEach, expect, it, vi } from 'vitest';
import { systemClock } from '../../packet/clock.ts';
import type { AvcFramePacket } from '../../packet/packet.ts';
import { ms } from '../../packet/time.ts';
import { StreamRegistry, type StreamRegistryOptions } from './stream-registry.ts';
import { LIVE } from './testing/show-rig.ts';

const WAIT = { timeout: 20_000, interval: 5 };
const away: string[] = [];
let streams: StreamRegistry;

function open(more: Partial<StreamRegistryOptions> = {}): StreamRegistry {
  away.length = 0;
  streams = new StreamRegistry({
    clock: systemClock,
    injector: { clockStampEveryFrame: false, maxCues: 8 },
    delivery: { hls: null },
    observer: {},
    awayMs: 50,
    maxStreams: 2,
    onStampEvent: () => undefined,
    onEpoch: () => undefined,
    onFault: (_stream, error) => {
      throw error;
    },
    onAway: ({ name }) => away.push(name),
    ...more,
  });
  return streams;
}
afterEach(() => {
  streams.close();
  vi.useRealTimers();
});

const keyframe = (dts: number): AvcFramePacket => ({
  kind: 'avc-frame',
  dts: ms(dts),
  compositionOffset: ms(0),
  isKeyframe: true,
  data: Uint8Array.from([0, 0, 0, 3, 0x65, 0x88, 0x80]),
});

it('without a programme delay has one stream, which is its own preview', () => {
  open({ programmeDelay: { delayMs: 0, maxBytes: 1 } });
  streams.beginPublish(LIVE);
  streams.push(LIVE, keyframe(0));
  expect(streams.ahead(LIVE)).toBe(streams.find(LIVE));
  expect(streams.delayOf(LIVE)).toBeNull();
  expect(streams.find(LIVE)!.isLive).toBe(true);
});

it('with one counts the time away from when the last picture has been shown', async () => {
  open({ programmeDelay: { delayMs: 200, maxBytes: 1e6 } });
  streams.beginPublish(LIVE);
  streams.push(LIVE, keyframe(0));
  streams.endPublish(LIVE);
  expect(streams.ahead(LIVE)!.injector!.frame).toBe(1);
  expect(streams.find(LIVE)!.injector).toBeNull();
  await vi.waitFor(() => expect(streams.find(LIVE)!.injector?.frame).toBe(1), WAIT);
  expect(streams.find(LIVE)!.hub.ended).toBe(false);
  await vi.waitFor(() => expect(away).toEqual(['main']), WAIT);
  expect(streams.find(LIVE)!.hub.ended && streams.ahead(LIVE)!.hub.ended).toBe(true);
});

it('forgets no stream whose pictures are still to come', async () => {
  open({ programmeDelay: { delayMs: 60_000, maxBytes: 1e6 }, maxStreams: 1 });
  streams.beginPublish(LIVE);
  streams.push(LIVE, keyframe(0));
  streams.endPublish(LIVE);
  streams.beginPublish({ app: 'live', name: 'other' });
  expect(streams.find(LIVE)).toBeDefined();
});

it('gives viewers all that was sent when it is closed, and leaves no timer behind', () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  open({ programmeDelay: { delayMs: 60_000, maxBytes: 1e6 }, awayMs: 0 });
  streams.beginPublish(LIVE);
  streams.push(LIVE, keyframe(0));
  streams.endPublish(LIVE);
  streams.close();
  expect(streams.find(LIVE)!.injector!.frame).toBe(1);
  expect(streams.find(LIVE)!.hub.ended).toBe(true);
  expect(vi.getTimerCount()).toBe(0);
});

it('tells a stream what latency is declared, until one is measured', () => {
  const declared = { ms: 800, errorMs: 200, source: 'declared' } as const;
  open({ productionLatency: declared });
  streams.beginPublish(LIVE);
  const live = streams.find(LIVE)!;
  expect(live.productionLatency).toEqual(declared);
  live.setProductionLatency({ ms: 650, errorMs: 20, source: 'measured' });
  expect(live.productionLatency).toMatchObject({ ms: 650 });
  live.setProductionLatency(null);
  expect(live.productionLatency).toEqual(declared);
});
