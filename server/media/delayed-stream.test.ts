import { beforeAll, describe, expect, it } from 'vitest';
import { parseStamp } from '../../cues/wire/index.ts';
import { type AvcFramePacket, type MediaPacket, ptsOf } from '../../packet/packet.ts';
import { ms } from '../../packet/time.ts';
import type { ShowRecord } from '../../qa/show/entry.ts';
import { Replayer } from '../../qa/show/replayer.ts';
import { makeReplayPath } from './replay-path.ts';
import { DelayRig, type Out } from './testing/delay-rig.ts';
import { LIVE, testPackets } from './testing/show-rig.ts';

const DELAY_MS = 2_000;
let packets: MediaPacket[];
beforeAll(async () => {
  packets = await testPackets('bframes-25', 500);
}, 60_000);

const pictures = (outs: readonly Out[]): AvcFramePacket[] =>
  outs.flatMap(({ packet }) => (packet.kind === 'avc-frame' ? [packet] : []));
const stampsOf = (outs: readonly Out[]) =>
  pictures(outs).flatMap((packet) =>
    (packet.stamps ?? []).map((text) => ({ of: packet, stamp: parseStamp(new TextEncoder().encode(text)) })),
  );
const landingOf = ({ events }: DelayRig, id: string) => {
  const found = events.find((event) => event.kind === 'landed' && event.id === id);
  return found?.kind === 'landed' ? { rev: found.rev, ...found.landing } : null;
};

function replay(records: readonly ShowRecord[]): MediaPacket[] {
  const outputs: MediaPacket[] = [];
  const replayer = new Replayer((options) => makeReplayPath(LIVE, { injector: {} }, options), {
    output: (packet) => outputs.push(packet),
    fault: (error) => {
      throw error;
    },
  });
  for (const record of records) replayer.feed(record);
  replayer.finish();
  return outputs;
}

const bytesOf = (packet: MediaPacket): Buffer =>
  Buffer.from(packet.kind === 'avc-config' ? packet.record : packet.data);
const plain = (list: readonly MediaPacket[]) =>
  list.map((packet) => ({ kind: packet.kind, dts: packet.dts, hex: bytesOf(packet).toString('base64') }));

describe('a stream behind a programme delay', () => {
  it('has the same pictures under the same PTS in preview and programme, the delay apart', () => {
    const rig = new DelayRig({ delayMs: DELAY_MS });
    rig.delayed.beginPublish();
    rig.push(packets);
    rig.scheduler.advance(DELAY_MS);
    const preview = pictures(rig.preview);
    const programme = pictures(rig.programme);
    expect(preview.length).toBeGreaterThan(150);
    expect(programme.map(ptsOf)).toEqual(preview.map(ptsOf));
    for (const [i, { at }] of rig.programme.entries()) {
      expect(at.monotonicUs - rig.preview[i]!.at.monotonicUs).toBe(DELAY_MS * 1000);
    }
  });

  it('has clock stamps with their PTS in the preview, of the same epoch, and no cue', () => {
    const rig = new DelayRig({ delayMs: DELAY_MS });
    rig.delayed.beginPublish();
    rig.push(packets.slice(0, 100));
    rig.schedule('c1', { announceMs: ms(2_000), fire: { kind: 'delay', delayMs: ms(1_000) } });
    rig.push(packets.slice(100));
    rig.scheduler.advance(DELAY_MS);
    const stamps = stampsOf(rig.preview);
    expect(stamps.length).toBeGreaterThan(4);
    for (const { of, stamp } of stamps) {
      expect(stamp.kind).toBe('clock');
      expect(stamp.head).toMatchObject({ epoch: 'e1', pts: ptsOf(of) });
      expect(of.isKeyframe).toBe(true);
    }
    expect(rig.epochs.map(({ epoch }) => epoch)).toEqual(['e1']);
    expect(stampsOf(rig.programme).some(({ stamp }) => stamp.kind === 'cue')).toBe(true);
  });

  it('lands a mediaTime from the preview on exactly that picture, any of them', () => {
    const rig = new DelayRig({ delayMs: DELAY_MS });
    rig.delayed.beginPublish();
    rig.push(packets.slice(0, 200));
    const seen = pictures(rig.preview).slice(-24).map(ptsOf);
    for (const pts of seen) rig.schedule(`c${pts}`, { fire: { kind: 'mediaTime', pts } });
    rig.push(packets.slice(200));
    rig.scheduler.advance(DELAY_MS);
    for (const pts of seen) {
      expect(landingOf(rig, `c${pts}`)).toMatchObject({ pts, errorMs: 0, choice: 'scheduled' });
    }
  });

  it('says what waits', () => {
    const rig = new DelayRig({ delayMs: DELAY_MS });
    rig.delayed.beginPublish();
    rig.push(packets.slice(0, 300));
    const { setMs, nowMs, frames, bytes, early } = rig.delayed.status;
    expect({ setMs, nowMs, early }).toEqual({ setMs: DELAY_MS, nowMs: DELAY_MS, early: 0 });
    expect(frames).toBeGreaterThan(45);
    expect(frames).toBeLessThanOrEqual(52);
    expect(bytes).toBeGreaterThan(1_000);
    rig.scheduler.advance(DELAY_MS);
    expect(rig.delayed.status).toMatchObject({ frames: 0, bytes: 0 });
    expect(rig.delayed.draining).toBe(false);
  });

  it('loses no picture where its room is used up: the oldest go early, and cues still land', () => {
    const rig = new DelayRig({ delayMs: DELAY_MS, maxBytes: 60_000 });
    rig.delayed.beginPublish();
    rig.push(packets.slice(0, 250));
    rig.schedule('c1');
    rig.push(packets.slice(250));
    expect(rig.delayed.status.early).toBeGreaterThan(0);
    expect(rig.delayed.status.nowMs).toBeLessThan(DELAY_MS);
    expect(rig.delayed.status.bytes).toBeLessThanOrEqual(60_000);
    rig.scheduler.advance(DELAY_MS);
    expect(pictures(rig.programme).map(ptsOf)).toEqual(pictures(rig.preview).map(ptsOf));
    expect(landingOf(rig, 'c1')).not.toBeNull();
  });
});

