import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { FlvReader } from '../flv-reader.ts';
import type { MediaPacket } from '../packet.ts';

/** What ffmpeg is asked to encode; every field has a small default, so that a test names what it is about. */
export interface FlvFixture {
  readonly seconds?: number;
  readonly bFrames?: number;
  /** As ffmpeg takes it: `25` or `30000/1001`. */
  readonly rate?: string;
  /** Frames from one keyframe to the next. */
  readonly gop?: number;
  readonly audio?: boolean;
  readonly video?: boolean;
  readonly size?: string;
  readonly bitrate?: string;
}

const made = new Map<string, Promise<Uint8Array>>();

/** The bytes of a short FLV file from ffmpeg (x264, AAC); one with the same settings is made once per process. */
export function makeFlv(fixture: FlvFixture = {}): Promise<Uint8Array> {
  const key = JSON.stringify(fixture);
  let flv = made.get(key);
  if (flv === undefined) {
    flv = encode(fixture);
    made.set(key, flv);
  }
  return flv;
}

async function encode(fixture: FlvFixture): Promise<Uint8Array> {
  const { seconds = 4, bFrames = 0, rate = '25', gop = 25, audio = true, video = true } = fixture;
  const { size = '160x90', bitrate = '200k' } = fixture;
  const folder = await mkdtemp(join(tmpdir(), 'framecue-flv-'));
  try {
    const path = join(folder, 'fixture.flv');
    const sine = ['-f', 'lavfi', '-i', `sine=frequency=440:sample_rate=48000:duration=${seconds}`];
    const picture = ['-f', 'lavfi', '-i', `testsrc2=size=${size}:rate=${rate}:duration=${seconds}`];
    const x264 = ['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p', '-threads', '1'];
    const shape = ['-g', `${gop}`, '-keyint_min', `${gop}`, '-sc_threshold', '0', '-bf', `${bFrames}`];
    await promisify(execFile)(
      'ffmpeg',
      [
        ...['-hide_banner', '-loglevel', 'error', '-nostdin'],
        ...(video ? picture : []),
        ...(audio ? sine : []),
        ...(video ? [...x264, ...shape, '-b:v', bitrate] : []),
        ...(audio ? ['-c:a', 'aac', '-b:a', '64k', '-ac', '2'] : []),
        ...['-f', 'flv', path],
      ],
      { timeout: 60_000 },
    );
    return await readFile(path);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** All packets of a whole FLV file. */
export function packetsOfFlv(flv: Uint8Array): MediaPacket[] {
  const reader = new FlvReader();
  const packets: MediaPacket[] = [];
  for (const item of reader.read(flv)) {
    if (item.kind === 'corrupt') throw item.error;
    if (item.kind === 'packet') packets.push(item.packet);
  }
  reader.end();
  return packets;
}
