import { describe, expect, it } from 'vitest';
import { drawSlate } from './raster.ts';
import { readSlate } from './read.ts';
import { randomOf } from './testing/camera.ts';
import { randomPicture, scene } from './testing/pictures.ts';

const NOW = 1_795_000_012_345;
const CONTENT = { unixMs: NOW, session: 77, valid: true };
/** For a long run: FRAMECUE_SLATE_PICTURES=20000. */
const PICTURES = Number(process.env.FRAMECUE_SLATE_PICTURES ?? 60);
const LONG_MS = 20_000 + PICTURES * 1_000;

describe('a slate in a picture', () => {
  it('is read from the screen itself, with a bound that holds', () => {
    for (let at = 0; at < 60; at++) {
      const unixMs = NOW + at * 16.683;
      const reading = readSlate(drawSlate({ ...CONTENT, unixMs }, 640, 360), NOW + 4_000);
      if (!reading.ok) throw new Error(reading.reason);
      expect(reading.session).toBe(77);
      expect(reading.errorMs).toBeLessThanOrEqual(12);
      expect(Math.abs(reading.unixMs - unixMs)).toBeLessThanOrEqual(reading.errorMs);
    }
  });

  it.each([
    ['small, in a corner', { size: 0.25, blurRadius: 0 }],
    ['upside down', { turn: Math.PI, size: 0.6 }],
    ['on its side', { turn: Math.PI / 2, size: 0.5 }],
    ['from the side', { slant: 0.25, size: 0.8 }],
    ['blurred', { size: 0.8, blurRadius: 3 }],
    ['dark and noisy', { size: 0.8, white: 90, noise: 8 }],
    ['half in the shade', { size: 0.8, gradient: 0.6 }],
    ['overexposed', { size: 0.8, gamma: 0.45, white: 255 }],
  ])('%s is read', (_name, options) => {
    const reading = readSlate(scene(drawSlate(CONTENT, 960, 540), options, randomOf(5)), NOW + 2_000);
    if (!reading.ok) throw new Error(reading.reason);
    expect(Math.abs(reading.unixMs - NOW)).toBeLessThanOrEqual(reading.errorMs);
  });

  it.each([
    ['no-slate', { size: 0.05 }],
    ['too-blurred', { size: 0.5, blurRadius: 4 }],
    ['no-contrast', { size: 0.8, white: 34, noise: 0 }],
  ] as const)('that cannot be read is %s', (reason, options) => {
    const reading = readSlate(scene(drawSlate(CONTENT, 960, 540), options, randomOf(5)), NOW);
    expect(reading).toEqual({ ok: false, reason });
  });

  it('whose page does not know its clock is not read', () => {
    const picture = drawSlate({ ...CONTENT, valid: false }, 960, 540);
    expect(readSlate(picture, NOW)).toEqual({ ok: false, reason: 'not-valid' });
  });

  it(
    `is never read wrongly, in ${PICTURES} pictures as cameras, mixers and encoders make them`,
    () => {
      const outcomes = new Map<string, number>();
      let plain = 0;
      let plainRead = 0;
      for (let seed = 1; seed <= PICTURES; seed++) {
        const { picture, displays, session, isPlain } = randomPicture(randomOf(seed * 7919));
        const reading = readSlate(picture, displays[0]!.unixMs + 3_000);
        outcomes.set(
          reading.ok ? 'read' : reading.reason,
          (outcomes.get(reading.ok ? 'read' : reading.reason) ?? 0) + 1,
        );
        if (isPlain) plain++;
        if (isPlain && reading.ok) plainRead++;
        if (!reading.ok) continue;
        const off = displays.map(({ unixMs }) => Math.abs(unixMs - reading.unixMs));
        const holds = (i: number): boolean => off[i]! <= reading.errorMs + 1e-6;
        const most = displays.findIndex(({ share }) => share >= 0.5);
        const all = displays.every(({ share }, i) => share < 0.25 || holds(i));
        const isRight = reading.session === session && (all || (most >= 0 && holds(most)));
        if (!isRight) throw new Error(`seed ${seed}: ${JSON.stringify({ reading, displays, off, session })}`);
      }
      if (PICTURES > 1_000) console.log({ ...Object.fromEntries(outcomes), plain, plainRead });
      // A reader that reads nothing would not be wrong either.
      expect(plainRead / plain).toBeGreaterThan(0.7);
    },
    LONG_MS,
  );
});
