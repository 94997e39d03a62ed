import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { accessUnitsOf, compare } from '../testing/compare.ts';
import {
  type Codec,
  decodeSei,
  hasSliceHeader,
  isSei,
  NalType,
  nalUnitsOfAnnexB,
  nalUnitsOfAvcc,
  parseSeiNal,
  writeAvcc,
  writeSeiNal,
} from './index.ts';

const run = promisify(execFile);
const hex = (data: Uint8Array): string => Buffer.from(data).toString('hex');
const FIXTURES = join(import.meta.dirname, '../testing/fixtures');

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'h264-sei-parser-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

interface Recipe {
  readonly name: string;
  readonly params: string;
  readonly size?: string;
  readonly pix?: string;
  readonly extra?: readonly string[];
}

async function encode(recipe: Recipe, codec: Codec): Promise<string> {
  const { name, params, size = '128x96', pix = 'yuv420p', extra = [] } = recipe;
  const file = join(folder, `${name.replaceAll(/\W+/g, '-')}.${codec}`);
  const lib = codec === 'h264' ? 'x264' : 'x265';
  const source = `testsrc2=size=${size}:rate=25`;
  const args = ['-v', 'error', '-f', 'lavfi', '-i', source, '-frames:v', '16', '-pix_fmt', pix];
  args.push(...extra, '-c:v', `lib${lib}`, `-${lib}-params`, params, '-f', codec, '-y', file);
  await run('ffmpeg', args, { timeout: 60_000 });
  return file;
}

const HRD = 'vbv-maxrate=400:vbv-bufsize=400:bitrate=400';
const X264: readonly Recipe[] = [
  { name: 'defaults', params: 'keyint=8' },
  { name: 'constrained baseline', params: 'keyint=8', extra: ['-profile:v', 'baseline'] },
  { name: 'CAVLC', params: 'cabac=0:bframes=3' },
  { name: 'no B-frames: POC type 2', params: 'bframes=0' },
  { name: 'MBAFF, top field first', params: 'tff=1:keyint=8', extra: ['-flags', '+ildct+ilme'] },
  { name: 'MBAFF, bottom field first', params: 'bff=1' },
  { name: 'fake interlaced', params: 'fake-interlaced=1:keyint=8' },
  { name: 'four slices', params: 'slices=4:bframes=2' },
  { name: 'sliced threads', params: 'sliced-threads=1:threads=2' },
  { name: 'slices by size, AUD', params: 'slice-max-size=150:aud=1' },
  { name: 'HRD, CBR with filler', params: `nal-hrd=cbr:filler=1:pic-struct=1:${HRD}` },
  { name: 'HRD, VBR, interlaced', params: `nal-hrd=vbr:tff=1:keyint=6:${HRD}` },
  { name: 'picture timing alone', params: 'pic-struct=1:aud=1' },
  {
    name: 'open GOP, B-pyramid',
    params: 'open-gop=1:b-pyramid=normal:bframes=5:keyint=7:min-keyint=7:b-adapt=0',
  },
  { name: 'intra refresh', params: 'intra-refresh=1:keyint=8' },
  {
    name: 'variable frame rate, full range',
    params:
      'force-cfr=0:fullrange=on:colorprim=bt709:transfer=bt709:colormatrix=bt709:videoformat=pal:overscan=crop:chromaloc=2',
  },
  { name: 'odd cropping and aspect ratio', params: 'sar=7/5', size: '130x50' },
  { name: '4:2:2 10 bit', params: 'keyint=8', pix: 'yuv422p10le', size: '102x50' },
  { name: '4:4:4', params: 'cqm=jvt', pix: 'yuv444p', size: '101x51' },
  { name: 'monochrome', params: 'keyint=8', pix: 'gray' },
  { name: 'intra profile', params: 'keyint=1:avcintra-class=0', pix: 'yuv420p10le' },
  { name: 'frame packing and stitched sets', params: 'frame-packing=3:stitchable=1:weightp=2:ref=4' },
];

