import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { unixMs } from '../../packet/time.ts';
import { ffmpegPath, ffprobePath } from '../../scripts/lib/tools.ts';
import { openSource } from '../sources/source.ts';
import { rewriteFile } from './rewrite-file.ts';
import { StampEditor } from './stamp-editor.ts';
import { StripEditor } from './strip-editor.ts';

const run = promisify(execFile);
const START = unixMs(1_700_000_000_000);
const LIMIT_MS = 120_000;

/** x264 settings that change how access units look. */
const ENCODES: Readonly<Record<string, readonly string[]>> = {
  'B-frames, open GOP': ['-x264-params', 'keyint=12:bframes=3:b-pyramid=normal:open-gop=1'],
  interlaced: ['-flags', '+ildct+ilme', '-x264-params', 'keyint=12:tff=1:bframes=2'],
  'multi-slice, AUD, HRD': [
    '-x264-params',
    'keyint=12:slices=4:aud=1:nal-hrd=cbr:bitrate=800:vbv-maxrate=800:vbv-bufsize=400',
  ],
  'intra refresh, CAVLC': ['-x264-params', 'keyint=12:intra-refresh=1:cabac=0:bframes=0'],
};
/** Name, file ending, and how ffmpeg writes it. */
const CONTAINERS: readonly (readonly [string, string, readonly string[]])[] = [
  ['FLV', 'flv', []],
  ['MP4', 'mp4', []],
  ['MP4 with its index first', 'mp4', ['-movflags', '+faststart']],
  ['fragmented MP4', 'mp4', ['-movflags', 'frag_keyframe+empty_moov+default_base_moof']],
  ['fragments of one picture', 'mp4', ['-movflags', 'frag_every_frame+empty_moov']],
  ['CMAF', 'mp4', ['-movflags', 'cmaf+frag_keyframe']],
  ['MPEG-TS', 'ts', []],
  ['MPEG-TS of constant rate', 'ts', ['-muxrate', '3M']],
  ['a byte stream', 'h264', ['-an']],
];
const EXTRA = ['MP4 with its index first', 'fragments of one picture', 'MPEG-TS of constant rate'];

let folder: string;
const masters = new Map<string, string>();

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'framecue-rewrite-'));
  for (const [i, [name, options]] of Object.entries(ENCODES).entries()) {
    const file = join(folder, `master-${i}.mkv`);
    const source = ['-f', 'lavfi', '-i', 'testsrc2=size=320x180:rate=25', '-f', 'lavfi', '-i', 'sine'];
    const video = ['-t', '3', '-pix_fmt', 'yuv420p', '-c:v', 'libx264', '-preset', 'veryfast', ...options];
    await run(ffmpegPath(), ['-v', 'error', '-y', ...source, ...video, '-c:a', 'aac', file]);
    masters.set(name, file);
  }
}, LIMIT_MS);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What ffmpeg says while it decodes, the hash of every picture, and of every packet of the sound. */
async function decoded(file: string): Promise<{ warnings: string[]; pictures: string[]; sound: string[] }> {
  // One process for both: where small files are read, starting it is most of what it costs.
  const maps = ['-map', '0:v', '-map', '0:a?', '-c:a', 'copy'];
  const args = ['-v', 'warning', '-threads', '1', '-i', file, ...maps, '-f', 'framemd5', '-'];
  const { stdout, stderr } = await run(ffmpegPath(), args, { maxBuffer: 1 << 26 });
  const warnings = stderr
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.replaceAll(/0x[0-9a-f]+/g, '@'));
  // Each stream by itself, with what is said of it: how the two are interleaved is no matter of theirs.
  const of = (stream: number) => {
    const ofIt = new RegExp(`^(?:${stream},|#.* ${stream}[:,] )`);
    return stdout.split('\n').filter((line) => ofIt.test(line));
  };
  return { warnings, pictures: of(0), sound: of(1) };
}

async function packetTimes(file: string): Promise<string> {
  const entries = 'packet=stream_index,pts,dts,flags';
  const { stdout } = await run(ffprobePath(), ['-v', 'error', '-show_entries', entries, '-of', 'csv', file], {
    maxBuffer: 1 << 26,
  });
  // ffprobe orders packets of two streams by where they stand, which stamps move: each stream by itself.
  return stdout
    .split('\n')
    .sort((a, b) => Number(a.split(',')[1]) - Number(b.split(',')[1]))
    .join('\n');
}

async function accessUnits(file: string): Promise<{ pts: number | null; dts: number | null; hex: string }[]> {
  const source = await openSource(file);
  const units: { pts: number | null; dts: number | null; hex: string }[] = [];
  for await (const item of source.items()) {
    expect(item.kind).not.toBe('problem');
    if (item.kind !== 'access-unit') continue;
    units.push({ pts: item.pts, dts: item.dts, hex: Buffer.from(item.data).toString('hex') });
  }
  await source.close();
  return units;
}

