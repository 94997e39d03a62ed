import { spawn } from 'node:child_process';
import { accessSync, constants, statSync } from 'node:fs';
import { constants as osConstants, setPriority } from 'node:os';
import { delimiter, join } from 'node:path';
import type { GreyPicture } from '../../../cues/slate/picture.ts';
import { nalUnitsOfAvcc, writeAnnexB } from '../../../h264-sei-parser/src/index.ts';
import { parseAvcRecord } from '../../../packet/avc-record.ts';
import { refusalOf } from '../../../service/priority.ts';

/** Wide enough for a slate that takes an eighth of a picture's width; less to search through than 1080p. */
const MAX_WIDTH = 960;
/** At the lowest priority it waits while others work. */
const TIMEOUT_MS = 15_000;
const MAX_BYTES = 4 << 20;
/** P5, width, height, maximum. */
const PGM_HEADER = /^P5\s+(\d{1,5})\s+(\d{1,5})\s+255\s/;

export type DecodeFailure = 'no-ffmpeg' | 'decode-timeout' | 'decode-failed';
export type Decoded =
  | { readonly ok: true; readonly picture: GreyPicture }
  | { readonly ok: false; readonly reason: DecodeFailure };

/** FRAMECUE_FFMPEG, else the first `ffmpeg` on PATH; null where there is none that can be run. */
export function findFfmpeg(environment: NodeJS.ProcessEnv = process.env): string | null {
  const given = environment.FRAMECUE_FFMPEG ?? '';
  const name = given === '' ? 'ffmpeg' : given;
  if (/[\\/]/.test(name)) return isProgram(name) ? name : null;
  const suffix = process.platform === 'win32' && !name.endsWith('.exe') ? '.exe' : '';
  const places = (environment.PATH ?? '').split(delimiter).filter((folder) => folder !== '');
  return places.map((folder) => join(folder, name + suffix)).find(isProgram) ?? null;
}

/**
 * A keyframe as a byte stream that can be decoded by itself, parameter sets first.
 * @throws {FramecueError} ERR_AVCC_RECORD for a record that cannot be read, {BitstreamError} for such an access unit.
 */
export function annexBOf(record: Uint8Array, data: Uint8Array): Uint8Array {
  const { sps, pps, nalLengthSize } = parseAvcRecord(record);
  const nals = [...sps, ...pps];
  for (const { start, end } of nalUnitsOfAvcc(data, nalLengthSize)) nals.push(data.subarray(start, end));
  return writeAnnexB(nals);
}

/** One picture by ffmpeg, as grey levels, at the lowest priority. Never rejects. */
export function decodeGrey(
  ffmpeg: string,
  annexB: Uint8Array,
  { timeoutMs = TIMEOUT_MS, signal }: { timeoutMs?: number; signal?: AbortSignal } = {},
): Promise<Decoded> {
  const child = spawn(
    ffmpeg,
    [
      ...['-hide_banner', '-nostats', '-loglevel', 'error', '-threads', '1'],
      ...['-f', 'h264', '-i', 'pipe:0', '-frames:v', '1'],
      // Area averaging: what is scaled down stays even within a cell.
      ...['-vf', `scale='min(${MAX_WIDTH},iw)':-2:flags=area,format=gray`],
      ...['-f', 'image2pipe', '-c:v', 'pgm', 'pipe:1'],
    ],
    {
      stdio: ['pipe', 'pipe', 'ignore'],
      windowsHide: true,
      // A session of its own: within media's it would be served as readily as media (service/priority.ts).
      detached: process.platform === 'linux',
    },
  );
  return new Promise((settle) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    let late = false;
    const end = (): void => {
      child.kill('SIGKILL');
      // A wrapper's own child may hold the pipe open after it.
      child.stdout.destroy();
    };
    const timer = setTimeout(() => {
      late = true;
      end();
    }, timeoutMs);
    signal?.addEventListener('abort', end, { once: true });
    const done = (result: Decoded): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', end);
      settle(result);
    };
    child.once('spawn', () => lowerPriority(child.pid));
    child.once('error', () => {
      if (child.pid === undefined) done({ ok: false, reason: 'no-ffmpeg' });
    });
    child.stdout.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > MAX_BYTES) end();
      else chunks.push(chunk);
    });
    child.once('close', () => {
      if (late) return done({ ok: false, reason: 'decode-timeout' });
      const picture = bytes > MAX_BYTES ? null : pictureOfPgm(Buffer.concat(chunks));
      done(picture === null ? { ok: false, reason: 'decode-failed' } : { ok: true, picture });
    });
    // It may end before it has read all; how it ended is told by what came out.
    child.stdin.on('error', () => undefined);
    child.stdin.end(annexB);
  });
}

/** Null where it is no whole picture. */
export function pictureOfPgm(bytes: Uint8Array): GreyPicture | null {
  const head = PGM_HEADER.exec(Buffer.from(bytes.subarray(0, 32)).toString('latin1'));
  if (head === null) return null;
  const width = Number(head[1]);
  const height = Number(head[2]);
  const data = bytes.subarray(head[0].length, head[0].length + width * height);
  return width > 0 && height > 0 && data.length === width * height ? { width, height, data } : null;
}

function lowerPriority(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    setPriority(pid, osConstants.priority.PRIORITY_LOW);
  } catch (error) {
    // It may be over already, and some systems let nobody change it: both only cost politeness.
    refusalOf(error);
  }
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch (error) {
    if (typeof (error as NodeJS.ErrnoException).code === 'string') return false;
    throw error;
  }
}
