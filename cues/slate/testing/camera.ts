import { type Homography, homographyOf, mapPoint, type Quad } from '../homography.ts';
import { type GreyPicture, levelAt } from '../picture.ts';

/** Pictures as cameras, mixers and encoders make them of a screen; deterministic for one random source. */
export type Random = () => number;

export function randomOf(seed: number): Random {
  let state = seed >>> 0 || 1;
  return () => {
    // Mulberry32.
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** The displays that a picture is made of, with their shares. */
export function blend(parts: readonly { picture: GreyPicture; share: number }[], gamma = 1): GreyPicture {
  const [first] = parts;
  const { width, height } = first!.picture;
  const data = new Uint8Array(width * height);
  const linear = Float64Array.from({ length: 256 }, (_, level) => (level / 255) ** gamma);
  for (let i = 0; i < data.length; i++) {
    let sum = 0;
    for (const { picture, share } of parts) sum += linear[picture.data[i]!]! * share;
    data[i] = Math.round(255 * sum ** (1 / gamma));
  }
  return { width, height, data };
}

/** Rows above `row` of the new display, the rest still of the old one. */
export function tear(newer: GreyPicture, older: GreyPicture, row: number): GreyPicture {
  const data = Uint8Array.from(older.data);
  const end = Math.round(row) * older.width;
  data.set(newer.data.subarray(0, end));
  return { ...older, data };
}

export interface Shot {
  readonly width: number;
  readonly height: number;
  /** Where the corners of the screen are in the picture: upper left, upper right, lower right, lower left. */
  readonly corners: Quad;
  readonly background: (x: number, y: number) => number;
  /** What the lens makes of levels: gamma, then from black to white with a gradient across the picture. */
  readonly gamma: number;
  readonly black: number;
  readonly white: number;
  readonly gradient: number;
  /** Box blurs of this radius, two of them. */
  readonly blurRadius: number;
  /** Standard deviation, in levels. */
  readonly noise: number;
}

export function shoot(screen: GreyPicture, shot: Shot, random: Random): GreyPicture {
  const { width, height, corners } = shot;
  const screenCorners: Quad = [
    { x: 0, y: 0 },
    { x: screen.width, y: 0 },
    { x: screen.width, y: screen.height },
    { x: 0, y: screen.height },
  ];
  const map = homographyOf(corners, screenCorners)!;
  // Where a pixel covers much of the screen, it is the mean of it.
  const scale = Math.max(1, Math.min(2, Math.round(stepOf(map, width, height))));
  let levels = new Float64Array(width * height);
  const [a, b, c, d, e, f, g, h] = map;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      let sum = 0;
      for (let part = 0; part < scale * scale; part++) {
        const px = x + ((part % scale) + 0.5) / scale;
        const py = y + (Math.floor(part / scale) + 0.5) / scale;
        const w = g * px + h * py + 1;
        const u = (a * px + b * py + c) / w;
        const v = (d * px + e * py + f) / w;
        const isOn = u >= 0 && v >= 0 && u < screen.width && v < screen.height;
        sum += isOn ? levelAt(screen, u, v) : shot.background(px, py);
      }
      const level = (sum / scale ** 2 / 255) ** shot.gamma;
      const light = 1 - shot.gradient * (x / width);
      levels[y * width + x] = shot.black + (shot.white - shot.black) * level * light;
    }
  }
  for (let pass = 0; pass < 2 && shot.blurRadius > 0; pass++) {
    levels = boxBlur(levels, width, height, shot.blurRadius);
  }
  const data = new Uint8Array(width * height);
  const start = Math.floor(random() * 65_536);
  for (let i = 0; i < data.length; i++) {
    const noise = GAUSSIAN[(start + i * 7) & 0xffff]! * shot.noise;
    data[i] = Math.max(0, Math.min(255, Math.round(levels[i]! + noise)));
  }
  return { width, height, data };
}

/** Screen pixels for one picture pixel, in the middle. */
function stepOf(map: Homography, width: number, height: number): number {
  const a = mapPoint(map, width / 2, height / 2);
  const b = mapPoint(map, width / 2 + 1, height / 2);
  return Math.hypot(b.x - a.x, b.y - a.y);
}

function boxBlur(
  levels: Float64Array,
  width: number,
  height: number,
  radius: number,
): Float64Array<ArrayBuffer> {
  const across = new Float64Array(levels.length);
  slide(levels, across, height, width, width, 1, radius);
  const down = new Float64Array(levels.length);
  slide(across, down, width, height, 1, width, radius);
  return down;
}

function slide(
  from: Float64Array,
  to: Float64Array,
  lines: number,
  length: number,
  lineStep: number,
  step: number,
  radius: number,
): void {
  const whole = Math.floor(radius);
  const part = radius - whole;
  const size = 2 * radius + 1;
  const last = length - 1;
  for (let line = 0; line < lines; line++) {
    const start = line * lineStep;
    let sum = 0;
    for (let i = -whole; i <= whole; i++) sum += from[start + Math.max(0, Math.min(last, i)) * step]!;
    for (let i = 0; i < length; i++) {
      const before = i - whole - 1;
      const after = from[start + Math.min(last, i + whole + 1) * step]!;
      to[start + i * step] = (sum + part * (from[start + Math.max(0, before) * step]! + after)) / size;
      sum += after - from[start + Math.max(0, before + 1) * step]!;
    }
  }
}

function gaussian(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

const tableRandom = randomOf(1);
const GAUSSIAN = Float64Array.from({ length: 65_536 }, () => gaussian(tableRandom));
