import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { flvHeader, writeFlvTag } from '../../packet/flv-tag.ts';
import type { MediaPacket } from '../../packet/packet.ts';
import { packetsOfFlv } from '../../packet/testing/flv-fixture.ts';

const run = promisify(execFile);

async function inFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'framecue-x264-'));
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Two seconds of moving test picture from x264, as the packets of an FLV file. */
export const encode = (x264Params: string, more: readonly string[] = []): Promise<MediaPacket[]> =>
  inFolder(async (folder) => {
    const path = join(folder, 'encoded.flv');
    const picture = ['-f', 'lavfi', '-i', 'testsrc2=size=160x96:rate=25:duration=2'];
    const codec = ['-c:v', 'libx264', '-preset', 'veryfast', '-pix_fmt', 'yuv420p', '-threads', '1'];
    const shape = ['-g', '12', '-b:v', '300k', ...more, '-x264-params', x264Params];
    await run('ffmpeg', ['-v', 'error', '-nostdin', ...picture, ...codec, ...shape, '-f', 'flv', path], {
      timeout: 60_000,
    });
    return packetsOfFlv(await readFile(path));
  });

export const flvOf = (packets: readonly MediaPacket[]): Uint8Array =>
  Buffer.concat([flvHeader({ audio: false, video: true }), ...packets.map(writeFlvTag)]);

/** What ffmpeg makes of an FLV file: the hash of each picture with its time, and all that it warned of. */
export const decode = (
  packets: readonly MediaPacket[],
): Promise<{ pictures: string[]; warnings: string[] }> =>
  inFolder(async (folder) => {
    const path = join(folder, 'in.flv');
    await writeFile(path, flvOf(packets));
    const { stdout, stderr } = await run(
      'ffmpeg',
      ['-v', 'warning', '-nostdin', '-i', path, '-map', '0:v', '-f', 'framemd5', '-'],
      { timeout: 60_000, maxBuffer: 16 * 1024 * 1024 },
    );
    const pictures = stdout.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
    // Addresses differ from run to run.
    const warnings = stderr
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => line.replace(/0x[0-9a-f]+/g, '0x'));
    return { pictures, warnings };
  });
