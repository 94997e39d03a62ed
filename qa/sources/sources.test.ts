import { execFile } from 'node:child_process';
import { createReadStream, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FramecueError } from '../../packet/errors.ts';
import { ffmpegPath, ffprobePath } from '../../scripts/lib/tools.ts';
import { type AccessUnitItem, openSource, type SourceItem, type SourceOptions } from './source.ts';

const run = promisify(execFile);
const LIMIT_MS = 120_000;
let folder: string;
let server: Server;
let base: string;
const path = (name: string): string => join(folder, name);

const FILES: readonly (readonly [string, readonly string[]])[] = [
  ['a.flv', []],
  ['a.mp4', []],
  ['first.mp4', ['-movflags', '+faststart']],
  ['frag.mp4', ['-movflags', 'frag_keyframe+empty_moov']],
  ['a.ts', []],
  ['a.h264', ['-an']],
  ['ts/index.m3u8', ['-hls_time', '1', '-hls_list_size', '0']],
  ['cmaf/index.m3u8', ['-hls_time', '1', '-hls_list_size', '0', '-hls_segment_type', 'fmp4']],
];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'framecue-sources-'));
  for (const name of ['ts', 'cmaf', 'aes']) mkdirSync(path(name));
  const inputs = ['-f', 'lavfi', '-i', 'testsrc2=size=320x180:rate=25', '-f', 'lavfi', '-i', 'sine'];
  const video = ['-t', '3', '-pix_fmt', 'yuv420p', '-c:v', 'libx264', '-x264-params', 'keyint=25:bframes=2'];
  await run(ffmpegPath(), ['-v', 'error', '-y', ...inputs, ...video, '-c:a', 'aac', path('master.mkv')]);
  for (const [name, options] of FILES) {
    await run(ffmpegPath(), [
      '-v',
      'error',
      '-y',
      '-i',
      path('master.mkv'),
      '-c',
      'copy',
      ...options,
      path(name),
    ]);
  }
  writeFileSync(
    path('cmaf/master.m3u8'),
    '#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nlow.m3u8\n#EXT-X-STREAM-INF:BANDWIDTH=500000,RESOLUTION=320x180\nindex.m3u8\n',
  );
  writeFileSync(path('aes/key.bin'), Buffer.from('000102030405060708090a0b0c0d0e0f', 'hex'));
  writeFileSync(path('aes/info'), `key.bin\n${path('aes/key.bin')}\n`);
  const aes = ['-hls_time', '1', '-hls_list_size', '0', '-hls_key_info_file', path('aes/info')];
  await run(ffmpegPath(), [
    '-v',
    'error',
    '-y',
    '-i',
    path('master.mkv'),
    '-c',
    'copy',
    ...aes,
    path('aes/index.m3u8'),
  ]);
  server = createServer((request, response) => {
    if (request.url === '/silent.flv') {
      response.write(readFileSync(path('a.flv')).subarray(0, 20_000));
      return;
    }
    createReadStream(path(request.url!.slice(1)))
      .on('error', () => response.writeHead(404).end())
      .pipe(response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}, LIMIT_MS);

afterAll(() => {
  server.closeAllConnections();
  server.close();
  rmSync(folder, { recursive: true, force: true });
});

async function listOf<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}

async function itemsOf(address: string, options: SourceOptions = {}): Promise<SourceItem[]> {
  const source = await openSource(address, options);
  try {
    return await listOf(source.items());
  } finally {
    await source.close();
  }
}

const isUnit = (item: SourceItem): item is AccessUnitItem => item.kind === 'access-unit';
const problemsOf = (items: readonly SourceItem[]): string[] =>
  items.flatMap((item) => (item.kind === 'problem' ? [item.code] : []));

interface Packet {
  readonly pts_time?: string;
  readonly dts_time?: string;
  readonly size: string;
  readonly flags: string;
}

async function packetsOf(file: string): Promise<Packet[]> {
  const entries = 'packet=pts_time,dts_time,size,flags';
  const args = [
    '-v',
    'error',
    '-allowed_extensions',
    'ALL',
    '-select_streams',
    'v',
    '-show_entries',
    entries,
  ];
  const isPlaylist = file.endsWith('.m3u8');
  const shown = isPlaylist ? args : args.filter((arg) => arg !== '-allowed_extensions' && arg !== 'ALL');
  const { stdout } = await run(ffprobePath(), [...shown, '-of', 'json', file], { maxBuffer: 1 << 26 });
  return (JSON.parse(stdout) as { packets: Packet[] }).packets;
}

