/**
 * The clock slate: where everything is on the screen. All lengths are in modules; the origin is the upper left
 * corner of the upper left finder mark.
 *
 *     [F]  f f f f f f f f f f f f f  [F]     F  finder mark, 7 x 7: black frame, white ring, black core
 *          s s s s s s s s s s s s s          f  fast part of the time, Gray code; below again in reverse order
 *          s s s s s s s s s s s s s          s  slow part: guards, valid, session, time, CRC
 *          s s s s s s s s s s s s s
 *     [F]  f f f f f f f f f f f f f  [F]
 *
 * Each letter is a pair of cells, one above the other, of which one is white: the upper one for a 1.
 *
 * Without imports: the same file runs in Node and in a browser.
 */

export const FINDER = 7;
export const CELL = 1.5;
export const COLUMNS = 13;
export const ROWS = 5;
export const PAIRS = COLUMNS * ROWS;
/** White around the code; the finder marks are not found without it. */
export const QUIET = 1.5;

export const DATA_LEFT = FINDER + 1;
export const CODE_WIDTH = DATA_LEFT * 2 + COLUMNS * CELL;
export const CODE_HEIGHT = ROWS * 2 * CELL;
/** The whole screen, 16:9; what is below the code is for people. */
export const SCREEN_WIDTH = CODE_WIDTH + 2 * QUIET;
export const SCREEN_HEIGHT = (SCREEN_WIDTH * 9) / 16;

export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface Rect extends Point {
  readonly width: number;
  readonly height: number;
}

const HALF = FINDER / 2;

/** Centres of the finder marks: upper left, upper right, lower right, lower left. */
export const FINDER_CENTRES: readonly [Point, Point, Point, Point] = [
  { x: HALF, y: HALF },
  { x: CODE_WIDTH - HALF, y: HALF },
  { x: CODE_WIDTH - HALF, y: CODE_HEIGHT - HALF },
  { x: HALF, y: CODE_HEIGHT - HALF },
];

/** The upper and the lower cell of a pair. */
export function cellsOfPair(pair: number): { readonly upper: Rect; readonly lower: Rect } {
  const x = DATA_LEFT + (pair % COLUMNS) * CELL;
  const y = Math.floor(pair / COLUMNS) * 2 * CELL;
  const size = { width: CELL, height: CELL };
  return { upper: { x, y, ...size }, lower: { x, y: y + CELL, ...size } };
}

/** What is black on the white code area, for these bits (`codeBits`); in modules. */
export function blackRects(bits: readonly boolean[]): Rect[] {
  const rects: Rect[] = [];
  for (const { x, y } of FINDER_CENTRES) {
    const left = x - HALF;
    const top = y - HALF;
    rects.push(
      { x: left, y: top, width: FINDER, height: 1 },
      { x: left, y: top + FINDER - 1, width: FINDER, height: 1 },
      { x: left, y: top + 1, width: 1, height: FINDER - 2 },
      { x: left + FINDER - 1, y: top + 1, width: 1, height: FINDER - 2 },
      { x: left + 2, y: top + 2, width: 3, height: 3 },
    );
  }
  bits.forEach((bit, pair) => {
    const { upper, lower } = cellsOfPair(pair);
    rects.push(bit ? lower : upper);
  });
  return rects;
}

/** Pixels of a screen of this size: where the code area begins, and how long a module is. */
export function placeOf(width: number, height: number): { left: number; top: number; module: number } {
  const module = Math.min(width / SCREEN_WIDTH, height / SCREEN_HEIGHT);
  return { left: (width - CODE_WIDTH * module) / 2, top: QUIET * module, module };
}
