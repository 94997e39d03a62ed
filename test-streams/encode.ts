/** A test stream's file: pictures of the test card and a beep each second, encoded by ffmpeg into FLV. */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Writable } from 'node:stream';
import { FramecueError } from '../packet/errors.ts';
import { ffmpegPath } from '../scripts/lib/tools.ts';
import { BEEP_SECONDS, TestCard } from './card.ts';
import { type Exit, exitOf, ffmpegFailed, start, Tail, Watchdog } from './ffmpeg.ts';
import {
  AUDIO_KBPS,
  AUDIO_RATE,
  shapeOf,
  type TestStreamParameters,
  type TestStreamShape,
} from './parameters.ts';

export interface EncodeOptions extends TestStreamParameters {
  /** Where the FLV goes; appears there whole or not at all. */
  readonly file: string;
  /** Called with 0 to 100, rising; 100 once the file is in place. */
  readonly onProgress?: (percent: number) => void;
  /** Ends ffmpeg and removes what was written; the promise rejects with the signal's reason. */
  readonly signal?: AbortSignal;
  /** ffmpeg that takes no picture for so long has stalled; 60 s by default. */
  readonly stallMs?: number;
}

export interface TestStream extends TestStreamShape {
  readonly file: string;
  readonly parameters: TestStreamParameters;
  readonly bytes: number;
}

/** Samples of an AAC frame, and of the silence that the encoder puts before the first one. */
const AAC_FRAME = 1024;
const STALL_MS = 60_000;

/**
 * Makes an FLV file (H.264 and AAC) whose picture `k`, in presentation order, carries the number `k`. Closed
 * GOPs of equal length, fixed B-frame pattern, PTS of picture `k` = `k / fps` after the first one's.
 * @throws {FramecueError} ERR_SETTING, ERR_TOOL_MISSING, ERR_TOOL_FAILED, ERR_TIMEOUT
 */
export async function makeTestStream(options: EncodeOptions): Promise<TestStream> {
  const { file, onProgress, signal, stallMs = STALL_MS, ...parameters } = options;
  const shape = shapeOf(parameters);
  const ffmpeg = ffmpegPath();
  signal?.throwIfAborted();
  await mkdir(dirname(file), { recursive: true });
  const part = `${file}.${process.pid}-${randomBytes(4).toString('hex')}.part`;

  const child = start(ffmpeg, argumentsFor(parameters, shape, part), { stdin: true });
  const exited = exitOf(child);
  const said = new Tail();
  child.stderr?.on('data', (chunk: Buffer) => said.add(chunk));
  // A broken pipe only says that ffmpeg has ended: its exit code and its words say why.
  child.stdin?.on('error', () => child.stdin?.destroy());

  const watchdog = new Watchdog(stallMs, () => child.kill('SIGKILL'));
  const abort = () => child.kill('SIGKILL');
  signal?.addEventListener('abort', abort, { once: true });
  try {
    onProgress?.(0);
    if (child.stdin !== null)
      await feed(child.stdin, exited, parameters, shape, () => watchdog.feed(), onProgress);
    const exit = await exited;
    signal?.throwIfAborted();
    if (watchdog.fired) throw new FramecueError('ERR_TIMEOUT', `ffmpeg took no picture for ${stallMs} ms`);
    if (exit.code !== 0) throw ffmpegFailed(exit, said);
    await rename(part, file);
    onProgress?.(100);
    return { ...shape, file, parameters, bytes: (await stat(file)).size };
  } finally {
    watchdog.rest();
    signal?.removeEventListener('abort', abort);
    child.kill('SIGKILL');
    await exited;
    await rm(part, { force: true });
  }
}

/** Draws and writes the pictures at the pace at which ffmpeg takes them; returns early when it has ended. */
async function feed(
  stdin: Writable,
  exited: Promise<Exit>,
  parameters: TestStreamParameters,
  shape: TestStreamShape,
  alive: () => void,
  onProgress: EncodeOptions['onProgress'],
): Promise<void> {
  const card = new TestCard(parameters);
  let percent = 0;
  for (let frame = 0; frame < shape.frames && stdin.writable; frame++) {
    // The card draws over its one picture, so the pipe gets its own copy.
    if (!stdin.write(card.draw(frame).slice())) {
      const stop = new AbortController();
      const drained = once(stdin, 'drain', { signal: stop.signal }).catch(() => undefined);
      await Promise.race([drained, exited]);
      stop.abort();
    }
    alive();
    const next = Math.floor((99 * (frame + 1)) / shape.frames);
    if (next > percent) {
      percent = next;
      onProgress?.(percent);
    }
  }
  stdin.end();
}