const ADDRESSES = [...FILES.map(([name]) => name), 'cmaf/master.m3u8', 'aes/index.m3u8'];

describe('access units are those that ffprobe sees', () => {
  it.each(ADDRESSES)('%s', async (name) => {
    const items = await itemsOf(path(name));
    expect(problemsOf(items)).toEqual([]);
    expect(items.some(({ kind }) => kind === 'config')).toBe(true);
    const packets = await packetsOf(path(name.replace('master', 'index')));
    const units = items.filter(isUnit);
    expect(units.map(({ index }) => index)).toEqual(packets.map((_, i) => i));
    for (const [i, unit] of units.entries()) {
      const { pts_time: pts, dts_time: dts, size, flags } = packets[i]!;
      expect(unit.data.length).toBe(Number(size));
      expect(unit.isKeyframe).toBe(flags.startsWith('K'));
      if (unit.pts === null || unit.dts === null) continue;
      expect(Math.abs(unit.pts - Number(pts) * 1000)).toBeLessThan(0.51);
      expect(Math.abs(unit.dts - Number(dts) * 1000)).toBeLessThan(0.51);
    }
  });

  it.each(['a.flv', 'first.mp4', 'a.ts', 'ts/index.m3u8', 'cmaf/master.m3u8', 'aes/index.m3u8'])(
    '%s over HTTP as from the file',
    async (name) => {
      const bytes = async (address: string) =>
        (await itemsOf(address)).filter(isUnit).map(({ data }) => data);
      expect(await bytes(`${base}/${name}`)).toEqual(await bytes(path(name)));
    },
  );

  it('mediabunny reads the same bytes at the same times from MP4 and MPEG-TS', async () => {
    const { ALL_FORMATS, BufferSource, EncodedPacketSink, Input } = await import('mediabunny');
    for (const name of ['a.mp4', 'frag.mp4', 'a.ts']) {
      const input = new Input({ formats: ALL_FORMATS, source: new BufferSource(readFileSync(path(name))) });
      const track = await input.getPrimaryVideoTrack();
      const packets = await listOf(new EncodedPacketSink(track!).packets());
      const units = (await itemsOf(path(name))).filter(isUnit);
      expect(units.length).toBe(packets.length);
      for (const [i, unit] of units.entries()) {
        expect(Buffer.compare(unit.data, packets[i]!.data), `${name} ${i}`).toBe(0);
        expect(Math.abs(unit.pts! - packets[i]!.timestamp * 1000), `${name} ${i}`).toBeLessThan(0.1);
      }
    }
  });
});

describe('what is wrong is said, and reading goes on', () => {
  const flv = (): Buffer => readFileSync(path('a.flv'));
  const read = (bytes: Uint8Array, name = 'bad'): Promise<SourceItem[]> => {
    writeFileSync(path(name), bytes);
    return itemsOf(path(name));
  };

  it('a cut FLV file', async () => {
    const items = await read(flv().subarray(0, 30_000));
    expect(problemsOf(items)).toEqual(['SOURCE_TRUNCATED']);
    expect(items.filter(isUnit).length).toBeGreaterThan(3);
  });

  it('lost framing: the next tag that fits goes on', async () => {
    const bytes = flv();
    const all = (await itemsOf(path('a.flv'))).filter(isUnit);
    const at = all[30]!.offset!;
    bytes.fill(0xff, at, at + 20);
    const items = await read(bytes);
    expect(problemsOf(items)).toEqual(['FLV_TAG_SIZE']);
    expect(items.filter(isUnit).length).toBe(all.length - 1);
  });

  it('a wrong PreviousTagSize loses nothing', async () => {
    const bytes = flv();
    const all = (await itemsOf(path('a.flv'))).filter(isUnit);
    const at = all[10]!.offset! + 11 + bytes.readUIntBE(all[10]!.offset! + 1, 3);
    bytes.writeUInt32BE(7, at);
    const items = await read(bytes);
    const problem = items.find(({ kind }) => kind === 'problem');
    expect(problem).toMatchObject({ code: 'FLV_PREVIOUS_TAG_SIZE', offset: at, clause: 'FLV E.3' });
    expect(items.filter(isUnit).length).toBe(all.length);
  });

  it('lost and damaged transport packets', async () => {
    const bytes = readFileSync(path('a.ts'));
    const cut = Buffer.concat([bytes.subarray(0, 188 * 40), bytes.subarray(188 * 41 + 5)]);
    expect(problemsOf(await read(cut))).toEqual(expect.arrayContaining(['TS_SYNC_LOST']));
  });

  it('samples beyond the end of an MP4 file', async () => {
    const bytes = readFileSync(path('first.mp4'));
    const codes = problemsOf(await read(bytes.subarray(0, bytes.length - 5000)));
    expect(codes).toEqual(['MP4_SAMPLE_BEYOND', 'SOURCE_TRUNCATED']);
  });

  it('a segment that is not there', async () => {
    rmSync(path('gone'), { recursive: true, force: true });
    mkdirSync(path('gone'));
    writeFileSync(path('gone/index.m3u8'), readFileSync(path('ts/index.m3u8')));
    writeFileSync(path('gone/index1.ts'), readFileSync(path('ts/index1.ts')));
    const items = await itemsOf(path('gone/index.m3u8'));
    expect(problemsOf(items)).toEqual(['HLS_SEGMENT_LOST', 'HLS_SEGMENT_LOST']);
    expect(items.filter(isUnit).length).toBeGreaterThan(0);
  });
});

