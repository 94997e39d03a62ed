import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { unixMs } from '../../packet/time.ts';
import { ffmpegPath } from '../../scripts/lib/tools.ts';
import { Inspector } from '../inspect/inspector.ts';
import { type AccessUnitItem, openSource, type SourceItem, type SourceOptions } from '../sources/source.ts';
import { rewriteFile } from './rewrite-file.ts';
import { StampEditor } from './stamp-editor.ts';
import { StripEditor } from './strip-editor.ts';

const run = promisify(execFile);
const LIMIT_MS = 120_000;
let folder: string;
const path = (name: string): string => join(folder, name);
const ffmpeg = (...args: string[]) =>
  run(ffmpegPath(), ['-v', 'error', '-y', ...args], { maxBuffer: 1 << 26 });

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'framecue-ts-'));
  const picture = (size: string) => ['-f', 'lavfi', '-i', `testsrc2=size=${size}:rate=25`];
  const x264 = [
    '-pix_fmt',
    'yuv420p',
    '-c:v',
    'libx264',
    '-preset',
    'veryfast',
    '-x264-params',
    'keyint=25:bframes=2',
  ];
  const inputs = [...picture('320x180'), ...picture('160x90'), '-f', 'lavfi', '-i', 'sine'];
  const maps = ['-map', '0:v', '-map', '1:v', '-map', '2:a', '-t', '3'];
  await ffmpeg(...inputs, ...maps, ...x264, '-c:a', 'aac', path('master.mkv'));
  const copy = (name: string, ...options: string[]) =>
    ffmpeg('-i', path('master.mkv'), ...options, path(name));
  await copy('a.ts', '-map', '0:0', '-map', '0:2', '-c', 'copy');
  await copy(
    'moved.ts',
    '-map',
    '0:0',
    '-map',
    '0:2',
    '-c',
    'copy',
    '-mpegts_start_pid',
    '700',
    '-mpegts_pmt_start_pid',
    '5000',
    '-mpegts_flags',
    'initial_discontinuity',
  );
  await copy('wrap.ts', '-map', '0:0', '-c', 'copy', '-output_ts_offset', '95441');
  await copy(
    'm2ts.m2ts',
    '-map',
    '0:0',
    '-map',
    '0:2',
    '-c',
    'copy',
    '-f',
    'mpegts',
    '-mpegts_m2ts_mode',
    '1',
  );
  const two = ['-program', 'program_num=7:st=0', '-program', 'program_num=9:st=1'];
  await copy('two.ts', '-map', '0:0', '-map', '0:1', '-c', 'copy', ...two);
  await copy('other.ts', '-map', '0:0', '-map', '0:1', '-c:v:0', 'mpeg2video', '-c:v:1', 'copy', ...two);
  const plain = readFileSync(path('a.ts'));
  const packets = Array.from({ length: plain.length / 188 }, (_, i) =>
    plain.subarray(i * 188, i * 188 + 188),
  );
  // Error correction that can be told apart, packet by packet.
  writeFileSync(
    path('fec.ts'),
    Buffer.concat(packets.flatMap((packet, i) => [packet, Buffer.alloc(16, i & 0x3f)])),
  );
  writeFileSync(path('spliced.ts'), Buffer.concat([plain, readFileSync(path('moved.ts'))]));
  await writePesWays(packets);
}, LIMIT_MS);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The same pictures, in PES packets that are cut anywhere, and with three pictures in each. */
async function writePesWays(packets: readonly Buffer[]): Promise<void> {
  const units = unitsOf(await itemsOf('a.ts'));
  const pidOf = (packet: Buffer): number => packet.readUInt16BE(1) & 0x1fff;
  const pat = packets.find((packet) => pidOf(packet) === 0)!;
  const pmt = packets.find((packet) => pidOf(packet) === 4096)!;
  const stream = Buffer.concat(units.map(({ data }) => data));
  let at = 0;
  const starts = units.map(({ data, dts, pts }) => {
    at += data.length;
    return { at: at - data.length, dts: dts!, pts: pts! };
  });
  const write = (name: string, cuts: readonly number[], sizeSaid: boolean): void => {
    let counter = 0;
    const out = [pat, pmt];
    for (const [i, from] of cuts.entries()) {
      const to = cuts[i + 1] ?? stream.length;
      const first = starts.find((start) => start.at >= from && start.at < to);
      const pes = pesOf(stream.subarray(from, to), first ?? null, sizeSaid);
      for (let sent = 0; sent < pes.length; ) {
        const part = pes.subarray(sent, sent + 184);
        const field = 184 - part.length;
        const stuffing = Buffer.alloc(field, 0xff);
        if (field > 0) stuffing[0] = field - 1;
        if (field > 1) stuffing[1] = 0;
        const head = Buffer.from([
          0x47,
          sent === 0 ? 0x41 : 1,
          0,
          (field > 0 ? 0x30 : 0x10) | (counter++ & 15),
        ]);
        out.push(head, stuffing, part);
        sent += part.length;
      }
    }
    writeFileSync(path(name), Buffer.concat(out));
  };
  const every = (step: number) => Array.from({ length: Math.ceil(stream.length / step) }, (_, i) => i * step);
  write('anywhere.ts', every(1500), true);
  write('small.ts', every(301), false);
  write(
    'three.ts',
    starts.filter((_, i) => i % 3 === 0).map((start) => start.at),
    false,
  );
}

