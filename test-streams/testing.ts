/** What several tests of this folder use. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ffmpegPath, ffprobePath } from '../scripts/lib/tools.ts';
import { type ReadFrame, type ReadFramesOptions, readFrames } from './read-frames.ts';

const run = promisify(execFile);
const TOOL_MS = 60_000;

export interface Packet {
  readonly pts: number;
  readonly dts: number;
  readonly key: boolean;
}

/** Packets of one kind in the file's order; times in milliseconds, as FLV has them. */
export async function packetsOf(file: string, kind: 'v' | 'a'): Promise<readonly Packet[]> {
  const rows = await probe(file, kind, 'packet=pts,dts,flags');
  return rows.map(([pts, dts, flags]) => ({ pts: Number(pts), dts: Number(dts), key: flags!.includes('K') }));
}

/** I, P and B, one letter a picture, in presentation order. */
export async function pictureTypesOf(file: string): Promise<string> {
  return (await probe(file, 'v', 'frame=pict_type')).map(([type]) => type).join('');
}

/** Sound as mono samples -1..1 from the file's first audio on. */
export async function samplesOf(file: string, rate: number): Promise<Float32Array> {
  const args = [
    '-v',
    'error',
    '-i',
    file,
    '-map',
    '0:a:0',
    '-ac',
    '1',
    '-ar',
    String(rate),
    '-f',
    'f32le',
    '-',
  ];
  const { stdout } = await run(ffmpegPath(), args, {
    encoding: 'buffer',
    maxBuffer: 1 << 28,
    timeout: TOOL_MS,
  });
  return new Float32Array(Uint8Array.from(stdout).buffer);
}

export async function allFrames(source: string, options: ReadFramesOptions = {}): Promise<ReadFrame[]> {
  const frames: ReadFrame[] = [];
  for await (const frame of readFrames(source, options)) frames.push(frame);
  return frames;
}

export const steps = (values: readonly number[]): number[] =>
  values.slice(1).map((value, at) => value - values[at]!);

export async function temporaryFolder(): Promise<{ path: string; remove(): Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), 'framecue-streams-'));
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}

async function probe(file: string, kind: 'v' | 'a', entries: string): Promise<readonly string[][]> {
  const args = ['-v', 'error', '-select_streams', kind, '-show_entries', entries, '-of', 'csv=p=0', file];
  const { stdout } = await run(ffprobePath(), args, { maxBuffer: 1 << 26, timeout: TOOL_MS });
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.split(','));
}
