/**
 * A small typeface of our own, drawn as strokes with round ends: capitals 10 units high (0 at the top, 10 on
 * the base line), x-height 6.8, descenders to 13. Test streams so need no font on the machine.
 */
import { type Colour, type Mask, type Segment, strokeMask, type Yuv420 } from './raster.ts';

/** Height of capitals and digits in pixels, stroke width in tenths of that, and space between letters. */
export interface TypeStyle {
  readonly size: number;
  readonly weight?: number;
  readonly spacing?: number;
}

const BOWL = 'O 2.6 6.6 2.6 3.4';
const ARCH = 'M 0 6 C 0 4.2 1.1 3.2 2.6 3.2 C 4.1 3.2 4.8 4.2 4.8 5.8 L 4.8 10';

/** Width and strokes: M x y, L x y, C (cubic curve), O cx cy rx ry (ellipse). Digits are equally wide. */
const GLYPHS: Readonly<Record<string, readonly [width: number, strokes: string]>> = {
  '0': [6, 'M 3 0 C 5 0 6 1.9 6 5 C 6 8.1 5 10 3 10 C 1 10 0 8.1 0 5 C 0 1.9 1 0 3 0'],
  '1': [6, 'M 1 2.1 L 3.6 0 L 3.6 10'],
  '2': [6, 'M .2 2.6 C .4 1 1.4 0 3 0 C 4.8 0 5.8 1.1 5.8 2.7 C 5.8 4.1 5.1 5.1 3.8 6.4 L .2 10 L 6 10'],
  '3': [6, 'M .4 0 L 5.5 0 L 2.7 3.9 C 4.8 3.9 6 5.1 6 6.9 C 6 8.8 4.8 10 3 10 C 1.5 10 .4 9.2 0 7.9'],
  '4': [6, 'M 4.6 10 L 4.6 0 L 0 7.2 L 6.2 7.2'],
  '5': [
    6,
    'M 5.4 0 L 1 0 L .5 4.7 C 1.2 4 2 3.7 3 3.7 C 4.8 3.7 6 5 6 6.8 C 6 8.7 4.7 10 2.9 10 C 1.5 10 .5 9.3 0 8.1',
  ],
  '6': [
    6,
    'M 4.5 0 C 2.2 1.8 0 4.2 0 6.9 M 0 6.9 C 0 8.7 1.3 10 3 10 C 4.7 10 6 8.7 6 6.9 C 6 5.1 4.7 3.8 3 3.8 C 1.3 3.8 0 5.1 0 6.9',
  ],
  '7': [6, 'M 0 0 L 6 0 L 2 10'],
  '8': [6, 'O 3 2.35 2.5 2.35 O 3 7.35 3 2.65'],
  '9': [
    6,
    'M 1.5 10 C 3.8 8.2 6 5.8 6 3.1 M 6 3.1 C 6 1.3 4.7 0 3 0 C 1.3 0 0 1.3 0 3.1 C 0 4.9 1.3 6.2 3 6.2 C 4.7 6.2 6 4.9 6 3.1',
  ],
  A: [6.8, 'M 0 10 L 3.4 0 L 6.8 10 M 1.2 6.6 L 5.6 6.6'],
  B: [
    6.2,
    'M 0 4.8 L 3.4 4.8 C 5 4.8 5.8 3.9 5.8 2.4 C 5.8 1 5 0 3.4 0 L 0 0 L 0 10 L 3.4 10 C 5.3 10 6.2 9 6.2 7.4 C 6.2 5.9 5.3 4.8 3.4 4.8',
  ],
  C: [6.4, 'M 6.4 2 C 5.8 .8 4.8 0 3.5 0 C 1.4 0 0 2 0 5 C 0 8 1.4 10 3.5 10 C 4.8 10 5.8 9.2 6.4 8'],
  D: [6.6, 'M 0 0 L 2.8 0 C 5.2 0 6.6 1.9 6.6 5 C 6.6 8.1 5.2 10 2.8 10 L 0 10 L 0 0'],
  E: [5.4, 'M 5.4 0 L 0 0 L 0 10 L 5.4 10 M 0 4.8 L 4.8 4.8'],
  F: [5.2, 'M 5.2 0 L 0 0 L 0 10 M 0 4.9 L 4.6 4.9'],
  G: [
    6.6,
    'M 6.4 2 C 5.8 .8 4.8 0 3.5 0 C 1.4 0 0 2 0 5 C 0 8 1.4 10 3.5 10 C 5.4 10 6.6 8.8 6.6 6.6 L 6.6 5.4 L 3.8 5.4',
  ],
  H: [6.4, 'M 0 0 L 0 10 M 6.4 0 L 6.4 10 M 0 4.8 L 6.4 4.8'],
  I: [0, 'M 0 0 L 0 10'],
  J: [4, 'M 4 0 L 4 7.2 C 4 9 3.3 10 2 10 C 1 10 .4 9.5 0 8.6'],
  K: [6, 'M 0 0 L 0 10 M 5.8 0 L 0 6.2 M 2.2 4 L 6.1 10'],
  L: [5, 'M 0 0 L 0 10 L 5 10'],
  M: [7.8, 'M 0 10 L 0 0 L 3.9 6.4 L 7.8 0 L 7.8 10'],
  N: [6.4, 'M 0 10 L 0 0 L 6.4 10 L 6.4 0'],
  O: [7.2, 'O 3.6 5 3.6 5'],
  P: [6.1, 'M 0 10 L 0 0 L 3.4 0 C 5.2 0 6.1 1.1 6.1 2.8 C 6.1 4.6 5.2 5.6 3.4 5.6 L 0 5.6'],
  Q: [7.2, 'O 3.6 5 3.6 5 M 4.4 7.2 L 7 10.4'],
  R: [
    6.2,
    'M 0 10 L 0 0 L 3.4 0 C 5.2 0 6.1 1.1 6.1 2.8 C 6.1 4.6 5.2 5.6 3.4 5.6 L 0 5.6 M 3.4 5.6 L 6.2 10',
  ],
  S: [
    6.2,
    'M 6 1.8 C 5.4 .6 4.4 0 3.1 0 C 1.4 0 .3 1 .3 2.5 C .3 4 1.4 4.5 3.2 4.9 C 5.2 5.3 6.2 6 6.2 7.4 C 6.2 9 4.9 10 3.1 10 C 1.7 10 .6 9.3 0 8',
  ],
  T: [6.2, 'M 0 0 L 6.2 0 M 3.1 0 L 3.1 10'],
  U: [6.4, 'M 0 0 L 0 6.4 C 0 8.8 1.2 10 3.2 10 C 5.2 10 6.4 8.8 6.4 6.4 L 6.4 0'],
  V: [6.6, 'M 0 0 L 3.3 10 L 6.6 0'],
  W: [9.4, 'M 0 0 L 2.3 10 L 4.7 1 L 7.1 10 L 9.4 0'],
  X: [6.2, 'M 0 0 L 6.2 10 M 6.2 0 L 0 10'],
  Y: [6.2, 'M 0 0 L 3.1 4.8 L 6.2 0 M 3.1 4.8 L 3.1 10'],
  Z: [6, 'M 0 0 L 5.8 0 L 0 10 L 6 10'],
  a: [5.2, `${BOWL} M 5.2 3.4 L 5.2 10`],
  b: [5.2, `${BOWL} M 0 0 L 0 10`],
  c: [
    5,
    'M 5 4.6 C 4.5 3.7 3.7 3.2 2.7 3.2 C 1.1 3.2 0 4.6 0 6.6 C 0 8.6 1.1 10 2.7 10 C 3.7 10 4.5 9.5 5 8.6',
  ],
  d: [5.2, `${BOWL} M 5.2 0 L 5.2 10`],
  e: [
    5.2,
    'M .1 6.5 L 5.2 6.5 C 5.2 4.5 4.2 3.2 2.6 3.2 C 1.1 3.2 0 4.6 0 6.6 C 0 8.6 1.1 10 2.7 10 C 3.7 10 4.4 9.6 4.9 8.9',
  ],
  f: [3.5, 'M 3.5 .1 C 2 -.2 1.2 .6 1.2 2.2 L 1.2 10 M 0 3.6 L 3.1 3.6'],
  g: [5.2, `${BOWL} M 5.2 3.4 L 5.2 10.4 C 5.2 12.2 4.2 13 2.6 13 C 1.6 13 .8 12.7 .2 12`],
  h: [4.8, `M 0 0 L 0 10 ${ARCH}`],
  i: [0, 'M 0 3.4 L 0 10 M 0 .8 L 0 .8'],
  j: [1.4, 'M 1.4 3.4 L 1.4 11 C 1.4 12.4 .9 13 -.3 13 M 1.4 .8 L 1.4 .8'],
  k: [4.7, 'M 0 0 L 0 10 M 4.4 3.4 L 0 7.4 M 1.7 6 L 4.7 10'],
  l: [0, 'M 0 0 L 0 10'],
  m: [
    8.2,
    'M 0 3.4 L 0 10 M 0 5.8 C 0 4.2 .9 3.2 2.2 3.2 C 3.5 3.2 4.1 4.1 4.1 5.6 L 4.1 10 M 4.1 5.8 C 4.1 4.2 5 3.2 6.3 3.2 C 7.6 3.2 8.2 4.1 8.2 5.6 L 8.2 10',
  ],
  n: [4.8, `M 0 3.4 L 0 10 ${ARCH}`],
  o: [5.2, BOWL],
  p: [5.2, `${BOWL} M 0 3.4 L 0 13`],
  q: [5.2, `${BOWL} M 5.2 3.4 L 5.2 13`],
  r: [3, 'M 0 3.4 L 0 10 M 0 6.2 C 0 4.3 1.2 3.2 3 3.3'],
  s: [
    4.6,
    'M 4.4 4.3 C 4 3.6 3.2 3.2 2.3 3.2 C 1.1 3.2 .3 3.9 .3 4.9 C .3 5.9 1 6.3 2.4 6.6 C 3.9 6.9 4.6 7.4 4.6 8.3 C 4.6 9.4 3.7 10 2.4 10 C 1.4 10 .5 9.6 0 8.8',
  ],
  t: [3.3, 'M 1.2 1 L 1.2 8.2 C 1.2 9.5 1.8 10 3.3 9.9 M 0 3.6 L 3.1 3.6'],
  u: [4.8, 'M 0 3.4 L 0 7.4 C 0 9 .8 10 2.3 10 C 3.8 10 4.8 9 4.8 7.2 M 4.8 3.4 L 4.8 10'],
  v: [5.2, 'M 0 3.4 L 2.6 10 L 5.2 3.4'],
  w: [7.8, 'M 0 3.4 L 1.9 10 L 3.9 3.8 L 5.9 10 L 7.8 3.4'],
  x: [4.8, 'M 0 3.4 L 4.8 10 M 4.8 3.4 L 0 10'],
  y: [5.2, 'M 0 3.4 L 2.6 10 M 5.2 3.4 L 1.9 11.8 C 1.5 12.8 .9 13.1 0 12.9'],
  z: [4.8, 'M 0 3.4 L 4.6 3.4 L 0 10 L 4.8 10'],
  ' ': [1.4, ''],
  '.': [0, 'M 0 10 L 0 10'],
  ',': [0.5, 'M .5 9.8 L 0 11.6'],
  ':': [0, 'M 0 3.4 L 0 3.4 M 0 9 L 0 9'],
  '/': [3.8, 'M 3.8 -.6 L 0 10.8'],
  '-': [3.2, 'M 0 6.2 L 3.2 6.2'],
  '×': [4.2, 'M 0 4.4 L 4.2 8.6 M 4.2 4.4 L 0 8.6'],
  '·': [0, 'M 0 6.2 L 0 6.2'],
};

