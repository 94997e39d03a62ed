import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  BARCODE_CERTAIN_CELLS,
  BARCODE_COLUMNS,
  BARCODE_MAX_FRAME,
  BARCODE_ROWS,
  BARCODE_STRIP_HEIGHT,
  barcodeCells,
  barcodeStripHeight,
  frameOfCells,
  grayPicture,
  type Picture,
  readBarcode,
  readBarcodeStrip,
  rgbaPicture,
} from './barcode.ts';

const CELLS = BARCODE_COLUMNS * BARCODE_ROWS;
const anyFrame = fc.oneof(
  fc.integer({ min: 0, max: BARCODE_MAX_FRAME }),
  fc.constantFrom(0, 1, 2 ** 24 - 1, 2 ** 24, 2 ** 31, BARCODE_MAX_FRAME),
);

/** A gray picture with the strip on top, drawn with hard edges, in the levels of limited-range video. */
function draw(cells: readonly boolean[], width: number, height: number, black = 16, white = 235) {
  const data = new Uint8Array(width * height).fill(90);
  const stripHeight = height * BARCODE_STRIP_HEIGHT;
  for (let y = 0; y < Math.round(stripHeight); y++) {
    const row = Math.min(BARCODE_ROWS - 1, Math.floor(((y + 0.5) * BARCODE_ROWS) / stripHeight));
    for (let x = 0; x < width; x++) {
      const column = Math.floor(((x + 0.5) * BARCODE_COLUMNS) / width);
      data[y * width + x] = cells[row * BARCODE_COLUMNS + column] ? white : black;
    }
  }
  return grayPicture(width, height, data);
}

function toRgba(picture: Picture) {
  const data = new Uint8ClampedArray(picture.width * picture.height * 4);
  picture.data.forEach((level, pixel) => {
    data.set([level, level, level, 255], pixel * 4);
  });
  return rgbaPicture({ width: picture.width, height: picture.height, data });
}

describe('cells', () => {
  test('hold every number and give it back', () => {
    fc.assert(
      fc.property(anyFrame, (frame) => {
        const cells = barcodeCells(frame);
        expect(cells).toHaveLength(CELLS);
        expect(frameOfCells(cells)).toEqual({ frame });
      }),
    );
  });

  test.each([-1, 0.5, BARCODE_MAX_FRAME + 1, Number.NaN])('refuse %s', (frame) => {
    expect(() => barcodeCells(frame)).toThrow(RangeError);
  });

  test('are a published layout: guards, number, and the CRC that any tool computes', () => {
    const row = (text: string) => [...text.replaceAll(' ', '')].map((cell) => cell === '1');
    // The CRC of the bytes 00 00 04 d2 is 0x2df5a9e0.
    expect(barcodeCells(1234)).toEqual([
      ...row('01 00000000 0 00000000 10 00000100 1 11010010 01'),
      ...row('10 00101101 1 11110101 01 10101001 0 11100000 10'),
    ]);
  });

  // CRCs are linear: two numbers' strips differ in the cells of (their difference, its CRC without the constant).
  // Every difference of up to 9 data cells is tried, so this is a proof and not a sample.
  test('of two numbers differ in at least 10 places', () => {
    const zero = checkWord(0);
    const basis = Array.from({ length: 32 }, (_, bit) => checkWord(2 ** bit) ^ zero);
    let least = CELLS;
    const extend = (from: number, dataCells: number, check: number): void => {
      for (let bit = from; bit < 32; bit++) {
        const next = check ^ basis[bit]!;
        least = Math.min(least, dataCells + 1 + ones(next));
        if (dataCells + 1 < BARCODE_CERTAIN_CELLS) extend(bit + 1, dataCells + 1, next);
      }
    };
    extend(0, 0, 0);
    expect(least).toBe(BARCODE_CERTAIN_CELLS + 1);
  });

  test('are never misread with up to 9 of them flipped, and practically never with more', () => {
    const flips = fc.uniqueArray(fc.integer({ min: 0, max: CELLS - 1 }), { minLength: 1, maxLength: 30 });
    fc.assert(
      fc.property(anyFrame, flips, (frame, flipped) => {
        const cells = barcodeCells(frame).map((cell, index) => cell !== flipped.includes(index));
        expect(frameOfCells(cells).frame).toBeUndefined();
      }),
      { numRuns: 2000 },
    );
  });
});