describe('x264', () => {
  it.each(X264)('$name: agrees with ffmpeg, field by field', async (recipe) => {
    const file = await encode(recipe, 'h264');
    const units = await compare(file, 'h264');
    expect(units).toHaveLength(16);
    expect(units[0]).toMatchObject({ isKeyframe: true, picture: 'frame' });

    // The same as AVCC.
    const stream = await readFile(file);
    const nals = [...nalUnitsOfAnnexB(stream)].map((n) => stream.subarray(n.start, n.end));
    const avcc = writeAvcc(nals, 4);
    expect([...nalUnitsOfAvcc(avcc, 4)].map((n) => hex(avcc.subarray(n.start, n.end)))).toEqual(
      nals.map(hex),
    );
  });

  it('captions: what was put in as T.35 comes out of the decoder and the encoder again', async () => {
    const stream = await readFile(
      await encode({ name: 'for captions', params: 'bframes=0:keyint=8' }, 'h264'),
    );
    const captions = Uint8Array.from(Buffer.from('b50031474139340341fffc9420ff', 'hex'));
    const sei = writeSeiNal([{ payloadType: 4, payload: captions }]);
    const out: Uint8Array[] = [];
    for (const { nalUnits } of accessUnitsOf(stream, 'h264').units) {
      const at = nalUnits.findIndex(({ type }) => hasSliceHeader(type));
      const nals = nalUnits.map(({ bytes }) => bytes);
      out.push(...nals.slice(0, at), sei, ...nals.slice(at));
    }
    const captioned = join(folder, 'captioned.h264');
    const again = join(folder, 'captioned-again.h264');
    await writeFile(captioned, Buffer.concat(out.flatMap((nal) => [Buffer.from([0, 0, 0, 1]), nal])));
    await compare(captioned, 'h264');
    await run('ffmpeg', [
      '-v',
      'error',
      '-i',
      captioned,
      '-c:v',
      'libx264',
      '-a53cc',
      '1',
      '-f',
      'h264',
      '-y',
      again,
    ]);
    const units = await compare(again, 'h264');
    const registered = units
      .flatMap(({ nalUnits }) => nalUnits)
      .filter(({ type }) => type === NalType.sei)
      .flatMap(({ bytes }) => parseSeiNal(bytes))
      .filter(({ payloadType }) => payloadType === 4)
      .map((message) => decodeSei(message));
    expect(registered).toHaveLength(units.length);
    for (const decoded of registered) {
      expect(decoded).toMatchObject({
        kind: 'userDataRegistered',
        countryCode: 0xb5,
        userIdentifier: 'GA94',
        content: 'cea-608/708',
        captions: { processCcData: true, packets: [{ valid: true, type: 0, data: 0x9420 }] },
      });
    }
  });
});

describe('other encoders', async () => {
  const files = (await readdir(FIXTURES)).filter((file) => file.endsWith('.h264'));

  it('are there', () => expect(files.length).toBeGreaterThanOrEqual(3));

  it.each(files)('%s agrees with ffmpeg, field by field', async (file) => {
    const units = await compare(join(FIXTURES, file), 'h264');
    expect(units.length).toBeGreaterThanOrEqual(6);
  });
});

describe('x265', () => {
  const X265: readonly Recipe[] = [
    {
      name: 'SEI of every kind',
      params: `hrd=1:aud=1:repeat-headers=1:hash=1:keyint=8:log-level=none:${HRD}`,
    },
    {
      name: 'HDR and slices',
      params:
        'slices=2:keyint=6:max-cll=1000,400:hdr10=1:master-display=G(13250,34500)B(7500,3000)R(34000,16000)WP(15635,16450)L(10000000,1):log-level=none',
      pix: 'yuv420p10le',
      size: '256x192',
    },
  ];

  it.each(X265)('$name: NAL units, access units and SEI agree with ffmpeg', async (recipe) => {
    const file = await encode(recipe, 'hevc');
    const units = await compare(file, 'hevc');
    expect(units).toHaveLength(16);
    expect(units[0]).toMatchObject({ isKeyframe: true, picture: 'frame', slice: null });
    const kinds = units
      .flatMap(({ nalUnits }) => nalUnits)
      .filter(({ type }) => isSei(type, 'hevc'))
      .flatMap(({ bytes }) => parseSeiNal(bytes, 'hevc'))
      .map((message) => decodeSei(message, { codec: 'hevc' }));
    // x265's own note on itself.
    expect(kinds).toContainEqual(
      expect.objectContaining({ kind: 'userDataUnregistered', text: expect.stringContaining('x265') }),
    );
  });
});
