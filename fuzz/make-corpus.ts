/**
 * Makes `fuzz/corpus/`: small streams of x264, x265 and ffmpeg's muxers with the settings that bitstreams differ by.
 * Run it after a change to the table below, and commit what it writes; what other versions of the encoders write is
 * as good, so nothing holds the files to the byte.
 *
 * node fuzz/make-corpus.ts [NAME ...]
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ffmpegPath } from '../scripts/lib/tools.ts';
import { escapeByBytes, unescapeByBytes } from './reference/escape.ts';
import {
  concat,
  joinAnnexB,
  joinFlv,
  joinSei,
  splitAnnexB,
  splitFlv,
  splitSei,
} from './reference/framing.ts';

interface Recipe {
  readonly name: string;
  readonly kind: 'h264' | 'hevc' | 'flv' | 'm2t' | 'mp4';
  /** x264 or x265 parameters. */
  readonly params: string;
  readonly more?: readonly string[];
  readonly size?: string;
  readonly frames?: number;
  readonly pixels?: string;
}

const RECIPES: readonly Recipe[] = [
  {
    name: 'baseline-cavlc',
    kind: 'h264',
    params: 'cabac=0:bframes=0:ref=1:8x8dct=0:keyint=4',
    more: ['-profile:v', 'baseline'],
  },
  {
    name: 'main-pyramid',
    kind: 'h264',
    params: 'bframes=3:b-pyramid=normal:b-adapt=0:keyint=12:8x8dct=0',
    frames: 9,
  },
  {
    name: 'open-gop',
    kind: 'h264',
    params: 'bframes=2:b-adapt=0:open-gop=1:keyint=5:min-keyint=1',
    frames: 9,
  },
  {
    name: 'interlaced-tff',
    kind: 'h264',
    params: 'tff=1:bframes=0:keyint=4:pic-struct=1',
    size: '64x64',
    frames: 5,
  },
  {
    name: 'interlaced-bff',
    kind: 'h264',
    params: 'bff=1:bframes=1:b-adapt=0:keyint=6',
    size: '64x64',
    frames: 5,
  },
  {
    name: 'fake-interlaced',
    kind: 'h264',
    params: 'fake-interlaced=1:bframes=0:keyint=3',
    size: '64x64',
    frames: 4,
  },
  {
    name: 'hrd-cbr-aud',
    kind: 'h264',
    params: 'nal-hrd=cbr:vbv-maxrate=100:vbv-bufsize=50:bitrate=100:aud=1:keyint=4:pic-struct=1',
    frames: 5,
  },
  {
    name: 'hrd-vbr',
    kind: 'h264',
    params: 'nal-hrd=vbr:vbv-maxrate=200:vbv-bufsize=100:bframes=1:b-adapt=0:keyint=4',
    frames: 5,
  },
  { name: 'slices', kind: 'h264', params: 'slices=4:keyint=3:bframes=0', size: '64x96' },
  {
    name: 'slices-max-mbs',
    kind: 'h264',
    params: 'slice-max-mbs=5:keyint=3:bframes=1:b-adapt=0',
    size: '64x64',
    frames: 4,
  },
  { name: 'intra-refresh', kind: 'h264', params: 'intra-refresh=1:keyint=4:bframes=0', frames: 6 },
  {
    name: 'weighted',
    kind: 'h264',
    params: 'weightp=2:weightb=1:bframes=2:b-adapt=0:ref=3:keyint=9',
    more: ['-vf', 'fade=in:0:6'],
    frames: 8,
  },
  { name: 'high10', kind: 'h264', params: 'keyint=3:bframes=0', pixels: 'yuv420p10le' },
  { name: 'high422', kind: 'h264', params: 'keyint=3:bframes=0', pixels: 'yuv422p10le' },
  { name: 'high444', kind: 'h264', params: 'keyint=3:bframes=0', pixels: 'yuv444p' },
  {
    name: 'lossless-444',
    kind: 'h264',
    params: 'keyint=2:qp=0:bframes=0',
    pixels: 'yuv444p',
    size: '32x32',
    frames: 2,
  },
  { name: 'monochrome', kind: 'h264', params: 'keyint=3:bframes=0', pixels: 'gray' },
  { name: 'scaling-lists', kind: 'h264', params: 'cqm=jvt:keyint=3:bframes=0' },
  { name: 'cropped', kind: 'h264', params: 'keyint=3:bframes=0', size: '50x38' },
  { name: 'cropped-interlaced', kind: 'h264', params: 'tff=1:keyint=3:bframes=0', size: '50x44', frames: 3 },
  {
    name: 'vui',
    kind: 'h264',
    params:
      'sar=17\\:23:overscan=show:videoformat=pal:range=pc:colorprim=bt709:transfer=bt709:colormatrix=bt709:chromaloc=2:keyint=3:bframes=0',
  },
  { name: 'frame-packing', kind: 'h264', params: 'frame-packing=3:keyint=3:bframes=0' },
  { name: 'sps-id', kind: 'h264', params: 'sps-id=5:keyint=3:bframes=0' },
  {
    name: 'bluray',
    kind: 'h264',
    params:
      'bluray-compat=1:nal-hrd=vbr:vbv-maxrate=500:vbv-bufsize=500:keyint=4:bframes=2:b-adapt=0:level=41',
    frames: 6,
  },
  { name: 'two-sizes', kind: 'h264', params: 'keyint=2:bframes=0', size: '96x32', frames: 3 },
  { name: 'pulldown', kind: 'h264', params: 'pulldown=32:keyint=4:bframes=0', frames: 6 },
  { name: 'hevc-plain', kind: 'hevc', params: 'keyint=3:bframes=0:info=0' },
  {
    name: 'hevc-b',
    kind: 'hevc',
    params: 'keyint=8:bframes=2:b-adapt=0:info=1:open-gop=1:repeat-headers=1',
    frames: 8,
  },
  {
    name: 'hevc-hrd-aud',
    kind: 'hevc',
    params: 'keyint=4:aud=1:hrd=1:vbv-maxrate=200:vbv-bufsize=200:bitrate=100:bframes=0:info=0',
    frames: 5,
  },
  { name: 'hevc-hash', kind: 'hevc', params: 'keyint=3:hash=1:bframes=0:info=0' },
  {
    name: 'hevc-hdr',
    kind: 'hevc',
    params:
      'keyint=3:bframes=0:info=0:max-cll=1000,400:master-display=G(13250\\,34500)B(7500\\,3000)R(34000\\,16000)WP(15635\\,16450)L(10000000\\,1)',
    pixels: 'yuv420p10le',
  },
  { name: 'flv-plain', kind: 'flv', params: 'keyint=4:bframes=0', frames: 8 },
  { name: 'flv-b', kind: 'flv', params: 'keyint=6:bframes=2:b-adapt=0:b-pyramid=none', frames: 9 },
  {
    name: 'flv-hrd',
    kind: 'flv',
    params: 'keyint=4:bframes=1:b-adapt=0:nal-hrd=vbr:vbv-maxrate=200:vbv-bufsize=200:aud=1',
    frames: 6,
  },
  {
    name: 'ts-b',
    kind: 'm2t',
    params: 'keyint=6:bframes=2:b-adapt=0:aud=1',
    frames: 6,
    more: ['-mpegts_flags', '+initial_discontinuity'],
  },
  { name: 'ts-plain', kind: 'm2t', params: 'keyint=2:bframes=0', frames: 3 },
  { name: 'mp4-b', kind: 'mp4', params: 'keyint=6:bframes=2:b-adapt=0', frames: 6 },
  {
    name: 'mp4-fragments',
    kind: 'mp4',
    params: 'keyint=3:bframes=1:b-adapt=0',
    frames: 6,
    more: ['-movflags', 'frag_keyframe+empty_moov+default_base_moof'],
  },
];

