import { describe, expect, test } from 'vitest';
import { DEFAULT_INJECTOR_SETTINGS } from '../../injector/injector.ts';
import { ManualClock } from '../../packet/clock.ts';
import type { MediaPacket } from '../../packet/packet.ts';
import type { StreamInput } from '../../qa/show/entry.ts';
import { ClockHealth } from '../../service/clock-health/clock-health.ts';
import { createLog } from '../../service/log.ts';
import { ClockLocked } from './clock-locked.ts';
import { StreamRegistry } from './stream-registry.ts';

const log = createLog('media', { logLevel: 'silent' });
const CHRONY = 'A29FC87B,1.2.3.4,4,1.5,0.0001,0,0,0,0,0,0.002,0.001,64.5,Normal';
const LOST = '00000000,,0,0,0,0,0,0,0,0,1,1,0,Not synchronised';

async function rig() {
  const clock = new ManualClock();
  const state = { chrony: LOST };
  const health = new ClockHealth({ clock, log, peers: [], run: async () => state.chrony });
  await health.check();
  const streams: StreamRegistry = new StreamRegistry({
    clock,
    injector: DEFAULT_INJECTOR_SETTINGS,
    delivery: {},
    observer: {},
    awayMs: 1000,
    maxStreams: 4,
    onStampEvent: () => undefined,
    onEpoch: () => undefined,
    onFault: (_, error) => {
      throw error;
    },
    onPublish: (live) => locked.publishBegins(live.stream),
  });
  const locked = new ClockLocked(health, () => streams);
  locked.start();
  return { clock, state, health, streams };
}

const frame = { kind: 'avc-frame', dts: 0, compositionOffset: 0, isKeyframe: true } as unknown as MediaPacket;

describe('the streams know whether the clock is right', () => {
  test('from their first publish on, and when it changes; each change is an input that recordings keep', async () => {
    const { clock, state, health, streams } = await rig();
    const stream = { app: 'live', name: 'main' };
    streams.beginPublish(stream);
    const live = streams.find(stream)!;
    const inputs: StreamInput[] = [];
    live.tap = { input: (input) => inputs.push(input), outcome: () => undefined, broke: () => undefined };
    streams.push(stream, { ...frame, data: Uint8Array.from([0, 0, 0, 2, 0x65, 0x88]) } as MediaPacket);
    expect([live.state?.clockLocked, live.injector?.encoderClock.vouched]).toEqual([false, false]);

    state.chrony = CHRONY;
    await health.check();
    expect([live.state?.clockLocked, live.injector?.encoderClock.vouched]).toEqual([true, true]);
    await health.check();
    state.chrony = LOST;
    await health.check();
    expect(live.injector?.encoderClock.vouched).toBe(false);
    expect(inputs.filter(({ kind }) => kind === 'clock-locked')).toEqual([
      { kind: 'clock-locked', locked: true },
      { kind: 'clock-locked', locked: false },
    ]);

    state.chrony = CHRONY;
    await health.check();
    const other = { app: 'live', name: 'other' };
    streams.beginPublish(other);
    expect(streams.find(other)!.state?.clockLocked).toBe(true);
    // A step leaves the clock fair: what was locked stays it.
    clock.stepWallMs(5000);
    health.look();
    expect([health.grade, live.state?.clockLocked]).toEqual(['fair', true]);
    streams.close();
  });
});
