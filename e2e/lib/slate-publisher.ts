import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { drawSlate } from '../../cues/slate/raster.ts';
import { FlvReader } from '../../packet/flv-reader.ts';
import { flvHeader, writeFlvTag } from '../../packet/flv-tag.ts';
import type { MediaPacket } from '../../packet/packet.ts';
import { ffmpegPath } from '../../scripts/lib/tools.ts';
import { exitOf, start, Tail } from '../../test-streams/ffmpeg.ts';
import { withoutKey } from '../../test-streams/push.ts';

/** How pictures of the slate are treated on their way; ffmpeg filters from 60 grey pictures a second to 25. */
export interface Treatment {
  readonly name: string;
  readonly filter: string;
  readonly encode: readonly string[];
}

const DISPLAY_HERTZ = 60;
const WIDTH = 640;
const HEIGHT = 360;

/** The screen as a camera would see it from `startsAt` (Unix ms) on, encoded in each of these ways, to FLV files. */
export async function encodeSlates(options: {
  readonly startsAt: number;
  readonly seconds: number;
  readonly session: number;
  readonly treatments: readonly Treatment[];
  readonly fileOf: (name: string) => string;
}): Promise<void> {
  const { startsAt, seconds, session, treatments, fileOf } = options;
  const names = treatments.map((_, i) => `[in${i}]`);
  const graph = [
    `[0:v]split=${treatments.length}${names.join('')}`,
    ...treatments.map(({ filter }, i) => `[in${i}]${filter},format=yuv420p[out${i}]`),
  ].join(';');
  const child = start(
    ffmpegPath(),
    [
      ...['-hide_banner', '-nostats', '-loglevel', 'error', '-y', '-f', 'rawvideo', '-pix_fmt', 'gray'],
      ...['-s', `${WIDTH}x${HEIGHT}`, '-r', `${DISPLAY_HERTZ}`, '-i', 'pipe:0', '-filter_complex', graph],
      ...treatments.flatMap(({ name, encode }, i) => [
        ...['-map', `[out${i}]`, '-c:v', 'libx264', '-preset', 'veryfast', '-g', '20', '-keyint_min', '20'],
        ...['-sc_threshold', '0', ...encode, '-f', 'flv', fileOf(name)],
      ]),
    ],
    { stdin: true },
  );
  const said = new Tail();
  child.stderr?.on('data', (chunk: Buffer) => said.add(chunk));
  const exited = exitOf(child);
  const pipe = child.stdin!;
  // It ends whenever ffmpeg does; `said` tells why.
  pipe.on('error', () => undefined);
  for (let display = 0; display < seconds * DISPLAY_HERTZ && !pipe.destroyed; display++) {
    const unixMs = startsAt + (display * 1000) / DISPLAY_HERTZ;
    const { data } = drawSlate({ unixMs, session, valid: true }, WIDTH, HEIGHT);
    if (!pipe.write(data)) await Promise.race([once(pipe, 'drain'), exited]);
  }
  pipe.end();
  const { code } = await exited;
  if (code !== 0) throw new Error(`ffmpeg: ${said.lines().join('\n')}`);
}

/**
 * Publishes such a file so that each access unit is sent `delayMs` after its picture was on the screen. Ends with
 * the file.
 */
export async function publishLate(options: {
  readonly file: string;
  readonly url: string;
  readonly startsAt: number;
  readonly delayMs: number;
  readonly signal: AbortSignal;
}): Promise<void> {
  const { file, url, startsAt, delayMs, signal } = options;
  const packets: MediaPacket[] = [];
  for (const item of new FlvReader().read(await readFile(file))) {
    if (item.kind === 'packet') packets.push(item.packet);
  }
  const child = start(
    ffmpegPath(),
    [
      ...['-hide_banner', '-nostdin', '-nostats', '-loglevel', 'warning', '-fflags', 'nobuffer'],
      ...['-probesize', '32768', '-analyzeduration', '300000', '-f', 'flv', '-i', 'pipe:0'],
      ...['-c', 'copy', '-f', 'flv', '-flvflags', 'no_duration_filesize', url],
    ],
    { stdin: true },
  );
  const said = new Tail(withoutKey(url));
  child.stderr?.on('data', (chunk: Buffer) => said.add(chunk));
  const exited = exitOf(child);
  const end = (): void => {
    child.kill('SIGKILL');
  };
  signal.addEventListener('abort', end, { once: true });
  const pipe = child.stdin!;
  pipe.on('error', () => undefined);
  pipe.write(flvHeader({ audio: false, video: true }));
  for (const packet of packets) {
    // With reordered pictures the first PTS is the reorder delay after the first DTS: a keyframe's DTS is its moment.
    const waitMs = startsAt + packet.dts + delayMs - Date.now();
    if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
    if (signal.aborted || pipe.destroyed) break;
    pipe.write(writeFlvTag(packet));
  }
  pipe.end();
  await exited;
  signal.removeEventListener('abort', end);
}

const LIVE_HERTZ = 10;

/**
 * A camera in front of the slate, live: each picture shows the moment at which it was handed to the encoder.
 * @param options.session what the slate shows; asked for each picture
 */
export function publishSlateNow(options: { readonly url: string; readonly session: () => number }): {
  stop(): Promise<void>;
} {
  const { url, session } = options;
  const child = start(
    ffmpegPath(),
    [
      ...['-hide_banner', '-nostats', '-loglevel', 'error', '-fflags', 'nobuffer', '-probesize', '32'],
      ...[
        '-f',
        'rawvideo',
        '-pix_fmt',
        'gray',
        '-s',
        `${WIDTH}x${HEIGHT}`,
        '-r',
        `${LIVE_HERTZ}`,
        '-i',
        'pipe:0',
      ],
      ...['-pix_fmt', 'yuv420p', '-c:v', 'libx264', '-preset', 'ultrafast', '-tune', 'zerolatency'],
      ...['-g', `${LIVE_HERTZ}`, '-b:v', '1500k', '-f', 'flv', '-flvflags', 'no_duration_filesize', url],
    ],
    { stdin: true },
  );
  child.stderr?.resume();
  const exited = exitOf(child);
  const pipe = child.stdin!;
  // It ends whenever ffmpeg does.
  pipe.on('error', () => undefined);
  const timer = setInterval(() => {
    // A picture that has to wait would show a moment that is over.
    if (pipe.writableLength > 0) return;
    pipe.write(drawSlate({ unixMs: Date.now(), session: session(), valid: true }, WIDTH, HEIGHT).data);
  }, 1000 / LIVE_HERTZ);
  return {
    async stop() {
      clearInterval(timer);
      child.kill('SIGKILL');
      await exited;
    },
  };
}
