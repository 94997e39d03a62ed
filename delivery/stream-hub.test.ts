import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import type { AvcFramePacket, MediaPacket } from '../packet/packet.ts';
import { ms } from '../packet/time.ts';
import { DEFAULT_HLS_SETTINGS } from './settings.ts';
import { framesOf, packetsOf, undecodable } from './testing/flv-check.ts';
import { HubBench } from './testing/hub-bench.ts';
import { aacConfig, avcConfig, frame, idOf, madeStream, metadata, sound } from './testing/packets.ts';

const kinds = (packets: readonly MediaPacket[]) =>
  packets.map((packet) =>
    packet.kind === 'avc-frame' ? `${packet.isKeyframe ? 'K' : 'v'}${idOf(packet)}` : packet.kind,
  );

describe('fan-out', () => {
  test('every viewer from the start gets every packet, bit for bit, and the same buffers', () => {
    const bench = new HubBench();
    const source = madeStream({ gops: 3 });
    const [first, second] = [bench.join(), bench.join()];
    bench.play(source);
    bench.settle();
    expect(packetsOf(first.sink.received)).toEqual(source);
    expect(second.sink.received.equals(first.sink.received)).toBe(true);
    expect(bench.hub.stats().protocols.flv).toMatchObject({ viewers: 2, joins: 2, framesDropped: 0 });
    expect(bench.hub.stats().protocols.flv.bytesOut).toBe(first.sink.received.length * 2);
  });

  test('audio rides along with video: one write per frame', () => {
    const bench = new HubBench();
    const { sink } = bench.join();
    const source = madeStream({ gops: 2, gop: 25 });
    bench.play(source);
    bench.settle();
    expect(sink.writes.length).toBeLessThan(framesOf(source).length * 1.2);
    expect(packetsOf(sink.received)).toEqual(source);
  });

  test('WebSocket viewers get one tag a message, the same for all', () => {
    const bench = new HubBench();
    const flv = bench.join('flv');
    const [first, second] = [bench.join('ws'), bench.join('ws')];
    bench.play(madeStream({ gops: 2 }));
    bench.settle();
    expect(second.sink.received.equals(first.sink.received)).toBe(true);
    const messages = messagesOf(first.sink.received);
    expect(Buffer.concat(messages).equals(flv.sink.received)).toBe(true);
    expect(messages[0]!.toString('latin1', 0, 3)).toBe('FLV');
    expect(messages[0]).toHaveLength(13);
    for (const message of messages.slice(1)) {
      expect(message.length).toBe(message.readUIntBE(1, 3) + 15);
    }
  });

  test('a packet that fits no FLV tag is left out with all that builds on it', () => {
    const bench = new HubBench();
    const { sink } = bench.join();
    const tooFar: AvcFramePacket = { ...frame(80, 2, false), compositionOffset: ms(1e9) };
    bench.play([avcConfig(), frame(0, 0, true), frame(40, 1, false), tooFar, frame(120, 3, false)]);
    bench.play([frame(160, 4, true), frame(200, 5, false)]);
    bench.settle();
    expect(kinds(packetsOf(sink.received))).toEqual(['avc-config', 'K0', 'v1', 'K4', 'v5']);
    expect(bench.hub.stats().framesRefused).toBe(2);
  });
});

