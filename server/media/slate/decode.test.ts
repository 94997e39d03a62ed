import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { ffmpegPath } from '../../../scripts/lib/tools.ts';
import { readBarcode } from '../../../test-streams/barcode.ts';
import { testPackets } from '../testing/show-rig.ts';
import { annexBOf, decodeGrey, findFfmpeg, pictureOfPgm } from './decode.ts';

const folder = mkdtempSync(join(tmpdir(), 'framecue-decode-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function program(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, `#!/bin/sh\n${text}\n`);
  chmodSync(path, 0o755);
  return path;
}

describe('decoding a keyframe', () => {
  it('gives its picture', async () => {
    const packets = await testPackets('bframes-25', 200);
    const config = packets.find((packet) => packet.kind === 'avc-config')!;
    const frame = packets.find((packet) => packet.kind === 'avc-frame' && packet.isKeyframe)!;
    if (config.kind !== 'avc-config' || frame.kind !== 'avc-frame') throw new Error('no picture');
    const decoded = await decodeGrey(ffmpegPath(), annexBOf(config.record, frame.data));
    if (!decoded.ok) throw new Error(decoded.reason);
    const { width, height, data } = decoded.picture;
    expect(readBarcode({ width, height, data, pixelStride: 1, rowStride: width })).toEqual({ frame: 0 });
  });

  it.each([
    ['ends with nothing', 'exit 0', 'decode-failed'],
    ['fails', 'cat > /dev/null; exit 1', 'decode-failed'],
    ['writes without end', 'yes', 'decode-failed'],
    ['hangs', 'exec sleep 30', 'decode-timeout'],
  ])('by an ffmpeg that %s is refused', async (name, text, reason) => {
    const path = program(name.replaceAll(' ', '-'), text);
    const decoded = await decodeGrey(path, new Uint8Array(100_000), { timeoutMs: 2_000 });
    expect(decoded).toEqual({ ok: false, reason });
  });

  it('without ffmpeg says so', async () => {
    const decoded = await decodeGrey(join(folder, 'none'), new Uint8Array(10));
    expect(decoded).toEqual({ ok: false, reason: 'no-ffmpeg' });
  });

  it('finds ffmpeg by the setting, else on PATH', () => {
    const path = program('ffmpeg', 'exit 0');
    expect(findFfmpeg({ PATH: `/nowhere:${folder}` })).toBe(path);
    expect(findFfmpeg({ PATH: '', FRAMECUE_FFMPEG: path })).toBe(path);
    expect(findFfmpeg({ PATH: folder, FRAMECUE_FFMPEG: '/nowhere/ffmpeg' })).toBeNull();
    expect(findFfmpeg({ PATH: '/nowhere' })).toBeNull();
  });

  it('takes no picture that is cut short', () => {
    const pgm = Buffer.concat([Buffer.from('P5\n4 2\n255\n'), Buffer.alloc(8, 7)]);
    expect(pictureOfPgm(pgm)).toMatchObject({ width: 4, height: 2 });
    expect(pictureOfPgm(pgm.subarray(0, -1))).toBeNull();
    expect(pictureOfPgm(Buffer.from('P6\n4 2\n255\n'))).toBeNull();
    expect(pictureOfPgm(Buffer.alloc(0))).toBeNull();
  });
});
