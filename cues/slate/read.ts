import { type CodeFailure, momentOf, readCode } from './code.ts';
import { type Finder, findFinders } from './finders.ts';
import { type Homography, homographyOf, mapPoint, type Quad } from './homography.ts';
import { CELL, cellsOfPair, DATA_LEFT, FINDER_CENTRES, PAIRS, type Point, type Rect } from './layout.ts';
import { type GreyPicture, levelAt } from './picture.ts';

export type SlateFailure =
  | CodeFailure
  /** No finder mark anywhere. */
  | 'no-slate'
  /** Some, but not all four. */
  | 'partly-hidden'
  | 'too-small'
  | 'too-blurred'
  /** Marks there are, but black and white are hardly apart: dark, overexposed, reflections. */
  | 'no-contrast';

export type SlateReading =
  | {
      readonly ok: true;
      /** When the display was drawn, by the slate's clock. */
      readonly unixMs: number;
      /** Every display that makes up a fifth of the picture or more was drawn within this of it. */
      readonly errorMs: number;
      readonly session: number;
      /** Pixels a module: how large the slate is in the picture. */
      readonly module: number;
    }
  | { readonly ok: false; readonly reason: SlateFailure };

/** Fewer pixels a module than this, and cells run into one another. */
export const LEAST_MODULE = 2;
const LEAST_CONTRAST = 30;
/** Share of the contrast by which the two cells of a pair differ at least; a display of a fifth or less is no part. */
const CLEAR = 0.6;
/** Contrast of the finder marks' white rings, one module wide, below which cells are not told from blended ones. */
const SHARP = 0.85;
/** Neighbourhoods in which black and white are told apart, as parts of the picture's width. */
const RADII = [1 / 7, 1 / 18, 1 / 45];

const badness: Record<SlateFailure, number> = {
  'no-slate': 0,
  'partly-hidden': 1,
  'too-small': 2,
  'no-contrast': 3,
  'too-blurred': 4,
  'check-failed': 5,
  blended: 6,
  torn: 7,
  edge: 8,
  'not-valid': 9,
};

/**
 * Reads the slate wherever it is in a picture: turned, in perspective, small.
 * @param aroundMs a moment within three days of the slate's, as the picture's arrival
 */
export function readSlate(picture: GreyPicture, aroundMs: number): SlateReading {
  const { width, height, data } = picture;
  if (width < 16 || height < 16 || data.length < width * height) return { ok: false, reason: 'no-slate' };
  let failure: SlateFailure = 'no-slate';
  for (const share of RADII) {
    const finders = findFinders(picture, Math.max(6, Math.round(width * share)));
    const reading = readWith(picture, finders, aroundMs);
    if (reading.ok || reading.reason === 'not-valid') return reading;
    if (badness[reading.reason] > badness[failure]) failure = reading.reason;
  }
  return { ok: false, reason: failure };
}

function readWith(picture: GreyPicture, finders: readonly Finder[], aroundMs: number): SlateReading {
  let failure: SlateFailure = finders.length > 0 ? 'partly-hidden' : 'no-slate';
  for (const four of foursOf(finders)) {
    for (const quad of fourTurns(four)) {
      const map = homographyOf(FINDER_CENTRES as Quad, quad);
      if (map === null || !fits(map, quad)) continue;
      const reading = readThrough(picture, map, aroundMs);
      if (reading.ok || reading.reason === 'not-valid') return reading;
      if (badness[reading.reason] > badness[failure]) failure = reading.reason;
    }
  }
  return { ok: false, reason: failure };
}

function readThrough(picture: GreyPicture, map: Homography, aroundMs: number): SlateReading {
  const levels = FINDER_CENTRES.map((centre) => levelsOfMark(picture, map, centre));
  const contrasts = levels.map(({ black, white }) => white - black);
  if (Math.min(...contrasts) < LEAST_CONTRAST) return { ok: false, reason: 'no-contrast' };
  const smallest = Math.min(...FINDER_CENTRES.map((centre) => moduleAt(map, centre)));
  if (smallest < LEAST_MODULE) return { ok: false, reason: 'too-small' };
  const sharpness = Math.min(...levels.map(({ black, white, ring }) => (ring - black) / (white - black)));

  const cells = Array.from({ length: PAIRS }, (_, pair) => {
    const { upper, lower } = cellsOfPair(pair);
    return {
      x: upper.x + CELL / 2,
      y: lower.y,
      upper: mean(picture, map, upper),
      lower: mean(picture, map, lower),
    };
  });
  // The marks say how far black and white are apart near them; where the data do better, they are believed.
  const differences = cells.map(({ upper, lower }) => Math.abs(upper - lower)).sort((a, b) => b - a);
  const usual = differences[Math.floor(PAIRS / 4)]!;
  const share = usual / average(contrasts);
  const pairs = cells.map(({ x, y, upper, lower }): boolean | null => {
    const contrast = between(contrasts, x, y) * Math.max(0.75, Math.min(1.25, share));
    const difference = (upper - lower) / contrast;
    return Math.abs(difference) < CLEAR ? null : difference > 0;
  });
  const code = readCode(pairs);
  if (code.ok) {
    const { codeMs, errorMs, session } = code;
    return { ok: true, unixMs: momentOf(codeMs, aroundMs), errorMs, session, module: smallest };
  }
  const isUnclear = code.reason === 'blended' || code.reason === 'check-failed';
  if (isUnclear && sharpness < SHARP) return { ok: false, reason: 'too-blurred' };
  return { ok: false, reason: code.reason };
}

