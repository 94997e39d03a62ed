import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../packet/clock.ts';
import { type MediaPacket, type StreamName, streamKeyOf } from '../../packet/packet.ts';
import {
  createRtmpIngest,
  type PublishInfo,
  type RtmpEnd,
  type RtmpIngest,
  type RtmpIngestOptions,
} from '../rtmp-server.ts';

export const KEY = 'open-sesame';

/** Everything that the handlers were called with, in order. */
export interface Recorded {
  readonly published: PublishInfo[];
  readonly packets: { readonly stream: string; readonly packet: MediaPacket }[];
  readonly ended: { readonly stream: StreamName; readonly end: RtmpEnd }[];
  readonly logged: { readonly level: string; readonly fields: object; readonly text: string }[];
}

export interface TestIngest extends RtmpIngest, Recorded, AsyncDisposable {}

/** An ingest that takes {@link KEY} for every stream and writes down what happens. */
export async function openIngest(options: Partial<RtmpIngestOptions> = {}): Promise<TestIngest> {
  const recorded: Recorded = { published: [], packets: [], ended: [], logged: [] };
  const logAt = (level: string) => (fields: object, text: string) => {
    recorded.logged.push({ level, fields, text });
  };
  const ingest = await createRtmpIngest({
    host: '127.0.0.1',
    port: 0,
    authorize: ({ key }) => (key === KEY ? { ok: true } : { ok: false, code: 'ERR_PUBLISH_KEY' }),
    handlers: {
      onPublish: (info) => recorded.published.push(info),
      onPacket: (stream, packet) => recorded.packets.push({ stream: streamKeyOf(stream), packet }),
      onEnd: (stream, end) => recorded.ended.push({ stream, end }),
    },
    clock: systemClock,
    log: { debug: logAt('debug'), info: logAt('info'), warn: logAt('warn'), error: logAt('error') },
    ...options,
  });
  return { ...ingest, ...recorded, [Symbol.asyncDispose]: () => ingest.close() };
}

export interface FfmpegPush {
  readonly process: ChildProcess;
  /** What ffmpeg said, and its exit code, when it is over. */
  readonly done: Promise<{ readonly code: number | null; readonly said: string }>;
}

/** Pushes with ffmpeg: `input` are the arguments up to the output. */
export function pushWithFfmpeg(input: readonly string[], url: string): FfmpegPush {
  const process = spawn('ffmpeg', ['-hide_banner', '-nostdin', ...input, '-f', 'flv', url], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  process.stderr!.on('data', (bytes: Buffer) => {
    said += bytes.toString();
  });
  const done = new Promise<{ code: number | null; said: string }>((resolve, reject) => {
    process.once('error', reject);
    process.once('close', (code) => resolve({ code, said }));
  });
  return { process, done };
}

/** The bytes as a file for as long as the test needs it. */
export async function temporaryFile(bytes: Uint8Array): Promise<{ path: string } & AsyncDisposable> {
  const folder = await mkdtemp(join(tmpdir(), 'framecue-ingest-'));
  const path = join(folder, 'input.flv');
  await writeFile(path, bytes);
  return { path, [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }) };
}
