import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ALL_FORMATS, BufferSource, EncodedPacketSink, Input } from 'mediabunny';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ManualClock } from '../../packet/clock.ts';
import { type MediaPacket, ptsOf } from '../../packet/packet.ts';
import { makeFlv, packetsOfFlv } from '../../packet/testing/flv-fixture.ts';
import { newCounters } from '../counters.ts';
import { HlsOutput } from '../hls-output.ts';
import { DEFAULT_HLS_SETTINGS, type DeliverySettings } from '../settings.ts';
import { decodeErrors, run } from '../testing/feed.ts';
import { framesOf } from '../testing/flv-check.ts';
import { HubBench } from '../testing/hub-bench.ts';
import { stamped } from '../testing/stamps.ts';

/** An encoder's stream, with a clock stamp on keyframes and a cue on some of the frames. */
let plain: MediaPacket[];
let marked: MediaPacket[];
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'framecue-carriers-'));
  plain = packetsOfFlv(await makeFlv({ bFrames: 2, seconds: 7, gop: 30 }));
  const cue = { id: 'c1', firePts: 2080, durationMs: 3000 };
  marked = plain.map((packet) => {
    if (packet.kind !== 'avc-frame') return packet;
    const pts = ptsOf(packet);
    const isNear = pts >= 1600 && pts < 2400;
    if (!isNear && !packet.isKeyframe) return packet;
    return stamped(
      packet,
      ...(packet.isKeyframe ? (['clock'] as const) : []),
      ...(isNear ? [{ ...cue, keyed: pts >= 2080 }] : []),
    );
  });
});
afterAll(() => rm(folder, { recursive: true, force: true }));

function flvOf(packets: readonly MediaPacket[], carriers: DeliverySettings['carriers']): Buffer {
  const bench = new HubBench({ carriers });
  const { sink } = bench.join();
  bench.play(packets);
  bench.settle();
  return sink.received;
}

/** What ffmpeg decodes, picture by picture and sound by sound: stream, size, hash. */
const hashesOf = async (flv: Uint8Array): Promise<string[]> => {
  const args = [
    '-v',
    'warning',
    '-f',
    'flv',
    '-i',
    'pipe:0',
    '-fps_mode',
    'passthrough',
    '-f',
    'framemd5',
    '-',
  ];
  const { stdout, stderr, code } = await run('ffmpeg', args, flv);
  expect([code, stderr]).toEqual([0, '']);
  const lines = stdout.split('\n').filter((line) => /^\d/.test(line));
  // Its times count from the first packet of any stream, script data among them.
  return lines
    .map((line) => [0, 4, 5].map((column) => line.split(',')[column]!.trim()).join(' '))
    .toSorted((a, b) => a.charCodeAt(0) - b.charCodeAt(0));
};

describe('FLV with script tags between its frames', () => {
  test('decodes in ffmpeg without a warning, into the very same pictures and sound', async () => {
    const [bare, full] = [flvOf(marked, []), flvOf(marked, ['onframecue'])];
    expect(full.toString('latin1').split('onFramecue').length - 1).toBeGreaterThan(20);
    expect(bare.includes('onFramecue')).toBe(false);
    expect(await decodeErrors(full)).toBe('');
    const hashes = await hashesOf(full);
    expect(hashes.length).toBeGreaterThan(framesOf(plain).length);
    expect(hashes).toEqual(await hashesOf(bare));
  });

  test('has the packets for ffprobe that it has without them, and one stream of data more', async () => {
    const probe = async (flv: Uint8Array) => {
      const show = ['-show_entries', 'packet=codec_type,pts,dts,flags,size', '-of', 'csv=p=0'];
      const { stdout } = await run('ffprobe', ['-v', 'warning', ...show, '-f', 'flv', 'pipe:0'], flv);
      return stdout.split('\n');
    };
    const isData = (line: string) => line.startsWith('data,');
    const full = await probe(flvOf(marked, ['onframecue']));
    const tags = marked.flatMap((packet) => (packet.kind === 'avc-frame' ? (packet.stamps ?? []) : []));
    expect(full.filter(isData)).toHaveLength(tags.length);
    expect(full.filter((line) => !isData(line))).toEqual(await probe(flvOf(marked, [])));
  });
});

describe('HLS with event messages and date ranges', () => {
  function hlsOf(carriers: DeliverySettings['carriers']) {
    const clock = new ManualClock(1_700_000_000_000_000);
    const settings = { ...DEFAULT_HLS_SETTINGS, windowSegments: 50 };
    const hls = new HlsOutput({ clock, settings, counters: newCounters(), carriers });
    for (const packet of marked) {
      clock.advanceMs(Math.max(0, packet.dts - clock.monotonicUs() / 1000));
      hls.push(packet);
    }
    hls.end();
    const playlist = hls.playlist()!.toString();
    const names = playlist.match(/(?<=^|")(?:init|seg)-[^"\n]*/gm)!;
    return { playlist, files: names.map((name) => [name, hls.file(name)!.bytes] as const) };
  }

  test('gives another library every access unit, bit for bit, at its time', async () => {
    const { files } = hlsOf(['emsg', 'daterange']);
    const whole = Buffer.concat(files.map(([, bytes]) => bytes));
    expect(whole.toString('latin1').split('emsg').length).toBeGreaterThan(4);
    const source = new BufferSource(new Uint8Array(whole));
    const track = await new Input({ source, formats: ALL_FORMATS }).getPrimaryVideoTrack();
    const read: { readonly pts: number; readonly data: Buffer }[] = [];
    for await (const packet of new EncodedPacketSink(track!).packets()) {
      read.push({ pts: Math.round(packet.timestamp * 1000), data: Buffer.from(packet.data) });
    }
    expect(read).toEqual(
      framesOf(plain).map((frame) => ({ pts: ptsOf(frame), data: Buffer.from(frame.data) })),
    );
  });

  test('plays in ffmpeg without a warning', async () => {
    const { playlist, files } = hlsOf(['emsg', 'daterange']);
    expect(playlist).toContain('#EXT-X-DATERANGE:ID="c1"');
    for (const [name, bytes] of files) await writeFile(join(folder, name), bytes);
    await writeFile(join(folder, 'index.m3u8'), playlist);
    const { stdout, stderr } = await run('ffmpeg', [
      ...['-v', 'warning', '-i', join(folder, 'index.m3u8'), '-map', '0:v', '-fps_mode', 'passthrough'],
      ...['-f', 'framemd5', '-'],
    ]);
    expect(stderr).toBe('');
    expect(stdout.split('\n').filter((line) => /^\d/.test(line))).toHaveLength(framesOf(plain).length);
  });
});