function pesOf(payload: Buffer, time: { dts: number; pts: number } | null, sizeSaid: boolean): Buffer {
  const stamp = (prefix: number, ms: number): number[] => {
    const ticks = BigInt(Math.round(ms * 90));
    const part = (shift: bigint, bits: bigint) => Number((ticks >> shift) & ((1n << bits) - 1n));
    return [
      (prefix << 4) | (part(30n, 3n) << 1) | 1,
      part(22n, 8n),
      (part(15n, 7n) << 1) | 1,
      part(7n, 8n),
      (part(0n, 7n) << 1) | 1,
    ];
  };
  const times = time === null ? [] : [...stamp(3, time.pts), ...stamp(1, time.dts)];
  const size = sizeSaid ? 3 + times.length + payload.length : 0;
  const head = [0, 0, 1, 0xe0, size >> 8, size & 255, 0x80, time === null ? 0 : 0xc0, times.length, ...times];
  return Buffer.concat([Buffer.from(head), payload]);
}

async function itemsOf(name: string, options: SourceOptions = {}): Promise<SourceItem[]> {
  const source = await openSource(path(name), options);
  const items: SourceItem[] = [];
  try {
    for await (const item of source.items()) items.push(item);
  } finally {
    await source.close();
  }
  return items;
}
const unitsOf = (items: readonly SourceItem[]): AccessUnitItem[] =>
  items.filter((item): item is AccessUnitItem => item.kind === 'access-unit');
const problemsOf = (items: readonly SourceItem[]) =>
  items.flatMap((item) => (item.kind === 'problem' ? [item.code] : []));
const hexes = (units: readonly AccessUnitItem[]): string[] =>
  units.map(({ data }) => Buffer.from(data).toString('hex'));
const sizeOf = (units: readonly AccessUnitItem[]) => units.length;

async function pictures(name: string, map = '0:v:0'): Promise<string> {
  const { stdout, stderr } = await ffmpeg('-i', path(name), '-map', map, '-f', 'framemd5', '-');
  expect(stderr).toBe('');
  return stdout
    .split('\n')
    .filter((line) => /^\d/.test(line))
    .map((line) => line.split(',').at(-1)!.trim())
    .join('\n');
}

const stamper = () => new StampEditor({ epoch: 'e1', startAt: unixMs(1_700_000_000_000), everyFrame: true });

describe.each([
  ['M2TS', 'm2ts.m2ts', 192],
  ['with error correction', 'fec.ts', 204],
  ['PES packets cut anywhere', 'anywhere.ts', 188],
  ['PES packets cut small, sizes left open', 'small.ts', 188],
  ['three pictures in each PES packet', 'three.ts', 188],
  ['time stamps that pass zero', 'wrap.ts', 188],
] as const)('%s', (_what, name, stride) => {
  it('reads the same pictures at the same times', async () => {
    const [plain, items] = [unitsOf(await itemsOf('a.ts')), await itemsOf(name)];
    const units = unitsOf(items);
    expect(hexes(units)).toEqual(hexes(plain));
    const shift = units[0]!.dts! - plain[0]!.dts!;
    for (const [i, unit] of units.entries()) {
      expect(Math.abs(unit.dts! - plain[i]!.dts! - shift), `${i}`).toBeLessThan(0.5);
      expect(unit.isKeyframe).toBe(plain[i]!.isKeyframe);
    }
    expect(new Set(problemsOf(items))).toEqual(new Set());
  });

  it(
    'is stamped and stripped, with what stands around its packets',
    async () => {
      const [output, back] = [path(`out-${name}`), path(`back-${name}`)];
      const editor = stamper();
      const report = await rewriteFile(path(name), output, editor);
      expect(report.problem).toBeNull();
      expect(editor.counts).toMatchObject({ frames: 75, messages: 75, passedUntouched: 0 });
      const bytes = readFileSync(output);
      expect(bytes.length % stride).toBe(0);
      expect(await pictures(`out-${name}`)).toBe(await pictures(name));
      const items = await itemsOf(`out-${name}`);
      expect(problemsOf(items)).toEqual([]);
      expect(sizeOf(unitsOf(items))).toBe(75);
      const strip = new StripEditor();
      await rewriteFile(output, back, strip);
      expect(strip.counts.messages).toBe(75);
      const again = await itemsOf(`back-${name}`);
      expect(hexes(unitsOf(again))).toEqual(hexes(unitsOf(await itemsOf(name))));
      expect(unitsOf(again).map(({ dts, pts }) => [dts, pts])).toEqual(
        unitsOf(await itemsOf(name)).map(({ dts, pts }) => [dts, pts]),
      );
    },
    LIMIT_MS,
  );
});