describe('the end of a publish behind a programme delay', () => {
  it('comes for viewers when what was sent has been shown; until then it is live', () => {
    const rig = new DelayRig({ delayMs: DELAY_MS });
    rig.delayed.beginPublish();
    rig.push(packets.slice(0, 200));
    rig.delayed.endPublish();
    const endedAt = rig.nowMs;
    expect(rig.delayed.preview.isLive).toBe(false);
    expect(rig.delayed.programme.isLive).toBe(true);
    rig.scheduler.advance(DELAY_MS - 10);
    expect(rig.delayed.programme.isLive).toBe(true);
    expect(rig.ends).toEqual([]);
    rig.scheduler.advance(10);
    expect(rig.delayed.programme.isLive).toBe(false);
    expect(rig.ends).toEqual([endedAt + DELAY_MS]);
    expect(rig.programme).toHaveLength(rig.preview.length);
  });

  it('is followed by another publish that began meanwhile: its epoch begins when its first packet leaves', () => {
    const rig = new DelayRig({ delayMs: DELAY_MS });
    rig.delayed.beginPublish();
    rig.push(packets.slice(0, 200));
    rig.delayed.endPublish();
    rig.scheduler.advance(500);
    rig.delayed.beginPublish();
    const returnedAt = rig.nowMs;
    rig.push(packets.slice(0, 60));
    expect(rig.delayed.preview.injector?.epoch).toBe('e2');
    expect(rig.delayed.programme.injector?.epoch).toBe('e1');
    rig.scheduler.advance(DELAY_MS);
    expect(rig.epochs).toMatchObject([
      { epoch: 'e1', reason: 'first-publish' },
      { epoch: 'e2', reason: 'publish', atMs: returnedAt + DELAY_MS },
    ]);
    expect(pictures(rig.programme).map(ptsOf)).toEqual(pictures(rig.preview).map(ptsOf));
    expect(rig.ends).toHaveLength(1);
    expect(rig.delayed.programme.isLive).toBe(true);
  });

  it('gives viewers what still waits at once where they are let go', () => {
    const rig = new DelayRig({ delayMs: DELAY_MS });
    rig.delayed.beginPublish();
    rig.push(packets.slice(0, 200));
    rig.delayed.endForViewers('server-closing');
    expect(rig.programme).toHaveLength(rig.preview.length);
    expect(rig.delayed.programme.hub.ended && rig.delayed.preview.hub.ended).toBe(true);
    expect(rig.scheduler.pending).toBe(0);
  });
});

