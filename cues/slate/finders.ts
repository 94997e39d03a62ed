import type { GreyPicture } from './picture.ts';

/** A finder mark: black core in a white ring in a black frame. */
export interface Finder {
  readonly x: number;
  readonly y: number;
  /** Pixels a module. */
  readonly module: number;
}

/** Components of a picture that are worth looking at. */
interface Blob {
  readonly black: boolean;
  left: number;
  right: number;
  top: number;
  bottom: number;
  area: number;
  sumX: number;
  sumY: number;
  /** Component to the left of the leftmost run; -1 at the picture's edge. */
  around: number;
}

const MOST_FINDERS = 14;
/** Runs of one picture; noise makes more, and there is nothing to read then. */
const MOST_RUNS = 400_000;

/**
 * Marks in a picture, by connected components of black and white: three in one another with one centre and the right
 * proportions. Black is what is darker than the mean of its surroundings, `radius` pixels each way.
 */
export function findFinders(picture: GreyPicture, radius: number): Finder[] {
  const blobs = blobsOf(picture, radius);
  if (blobs === null) return [];
  const found: (Finder & { area: number })[] = [];
  for (const core of blobs) {
    if (!core.black || core.around < 0 || core.area < 6) continue;
    const ring = blobs[core.around]!;
    if (ring.black || ring.around < 0) continue;
    const frame = blobs[ring.around]!;
    if (!frame.black || !isMark(core, ring, frame)) continue;
    const x = (core.sumX / core.area + frame.sumX / frame.area) / 2 + 0.5;
    const y = (core.sumY / core.area + frame.sumY / frame.area) / 2 + 0.5;
    // A core has 9 modules, and all three together 49; how far blur has eaten into each evens out over both.
    const whole = core.area + ring.area + frame.area;
    found.push({ x, y, module: Math.sqrt(whole) / 7, area: whole });
  }
  found.sort((a, b) => b.area - a.area);
  return found.slice(0, MOST_FINDERS);
}

function isMark(core: Blob, ring: Blob, frame: Blob): boolean {
  const size = (blob: Blob): [number, number] => [blob.right - blob.left + 1, blob.bottom - blob.top + 1];
  const [coreWidth, coreHeight] = size(core);
  const [ringWidth, ringHeight] = size(ring);
  const [frameWidth, frameHeight] = size(frame);
  const within = (value: number, from: number, to: number): boolean => value >= from && value <= to;
  if (!within(coreWidth / coreHeight, 0.3, 3.3)) return false;
  if (core.area < 0.4 * coreWidth * coreHeight) return false;
  if (!within(ringWidth / coreWidth, 1.15, 2.6) || !within(ringHeight / coreHeight, 1.15, 2.6)) return false;
  if (!within(frameWidth / coreWidth, 1.5, 4) || !within(frameHeight / coreHeight, 1.5, 4)) return false;
  if (!within(ring.area / core.area, 0.5, 4) || !within(frame.area / core.area, 0.9, 7)) return false;
  const apart = (a: Blob, b: Blob): number =>
    Math.hypot(a.sumX / a.area - b.sumX / b.area, a.sumY / a.area - b.sumY / b.area);
  const tolerance = Math.max(1, Math.min(coreWidth, coreHeight) * 0.4);
  return apart(core, ring) <= tolerance && apart(core, frame) <= tolerance;
}