/** Black of the core, white of the quiet zone, and the white ring between black and black. */
function levelsOfMark(picture: GreyPicture, map: Homography, { x, y }: Point) {
  const black = mean(picture, map, { x: x - 1, y: y - 1, width: 2, height: 2 });
  // The side that faces away from the data, where nothing else is.
  const outward = x < DATA_LEFT ? -1 : 1;
  const white = mean(picture, map, { x: x + outward * 4.2 - 0.4, y: y - 2, width: 0.8, height: 4 });
  const at = (dx: number, dy: number): number => {
    const point = mapPoint(map, x + dx, y + dy);
    return levelAt(picture, point.x, point.y);
  };
  return { black, white, ring: average([at(-2, 0), at(2, 0), at(0, -2), at(0, 2)]) };
}

const SAMPLES = [-0.3, -0.15, 0, 0.15, 0.3];

/** Mean of the middle of a rectangle: its edges belong to blur and scaling. */
function mean(picture: GreyPicture, map: Homography, rect: Rect): number {
  let sum = 0;
  for (const dy of SAMPLES) {
    for (const dx of SAMPLES) {
      const point = mapPoint(map, rect.x + rect.width * (0.5 + dx), rect.y + rect.height * (0.5 + dy));
      sum += levelAt(picture, point.x, point.y);
    }
  }
  return sum / SAMPLES.length ** 2;
}

/** Between the values at the four marks, by the place on the slate. */
function between(values: readonly number[], x: number, y: number): number {
  const [first, , third] = FINDER_CENTRES;
  const fx = clamp((x - first.x) / (third.x - first.x));
  const fy = clamp((y - first.y) / (third.y - first.y));
  const upper = values[0]! * (1 - fx) + values[1]! * fx;
  const lower = values[3]! * (1 - fx) + values[2]! * fx;
  return upper * (1 - fy) + lower * fy;
}

/** The marks are as large as the map says: four marks of different slates, or in a wrong order, are not. */
function fits(map: Homography, quad: readonly (Point & { readonly module: number })[]): boolean {
  return quad.every(({ module }, i) => {
    const expected = moduleAt(map, FINDER_CENTRES[i]!);
    return Number.isFinite(expected) && module / expected > 0.6 && module / expected < 1.6;
  });
}

/** Square root of how many pixels a square module takes there. */
function moduleAt(map: Homography, { x, y }: Point): number {
  const a = mapPoint(map, x - 0.5, y - 0.5);
  const b = mapPoint(map, x + 0.5, y - 0.5);
  const c = mapPoint(map, x - 0.5, y + 0.5);
  return Math.sqrt(Math.abs((b.x - a.x) * (c.y - a.y) - (b.y - a.y) * (c.x - a.x)));
}

type FourFinders = readonly [Finder, Finder, Finder, Finder];

/** Any four of about one size, in the order in which they go round; clockwise, as pictures are never mirrored. */
function* foursOf(finders: readonly Finder[]): Generator<FourFinders> {
  for (let a = 0; a < finders.length; a++) {
    for (let b = a + 1; b < finders.length; b++) {
      for (let c = b + 1; c < finders.length; c++) {
        for (let d = c + 1; d < finders.length; d++) {
          const four = [finders[a]!, finders[b]!, finders[c]!, finders[d]!];
          const sizes = four.map(({ module }) => module);
          if (Math.max(...sizes) > 3 * Math.min(...sizes)) continue;
          const round = clockwise(four);
          if (round !== null) yield round;
        }
      }
    }
  }
}

/** Null where one of them is within the triangle of the others. */
function clockwise(four: readonly Finder[]): FourFinders | null {
  const x = average(four.map((finder) => finder.x));
  const y = average(four.map((finder) => finder.y));
  const round = four.slice().sort((a, b) => Math.atan2(a.y - y, a.x - x) - Math.atan2(b.y - y, b.x - x));
  for (let i = 0; i < 4; i++) {
    const [p, q, r] = [round[i]!, round[(i + 1) % 4]!, round[(i + 2) % 4]!];
    if ((q.x - p.x) * (r.y - q.y) - (q.y - p.y) * (r.x - q.x) <= 0) return null;
  }
  return round as unknown as FourFinders;
}

const fourTurns = ([a, b, c, d]: FourFinders): FourFinders[] => [
  [a, b, c, d],
  [b, c, d, a],
  [c, d, a, b],
  [d, a, b, c],
];

const clamp = (value: number): number => Math.min(1, Math.max(0, value));
const average = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;
