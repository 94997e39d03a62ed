import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { unixMs } from '../../packet/time.ts';
import { ffmpegPath } from '../../scripts/lib/tools.ts';
import { Inspector } from '../inspect/inspector.ts';
import { openSource, type SourceItem } from '../sources/source.ts';
import { rewriteFile } from './rewrite-file.ts';
import { StampEditor } from './stamp-editor.ts';
import { StripEditor } from './strip-editor.ts';

const run = promisify(execFile);
const LIMIT_MS = 120_000;
let folder: string;
const path = (name: string): string => join(folder, name);
const ffmpeg = (...args: string[]) =>
  run(ffmpegPath(), ['-v', 'error', '-y', ...args], { maxBuffer: 1 << 26 });

/** Name, and how ffmpeg writes it from the master: two videos and a sound. */
const BY_FFMPEG: readonly (readonly [name: string, options: readonly string[]])[] = [
  ['camera.mov', ['-map', '0:0', '-map', '0:2']],
  ['several-videos.mp4', ['-map', '0']],
  ['avc3.mp4', ['-map', '0:0', '-tag:v', 'avc3', '-bsf:v', 'h264_mp4toannexb,dump_extra']],
  ['own-bases.mp4', ['-map', '0:0', '-map', '0:2', '-movflags', 'frag_keyframe+empty_moov']],
  ['no-bases.mp4', ['-map', '0:0', '-map', '0:2', '-movflags', 'frag_keyframe+empty_moov+omit_tfhd_offset']],
  [
    'moof-for-each-track.mp4',
    [
      '-map',
      '0:0',
      '-map',
      '0:2',
      '-movflags',
      'frag_every_frame+empty_moov+default_base_moof+separate_moof',
    ],
  ],
  ['index-first.mp4', ['-map', '0:0', '-map', '0:2', '-movflags', '+faststart']],
  ['one-size.mp4', ['-map', '0:0', '-frames:v', '1']],
];
const BY_BYTES = ['late-start.mp4', 'co64.mov', 'open-mdat.mp4'] as const;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'framecue-mp4-'));
  const inputs = ['testsrc2=size=320x180:rate=25', 'testsrc2=size=160x90:rate=25', 'sine'];
  const x264 = [
    '-pix_fmt',
    'yuv420p',
    '-c:v',
    'libx264',
    '-preset',
    'veryfast',
    '-x264-params',
    'keyint=12:bframes=2',
  ];
  const maps = ['-map', '0:v', '-map', '1:v', '-map', '2:a', '-t', '2'];
  await ffmpeg(
    ...inputs.flatMap((input) => ['-f', 'lavfi', '-i', input]),
    ...maps,
    ...x264,
    '-c:a',
    'aac',
    path('master.mkv'),
  );
  for (const [name, options] of BY_FFMPEG) {
    await ffmpeg('-i', path('master.mkv'), '-c', 'copy', ...options, path(name));
  }
  const late = ['-itsoffset', '0.5', '-i', path('master.mkv'), '-i', path('master.mkv')];
  await ffmpeg(...late, '-map', '0:0', '-map', '1:2', '-c', 'copy', path('late-start.mp4'));
  writeFileSync(path('co64.mov'), withCo64(readFileSync(path('camera.mov'))));
  const first = readFileSync(path('index-first.mp4'));
  first.writeUInt32BE(0, first.indexOf('mdat') - 4);
  writeFileSync(path('open-mdat.mp4'), first);
  for (const tag of ['hvc1', 'hev1']) {
    await ffmpeg(
      '-i',
      path('master.mkv'),
      '-map',
      '0:1',
      '-t',
      '1',
      '-c:v',
      'libx265',
      '-x265-params',
      'log-level=none',
      '-tag:v',
      tag,
      path(`${tag}.mp4`),
    );
  }
  const key = ['-encryption_scheme', 'cenc-aes-ctr', '-encryption_key', '76a6c65c5ea762046bd749a2e632ccbb'];
  const id = ['-encryption_kid', 'a7e61c373e219033c21091fa607bf3b8'];
  await ffmpeg('-i', path('master.mkv'), '-map', '0:0', '-c', 'copy', ...key, ...id, path('encrypted.mp4'));
}, LIMIT_MS);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

const HOLDERS = new Set(['moov', 'trak', 'mdia', 'minf', 'stbl']);

/** With chunk offsets of 64 bits: the index stands behind the media data, so nothing moves. */
function withCo64(boxes: Buffer): Buffer {
  const out: Buffer[] = [];
  for (let at = 0; at < boxes.length; ) {
    const size = boxes.readUInt32BE(at);
    let type = boxes.toString('latin1', at + 4, at + 8);
    let body = boxes.subarray(at + 8, at + size);
    if (HOLDERS.has(type)) body = withCo64(body);
    if (type === 'stco') {
      type = 'co64';
      const offsets = Array.from({ length: body.readUInt32BE(4) }, (_, i) => {
        const wide = Buffer.alloc(8);
        wide.writeUInt32BE(body.readUInt32BE(8 + i * 4), 4);
        return wide;
      });
      body = Buffer.concat([body.subarray(0, 8), ...offsets]);
    }
    const head = Buffer.alloc(8);
    head.writeUInt32BE(8 + body.length);
    head.write(type, 4, 'latin1');
    out.push(head, body);
    at += size;
  }
  return Buffer.concat(out);
}

