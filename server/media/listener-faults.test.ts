import { expect, it } from 'vitest';
import { DEFAULT_INJECTOR_SETTINGS } from '../../injector/injector.ts';
import { newKey, preparedCue, START_MS, stampsOf } from '../../injector/test-support/cues.ts';
import { avcc, IDR, PPS, SPS } from '../../injector/test-support/nal-units.ts';
import { ManualClock } from '../../packet/clock.ts';
import type { MediaPacket } from '../../packet/packet.ts';
import { ms } from '../../packet/time.ts';
import { LiveStream, type PacketSink } from './live-stream.ts';

const RECORD = Uint8Array.of(
  1,
  0x42,
  0xc0,
  0x0b,
  0xff,
  0xe1,
  0,
  SPS.length,
  ...SPS,
  1,
  0,
  PPS.length,
  ...PPS,
);
const fail = (): never => {
  throw new Error('a fault that was put in');
};

it('whoever is told of epochs and stamps may throw: every frame passes, with its stamps', () => {
  const outputs: MediaPacket[] = [];
  let faults = 0;
  const live = new LiveStream<PacketSink>({
    stream: { app: 'live', name: 'main' },
    clock: new ManualClock(START_MS * 1000),
    injector: DEFAULT_INJECTOR_SETTINGS,
    newHub: () => ({
      ended: false,
      end: () => undefined,
      startEpoch: () => undefined,
      push: (packet) => outputs.push(packet),
    }),
    onStampEvent: fail,
    onEpoch: fail,
    onFault: () => {
      faults++;
    },
    epochId: () => 'x',
  });
  const frame = (dts: number): MediaPacket => ({
    ...{ kind: 'avc-frame', dts: ms(dts), compositionOffset: ms(0), isKeyframe: true, data: avcc([IDR]) },
  });
  live.beginPublish();
  live.push({ kind: 'avc-config', dts: ms(0), record: RECORD });
  live.push(frame(0));
  live.schedule(preparedCue('cue-1', newKey()));
  live.push(frame(40));
  expect(outputs.map(({ kind }) => kind)).toEqual(['avc-config', 'avc-frame', 'avc-frame']);
  expect(stampsOf(outputs[2]!).map(({ kind }) => kind)).toEqual(['clock', 'cue']);
  expect(live.injector?.counters.passedUntouched).toBe(0);
  expect([live.counters.listenerFaults, faults]).toEqual([2, 2]);
});