function argumentsFor(parameters: TestStreamParameters, shape: TestStreamShape, output: string): string[] {
  const { width, height, bFrames, bPyramid = false, bitrateKbps } = parameters;
  const { rate, gopFrames } = shape;
  const lead = leadOf(parameters, shape);
  // Where the sound begins, in samples: before the pictures by `lead`, and after the encoder's own silence.
  const shift = AAC_FRAME - Math.round(lead * AUDIO_RATE);
  const colours = [
    '-color_primaries',
    'bt709',
    '-color_trc',
    'bt709',
    '-colorspace',
    'bt709',
    '-color_range',
    'tv',
  ];
  const x264 = [
    `keyint=${gopFrames}`,
    `min-keyint=${gopFrames}`,
    'scenecut=0',
    'open-gop=0',
    // Always the full run of B-frames, not where the encoder thinks fit.
    'b-adapt=0',
    `b-pyramid=${bPyramid ? 'normal' : 'none'}`,
  ];
  return [
    ...['-hide_banner', '-loglevel', 'error', '-y'],
    ...['-f', 'rawvideo', '-pix_fmt', 'yuv420p', '-video_size', `${width}x${height}`],
    ...['-framerate', `${rate.num}/${rate.den}`, '-i', 'pipe:0'],
    ...['-f', 'lavfi', '-i', beeps(shape.durationSeconds, lead)],
    ...['-map', '0:v:0', '-map', '1:a:0'],
    ...['-c:v', 'libx264', '-preset', 'veryfast', '-bf', String(bFrames), '-sc_threshold', '0'],
    ...['-g', String(gopFrames), '-x264-params', x264.join(':'), ...colours],
    ...['-b:v', `${bitrateKbps}k`, '-maxrate', `${bitrateKbps}k`, '-bufsize', `${2 * bitrateKbps}k`],
    // Not at the source: an input's first time stamp is taken for its zero.
    ...['-af', `asetpts=PTS+(${shift})`, '-c:a', 'aac', '-b:a', `${AUDIO_KBPS}k`, '-ac', '2'],
    ...['-f', 'flv', output],
  ];
}

/**
 * The sound as a source of ffmpeg's: 880 Hz on each second, 1320 Hz on each tenth. It ends with the last whole
 * AAC frame before the pictures do, so that a loop never has to wait for it. `lead` is by how much it begins
 * before the first picture.
 */
function beeps(durationSeconds: number, lead: number): string {
  const packets = Math.max(2, Math.floor((durationSeconds * AUDIO_RATE) / AAC_FRAME + 1e-6));
  const time = `(t-${lead.toFixed(9)}+${AAC_FRAME}/${AUDIO_RATE})`;
  const second = `mod(${time},1)`;
  const pitch = `if(lt(mod(${time},10),1),1320,880)`;
  const edges = `min(1,${second}/0.004)*min(1,(${BEEP_SECONDS}-${second})/0.01)`;
  const wave = `0.3*sin(2*PI*${pitch}*${second})*${edges}`;
  const expression = `if(lt(${second},${BEEP_SECONDS}),${wave},0)`;
  const seconds = ((packets - 1) * AAC_FRAME) / AUDIO_RATE;
  return `aevalsrc='${expression}':s=${AUDIO_RATE}:d=${seconds.toFixed(9)}`;
}

/**
 * Seconds from the first DTS to the first PTS: one picture of reordering with B-frames, two with a pyramid. The
 * sound begins with the first DTS, so that the file begins with time 0: to go back to the start for a loop,
 * older ffmpegs look for a keyframe from the first time stamp of all on, which must not come after its DTS.
 */
function leadOf({ bFrames, bPyramid = false }: TestStreamParameters, { rate }: TestStreamShape): number {
  const pictures = bFrames === 0 ? 0 : bPyramid && bFrames > 1 ? 2 : 1;
  return (pictures * rate.den) / rate.num;
}