const UNITS = 10;
const CURVE_STEPS = 14;
const masks = new Map<string, Mask>();

/** Width in pixels from the first letter's left edge to the last one's right edge. */
export function textWidth(text: string, style: TypeStyle): number {
  const { size, weight = 1.1, spacing = 2.6 } = style;
  const letters = [...text];
  const units = letters.reduce((sum, letter) => sum + glyph(letter)[0] + spacing, -spacing) + weight;
  return (units * size) / UNITS;
}

/** Writes `text` with its left edge at `left` and the top of its capitals at `top`; returns the right edge. */
export function write(
  picture: Yuv420,
  text: string,
  left: number,
  top: number,
  style: TypeStyle & { readonly ink: Colour; readonly opacity?: number },
): number {
  const { size, weight = 1.1, spacing = 2.6, ink, opacity = 1 } = style;
  const scale = size / UNITS;
  let x = left + (weight / 2) * scale;
  for (const letter of text) {
    const [width, strokes] = glyph(letter);
    const margin = marginOf(size, weight);
    if (strokes !== '')
      picture.blend(letterMask(letter, size, weight), x - margin, top - margin, ink, opacity);
    x += (width + spacing) * scale;
  }
  return x - (spacing - weight / 2) * scale;
}

/** @throws {RangeError} for a letter that was never drawn: the texts are all our own. */
function glyph(letter: string): readonly [width: number, strokes: string] {
  const found = GLYPHS[letter];
  if (found === undefined) throw new RangeError(`the typeface has no ${JSON.stringify(letter)}`);
  return found;
}

