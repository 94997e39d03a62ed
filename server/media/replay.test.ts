import { join } from 'node:path';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import type { StampEvent } from '../../cues/cue.ts';
import { ManualClock } from '../../packet/clock.ts';
import type { MediaPacket } from '../../packet/packet.ts';
import { ms } from '../../packet/time.ts';
import { compareRuns } from '../../qa/show/compare-runs.ts';
import type { ReplayOutput } from '../../qa/show/replay-output.ts';
import { Replayer } from '../../qa/show/replayer.ts';
import { type RunHead, type RunLine, RunLister, recordedRun } from '../../qa/show/run-lines.ts';
import { runReplay } from '../../qa/show/run-replay.ts';
import { openShow } from '../../qa/show/show-reader.ts';
import { wholeTurns } from '../../qa/show/whole-turns.ts';
import { makeReplayPath } from './replay-path.ts';
import { LIVE, ShowRig, testPackets } from './testing/show-rig.ts';

let packets: MediaPacket[];
let rig: ShowRig;
beforeAll(async () => {
  packets = await testPackets('bframes-2997', 400);
}, 60_000);
afterEach(() => rig.close());

const shifted = (from: readonly MediaPacket[], shiftMs: number): MediaPacket[] =>
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
      rig.push(shifted(packets.slice(160, 240), -60_000 + 60_000));
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

  it('answers within a packet where it was answered: a cue given again as an epoch begins is on its first picture', async () => {
    rig = new ShowRig({ always: true });
    const video = packets.filter(({ kind }) => kind.startsWith('avc'));
    rig.beginPublish();
    rig.push(shifted(video.slice(0, 40), 100_000));
    rig.schedule('again', { openForMs: null });
    rig.push(shifted(video.slice(40, 60), 100_000));
    // Back in time, and a keyframe at once.
    rig.push(video.slice(1, 40));
    const { name } = rig.recorder.running()[0]!;
    await rig.recorder.close();
    const { outputs, events } = replay(name);
    expectSame(outputs, rig.outputs);
    expect(events).toEqual(rig.events);
    const landings = events.flatMap((event) => (event.kind === 'landed' ? [event.landing] : []));
    expect(landings.map(({ frame }) => frame)).toEqual([39, 0]);
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

const HEAD: RunHead = {
  ...{ kind: 'run', version: 1, of: 'replay', show: 'show', stream: 'live/main' },
  software: { version: '0', commit: null, dirty: null, node: 'v24' },
};

/** The recorded run of a show, and its replay, as listings. */
function runsOf(name: string): { recorded: RunLine[]; replayed: RunLine[] } {
  const show = openShow(join(rig.store.folder, name));
  const replayed: RunLine[] = [HEAD];
  const lister = new RunLister((line) => replayed.push(line));
  const replayer = new Replayer((options) => makeReplayPath(LIVE, show.manifest, options), {
    start: (state) => lister.start(state),
    epoch: (epoch) => lister.epoch(epoch),
    event: (event) => lister.event(event),
    output: (packet) => lister.packet(packet),
  });
  for (const record of wholeTurns(show.records())) replayer.feed(record);
  replayer.finish();
  return { recorded: [...recordedRun(HEAD, wholeTurns(show.records()))], replayed };
}

describe('the recorded run', () => {
  it('is what a replay gives, by frame, time, fingerprint and landing, also from the middle on', async () => {
    rig = new ShowRig();
    play(rig, 0, 4);
    await rig.recorder.start(LIVE, { name: 'show' });
    play(rig, 4);
    await rig.recorder.stop(LIVE);
    const { recorded, replayed } = runsOf('show');
    const compared = compareRuns(
      () => recorded,
      () => replayed,
    );
    expect(compared).toMatchObject({ identical: true, differing: 0, epochs: { same: true } });
    expect(compared.units.same).toBeGreaterThan(100);
    expect(compared.cues.some(({ a }) => a.landing !== null)).toBe(true);
    const first = recorded.find((line) => line.kind === 'unit');
    expect(first?.kind === 'unit' && first.frame).toBeGreaterThan(20);
  });

  it('that the quota cut off is the same up to there', async () => {
    rig = new ShowRig({ quotaBytes: 60_000 });
    await rig.recorder.start(LIVE, { name: 'show' });
    rig.beginPublish();
    rig.push(packets.slice(0, 40));
    await vi.waitFor(() => expect(rig.recorder.status(LIVE)?.bytes).toBeGreaterThan(0), 15_000);
    rig.push(packets.slice(40));
    await vi.waitFor(
      () => expect(openShow(join(rig.store.folder, 'show')).manifest.end?.reason).toBe('quota'),
      15_000,
    );
    const { recorded, replayed } = runsOf('show');
    const compared = compareRuns(
      () => recorded,
      () => replayed,
    );
    expect(compared).toMatchObject({ identical: true });
    expect(compared.units.same).toBeGreaterThan(0);
    expect(compared.units.same).toBeLessThan(150);
  });

  it.each([
    ['its start', { kind: 'start' }],
    ['a later moment', { kind: 'time', ms: 200 }],
  ] as const)(
    'of a middle of a stream, from %s on, is written with the configuration of before',
    async (_, from) => {
      rig = new ShowRig();
      play(rig, 0, 4);
      await rig.recorder.start(LIVE, { name: 'show' });
      rig.push(packets.slice(130, 250));
      await rig.recorder.stop(LIVE);
      const show = openShow(join(rig.store.folder, 'show'));
      const written: MediaPacket[] = [];
      const output: ReplayOutput = {
        write: (packet) => written.push(packet),
        ready: () => null,
        close: () => Promise.resolve(),
      };
      const { epochs } = await runReplay({
        ...{ head: HEAD, records: show.records(), from, outputs: [output], runFile: null },
        makePath: (options) => makeReplayPath(LIVE, show.manifest, options),
      });
      const configs = (list: readonly MediaPacket[]) => list.filter(({ kind }) => kind.endsWith('-config'));
      expect(configs(packets).length).toBeGreaterThan(0);
      const before = written.slice(
        0,
        written.findIndex(({ kind }) => kind.endsWith('-frame')),
      );
      const first = written[before.length]!;
      expect(configs(before)).toEqual(configs(packets).map((config) => ({ ...config, dts: first.dts })));
      expect(epochs).toBeGreaterThanOrEqual(1);
    },
  );

  it('without any picture is no show to replay', async () => {
    rig = new ShowRig();
    await rig.recorder.start(LIVE, { name: 'show' });
    await rig.recorder.stop(LIVE);
    const show = openShow(join(rig.store.folder, 'show'));
    const replayed = runReplay({
      ...{ head: HEAD, records: show.records(), from: { kind: 'start' }, outputs: [], runFile: null },
      makePath: (options) => makeReplayPath(LIVE, show.manifest, options),
    });
    await expect(replayed).rejects.toMatchObject({ code: 'ERR_SHOW_EMPTY' });
  });
});

it.each([
  ['no epoch', { injector: {} }],
  ['no list of configurations', { configs: 1 }],
  ['an encoder clock without its readings', { injector: { encoderClock: { misb: {}, bpm: {} } } }],
])('a recorded state with %s is a corrupt show, not a fault of ours', (_, from) => {
  const options = {
    ...{
      clock: new ManualClock(),
      epochId: () => 'e',
      onEpochBegins: () => undefined,
      onEpoch: () => undefined,
    },
    ...{ onStampEvent: () => undefined, onOutput: () => undefined, onFault: () => undefined },
  };
  expect(() => makeReplayPath(LIVE, { injector: {} }, { ...options, from })).toThrow(
    expect.objectContaining({ code: 'ERR_SHOW_CORRUPT' }),
  );
});