const FOLDER = join(import.meta.dirname, 'corpus');
const MOST_TEXT = 24;
const TIMEOUT_MS = 60_000;

const wanted = process.argv.slice(2);
for (const recipe of RECIPES) {
  if (wanted.length > 0 && !wanted.includes(recipe.name)) continue;
  const data = shortened(recipe, encoded(recipe));
  const file = `${recipe.name}.${recipe.kind}`;
  writeFileSync(join(FOLDER, file), data);
  process.stdout.write(`${file}: ${data.length} bytes\n`);
}

function encoded({
  kind,
  params,
  more = [],
  size = '64x48',
  frames = 5,
  pixels = 'yuv420p',
}: Recipe): Uint8Array {
  const folder = mkdtempSync(join(tmpdir(), 'framecue-corpus-'));
  try {
    const out = join(folder, `out.${kind}`);
    const seconds = frames / 25;
    const codec =
      kind === 'hevc'
        ? ['libx265', '-x265-params', `log-level=error:qp=45:${params}`]
        : ['libx264', '-x264-params', params];
    const rate =
      kind === 'hevc' || params.includes('bitrate') || params.includes('qp=') ? [] : ['-crf', '46'];
    const sound =
      kind === 'flv'
        ? [
            '-f',
            'lavfi',
            '-i',
            `sine=frequency=440:sample_rate=48000:duration=${seconds}`,
            '-c:a',
            'aac',
            '-b:a',
            '16k',
          ]
        : [];
    const { status, stderr } = spawnSync(
      ffmpegPath(),
      [
        ...['-hide_banner', '-loglevel', 'error', '-nostdin', '-y'],
        ...['-f', 'lavfi', '-i', `testsrc2=size=${size}:rate=25`, ...sound.slice(0, 4)],
        ...[
          '-frames:v',
          `${frames}`,
          ...more,
          '-pix_fmt',
          pixels,
          '-threads',
          '1',
          '-c:v',
          ...codec,
          ...rate,
        ],
        ...sound.slice(4),
        ...(kind === 'flv' ? ['-shortest', '-f', 'flv'] : ['-f', kind === 'm2t' ? 'mpegts' : kind]),
        out,
      ],
      { timeout: TIMEOUT_MS, encoding: 'utf8' },
    );
    if (status !== 0) throw new Error(`ffmpeg: ${stderr}`);
    return new Uint8Array(readFileSync(out));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The encoders' long texts about themselves teach a fuzzer nothing: only their beginning stays. */
function shortened({ kind }: Recipe, data: Uint8Array): Uint8Array {
  if (kind === 'm2t' || kind === 'mp4') return data;
  if (kind === 'flv') {
    return joinFlv(
      splitFlv(data).map((tag) =>
        tag.type === 9 && tag.body[1] === 1 ? { ...tag, body: shortFrame(tag.body) } : tag,
      ),
    );
  }
  return joinAnnexB(
    splitAnnexB(data).map((nal) => shortSei(nal, kind === 'hevc' ? 2 : 1)),
    3,
  );
}

function shortFrame(body: Uint8Array): Uint8Array {
  const parts: Uint8Array[] = [body.subarray(0, 5)];
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  for (let at = 5; at < body.length; ) {
    const length = view.getUint32(at);
    const nal = shortSei(body.subarray(at + 4, at + 4 + length), 1);
    const prefix = new Uint8Array(4);
    new DataView(prefix.buffer).setUint32(0, nal.length);
    parts.push(prefix, nal);
    at += 4 + length;
  }
  return concat(parts);
}

function shortSei(nal: Uint8Array, headerBytes: number): Uint8Array {
  const isSei = headerBytes === 1 ? (nal[0]! & 0x1f) === 6 : [39, 40].includes((nal[0]! >> 1) & 0x3f);
  if (!isSei) return nal;
  const messages = splitSei(unescapeByBytes(nal.subarray(headerBytes))).map((message) =>
    message.type === 5 ? { ...message, payload: message.payload.subarray(0, 16 + MOST_TEXT) } : message,
  );
  return concat([nal.subarray(0, headerBytes), escapeByBytes(joinSei(messages))]);
}
