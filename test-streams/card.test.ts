import { describe, expect, test } from 'vitest';
import { grayPicture, readBarcode } from './barcode.ts';
import { clockText, drawBarcode, TestCard } from './card.ts';
import { textWidth, write } from './lettering.ts';
import { colour, Yuv420 } from './raster.ts';

const PARAMETERS = { fps: '25', bFrames: 2, seconds: 8, gopSeconds: 2, bitrateKbps: 400 };
const SIZES = [
  [1280, 720],
  [640, 360],
  [160, 90],
  [640, 480],
  [360, 640],
  [854, 480],
] as const;

describe.each(SIZES)('the card at %ix%i', (width, height) => {
  const card = new TestCard({ ...PARAMETERS, width, height });

  test('carries the number of each picture', () => {
    for (const frame of [0, 1, 24, 25, 50, 199, 1_234_567]) {
      const luma = card.draw(frame).subarray(0, width * height);
      expect(readBarcode(grayPicture(width, height, luma))).toEqual({ frame });
    }
  });

  test('shows below the strip that time goes on', () => {
    const below = (frame: number) =>
      Uint8Array.from(card.draw(frame).subarray(width * Math.ceil(height * 0.1)));
    const pictures = [0, 1, 2, 25, 51].map(below);
    pictures.forEach((picture, at) => {
      expect(pictures.findIndex((other) => Buffer.compare(other, picture) === 0)).toBe(at);
    });
  });

  test('looks the same whatever was drawn before', () => {
    const fresh = Uint8Array.from(new TestCard({ ...PARAMETERS, width, height }).draw(26));
    card.draw(199);
    expect(Buffer.compare(card.draw(26), fresh)).toBe(0);
  });
});

test('the strip is in full contrast and without colour', () => {
  const picture = new Yuv420(640, 360);
  drawBarcode(picture, 99);
  expect(new Set(picture.data.subarray(0, 640 * 32))).toEqual(new Set([16, 235]));
  const chroma = 640 * 360;
  expect(new Set(picture.data.subarray(chroma, chroma + 320 * 16))).toEqual(new Set([128]));
});

test.each([
  [0, '00:00.000'],
  [1 / 25, '00:00.040'],
  [29 / 25, '00:01.160'],
  [(30 * 1001) / 30000, '00:01.001'],
  [59.9999, '00:59.999'],
  [3599.04, '59:59.040'],
  [6000, '100:00.000'],
])('%d s is %s', (seconds, text) => {
  expect(clockText(seconds)).toBe(text);
});

test('colours are BT.709 in limited range', () => {
  const rounded = (hex: string) => Object.values(colour(hex)).map(Math.round);
  expect(rounded('#ffffff')).toEqual([235, 128, 128]);
  expect(rounded('#000000')).toEqual([16, 128, 128]);
  expect(rounded('#ff0000')).toEqual([63, 102, 240]);
  expect(rounded('#0000ff')).toEqual([32, 240, 118]);
});

test('odd sizes are refused: 4:2:0 has no half samples', () => {
  expect(() => new Yuv420(641, 360)).toThrow(RangeError);
});

describe('lettering', () => {
  const style = { size: 20, ink: colour('#ffffff') };
  const inkOf = (letter: string) => {
    const picture = new Yuv420(60, 60);
    write(picture, letter, 20, 20, style);
    return picture.data.subarray(0, 3600);
  };

  test('has a shape of its own for every letter and digit', () => {
    const letters = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.,:/-×·'];
    // All but I and l, which are the same stroke.
    const shapes = new Set(letters.map((letter) => Buffer.from(inkOf(letter)).toString('base64')));
    expect(shapes.size).toBe(letters.length - 1);
    expect(inkOf(' ').every((level) => level === 0)).toBe(true);
  });

  test('writes as wide as it measures', () => {
    const picture = new Yuv420(200, 60);
    const right = write(picture, 'FRAME 07', 10, 10, style);
    expect(right - 10).toBeCloseTo(textWidth('FRAME 07', style));
  });

  test('knows what it has no letter for', () => {
    expect(() => textWidth('☃', style)).toThrow(RangeError);
  });
});
