import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ms } from '../packet/time.ts';
import { PresentationOrder } from './next-frame.ts';

interface Unit {
  readonly dts: number;
  readonly pts: number;
  readonly isKeyframe: boolean;
}

/** What rule 4 asks for: the smallest PTS of this access unit and all that follow in decode order. */
function truth(units: readonly Unit[]): number[] {
  const next: number[] = new Array(units.length);
  let smallest = Number.POSITIVE_INFINITY;
  for (let i = units.length - 1; i >= 0; i--) {
    smallest = Math.min(smallest, units[i]!.pts);
    next[i] = smallest;
  }
  return next;
}

const run = (units: readonly Unit[]) => {
  const order = new PresentationOrder();
  return units.map((u) => order.arrive({ dts: ms(u.dts), pts: ms(u.pts), isKeyframe: u.isKeyframe }));
};

/** Display numbers in decode order, e.g. IBBP without pyramid: 0 3 1 2 6 4 5. */
function units(decodeOrder: readonly number[], frameMs: number, reorder: number, keys = [0]): Unit[] {
  return decodeOrder.map((display, i) => ({
    dts: Math.round(i * frameMs),
    pts: Math.round((display + reorder) * frameMs),
    isKeyframe: keys.includes(display),
  }));
}

describe('the next picture in presentation order', () => {
  it.each([
    { name: 'IPPP', order: [0, 1, 2, 3, 4, 5], reorder: 0 },
    { name: 'IBBP', order: [0, 3, 1, 2, 6, 4, 5, 9, 7, 8], reorder: 1 },
    { name: 'IbBbP with pyramid', order: [0, 4, 2, 1, 3, 8, 6, 5, 7], reorder: 2 },
    {
      name: 'open GOP: B-frames lead the keyframe',
      order: [0, 3, 1, 2, 6, 4, 5, 9, 7, 8],
      reorder: 1,
      keys: [0, 6],
    },
  ])('is exact at 25 fps: $name', ({ order, reorder, keys }) => {
    const stream = units(order, 40, reorder, keys);
    expect(run(stream).map((n) => n.pts)).toEqual(truth(stream));
    expect(run(stream).every((n) => n.choice === 'next-in-presentation')).toBe(true);
  });

  it('never names a picture that has passed where pictures are closer than the rounding of their times', () => {
    const times = [1, 62, 2, 67, 5, 70, 6, 63, 7, 65];
    const stream = [0, 1, 2, 3, 4].map((i) => ({
      dts: times[2 * i]!,
      pts: times[2 * i + 1]!,
      isKeyframe: false,
    }));
    expect(run(stream)[4]).toEqual({ pts: 65, choice: 'own-pts' });
  });

  it('never names a picture that has passed, whatever the times are', () => {
    const unit = fc.record({
      step: fc.integer({ min: 1, max: 90 }),
      ahead: fc.integer({ min: 0, max: 200 }),
      key: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(unit, { minLength: 1, maxLength: 200 }), (steps) => {
        let dts = 0;
        const stream = steps.map((s) => {
          dts += s.step;
          return { dts, pts: dts + s.ahead, isKeyframe: s.key };
        });
        // PTS is a picture's identity: two with one PTS are no stream.
        fc.pre(new Set(stream.map((u) => u.pts)).size === stream.length);
        const passed: number[] = [];
        run(stream).forEach((next, i) => {
          const unit = stream[i]!;
          expect(passed).not.toContain(next.pts);
          if (next.choice === 'own-pts') expect(next.pts).toBe(unit.pts);
          // no picture is decoded after its presentation
          expect(next.pts).toBeGreaterThanOrEqual(unit.dts - 2);
          passed.push(unit.pts);
        });
      }),
    );
  });

  it('falls back to own PTS after a dropped B-frame, and is exact again a whole GOP later', () => {
    const gop = (n: number) => [0, 3, 1, 2, 6, 4, 5, 9, 7, 8].map((d) => d + n * 10);
    const order = [0, 1, 2, 3, 4].flatMap(gop);
    const all = units(order, 40, 1, [0, 10, 20, 30, 40]);
    const dropped = all.filter((_, i) => i !== 15);
    const found = run(dropped);
    expect(found.slice(16, 18).some((n) => n.choice === 'own-pts')).toBe(true);
    const exact = truth(dropped);
    for (let i = 39; i < dropped.length; i++) {
      expect(found[i]).toEqual({ pts: exact[i], choice: 'next-in-presentation' });
    }
    found.forEach((n, i) => {
      // a client fires on the first picture at or after it: where that slot is the dropped one's, the one behind it
      const shown = Math.min(...dropped.map((u) => u.pts).filter((pts) => pts >= n.pts - 2));
      expect(shown).toBeGreaterThanOrEqual(exact[i]!);
    });
  });

  it('holds no more than a decoder could reorder when the rate makes no sense', () => {
    const order = new PresentationOrder();
    for (let i = 0; i < 10_000; i++) {
      const next = order.arrive({ dts: ms(i), pts: ms(i + ((i * 7919) % 1000)), isKeyframe: i % 50 === 0 });
      expect(Number.isFinite(next.pts)).toBe(true);
    }
  });
});

describe('the next picture of streams that x264 has made', () => {
  let dir: string;
  beforeAll(() => {
    dir = mkdtempSync(join(tmpdir(), 'framecue-next-'));
  });
  afterAll(() => rmSync(dir, { recursive: true, force: true }));

  it.each([
    { name: '25 fps, no B-frames', fps: '25', x264: 'bframes=0' },
    { name: '25 fps, 3 B-frames and pyramid', fps: '25', x264: 'bframes=3:b-pyramid=normal:b-adapt=0' },
    { name: '29.97 fps, adaptive B-frames', fps: '30000/1001', x264: 'bframes=3:b-pyramid=normal:b-adapt=2' },
    { name: '60 fps, 2 B-frames', fps: '60', x264: 'bframes=2:b-adapt=0' },
    { name: '29.97 fps, open GOP', fps: '30000/1001', x264: 'bframes=3:open-gop=1:b-adapt=0' },
  ])('is exact for every access unit: $name', ({ name, fps, x264 }) => {
    const file = join(dir, `${name.replaceAll(/\W+/g, '-')}.flv`);
    const source = `testsrc2=size=160x90:rate=${fps}:duration=6`;
    const encode = ['-c:v', 'libx264', '-preset', 'veryfast', '-x264-params', `${x264}:keyint=48:scenecut=0`];
    execFileSync('ffmpeg', ['-v', 'error', '-f', 'lavfi', '-i', source, ...encode, file], {
      timeout: 60_000,
    });
    const probe = execFileSync(
      'ffprobe',
      ['-v', 'error', '-show_entries', 'packet=pts,dts,flags', '-of', 'json', file],
      { encoding: 'utf8', timeout: 60_000 },
    );
    const { packets } = JSON.parse(probe) as { packets: { pts: number; dts: number; flags: string }[] };
    const stream = packets.map((p) => ({ pts: p.pts, dts: p.dts, isKeyframe: p.flags.startsWith('K') }));
    expect(stream.length).toBeGreaterThan(140);
    const exact = truth(stream);
    run(stream).forEach((next, i) => {
      expect(next.choice).toBe('next-in-presentation');
      // a slot is rounded as DTS is, a picture as PTS is
      expect(Math.abs(next.pts - exact[i]!)).toBeLessThanOrEqual(2);
    });
  });
});