describe('a cue while the publisher changes, behind a programme delay', () => {
  it('lands where it was announced: its picture had been sent before the publisher failed', () => {
    const rig = new DelayRig({ delayMs: DELAY_MS });
    rig.delayed.beginPublish();
    rig.push(packets.slice(0, 200));
    const seen = ptsOf(pictures(rig.preview).at(-5)!);
    rig.schedule('c1', { fire: { kind: 'mediaTime', pts: seen }, announceMs: ms(2_000) });
    rig.delayed.endPublish();
    rig.delayed.beginPublish();
    rig.push(packets.slice(0, 120));
    expect(rig.events).toContainEqual(expect.objectContaining({ kind: 'announced', id: 'c1', rev: 0 }));
    rig.scheduler.advance(DELAY_MS);
    expect(landingOf(rig, 'c1')).toMatchObject({ rev: 0, epoch: 'e1', pts: seen, errorMs: 0 });
    expect(rig.events.filter(({ kind }) => kind === 'landed')).toHaveLength(1);
  });

  it('is announced again in the new epoch, and lands on the picture seen there', () => {
    const rig = new DelayRig({ delayMs: DELAY_MS });
    rig.delayed.beginPublish();
    rig.push(packets.slice(0, 200));
    rig.delayed.endPublish();
    rig.delayed.beginPublish();
    rig.push(packets.slice(0, 40));
    // The director sees the new publisher; the viewers the old one.
    const seen = ptsOf(pictures(rig.preview).at(-3)!);
    rig.schedule('c1', { fire: { kind: 'mediaTime', pts: seen }, announceMs: ms(5_000) });
    rig.push(packets.slice(40, 200));
    rig.scheduler.advance(DELAY_MS);
    const told = rig.events.filter((event) => event.kind === 'announced');
    expect(told).toMatchObject([
      { id: 'c1', rev: 0, epoch: 'e1' },
      { id: 'c1', rev: 1, epoch: 'e2', firePts: seen },
    ]);
    expect(landingOf(rig, 'c1')).toMatchObject({ rev: 1, epoch: 'e2', pts: seen, errorMs: 0 });
    expect(rig.events.filter(({ kind }) => kind === 'landed')).toHaveLength(1);
  });

  it('is announced again when the timeline jumps within a publish', () => {
    const rig = new DelayRig({ delayMs: DELAY_MS });
    rig.delayed.beginPublish();
    rig.push(packets.slice(0, 200));
    rig.schedule('c1', { fire: { kind: 'delay', delayMs: ms(2_500) }, announceMs: ms(3_000) });
    // From the start again: a jump back, in the middle of the delay.
    rig.push(packets.slice(0, 200));
    rig.scheduler.advance(DELAY_MS);
    const told = rig.events.filter((event) => event.kind === 'announced');
    expect(told.map(({ rev }) => rev)).toEqual([0, 1]);
    expect(landingOf(rig, 'c1')).toMatchObject({ rev: 1, epoch: 'e2' });
  });
});

describe('a recorded programme', () => {
  const show = (rig: DelayRig, more: () => void): void => {
    rig.delayed.beginPublish();
    rig.push(packets.slice(0, 220));
    more();
    rig.schedule('next');
    rig.schedule('later', { fire: { kind: 'delay', delayMs: ms(900) } });
    rig.delayed.programme.setProductionLatency({ ms: 300, errorMs: 5, source: 'measured' });
    rig.schedule('at', { fire: { kind: 'at', at: rig.clock.unixMs() }, announceMs: ms(1_500) });
    rig.push(packets.slice(220, 300));
    rig.delayed.endPublish();
    rig.scheduler.advance(333.3);
    rig.delayed.beginPublish();
    rig.push(packets.slice(0, 200));
    rig.delayed.endPublish();
    rig.scheduler.advance(DELAY_MS);
  };

  it('replays to the same bytes, over a return in the drain and cues by latency', () => {
    const rig = new DelayRig({ delayMs: DELAY_MS });
    const records = rig.record();
    show(rig, () => undefined);
    expect(landingOf(rig, 'at')).toMatchObject({ timing: 'latency' });
    expect(plain(replay(records))).toEqual(plain(rig.programme.map(({ packet }) => packet)));
  });

  it('replays from the middle: what waited then is in it', () => {
    const rig = new DelayRig({ delayMs: DELAY_MS });
    let records: ShowRecord[] = [];
    let from = 0;
    show(rig, () => {
      from = rig.programme.length;
      records = rig.record();
    });
    expect(from).toBeGreaterThan(10);
    expect(plain(replay(records))).toEqual(plain(rig.programme.slice(from).map(({ packet }) => packet)));
  });
});

describe('a preview that fails', () => {
  it('costs the programme nothing', () => {
    const faults: unknown[] = [];
    const rig = new DelayRig({ delayMs: DELAY_MS, onFault: (error) => faults.push(error) });
    rig.delayed.preview.hub.push = () => {
      throw new Error('broken');
    };
    rig.delayed.beginPublish();
    rig.push(packets.slice(0, 100));
    rig.scheduler.advance(DELAY_MS);
    expect(faults).toHaveLength(100);
    expect(rig.programme).toHaveLength(100);
    expect(rig.epochs.map(({ epoch }) => epoch)).toEqual(['e1']);
  });
});
