import { mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import type { MediaPacket } from '../../packet/packet.ts';
import type { ShowRecord } from '../../qa/show/entry.ts';
import { openShow } from '../../qa/show/show-reader.ts';
import { LIVE, ShowRig, testPackets } from './testing/show-rig.ts';

let packets: MediaPacket[];
let rig: ShowRig;
beforeAll(async () => {
  packets = await testPackets('plain-25', 600);
}, 60_000);
afterEach(() => rig.close());

const recordsOf = (name: string): ShowRecord[] => [...openShow(join(rig.store.folder, name)).records()];

describe('a recording', () => {
  it('waits for a publisher, records it, and ends when told to', async () => {
    rig = new ShowRig();
    const waiting = await rig.recorder.start(LIVE, { name: 'show' });
    expect(waiting).toMatchObject({ state: 'waiting', name: 'show', stream: 'live/main' });
    rig.beginPublish();
    rig.push(packets.slice(0, 100));
    rig.schedule('q');
    rig.push(packets.slice(100, 200));
    expect(rig.recorder.status(LIVE)).toMatchObject({ state: 'recording', packets: 200, cues: 1 });
    const ended = await rig.recorder.stop(LIVE);
    expect(ended).toMatchObject({ state: 'ended', reason: 'stopped', packets: 200, lost: 0, error: null });
    expect(rig.recorder.status(LIVE)).toEqual(ended);
    rig.push(packets.slice(200, 300));
    const records = recordsOf('show');
    expect(records.filter(({ kind }) => kind === 'output').length).toBe(200);
    expect(records[0]).toMatchObject({ kind: 'start', state: null });
    expect(records.at(-1)).toMatchObject({ kind: 'end', reason: 'stopped' });
    const { manifest } = openShow(join(rig.store.folder, 'show'));
    expect(manifest.end).toMatchObject({ records: records.length, packets: 200, cues: 1 });
  });

  it('is for its owner alone', async () => {
    rig = new ShowRig();
    await rig.recorder.start(LIVE, { name: 'show' });
    rig.beginPublish();
    rig.push(packets.slice(0, 10));
    await rig.recorder.stop(LIVE);
    const folder = join(rig.store.folder, 'show');
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    expect(readdirSync(folder).map((file) => statSync(join(folder, file)).mode & 0o777)).toEqual([
      0o600, 0o600,
    ]);
  });

  it('ends by itself when its time is over', async () => {
    rig = new ShowRig();
    await rig.recorder.start(LIVE, { forMs: 100 });
    await vi.waitFor(() => expect(rig.recorder.status(LIVE)).toMatchObject({ reason: 'time-over' }), 15_000);
  });

  it('of one stream is one at a time, and names are taken once', async () => {
    rig = new ShowRig();
    await rig.recorder.start(LIVE, { name: 'show' });
    await expect(rig.recorder.start(LIVE)).rejects.toMatchObject({ code: 'ERR_RECORDING_RUNNING' });
    await rig.recorder.stop(LIVE);
    await expect(rig.recorder.stop(LIVE)).rejects.toMatchObject({ code: 'ERR_RECORDING_NONE' });
    await expect(rig.recorder.start(LIVE, { name: 'show' })).rejects.toMatchObject({
      code: 'ERR_SHOW_EXISTS',
    });
    // Nothing of the refused one is left behind: the next one runs.
    expect(await rig.recorder.start(LIVE, { name: 'other' })).toMatchObject({ state: 'waiting' });
  });

  it('that cannot be kept anywhere is refused, and video is not its concern', async () => {
    rig = new ShowRig();
    writeFileSync(join(rig.folder, 'shows'), 'a file in its place');
    await expect(rig.recorder.start(LIVE)).rejects.toMatchObject({ code: 'ERR_RECORD_DISK' });
    rig.beginPublish();
    rig.push(packets.slice(0, 50));
    expect(rig.outputs.length).toBe(50);
    expect(rig.live.tap).toBeNull();
  });
});

describe('a recording that throws', () => {
  it.each(['input', 'outcome'] as const)(
    'in %s ends with that reason, and costs no frame',
    async (method) => {
      rig = new ShowRig({ onFault: () => undefined });
      await rig.recorder.start(LIVE, { name: 'show' });
      rig.beginPublish();
      rig.push(packets.slice(0, 20));
      vi.spyOn(rig.live.tap!, method).mockImplementation(() => {
        throw new Error('a fault that was put in');
      });
      rig.push(packets.slice(20, 50));
      expect(rig.outputs.length).toBe(50);
      expect(rig.live.tap).toBeNull();
      expect(rig.live.counters.listenerFaults).toBe(1);
      await vi.waitFor(() => expect(rig.recorder.running()).toEqual([]), 15_000);
      expect(rig.recorder.status(LIVE)).toMatchObject({ reason: 'fault', error: { code: 'ERR_INTERNAL' } });
      expect(openShow(join(rig.store.folder, 'show')).manifest.end?.reason).toBe('fault');
    },
  );
});

it('how recordings ended is known of the newest streams alone', async () => {
  rig = new ShowRig();
  const nameOf = (i: number) => ({ app: 'live', name: `s${i}` });
  for (let i = 0; i < 260; i++) {
    await rig.recorder.start(nameOf(i), { name: `show-${i}` });
    await rig.recorder.stop(nameOf(i));
  }
  expect(rig.recorder.status(nameOf(0))).toBeNull();
  expect(rig.recorder.status(nameOf(259))).toMatchObject({ reason: 'stopped' });
});

describe('with always', () => {
  it('every stream is recorded from its first packet to its end, and again when it returns', async () => {
    rig = new ShowRig({ always: true });
    rig.beginPublish();
    rig.push(packets.slice(0, 50));
    // The publisher comes back in time: the same show.
    rig.live.endPublish();
    rig.beginPublish();
    rig.push(packets.slice(0, 50));
    rig.live.endPublish();
    rig.recorder.streamEnded(LIVE);
    await vi.waitFor(() => expect(rig.recorder.running()).toEqual([]), 15_000);
    rig.clock.advanceMs(60_000);
    rig.beginPublish();
    rig.push(packets.slice(0, 10));
    await rig.recorder.close();
    const shows = await rig.store.list();
    expect(shows.map(({ end }) => [end?.reason, end?.packets])).toEqual([
      ['stream-ended', 100],
      ['server-closing', 10],
    ]);
  });
});

describe('the quota', () => {
  it('reached mid-show ends the recording with its reason; the show can be read, video goes on', async () => {
    rig = new ShowRig({ quotaBytes: 150_000 });
    await rig.recorder.start(LIVE, { name: 'show' });
    rig.beginPublish();
    for (let from = 0; from < 600; from += 50) {
      rig.push(packets.slice(from, from + 50));
      await vi.waitFor(() => expect(rig.recorder.running()[0]?.bytes ?? 1).toBeGreaterThan(0), 15_000);
    }
    await vi.waitFor(() => expect(rig.recorder.status(LIVE)?.state).toBe('ended'), 15_000);
    expect(rig.recorder.status(LIVE)).toMatchObject({ reason: 'quota', error: { code: 'ERR_RECORD_QUOTA' } });
    expect(rig.outputs.length).toBe(600);
    expect(rig.live.tap).toBeNull();
    await vi.waitFor(
      () => expect(openShow(join(rig.store.folder, 'show')).manifest.end?.reason).toBe('quota'),
      15_000,
    );
    const { bytes } = (await rig.store.list())[0]!;
    expect(bytes).toBeLessThan(160_000);
    expect(recordsOf('show').length).toBeGreaterThan(0);
  });

  it('can be kept by deleting the oldest shows, never one that is being recorded', async () => {
    const deleted: string[] = [];
    rig = new ShowRig({ quotaBytes: 500_000, deleteOldest: true, onDeleted: (name) => deleted.push(name) });
    for (const name of ['one', 'two', 'three']) {
      await rig.recorder.start(LIVE, { name });
      rig.beginPublish();
      rig.push(packets.slice(0, 300));
      await rig.recorder.stop(LIVE);
      rig.live.endPublish();
      rig.clock.advanceMs(10_000);
    }
    expect(deleted.length).toBeGreaterThan(0);
    expect(deleted[0]).toBe('one');
    const left = (await rig.store.list()).map(({ name }) => name);
    expect(left).toContain('three');
    expect(rig.store.usedBytes).toBeLessThanOrEqual(500_000);
  });

  it('counts what is in the folder already', async () => {
    rig = new ShowRig({ quotaBytes: 100_000 });
    mkdirSync(join(rig.folder, 'shows', 'old'), { recursive: true });
    writeFileSync(join(rig.folder, 'shows', 'old', 'records-000001.log'), Buffer.alloc(100_000));
    await rig.recorder.start(LIVE);
    rig.beginPublish();
    rig.push(packets.slice(0, 10));
    await vi.waitFor(() => expect(rig.recorder.status(LIVE)).toMatchObject({ reason: 'quota' }), 15_000);
  });
});

describe('a disk that fails', () => {
  it('ends the recording loudly and nothing else', async () => {
    rig = new ShowRig({
      openFile: async (path) => {
        const file = await open(path, 'wx');
        return {
          writev: () => Promise.reject(Object.assign(new Error('full'), { code: 'ENOSPC' })),
          datasync: () => file.datasync(),
          close: () => file.close(),
        } as never;
      },
    });
    await rig.recorder.start(LIVE, { name: 'show' });
    rig.beginPublish();
    rig.push(packets.slice(0, 100));
    await vi.waitFor(() => expect(rig.recorder.status(LIVE)?.state).toBe('ended'), 15_000);
    rig.push(packets.slice(100, 200));
    expect(rig.recorder.status(LIVE)).toMatchObject({ reason: 'disk', error: { code: 'ERR_RECORD_DISK' } });
    expect(rig.outputs.length).toBe(200);
    // Counted once its file is closed.
    await vi.waitFor(() => expect(rig.recorder.counts.ended).toEqual({ disk: 1 }), 15_000);
  });

  it('that hangs does not keep the server from stopping', async () => {
    rig = new ShowRig({
      closeMs: 50,
      openFile: async () => ({ writev: () => new Promise(() => undefined) }) as never,
    });
    await rig.recorder.start(LIVE, { name: 'show' });
    rig.beginPublish();
    rig.push(packets.slice(0, 100));
    await rig.recorder.close();
    expect(openShow(join(rig.store.folder, 'show')).manifest.end).toBeUndefined();
  });
});
