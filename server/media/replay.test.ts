import { join } from 'node:path';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { StampEvent } from '../../cues/cue.ts';
import type { MediaPacket } from '../../packet/packet.ts';
import { ms } from '../../packet/time.ts';
import { Replayer } from '../../qa/show/replayer.ts';
import { openShow } from '../../qa/show/show-reader.ts';
import { makeReplayPath } from './replay-path.ts';
import { LIVE, ShowRig, testPackets } from './testing/show-rig.ts';

let packets: MediaPacket[];
let rig: ShowRig;
beforeAll(async () => {
  packets = await testPackets('bframes-2997', 400);
}, 60_000);
afterEach(() => rig.close());

const after = (from: readonly MediaPacket[], shiftMs: number): MediaPacket[] =>
  from.map((packet) => ({ ...packet, dts: ms(packet.dts + shiftMs) }));

/** What comes out of a replay of a show of the rig's. */
function replay(name: string): { outputs: MediaPacket[]; events: StampEvent[]; epochs: string[] } {
  const outputs: MediaPacket[] = [];
  const events: StampEvent[] = [];
  const epochs: string[] = [];
  const show = openShow(join(rig.store.folder, name));
  const replayer = new Replayer((options) => makeReplayPath(LIVE, show.manifest, options), {
    epoch: (epoch) => epochs.push(epoch),
    event: (event) => events.push(event),
    output: (packet) => outputs.push(packet),
    fault: (error) => {
      throw error;
    },
  });
  for (const record of show.records()) replayer.feed(record);
  replayer.finish();
  return { outputs, events, epochs };
}

function expectSame(replayed: readonly MediaPacket[], live: readonly MediaPacket[]): void {
  expect(replayed.length).toBe(live.length);
  replayed.forEach((packet, at) => {
    const there = live[at]!;
    expect({ ...packet, data: null, record: null }, `packet ${at}`).toEqual({
      ...there,
      data: null,
      record: null,
    });
    const bytesOf = (p: MediaPacket) => (p.kind === 'avc-config' ? p.record : p.data);
    expect(Buffer.compare(bytesOf(packet), bytesOf(there)), `payload of packet ${at}`).toBe(0);
  });
}

/** A show with everything in it that changes what comes out. */
function play(rig: ShowRig, from = 0, to = 12): void {
  const steps: (() => void)[] = [
    () => rig.beginPublish(),
    () => rig.push(packets.slice(0, 60)),
    () => rig.schedule('now'),
    () => rig.push(packets.slice(60, 120)),
    () => {
      rig.schedule('later', { fire: { kind: 'delay', delayMs: ms(900) } });
      rig.schedule('clock', {
        fire: { kind: 'at', at: (rig.clock.unixMs() + 1500) as never },
        announceMs: ms(1000),
      });
      rig.schedule('taken-back', { fire: { kind: 'delay', delayMs: ms(700) }, announceMs: ms(600) });
      rig.push(packets.slice(120, 140));
      // Announced already.
      rig.withdraw('taken-back');
    },
    () => {
      rig.clock.stepWallMs(-3_600_000);
      rig.push(packets.slice(140, 200));
    },
    () => {
      rig.live.stampingOn = false;
      rig.push(packets.slice(200, 230));
      rig.live.stampingOn = true;
    },
    () => rig.push(packets.slice(230, 260)),
    () => {
      // The timeline jumps back within a publish: an epoch, and its cues given again within the packet.
      rig.schedule('over-the-jump', { openForMs: null, fire: { kind: 'delay', delayMs: ms(400) } });
      rig.push(after(packets.slice(160, 240), -60_000 + 60_000));
    },
    () => rig.live.endPublish(),
    () => {
      rig.clock.advanceMs(4_000);
      rig.beginPublish();
      rig.push(packets.slice(0, 100));
    },
    () => rig.push(packets.slice(100, 160)),
  ];
  for (const step of steps.slice(from, to)) step();
}

describe('a replay', () => {
  it('gives the bytes of the live run, over returns, jumps, cues, the stamping switch and a step of the clock', async () => {
    rig = new ShowRig({ always: true });
    play(rig);
    const { name } = rig.recorder.running()[0]!;
    await rig.recorder.close();
    const { outputs, events, epochs } = replay(name);
    expectSame(outputs, rig.outputs);
    expect(events).toEqual(rig.events);
    expect(epochs.length).toBe(3);
    const kinds = new Set(events.map(({ kind }) => kind));
    expect([...kinds].sort()).toEqual(['announced', 'ended', 'landed']);
    expect(new Set(events.map(({ id }) => id)).size).toBeGreaterThanOrEqual(4);
    expect(replay(name).outputs).toEqual(outputs);
  });

  it.each([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11])(
    'gives them too where the recording began in the middle, at step %i',
    async (step) => {
      rig = new ShowRig();
      play(rig, 0, step);
      const before = { outputs: rig.outputs.length, events: rig.events.length };
      await rig.recorder.start(LIVE, { name: 'middle' });
      play(rig, step);
      await rig.recorder.stop(LIVE);
      const { outputs, events } = replay('middle');
      expectSame(outputs, rig.outputs.slice(before.outputs));
      expect(events).toEqual(rig.events.slice(before.events));
    },
  );
});
