/** The streams that demo and tests use, by name; made when first asked for, and kept. */
import { createHash } from 'node:crypto';
import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { FramecueError } from '../packet/errors.ts';
import { makeTestStream, type TestStream } from './encode.ts';
import { onceAtATime, STALE_MS } from './lock.ts';
import { shapeOf, type TestStreamParameters } from './parameters.ts';

/** Part of every cached file's name: raise it when the same parameters give another file than before. */
const GENERATOR_VERSION = 2;

// Lengths are multiples of 8 s where the rate allows it: 8 s are 375 AAC frames, so a loop has no gap in the sound.
const SMALL = { seconds: 24, gopSeconds: 1, width: 640, height: 360, bitrateKbps: 400 };

export const TEST_STREAMS = {
  /** What people see in the demo; B-frames and keyframes as OBS sets them. */
  demo: { fps: '25', bFrames: 2, seconds: 64, gopSeconds: 2, width: 1280, height: 720, bitrateKbps: 1600 },
  'bframes-25': { fps: '25', bFrames: 2, ...SMALL },
  'plain-25': { fps: '25', bFrames: 0, ...SMALL },
  'bframes-2997': { fps: '30000/1001', bFrames: 3, bPyramid: true, ...SMALL },
  'plain-2997': { fps: '30000/1001', bFrames: 0, ...SMALL },
} as const satisfies Record<string, TestStreamParameters>;

export type TestStreamName = keyof typeof TEST_STREAMS;

export const TEST_STREAM_NAMES = Object.keys(TEST_STREAMS) as readonly TestStreamName[];

export interface EnsureOptions {
  /** 0 to 100; also while another process makes the same stream. Not called for a stream that is there. */
  readonly onProgress?: (percent: number) => void;
  /** Makes it again although it is there. */
  readonly force?: boolean;
  readonly signal?: AbortSignal;
  /** `test-streams/out` by default. */
  readonly folder?: string;
  /** Another length than the table's, in seconds. */
  readonly seconds?: number;
}

export interface EnsuredStream extends TestStream {
  readonly name: string;
  /** False where the file was there already. */
  readonly made: boolean;
}

/**
 * The named stream's file, made first where it is missing. Any number of callers and processes may ask at
 * once: one makes it, the others wait for that.
 * @throws {FramecueError} ERR_SETTING for a name that is not in the table, and whatever making it throws.
 */
export function ensureTestStream(name: TestStreamName, options: EnsureOptions = {}): Promise<EnsuredStream> {
  if (!Object.hasOwn(TEST_STREAMS, name)) {
    const known = TEST_STREAM_NAMES.join(', ');
    return Promise.reject(
      new FramecueError('ERR_SETTING', `there is no test stream ${JSON.stringify(name)}; there are ${known}`),
    );
  }
  const { seconds, ...rest } = options;
  const parameters: TestStreamParameters = TEST_STREAMS[name];
  return ensureStream(name, seconds === undefined ? parameters : { ...parameters, seconds }, rest);
}

/** The same for parameters of one's own; `name` is the beginning of the file's name. */
export async function ensureStream(
  name: string,
  parameters: TestStreamParameters,
  options: Omit<EnsureOptions, 'seconds'> = {},
): Promise<EnsuredStream> {
  const { onProgress, force = false, signal, folder = join(import.meta.dirname, 'out') } = options;
  const shape = shapeOf(parameters);
  const key = `${name}-v${GENERATOR_VERSION}-${hashOf(parameters)}`;
  const file = join(folder, `${key}.flv`);
  const before = await writtenAt(file);
  // What somebody else has made since we were asked is new enough for `force`, too.
  const isThere = async () => {
    const now = await writtenAt(file);
    return now !== null && !(force && now === before);
  };
  let made = false;
  if (!(await isThere())) {
    await mkdir(folder, { recursive: true });
    const lockFile = join(folder, `${key}.lock`);
    const waiting = { ...(onProgress && { onWait: onProgress }), ...(signal && { signal }) };
    await onceAtATime(
      lockFile,
      isThere,
      async (holder) => {
        await removeLeftovers(folder, name, key);
        const report = (percent: number) => {
          holder.report(percent);
          onProgress?.(percent);
        };
        await makeTestStream({ ...parameters, file, onProgress: report, ...(signal && { signal }) });
        made = true;
      },
      waiting,
    );
  }
  return { ...shape, name, file, parameters, made, bytes: (await stat(file)).size };
}

function hashOf(parameters: TestStreamParameters): string {
  const { fps, bFrames, bPyramid = false, seconds, gopSeconds, width, height, bitrateKbps } = parameters;
  const all = [fps, bFrames, bPyramid, seconds, gopSeconds, width, height, bitrateKbps];
  return createHash('sha256').update(JSON.stringify(all)).digest('hex').slice(0, 12);
}

/** The stream as older versions of this code made it, and what makers left that were killed. */
async function removeLeftovers(folder: string, name: string, key: string): Promise<void> {
  for (const entry of await readdir(folder)) {
    const path = join(folder, entry);
    const isPart = entry.startsWith(`${key}.flv.`) && entry.endsWith('.part');
    const abandoned = isPart && Date.now() - ((await writtenAt(path)) ?? Date.now()) > STALE_MS;
    const version = entry.startsWith(`${name}-v`)
      ? /^(\d+)-[0-9a-f]{12}\.flv$/.exec(entry.slice(name.length + 2))
      : null;
    const outdated = version !== null && Number(version[1]) < GENERATOR_VERSION;
    if (abandoned || outdated) await rm(path, { force: true });
  }
}

async function writtenAt(file: string): Promise<number | null> {
  try {
    return (await stat(file)).mtimeMs;
  } catch (error) {
    if (error instanceof Error && (error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}
