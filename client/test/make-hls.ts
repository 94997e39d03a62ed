import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { flvHeader, writeFlvTag } from '../../packet/flv-tag.ts';
import { ffmpegPath } from '../../scripts/lib/tools.ts';
import { BASE_MS, type StampedStream } from './stamped-stream.ts';

/** The first seconds of a stamped stream as HLS with fMP4 or TS segments, made by ffmpeg; SEI is copied. */
export async function makeHls(
  stream: StampedStream,
  folder: string,
  seconds: number,
  segments: 'fmp4' | 'mpegts',
): Promise<void> {
  await mkdir(folder, { recursive: true });
  const chunks: Uint8Array[] = [flvHeader({ audio: true, video: true })];
  const packets = stream.from(BASE_MS);
  let next = packets.next().value;
  for (const config of stream.configs) chunks.push(writeFlvTag({ ...config, dts: next.dts }));
  for (; next.dts < BASE_MS + seconds * 1000; next = packets.next().value) chunks.push(writeFlvTag(next));
  const flv = join(folder, 'stamped.flv');
  await writeFile(flv, Buffer.concat(chunks));
  await promisify(execFile)(
    ffmpegPath(),
    [
      ...['-hide_banner', '-loglevel', 'error', '-y', '-i', flv, '-c', 'copy'],
      ...['-f', 'hls', '-hls_time', '2', '-hls_playlist_type', 'vod', '-hls_segment_type', segments],
      join(folder, 'index.m3u8'),
    ],
    { timeout: 30_000 },
  );
}