/** Every stream decoded: what ffmpeg says, and a hash of each picture and piece of sound. */
async function decoded(name: string) {
  const { stdout, stderr } = await run(
    ffmpegPath(),
    ['-v', 'warning', '-i', path(name), '-map', '0', '-f', 'framemd5', '-'],
    { maxBuffer: 1 << 26 },
  );
  return { stderr: stderr.replaceAll(/0x[0-9a-f]+/g, '@'), stdout: stdout.replaceAll(/^#software.*$/gm, '') };
}

async function itemsOf(name: string): Promise<SourceItem[]> {
  const source = await openSource(path(name));
  const items: SourceItem[] = [];
  try {
    for await (const item of source.items()) items.push(item);
  } finally {
    await source.close();
  }
  return items;
}
async function unitsOf(name: string) {
  const items = await itemsOf(name);
  expect(items.filter(({ kind }) => kind === 'problem')).toEqual([]);
  return items.flatMap((item) =>
    item.kind === 'access-unit'
      ? [{ pts: item.pts, dts: item.dts, hex: Buffer.from(item.data).toString('hex') }]
      : [],
  );
}
const stamper = () => new StampEditor({ epoch: 'e1', startAt: unixMs(1_700_000_000_000), everyFrame: true });

describe.each([...BY_FFMPEG.map(([name]) => name), ...BY_BYTES])('%s', (name) => {
  it(
    'is read, stamped and stripped: the same pictures, the same sound, the same bytes',
    async () => {
      const [output, back] = [`out-${name}`, `back-${name}`];
      const frames = name === 'one-size.mp4' ? 1 : 50;
      const units = await unitsOf(name);
      expect(units).toHaveLength(frames);
      const editor = stamper();
      await rewriteFile(path(name), path(output), editor);
      expect(editor.counts).toMatchObject({ frames, messages: frames, passedUntouched: 0 });
      expect(await decoded(output)).toEqual(await decoded(name));
      expect((await unitsOf(output)).map(({ pts, dts }) => [pts, dts])).toEqual(
        units.map(({ pts, dts }) => [pts, dts]),
      );
      await rewriteFile(path(output), path(back), new StripEditor());
      expect(await unitsOf(back)).toEqual(units);
      expect(await decoded(back)).toEqual(await decoded(name));
      // Fragments written by ffmpeg end in an index of byte ranges, which becomes free space.
      const isSame = readFileSync(path(back)).equals(readFileSync(path(name)));
      if (!/bases|moof|one-size/.test(name)) expect(isSame).toBe(true);
    },
    LIMIT_MS,
  );
});

it('an edit list that begins with nothing moves every time', async () => {
  const [late, plain] = [await unitsOf('late-start.mp4'), await unitsOf('camera.mov')];
  expect(late[0]!.pts! - plain[0]!.pts!).toBeCloseTo(500, 0);
});

it('HEVC is read, with its SEI, and not stamped', async () => {
  for (const name of ['hvc1.mp4', 'hev1.mp4']) {
    const inspector = new Inspector('mp4');
    const units = (await itemsOf(name)).flatMap((item) => inspector.add(item) ?? []);
    expect(inspector.summary()).toMatchObject({ codec: 'hevc', frames: 25 });
    expect(units).toHaveLength(25);
    await expect(rewriteFile(path(name), path('never.mp4'), stamper())).rejects.toMatchObject({
      code: 'ERR_SOURCE_CODEC',
    });
  }
});

it('encrypted video is refused by name', async () => {
  const refusal = { code: 'ERR_SOURCE_CODEC', message: expect.stringContaining('encrypted') };
  await expect(itemsOf('encrypted.mp4')).rejects.toMatchObject(refusal);
  await expect(rewriteFile(path('encrypted.mp4'), path('never.mp4'), stamper())).rejects.toMatchObject(
    refusal,
  );
});

it('a download that was cut is read as far as it goes, and not stamped', async () => {
  const cut = (name: string, from: string): void => {
    const bytes = readFileSync(path(from));
    writeFileSync(path(name), bytes.subarray(0, Math.floor(bytes.length * 0.6)));
  };
  cut('cut.mp4', 'index-first.mp4');
  cut('cut-fragments.mp4', 'own-bases.mp4');
  for (const name of ['cut.mp4', 'cut-fragments.mp4']) {
    const items = await itemsOf(name);
    expect(items.filter(({ kind }) => kind === 'access-unit').length).toBeGreaterThan(20);
    expect(items.some(({ kind }) => kind === 'problem')).toBe(true);
    await expect(rewriteFile(path(name), path('never.mp4'), stamper())).rejects.toMatchObject({
      code: 'ERR_MEDIA_CORRUPT',
    });
  }
  cut('cut.mov', 'camera.mov');
  await expect(itemsOf('cut.mov')).rejects.toMatchObject({ code: 'ERR_SOURCE_FORMAT' });
});