describe('a fault in HLS', () => {
  const source = madeStream({ gops: 8, gop: 25 });

  test('stops no viewer of FLV, is told of once a second, and HLS goes on with the next keyframe', () => {
    const told: unknown[][] = [];
    const bench = new HubBench({ hls: DEFAULT_HLS_SETTINGS }, { hlsFailed: (...args) => told.push(args) });
    const { sink } = bench.join();
    const hls = bench.hub.hls!;
    const fault = new TypeError('nobody expected this');
    const push = vi.spyOn(hls, 'push');
    bench.play(source, (packet) => {
      if (packet.dts >= 2600 && packet.dts < 3400)
        push.mockImplementation(() => {
          throw fault;
        });
      else if (packet.dts >= 3400) push.mockRestore();
    });
    bench.settle();
    expect(packetsOf(sink.received)).toEqual(source);
    const { hlsFailures } = bench.hub.stats();
    expect(hlsFailures).toBeGreaterThan(20);
    expect(told).toEqual([[{ app: 'live', name: 'main' }, fault, 1]]);
    const playlist = hls.playlist()!.toString();
    // What was open is lost; what follows says so.
    expect(playlist.match(/^#EXT-X-DISCONTINUITY$/gm)).toHaveLength(1);
    expect(playlist.match(/^seg-/gm)!.length).toBeGreaterThanOrEqual(2);
  });

  test('at an end ends the stream all the same', () => {
    const bench = new HubBench({ hls: DEFAULT_HLS_SETTINGS });
    const { viewer } = bench.join();
    bench.play(source.slice(0, 40));
    vi.spyOn(bench.hub.hls!, 'startEpoch').mockImplementation(() => {
      throw new TypeError('no');
    });
    vi.spyOn(bench.hub.hls!, 'end').mockImplementation(() => {
      throw new TypeError('no');
    });
    bench.hub.startEpoch('two');
    bench.hub.end();
    expect(bench.hub.stats()).toMatchObject({ hlsFailures: 2, ended: true });
    expect(viewer.state).toBe('closed');
  });
});

describe('joining', () => {
  const source = madeStream({ gops: 3, gop: 8 });
  test.each([...source.keys()].map((index) => [index, kinds(source.slice(index, index + 1))[0]!]))(
    'at packet %d (%s): configs, then a keyframe, then all that follows',
    (at) => {
      const bench = new HubBench();
      let joined: ReturnType<HubBench['join']> | undefined;
      bench.play(source, (_, index) => {
        if (index === at) joined = bench.join();
      });
      bench.settle();
      const got = packetsOf(joined!.sink.received);
      expect(undecodable(got, framesOf(source))).toBeNull();
      const frames = framesOf(got);
      expect(frames[0]?.isKeyframe).toBe(true);
      // The newest keyframe of the moment, and to the very last frame.
      const newest = framesOf(source.slice(0, at + 1)).findLast((packet) => packet.isKeyframe);
      expect(idOf(frames[0]!)).toBe(newest === undefined ? 0 : idOf(newest));
      expect(idOf(frames.at(-1)!)).toBe(framesOf(source).length - 1);
      const beforeFrames = got.slice(0, got.indexOf(frames[0]!));
      expect(beforeFrames.slice(0, 3).map((packet) => packet.kind)).toEqual([
        'script',
        'avc-config',
        'aac-config',
      ]);
      const audio = got.filter((packet) => packet.kind === 'aac-frame').map((packet) => packet.dts);
      const sent = source.filter((packet) => packet.kind === 'aac-frame').map((packet) => packet.dts);
      expect(audio).toEqual(sent.slice(sent.indexOf(audio[0]!)));
    },
  );

  test('headers and the last audio go first, the GOP follows after the spacing', () => {
    const bench = new HubBench({ joinSpacingMs: 30 });
    bench.play(madeStream({ gops: 2, gop: 5 }));
    const { sink } = bench.join();
    const first = packetsOf(sink.received);
    expect(kinds(first)).toEqual(['script', 'avc-config', 'aac-config', 'aac-frame']);
    const [audio] = first.filter((packet) => packet.kind === 'aac-frame');
    expect(audio!.dts).toBeLessThanOrEqual(200);
    expect(first.every((packet) => packet.dts === audio!.dts)).toBe(true);
    expect(sink.writes).toHaveLength(1);
    bench.hub.push(frame(400, 10, true));
    bench.scheduler.advance(29);
    expect(sink.writes).toHaveLength(1);
    bench.scheduler.advance(1);
    expect(sink.writes).toHaveLength(2);
    const frames = framesOf(packetsOf(sink.received));
    expect(frames.map(idOf)).toEqual([5, 6, 7, 8, 9, 10]);
  });

  test('without audio, headers and the keyframe go first', () => {
    const bench = new HubBench();
    bench.play(madeStream({ gops: 2, gop: 5, audio: false }));
    const { sink } = bench.join();
    expect(kinds(packetsOf(sink.received))).toEqual(['script', 'avc-config', 'K5']);
    expect(sink.received[4]).toBe(1);
    bench.settle();
    expect(framesOf(packetsOf(sink.received)).map(idOf)).toEqual([5, 6, 7, 8, 9]);
  });

  test('where the GOP was too large to keep, headers go first and the next keyframe is waited for', () => {
    const bench = new HubBench({ gopMaxPackets: 6 });
    bench.play(madeStream({ gops: 1, gop: 10, audio: false }));
    const { sink, viewer } = bench.join();
    expect(kinds(packetsOf(sink.received))).toEqual(['script', 'avc-config']);
    expect(viewer.state).toBe('waiting');
    bench.play([frame(400, 10, false), frame(440, 11, true), frame(480, 12, false)]);
    bench.settle();
    expect(kinds(packetsOf(sink.received))).toEqual(['script', 'avc-config', 'K11', 'v12']);
    expect(bench.hub.stats().gop.overflows).toBe(1);
  });

  test('a viewer for whom no keyframe comes is let go', () => {
    const left: string[] = [];
    const bench = new HubBench(
      { keyframeWaitMs: 5_000 },
      { viewerLeft: (_, protocol, reason) => left.push(`${protocol} ${reason}`) },
    );
    const { sink } = bench.join('ws');
    bench.scheduler.advance(4_999);
    bench.hub.sweep();
    expect(sink.closed).toBe(false);
    bench.scheduler.advance(1);
    bench.hub.sweep();
    expect(sink.closed).toBe(true);
    expect(left).toEqual(['ws no-keyframe']);
    expect(bench.hub.stats().protocols.ws).toMatchObject({ viewers: 0, keyframeTimeouts: 1 });
  });

  test('configs that changed while a viewer waited are sent again', () => {
    const bench = new HubBench({ gopMaxPackets: 2 });
    bench.play([avcConfig(), frame(0, 0, true), frame(40, 1, false), frame(80, 2, false)]);
    const { sink } = bench.join();
    bench.play([avcConfig(120, 0x21), frame(120, 3, true)]);
    bench.settle();
    expect(packetsOf(sink.received)).toEqual([avcConfig(0), avcConfig(120, 0x21), frame(120, 3, true)]);
  });
});

describe('a new epoch', () => {
  test('begins with configs and a keyframe; viewers stay, deltas of nothing are left out', () => {
    const bench = new HubBench();
    const { sink } = bench.join();
    const first = madeStream({ gops: 1, gop: 5, audio: false });
    const second = [metadata(300), avcConfig(300, 0x21), frame(300, 6, true), frame(340, 7, false)];
    bench.play(first);
    bench.hub.startEpoch('two');
    bench.play([frame(280, 5, false), ...second]);
    bench.settle();
    expect(packetsOf(sink.received)).toEqual([...first, ...second]);
    expect(bench.hub.stats()).toMatchObject({ epoch: 'two', framesRefused: 1 });
  });

  test('who joins between two epochs sees nothing of the first', () => {
    const bench = new HubBench();
    bench.play(madeStream({ gops: 2, gop: 5 }));
    bench.hub.startEpoch('two');
    const { sink } = bench.join();
    expect(sink.received).toHaveLength(0);
    bench.play([avcConfig(500, 0x21), frame(500, 50, true), frame(540, 51, false)]);
    bench.settle();
    expect(packetsOf(sink.received)).toEqual([
      avcConfig(500, 0x21),
      frame(500, 50, true),
      frame(540, 51, false),
    ]);
    // Sound of the old epoch is no lead of the new one, and there is none: the header says so.
    expect(sink.received[4]).toBe(1);
  });
});

describe('the end', () => {
  test('gives viewers what waits for them, and closes', () => {
    const left: string[] = [];
    const bench = new HubBench({}, { viewerLeft: (_, __, reason) => left.push(reason) });
    const quick = bench.join();
    const slow = bench.join('flv', false);
    const source = [...madeStream({ gops: 4, bytes: 3000 }), sound(1620)];
    bench.play(source);
    bench.hub.end();
    expect(quick.sink.closed).toBe(true);
    expect(slow.sink.closed).toBe(false);
    slow.sink.readAll();
    expect(slow.sink.closed).toBe(true);
    expect(packetsOf(quick.sink.received)).toEqual(source);
    expect(packetsOf(slow.sink.received)).toEqual(source);
    expect(left).toEqual(['stream-ended', 'stream-ended']);
    expect(bench.hub.viewerCount).toBe(0);
    bench.hub.push(frame(5000, 99, true));
    expect(bench.hub.stats().packets).toBe(source.length);
  });

  test('does not wait for ever for a viewer who does not read', () => {
    const bench = new HubBench({ viewerStallMs: 1_000 });
    const { sink } = bench.join('flv', false);
    bench.play(madeStream({ gops: 1 }));
    bench.hub.end();
    bench.hub.sweep();
    expect(sink.closed).toBe(false);
    bench.scheduler.advance(1_000);
    bench.hub.sweep();
    expect(sink.closed).toBe(true);
  });

  test('while a viewer still gets the GOP, they get it at once', () => {
    const bench = new HubBench();
    bench.play(madeStream({ gops: 1, gop: 5 }));
    const { sink } = bench.join();
    bench.hub.end();
    expect(framesOf(packetsOf(sink.received)).map(idOf)).toEqual([0, 1, 2, 3, 4]);
    expect(sink.closed).toBe(true);
    expect(bench.scheduler.pending).toBe(0);
  });
});

describe('a viewer who does not read', () => {
  const bound = 200_000;
  const settings = { viewerQueueBytes: bound, viewerStallMs: 10_000 };

  test('stays within the bound, is cut in the end, and nobody else misses anything', () => {
    const bench = new HubBench(settings);
    const source = madeStream({ gops: 40, gop: 25, bytes: 2000 });
    const quick = bench.join();
    const stalled = bench.join('flv', false);
    let peak = 0;
    bench.play(source, () => {
      bench.hub.sweep();
      if (!stalled.sink.closed) peak = Math.max(peak, stalled.viewer.queuedBytes);
    });
    bench.settle();
    expect(peak).toBeGreaterThan(bound * 0.8);
    expect(peak).toBeLessThanOrEqual(bound);
    expect(stalled.sink.closed).toBe(true);
    expect(packetsOf(quick.sink.received)).toEqual(source);
    const { flv } = bench.hub.stats().protocols;
    expect(flv).toMatchObject({ viewers: 1, stalledCuts: 1 });
    expect(flv.skips).toBeGreaterThan(3);
    expect(flv.framesDropped).toBeGreaterThan(100);
    expect(flv.queuePeakBytes).toBe(peak);
  });

  test('who reads again goes on at a keyframe, and sees only what fits on it', () => {
    const skipped: number[] = [];
    const bench = new HubBench(settings, { viewerSkipped: (_, __, frames) => skipped.push(frames) });
    const source = madeStream({ gops: 20, gop: 25, bytes: 2000 });
    const { sink } = bench.join('flv', false);
    bench.play(source.slice(0, -300));
    sink.readAll();
    sink.reads = true;
    bench.play(source.slice(-300));
    bench.settle();
    const got = packetsOf(sink.received);
    expect(undecodable(got, framesOf(source))).toBeNull();
    expect(idOf(framesOf(got).at(-1)!)).toBe(499);
    const { framesDropped, skips } = bench.hub.stats().protocols.flv;
    expect(framesOf(got)).toHaveLength(500 - framesDropped);
    expect(skipped.reduce((sum, frames) => sum + frames, 0)).toBe(framesDropped);
    expect(skips).toBeGreaterThan(0);
  });

  test('is told of configs that changed while they were behind', () => {
    const bench = new HubBench({ ...settings, viewerQueueBytes: 80_000 });
    const { sink } = bench.join('flv', false);
    const before = madeStream({ gops: 3, gop: 25, bytes: 4000, audio: false });
    const change = [avcConfig(3000, 0x21)];
    const after = Array.from({ length: 25 }, (_, n) => frame(3000 + n * 40, 75 + n, n === 0, 1000));
    bench.play([...before, ...change, ...after]);
    sink.readAll();
    bench.settle();
    const got = packetsOf(sink.received);
    expect(undecodable(got, framesOf([...before, ...after]))).toBeNull();
    const at = got.findIndex((packet) => packet.kind === 'avc-frame' && idOf(packet) === 75);
    expect(got.slice(0, at).findLast((packet) => packet.kind === 'avc-config')).toEqual(change[0]);
  });

  test('may hold one GOP even where that is more than the bound', () => {
    const bench = new HubBench({ ...settings, viewerQueueBytes: 1000 });
    const source = madeStream({ gops: 4, gop: 25, bytes: 5000, audio: false });
    bench.play(source.slice(0, 60));
    const { sink, viewer } = bench.join('flv', false);
    bench.settle();
    bench.play(source.slice(60, 76));
    expect(viewer.queuedBytes).toBeGreaterThan(100_000);
    sink.readAll();
    expect(undecodable(packetsOf(sink.received), framesOf(source))).toBeNull();
    expect(bench.hub.stats().protocols.flv.framesDropped).toBe(0);
  });
});

test('whatever happens to a viewer, what they get can be decoded, and what waits is bounded', () => {
  const step = fc.oneof(
    {
      weight: 12,
      arbitrary: fc.record({
        do: fc.constant('delta' as const),
        bytes: fc.integer({ min: 20, max: 30_000 }),
      }),
    },
    {
      weight: 3,
      arbitrary: fc.record({
        do: fc.constant('keyframe' as const),
        bytes: fc.integer({ min: 20, max: 60_000 }),
      }),
    },
    {
      weight: 6,
      arbitrary: fc.record({ do: fc.constant('sound' as const), bytes: fc.integer({ min: 1, max: 3_000 }) }),
    },
    {
      weight: 1,
      arbitrary: fc.record({ do: fc.constant('configs' as const), mark: fc.integer({ min: 1, max: 3 }) }),
    },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('epoch' as const) }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constantFrom('join' as const, 'leave' as const) }) },
    { weight: 8, arbitrary: fc.record({ do: fc.constantFrom('read' as const, 'read-all' as const) }) },
    {
      weight: 2,
      arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 100 }) }),
    },
  );
  const settings = fc.record({
    viewerQueueBytes: fc.constantFrom(1_000, 100_000, 400_000),
    audioHoldMs: fc.constantFrom(0, 40),
    holdMs: fc.constantFrom(0, 120),
    gopMaxBytes: fc.constantFrom(50_000, 10_000_000),
  });
  fc.assert(
    fc.property(
      fc.array(step, { minLength: 20, maxLength: 250 }),
      settings,
      fc.boolean(),
      (steps, chosen, reads) => {
        const bench = new HubBench(chosen);
        const viewers: ReturnType<HubBench['join']>[] = [bench.join('flv', reads)];
        const sent: AvcFramePacket[] = [];
        // By the time of each keyframe: the configuration that holds for it.
        const configAt = new Map<number, MediaPacket>();
        let config: MediaPacket = avcConfig(0, 0);
        let mark = 0;
        let at = 0;
        let needsKeyframe = true;
        let gop = 0;
        let largestGop = 0;
        const begin = () => {
          config = avcConfig(at, mark);
          bench.hub.push(config);
          bench.hub.push(aacConfig(at));
        };
        begin();
        for (const move of steps) {
          at += 10;
          bench.scheduler.advance(10);
          if (move.do === 'delta' || move.do === 'keyframe') {
            const isKeyframe = move.do === 'keyframe';
            if (isKeyframe) gop = 0;
            const packet = frame(at, at, isKeyframe, move.bytes);
            bench.hub.push(packet);
            if (isKeyframe) needsKeyframe = false;
            if (!needsKeyframe) sent.push(packet);
            if (isKeyframe) configAt.set(at, config);
          } else if (move.do === 'sound') bench.hub.push(sound(at, move.bytes));
          else if (move.do === 'configs') {
            // New parameter sets begin a new sequence: deltas cannot follow.
            mark = move.mark;
            bench.hub.startEpoch(`${at}`);
            needsKeyframe = true;
            begin();
          } else if (move.do === 'epoch') {
            bench.hub.startEpoch(`${at}`);
            needsKeyframe = true;
            begin();
          } else if (move.do === 'join') viewers.push(bench.join('flv', reads));
          else if (move.do === 'leave') viewers.at(-1)!.sink.destroy();
          else if (move.do === 'read') for (const { sink } of viewers) sink.readOnce();
          else if (move.do === 'read-all') for (const { sink } of viewers) sink.readAll();
          else if (move.do === 'wait') bench.scheduler.advance(move.ms);
          gop += 'bytes' in move ? move.bytes + 100 : 0;
          largestGop = Math.max(largestGop, gop);
          for (const { viewer, sink } of viewers) {
            if (sink.closed) continue;
            const gopBound = Math.min(chosen.gopMaxBytes, largestGop) + 65_536;
            // A socket that is not full takes one batch more, whatever its size.
            const slack = 65_536 + 65_000;
            expect(viewer.queuedBytes).toBeLessThan(Math.max(chosen.viewerQueueBytes, gopBound) + slack);
          }
        }
        bench.settle();
        for (const { sink } of viewers) {
          sink.readAll();
          const got = packetsOf(sink.received);
          expect(undecodable(got, sent)).toBeNull();
          let told: MediaPacket | undefined;
          for (const packet of got) {
            if (packet.kind === 'avc-config') told = packet;
            const expected = packet.kind === 'avc-frame' ? configAt.get(packet.dts) : undefined;
            if (expected !== undefined) expect({ ...told, dts: 0 }).toEqual({ ...expected, dts: 0 });
          }
          const times = got.filter((packet) => packet.kind === 'aac-frame').map((packet) => packet.dts);
          expect(times).toEqual(times.toSorted((a, b) => a - b));
        }
      },
    ),
    { numRuns: 150 },
  );
});

/** The payloads of unmasked WebSocket messages, RFC 6455. */
function messagesOf(bytes: Buffer): Buffer[] {
  const messages: Buffer[] = [];
  for (let at = 0; at < bytes.length; ) {
    expect(bytes[at]).toBe(0x82);
    const short = bytes[at + 1]!;
    const length =
      short < 126 ? short : short === 126 ? bytes.readUInt16BE(at + 2) : bytes.readUInt32BE(at + 6);
    const from = at + (short < 126 ? 2 : short === 126 ? 4 : 10);
    messages.push(bytes.subarray(from, from + length));
    at = from + length;
  }
  return messages;
}