describe('reader', () => {
  test('reads gray and RGBA pictures of any size down to 2 pixels a cell', () => {
    const size = fc.record({
      width: fc.integer({ min: 80, max: 700 }),
      height: fc.integer({ min: 60, max: 400 }),
    });
    fc.assert(
      fc.property(anyFrame, size, (frame, { width, height }) => {
        const picture = draw(barcodeCells(frame), width, height);
        expect(readBarcode(picture)).toEqual({ frame });
        expect(readBarcode(toRgba(picture))).toEqual({ frame });
      }),
      { numRuns: 60 },
    );
  });

  test('reads the strip alone', () => {
    const picture = draw(barcodeCells(77_777), 640, 360);
    const height = barcodeStripHeight(360);
    expect(height).toBe(32);
    expect(readBarcodeStrip(grayPicture(640, height, picture.data.subarray(0, 640 * height)))).toEqual({
      frame: 77_777,
    });
  });

  test('minds strides and an offset, as a plane inside a decoder buffer has them', () => {
    const { data } = draw(barcodeCells(5), 320, 180);
    const padded = new Uint8Array(100 + 352 * 180).fill(200);
    for (let y = 0; y < 180; y++) padded.set(data.subarray(y * 320, (y + 1) * 320), 100 + y * 352);
    const picture = { width: 320, height: 180, data: padded, pixelStride: 1, rowStride: 352, offset: 100 };
    expect(readBarcode(picture)).toEqual({ frame: 5 });
  });

  test('reads faded pictures as long as there are two levels', () => {
    expect(readBarcode(draw(barcodeCells(9), 640, 360, 100, 160))).toEqual({ frame: 9 });
    expect(readBarcode(draw(barcodeCells(9), 640, 360, 100, 130))).toEqual({ error: 'no-contrast' });
  });

  test('says why it cannot read', () => {
    const plain = (level: number) => grayPicture(640, 360, new Uint8Array(640 * 360).fill(level));
    expect(readBarcode(plain(0))).toEqual({ error: 'no-contrast' });
    expect(readBarcode(plain(255))).toEqual({ error: 'no-contrast' });
    expect(readBarcode(grayPicture(640, 360, new Uint8Array(640 * 100)))).toEqual({ error: 'too-small' });
    expect(readBarcode(draw(barcodeCells(1), 60, 34))).toEqual({ error: 'too-small' });
    expect(readBarcode(draw(barcodeCells(1), 640, 360, 235, 16))).toEqual({ error: 'no-guards' });
    const shifted = barcodeCells(1).map((_, index, cells) => cells[(index + 2) % CELLS]!);
    expect(readBarcode(draw(shifted, 640, 360))).toEqual({ error: 'no-guards' });
    const flipped = barcodeCells(1).map((cell, index) => (index === 5 ? !cell : cell));
    expect(readBarcode(draw(flipped, 640, 360))).toEqual({ error: 'check-failed' });
  });

  test('never takes two pictures blended into one for a third', () => {
    fc.assert(
      fc.property(anyFrame, anyFrame, fc.double({ min: 0, max: 1, noNaN: true }), (a, b, share) => {
        fc.pre(a !== b);
        const first = draw(barcodeCells(a), 320, 180);
        const second = draw(barcodeCells(b), 320, 180);
        const blend = first.data.map((level, at) => level * share + second.data[at]! * (1 - share));
        const { frame } = readBarcode(grayPicture(320, 180, blend));
        // Where one of the two prevails clearly, its own number is the right answer.
        if (frame !== undefined) expect(frame).toBe(share > 0.5 ? a : b);
      }),
      { numRuns: 200 },
    );
  });

  test('never returns a wrong number from a blurred and noisy picture, and reads a moderately bad one', () => {
    const damage = fc.record({
      radius: fc.integer({ min: 0, max: 12 }),
      noise: fc.integer({ min: 0, max: 255 }),
      seed: fc.integer(),
    });
    fc.assert(
      fc.property(anyFrame, damage, (frame, { radius, noise, seed }) => {
        const picture = addNoise(blur(draw(barcodeCells(frame), 320, 180), radius), noise, seed);
        const reading = readBarcode(picture);
        if (reading.error === undefined) expect(reading.frame).toBe(frame);
        if (radius <= 2 && noise <= 60) expect(reading).toEqual({ frame });
      }),
      { numRuns: 150 },
    );
  });

  test('finds no number in pictures of noise', () => {
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const picture = addNoise(grayPicture(80, 45, new Uint8Array(80 * 45).fill(128)), 255, seed);
        expect(readBarcode(picture).frame).toBeUndefined();
      }),
    );
  });
});

test('the module imports nothing, so that a browser can load it as it is', () => {
  const source = readFileSync(new URL('./barcode.ts', import.meta.url), 'utf8');
  expect(source).not.toMatch(/^\s*import\b|\brequire\(|\bimport\(|\bprocess\b|\bBuffer\b/m);
});

/** The lower row's 32 data cells as a number. */
function checkWord(frame: number): number {
  const data = barcodeCells(frame)
    .slice(BARCODE_COLUMNS)
    .filter((_, column) => ![0, 1, 10, 19, 20, 29, 38, 39].includes(column));
  return data.reduce((word, cell) => (word << 1) | (cell ? 1 : 0), 0);
}

function ones(word: number): number {
  let bits = word - ((word >>> 1) & 0x5555_5555);
  bits = (bits & 0x3333_3333) + ((bits >>> 2) & 0x3333_3333);
  return Math.imul((bits + (bits >>> 4)) & 0x0f0f_0f0f, 0x0101_0101) >>> 24;
}

/** Box blur along the rows, over the strip only. */
function blur(picture: Picture, radius: number) {
  const { width, height } = picture;
  const data = Uint8Array.from(picture.data);
  for (let y = 0; y < barcodeStripHeight(height); y++) {
    for (let x = 0; x < width; x++) {
      let sum = 0;
      for (let dx = -radius; dx <= radius; dx++) {
        sum += picture.data[y * width + Math.min(width - 1, Math.max(0, x + dx))]!;
      }
      data[y * width + x] = sum / (2 * radius + 1);
    }
  }
  return grayPicture(width, height, data);
}

/** Noise of up to `amount` either way, from a seed (mulberry32), clamped to 0..255. */
function addNoise(picture: Picture, amount: number, seed: number) {
  let state = seed | 0;
  const random = () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const data = Uint8ClampedArray.from(picture.data, (level) => level + (random() * 2 - 1) * amount);
  return grayPicture(picture.width, picture.height, data);
}