const stamper = () => new StampEditor({ epoch: 'e1', startAt: START, everyFrame: true });

describe.each([...Object.keys(ENCODES)])('%s', (encode) => {
  // Each way to write a container once, the usual ones for every encode.
  const isFirst = encode === Object.keys(ENCODES)[0];
  it.each(CONTAINERS.filter(([name]) => isFirst || !EXTRA.includes(name)))(
    'in %s: stamped pictures are the same pictures, and strip gives the input back',
    async (_name, ending, options) => {
      const input = join(folder, `in.${ending}`);
      const output = join(folder, `out.${ending}`);
      const back = join(folder, `back.${ending}`);
      await run(ffmpegPath(), [
        '-v',
        'error',
        '-y',
        '-i',
        masters.get(encode)!,
        '-c',
        'copy',
        ...options,
        input,
      ]);

      const editor = stamper();
      const report = await rewriteFile(input, output, editor);
      expect(report.problem).toBeNull();
      expect(editor.counts).toMatchObject({ frames: 75, messages: 75, passedUntouched: 0, removedBefore: 0 });

      const [before, after] = [await decoded(input), await decoded(output)];
      expect(after).toEqual(before);
      expect(before.pictures.filter((line) => /^\d/.test(line)).length).toBeGreaterThanOrEqual(73);
      if (ending !== 'h264')
        expect(before.sound.filter((line) => /^\d/.test(line)).length).toBeGreaterThan(100);
      expect(await packetTimes(output)).toBe(await packetTimes(input));

      const strip = new StripEditor();
      await rewriteFile(output, back, strip);
      expect(strip.counts.messages).toBe(75);
      if (ending === 'flv' || ending === 'h264') {
        expect(Buffer.compare(readFileSync(back), readFileSync(input))).toBe(0);
      }
      expect(await accessUnits(back)).toEqual(await accessUnits(input));
    },
    LIMIT_MS,
  );
});

describe('a file that is not as it should be', () => {
  const flv = async (): Promise<string> => {
    const file = join(folder, 'whole.flv');
    await run(ffmpegPath(), ['-v', 'error', '-y', '-i', masters.get('interlaced')!, '-c', 'copy', file]);
    return file;
  };

  it('passes byte for byte where it is cut, and what comes before is stamped', async () => {
    const bytes = readFileSync(await flv());
    const [input, output, back] = ['cut.flv', 'cut-out.flv', 'cut-back.flv'].map((name) =>
      join(folder, name),
    );
    writeFileSync(input!, bytes.subarray(0, bytes.length - 1000));
    const report = await rewriteFile(input!, output!, stamper());
    expect(report.problem).toMatch(/is cut/);
    await rewriteFile(output!, back!, new StripEditor());
    expect(readFileSync(back!).equals(readFileSync(input!))).toBe(true);
  });

  it('keeps unknown tags and wrong PreviousTagSizes as they are', async () => {
    const bytes = readFileSync(await flv());
    const unknown = Buffer.from('0f000003000000000000000abbccdd', 'hex').subarray(0, 14);
    const size = Buffer.from([0, 0, 0, 99]);
    const input = join(folder, 'odd.flv');
    writeFileSync(input, Buffer.concat([bytes.subarray(0, 13), unknown, size, bytes.subarray(13)]));
    const [output, back] = ['odd-out.flv', 'odd-back.flv'].map((name) => join(folder, name));
    const report = await rewriteFile(input, output!, stamper());
    expect(report.problem).toBeNull();
    expect(readFileSync(output!).subarray(13, 31).equals(readFileSync(input).subarray(13, 31))).toBe(true);
    await rewriteFile(output!, back!, new StripEditor());
    expect(readFileSync(back!).equals(readFileSync(input))).toBe(true);
  });

  it('is refused where input and output are one, and leaves nothing behind', async () => {
    const input = await flv();
    const before = readFileSync(input);
    await expect(rewriteFile(input, input, stamper())).rejects.toMatchObject({ code: 'ERR_SETTING' });
    expect(readFileSync(input).equals(before)).toBe(true);
    const text = join(folder, 'text.flv');
    writeFileSync(text, 'no video');
    const output = join(folder, 'never.flv');
    await expect(rewriteFile(text, output, stamper())).rejects.toMatchObject({ code: 'ERR_SOURCE_FORMAT' });
    expect(() => readFileSync(output)).toThrow(/ENOENT/);
  });

  it('gives the same bytes each time, and stamps of before are replaced', async () => {
    const input = await flv();
    const [first, second, third] = ['1.flv', '2.flv', '3.flv'].map((name) => join(folder, name));
    await rewriteFile(input, first!, stamper());
    await rewriteFile(input, second!, stamper());
    expect(readFileSync(first!).equals(readFileSync(second!))).toBe(true);
    const again = stamper();
    await rewriteFile(first!, third!, again);
    expect(again.counts.removedBefore).toBe(75);
    expect(readFileSync(third!).equals(readFileSync(first!))).toBe(true);
  });
});