/** Connected components of runs; white ones by four neighbours, black ones by eight. Null where they are too many. */
function blobsOf(picture: GreyPicture, radius: number): Blob[] | null {
  const runs = runsOf(blackOf(picture, radius), picture.width, picture.height);
  if (runs === null) return null;
  const { count, parent, from, to, row, black } = runs;
  const blobAt = new Int32Array(count).fill(-1);
  const blobs: Blob[] = [];
  const leftmost: number[] = [];
  for (let run = 0; run < count; run++) {
    const root = rootOf(parent, run);
    const left = from[run]!;
    const right = to[run]!;
    const y = row[run]!;
    let at = blobAt[root]!;
    if (at < 0) {
      at = blobs.length;
      blobAt[root] = at;
      const isBlack = black[run] === 1;
      blobs.push({ black: isBlack, left, right, top: y, bottom: y, area: 0, sumX: 0, sumY: 0, around: -1 });
      leftmost.push(run);
    }
    const blob = blobs[at]!;
    const length = right - left + 1;
    if (left < blob.left) {
      blob.left = left;
      leftmost[at] = run;
    }
    if (right > blob.right) blob.right = right;
    blob.bottom = y;
    blob.area += length;
    blob.sumX += ((left + right) / 2) * length;
    blob.sumY += y * length;
  }
  blobs.forEach((blob, at) => {
    const run = leftmost[at]!;
    // Runs of a row follow one another: the one before is to the left.
    if (from[run]! > 0) blob.around = blobAt[rootOf(parent, run - 1)]!;
  });
  return blobs;
}

interface Runs {
  readonly count: number;
  /** A run of the same component that comes earlier, or itself. */
  readonly parent: Int32Array;
  readonly from: Int32Array;
  readonly to: Int32Array;
  readonly row: Int32Array;
  readonly black: Uint8Array;
}

function runsOf(isBlack: Uint8Array, width: number, height: number): Runs | null {
  const most = Math.min(MOST_RUNS, width * height);
  const parent = new Int32Array(most);
  const from = new Int32Array(most);
  const to = new Int32Array(most);
  const row = new Int32Array(most);
  const black = new Uint8Array(most);
  let count = 0;
  let above = 0;
  let aboveEnd = 0;
  for (let y = 0; y < height; y++) {
    const start = count;
    const base = y * width;
    let x = 0;
    while (x < width) {
      if (count >= most) return null;
      const colour = isBlack[base + x]!;
      const left = x;
      while (x < width && isBlack[base + x] === colour) x++;
      const run = count++;
      from[run] = left;
      to[run] = x - 1;
      row[run] = y;
      black[run] = colour;
      parent[run] = run;
      const reach = colour;
      while (above < aboveEnd && to[above]! < left - reach) above++;
      for (let i = above; i < aboveEnd && from[i]! <= x - 1 + reach; i++) {
        if (black[i] !== colour) continue;
        const a = rootOf(parent, i);
        const b = rootOf(parent, run);
        if (a !== b) parent[Math.max(a, b)] = Math.min(a, b);
      }
    }
    above = start;
    aboveEnd = count;
  }
  return { count, parent, from, to, row, black };
}

function rootOf(parent: Int32Array, run: number): number {
  let at = run;
  while (parent[at] !== at) {
    const next = parent[parent[at]!]!;
    parent[at] = next;
    at = next;
  }
  return at;
}

/** 1 where a pixel is darker than the mean around it. */
function blackOf({ width, height, data }: GreyPicture, radius: number): Uint8Array {
  const stride = width + 1;
  const sums = new Float64Array(stride * (height + 1));
  for (let y = 0; y < height; y++) {
    let row = 0;
    for (let x = 0; x < width; x++) {
      row += data[y * width + x]!;
      sums[(y + 1) * stride + x + 1] = sums[y * stride + x + 1]! + row;
    }
  }
  const black = new Uint8Array(width * height);
  for (let y = 0; y < height; y++) {
    const top = Math.max(0, y - radius);
    const bottom = Math.min(height, y + radius + 1);
    for (let x = 0; x < width; x++) {
      const left = Math.max(0, x - radius);
      const right = Math.min(width, x + radius + 1);
      const sum =
        sums[bottom * stride + right]! -
        sums[top * stride + right]! -
        sums[bottom * stride + left]! +
        sums[top * stride + left]!;
      const mean = sum / ((bottom - top) * (right - left));
      if (data[y * width + x]! < mean - 2) black[y * width + x] = 1;
    }
  }
  return black;
}
