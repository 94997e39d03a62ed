import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BitstreamError, NalType, nalUnitsOfAnnexB, parseSps } from './index.ts';

/** One picture by x264, as Annex B. */
function encode(size: string, pixelFormat: string, fps: string, x264: string): Uint8Array {
  const source = `testsrc2=size=${size}:rate=${fps}`;
  const codec = ['-frames:v', '4', '-pix_fmt', pixelFormat, '-c:v', 'libx264', '-x264-params', x264];
  const args = ['-v', 'error', '-f', 'lavfi', '-i', source, ...codec, '-f', 'h264', '-'];
  return execFileSync('ffmpeg', args, { timeout: 30_000, maxBuffer: 1 << 26 });
}

const spsOf = (stream: Uint8Array): Uint8Array => {
  const range = [...nalUnitsOfAnnexB(stream)].find((n) => n.type === NalType.sps)!;
  return stream.subarray(range.start, range.end);
};

describe('the sequence parameter set, clause 7.3.2.1.1', () => {
  it.each([
    {
      name: 'cropped 1080p',
      size: '1920x1080',
      pix: 'yuv420p',
      fps: '25',
      x264: 'bframes=2',
      width: 1920,
      height: 1080,
    },
    {
      name: '4:4:4',
      size: '334x78',
      pix: 'yuv444p',
      fps: '30',
      x264: 'bframes=0',
      width: 334,
      height: 78,
    },
    {
      name: '4:2:2',
      size: '638x358',
      pix: 'yuv422p',
      fps: '30000/1001',
      x264: 'bframes=3',
      width: 638,
      height: 358,
    },
    {
      name: 'interlaced',
      size: '720x576',
      pix: 'yuv420p',
      fps: '25',
      x264: 'interlaced=1',
      width: 720,
      height: 576,
    },
    {
      name: 'interlaced and cropped',
      size: '1920x1080',
      pix: 'yuv420p',
      fps: '25',
      x264: 'interlaced=1',
      width: 1920,
      height: 1080,
    },
    {
      name: 'with HRD and scaling lists',
      size: '640x360',
      pix: 'yuv420p',
      fps: '60',
      x264: 'nal-hrd=vbr:vbv-maxrate=1000:vbv-bufsize=1000:cqm=jvt',
      width: 640,
      height: 360,
    },
  ])('reads what x264 wrote: $name', ({ size, pix, fps, x264, width, height }) => {
    const info = parseSps(spsOf(encode(size, pix, fps, x264)));
    expect(info).toMatchObject({ id: 0, width, height, frameMbsOnly: x264 !== 'interlaced=1' });
    const [num, den = 1] = fps.split('/').map(Number) as [number, number?];
    expect(info.frameRate).toBeCloseTo(num / den, 6);
    if (x264 === 'bframes=0') expect(info.maxReorderFrames).toBe(0);
    else expect(info.maxReorderFrames).toBeGreaterThan(0);
  });

  it('names every way in which it can end early or be wrong, and nothing else', () => {
    const good = spsOf(encode('640x360', 'yuv420p', '25', 'bframes=2'));
    for (let end = 0; end < good.length - 1; end++) {
      const cut = good.subarray(0, end);
      let problem: unknown;
      try {
        problem = parseSps(cut).problem;
      } catch (error) {
        problem = error;
      }
      expect(problem).toBeInstanceOf(BitstreamError);
    }
    fc.assert(
      fc.property(fc.nat(good.length - 1), fc.nat(255), (at, byte) => {
        const bad = Uint8Array.from(good);
        bad[at] = byte;
        try {
          parseSps(bad);
        } catch (error) {
          expect(error).toBeInstanceOf(BitstreamError);
        }
      }),
      { numRuns: 2000 },
    );
  });
});