describe('what cannot be read is refused with a code', () => {
  it('by its content, not its name', async () => {
    writeFileSync(path('text.flv'), 'hello');
    writeFileSync(path('empty.flv'), '');
    writeFileSync(path('empty.m3u8'), '#EXTM3U\n#EXT-X-VERSION:7\n');
    for (const name of ['text.flv', 'empty.flv', 'empty.m3u8']) {
      await expect(openSource(path(name))).rejects.toMatchObject({ code: 'ERR_SOURCE_FORMAT' });
    }
    for (const address of [path('nothing'), folder, `${base}/nothing`, 'ftp://x/y', 'http://127.0.0.1:1/']) {
      await expect(openSource(address)).rejects.toMatchObject({ code: 'ERR_SOURCE_OPEN' });
    }
  });

  it('a silent network, by the timeout; and a signal ends the reading', async () => {
    await expect(itemsOf(`${base}/silent.flv`, { timeoutMs: 200 })).rejects.toMatchObject({
      code: 'ERR_TIMEOUT',
    });
    const stop = new AbortController();
    const source = await openSource(`${base}/silent.flv`, { signal: stop.signal });
    const reading = listOf(source.items());
    stop.abort(new Error('enough'));
    await expect(reading).rejects.toThrow('enough');
    await source.close();
  });
});

describe('damage', () => {
  it.each(['a.flv', 'first.mp4', 'a.mp4', 'frag.mp4', 'a.ts', 'a.h264'])(
    'anywhere in %s ends in items or a coded error, never in anything else',
    async (name) => {
      const whole = readFileSync(path(name));
      // A small generator of its own, so that every run damages the same bytes.
      let seed = 7;
      const random = (below: number): number => {
        seed = (Math.imul(seed, 1_103_515_245) + 12_345) & 0x7fff_ffff;
        return Math.floor((seed / 0x7fff_ffff) * below);
      };
      for (let round = 0; round < 25; round++) {
        const bytes = Buffer.from(whole);
        for (let i = 0; i <= random(6); i++) {
          // Half of it among the first bytes, and in MP4 in its index: there is the structure.
          const index = Math.max(0, bytes.indexOf('moov'));
          bytes[random(2) === 0 ? random(bytes.length) : index + random(3000)] = random(256);
        }
        writeFileSync(path('damaged'), random(4) === 0 ? bytes.subarray(0, random(bytes.length)) : bytes);
        const error = await itemsOf(path('damaged'), { audio: true, metadata: true }).then(
          () => null,
          (reason: unknown) => reason,
        );
        if (error !== null) expect(error).toBeInstanceOf(FramecueError);
      }
    },
  );
});

describe('limits', () => {
  it('end a source after so many access units, or so much time', async () => {
    expect((await itemsOf(path('a.flv'), { maxFrames: 7 })).filter(isUnit)).toHaveLength(7);
    expect((await itemsOf(path('a.ts'), { maxSeconds: 1 })).filter(isUnit)).toHaveLength(25);
  });
});
