import { spawn } from 'node:child_process';
import { writeAvccNal } from '../../h264-sei-parser/src/index.ts';
import { flvHeader, writeFlvTag } from '../../packet/flv-tag.ts';
import { ms } from '../../packet/time.ts';
import type { AccessUnitItem } from '../sources/source.ts';
import { nalsOf } from '../stamps/read-stamps.ts';
import type { KeptPicture } from './gop-keeper.ts';

const LENGTH_SIZE = 4;
const TIMEOUT_MS = 20_000;
const MAX_PNG_BYTES = 32 * 1024 * 1024;
const WIDTH = 640;

/**
 * One picture as PNG, decoded by ffmpeg from its GOP, 640 pixels wide. Null where it cannot be decoded: a report
 * without its picture is better than none.
 */
export async function pictureOf(kept: KeptPicture, ffmpeg: string): Promise<Uint8Array | null> {
  const flv = flvOf(kept);
  if (flv === null) return null;
  // FLV, so that the picture is found by its PTS and not by counting what a decoder puts out.
  const filter = `select='gte(t,${((flv.pts - 0.5) / 1000).toFixed(4)})',scale=${WIDTH}:-2`;
  const input = ['-v', 'error', '-copyts', '-f', 'flv', '-i', 'pipe:0'];
  const output = ['-an', '-vf', filter, '-frames:v', '1', '-f', 'image2pipe', '-c:v', 'png', 'pipe:1'];
  const child = spawn(ffmpeg, [...input, ...output], {
    stdio: ['pipe', 'pipe', 'ignore'],
    timeout: TIMEOUT_MS,
  });
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  child.stdout.on('data', (chunk: Uint8Array) => {
    bytes += chunk.length;
    if (bytes <= MAX_PNG_BYTES) chunks.push(chunk);
    else child.kill();
  });
  child.stdin.on('error', () => {
    // ffmpeg closes its input once it has the picture.
  });
  child.stdin.end(flv.bytes);
  const code = await new Promise<number | null>((settle) => {
    child.once('error', () => settle(null));
    child.once('close', settle);
  });
  return code === 0 && bytes > 0 ? Buffer.concat(chunks) : null;
}

function flvOf({ frame, config, units }: KeptPicture): { bytes: Uint8Array; pts: number } | null {
  const first = units[0];
  const record = recordOf(config);
  if (first?.dts == null || first.codec !== 'h264' || record === null) return null;
  // FLV has 32 bits of time, and ffmpeg would guess at a start far from zero.
  const base = Math.floor(Math.min(first.dts, ...units.map(({ pts }) => pts ?? first.dts!)));
  const tags = [flvHeader({ audio: false, video: true })];
  tags.push(writeFlvTag({ kind: 'avc-config', dts: ms(0), record }));
  for (const unit of units) {
    const dts = Math.round((unit.dts ?? base) - base);
    const pts = Math.round((unit.pts ?? base) - base);
    tags.push(
      writeFlvTag({
        ...{ kind: 'avc-frame', dts: ms(dts), compositionOffset: ms(pts - dts) },
        ...{ isKeyframe: unit.isKeyframe, data: withLengths(unit) },
      }),
    );
  }
  return { bytes: Buffer.concat(tags), pts: Math.round(frame.pts - base) };
}

/** AVCDecoderConfigurationRecord with lengths of 4 bytes, ISO/IEC 14496-15 clause 5.3.3.1. */
function recordOf(config: KeptPicture['config']): Uint8Array | null {
  const sps = config?.sps[0];
  if (config === null || sps === undefined || sps.length < 4) return null;
  const list = (sets: readonly Uint8Array[]) =>
    sets.flatMap((set) => [Uint8Array.of(set.length >> 8, set.length & 0xff), set]);
  return Buffer.concat([
    Uint8Array.of(1, sps[1]!, sps[2]!, sps[3]!, 0xfc | (LENGTH_SIZE - 1), 0xe0 | config.sps.length),
    ...list(config.sps),
    Uint8Array.of(config.pps.length),
    ...list(config.pps),
  ]);
}

function withLengths(unit: AccessUnitItem): Uint8Array {
  const nals = [...nalsOf(unit)].map(({ start, end }) => unit.data.subarray(start, end));
  const out = new Uint8Array(nals.reduce((sum, nal) => sum + LENGTH_SIZE + nal.length, 0));
  let at = 0;
  for (const nal of nals) at = writeAvccNal(out, at, nal, LENGTH_SIZE);
  return out;
}