const marginOf = (size: number, weight: number): number => 2 * Math.ceil((weight * size) / UNITS / 2 + 1);

function letterMask(letter: string, size: number, weight: number): Mask {
  const key = `${letter} ${size} ${weight}`;
  const known = masks.get(key);
  if (known !== undefined) return known;
  const [width, strokes] = glyph(letter);
  const scale = size / UNITS;
  const margin = marginOf(size, weight);
  const segments = segmentsOf(strokes).map(([ax, ay, bx, by]): Segment => {
    return [ax * scale + margin, ay * scale + margin, bx * scale + margin, by * scale + margin];
  });
  const lowest = Math.max(...segments.map(([, ay, , by]) => Math.max(ay, by)));
  const mask = strokeMask(width * scale + 2 * margin, lowest + margin, segments, weight * scale);
  masks.set(key, mask);
  return mask;
}

function segmentsOf(strokes: string): Segment[] {
  const tokens = strokes.split(' ').filter((token) => token !== '');
  const segments: Segment[] = [];
  let [x, y] = [0, 0];
  const lineTo = (nextX: number, nextY: number) => {
    segments.push([x, y, nextX, nextY]);
    [x, y] = [nextX, nextY];
  };
  for (let at = 0; at < tokens.length; ) {
    const command = tokens[at]!;
    const numbers = tokens.slice(at + 1, at + 1 + (ARGUMENTS[command] ?? 0)).map(Number);
    at += 1 + numbers.length;
    const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0] = numbers;
    if (command === 'M') [x, y] = [a, b];
    else if (command === 'L') lineTo(a, b);
    else if (command === 'C') {
      const [fromX, fromY] = [x, y];
      for (let step = 1; step <= CURVE_STEPS; step++) {
        const t = step / CURVE_STEPS;
        lineTo(cubic(fromX, a, c, e, t), cubic(fromY, b, d, f, t));
      }
    } else if (command === 'O') {
      [x, y] = [a + c, b];
      for (let step = 1; step <= 3 * CURVE_STEPS; step++) {
        const angle = (2 * Math.PI * step) / (3 * CURVE_STEPS);
        lineTo(a + c * Math.cos(angle), b + d * Math.sin(angle));
      }
    } else throw new RangeError(`unknown stroke ${command}`);
  }
  return segments;
}

const ARGUMENTS: Readonly<Record<string, number>> = { M: 2, L: 2, C: 6, O: 4 };

function cubic(from: number, first: number, second: number, to: number, t: number): number {
  const s = 1 - t;
  return s * s * s * from + 3 * s * s * t * first + 3 * s * t * t * second + t * t * t * to;
}