it('keeps the bytes around packets that stay, and gives new ones those of the packet before', async () => {
  for (const [name, stride, at, length] of [
    ['m2ts.m2ts', 192, 0, 4],
    ['fec.ts', 204, 188, 16],
  ] as const) {
    const around = (file: string): string[] => {
      const bytes = readFileSync(path(file));
      return Array.from({ length: bytes.length / stride }, (_, i) =>
        bytes.subarray(i * stride + at, i * stride + at + length).toString('hex'),
      );
    };
    await rewriteFile(path(name), path('around.ts'), stamper());
    const withoutRepeats = (list: readonly string[]) => list.filter((text, i) => text !== list[i - 1]);
    expect(withoutRepeats(around('around.ts'))).toEqual(withoutRepeats(around(name)));
  }
});

describe('several programs', () => {
  it('the first one with H.264, or the one asked for', async () => {
    const sizeIn = async (name: string, options: SourceOptions = {}) => {
      const inspector = new Inspector('mpegts');
      for (const item of await itemsOf(name, options)) inspector.add(item);
      return [inspector.summary().width, inspector.summary().frames];
    };
    expect(await sizeIn('two.ts')).toEqual([320, 75]);
    expect(await sizeIn('two.ts', { program: 9 })).toEqual([160, 75]);
    expect(await sizeIn('other.ts')).toEqual([160, 75]);
    await expect(itemsOf('two.ts', { program: 8 })).rejects.toThrow(/Program 8 .*the programs are 7, 9/);
    await expect(itemsOf('other.ts', { program: 7 })).rejects.toThrow(/MPEG-2 video/);
  });

  it('stamps that one, and leaves the other as it is', async () => {
    const editor = stamper();
    await rewriteFile(path('two.ts'), path('two-out.ts'), editor, { program: 9 });
    expect(editor.counts.messages).toBe(75);
    const bytes = async (name: string, program: number) => hexes(unitsOf(await itemsOf(name, { program })));
    expect(await bytes('two-out.ts', 7)).toEqual(await bytes('two.ts', 7));
    expect(await bytes('two-out.ts', 9)).not.toEqual(await bytes('two.ts', 9));
    await expect(
      rewriteFile(path('two.ts'), path('never.ts'), stamper(), { program: 8 }),
    ).rejects.toMatchObject({ code: 'ERR_SOURCE_CODEC' });
  });
});

it('follows the video to other PIDs, over a signalled discontinuity', async () => {
  const items = await itemsOf('spliced.ts');
  const units = unitsOf(items);
  expect(units).toHaveLength(150);
  expect(problemsOf(items)).toEqual([]);
  expect(units.filter(({ startsTimeline }) => startsTimeline).map(({ index }) => index)).toEqual([75]);
  const inspector = new Inspector('mpegts');
  for (const item of items) inspector.add(item);
  expect(inspector.summary().findings.filter(({ code }) => code.startsWith('DTS'))).toEqual([]);
  const editor = stamper();
  await rewriteFile(path('spliced.ts'), path('spliced-out.ts'), editor);
  expect(editor.counts).toMatchObject({ frames: 150, messages: 150 });
  await rewriteFile(path('spliced-out.ts'), path('spliced-back.ts'), new StripEditor());
  expect(hexes(unitsOf(await itemsOf('spliced-back.ts')))).toEqual(hexes(units));
});

it('joins in the middle of a picture without a word', async () => {
  const bytes = readFileSync(path('anywhere.ts'));
  writeFileSync(path('joined.ts'), Buffer.concat([bytes.subarray(0, 376), bytes.subarray(188 * 40)]));
  const items = await itemsOf('joined.ts');
  expect(problemsOf(items)).toEqual([]);
  expect(unitsOf(items).length).toBeGreaterThan(60);
});
