/**
 * A YUV 4:2:0 picture in memory, and what the test card needs to draw on it: soft-edged shapes as coverage
 * masks, blended in a colour. Everything is drawn here and not by ffmpeg's filters, so that a stream looks
 * the same with every build of ffmpeg, with or without fonts on the machine.
 */

/** BT.709, limited range: luma 16..235, chroma 16..240 around 128. */
export interface Colour {
  readonly y: number;
  readonly u: number;
  readonly v: number;
}

/** How much of each pixel a shape covers, 0..255; sizes are even, and `half` is the same at chroma's size. */
export interface Mask {
  readonly width: number;
  readonly height: number;
  readonly coverage: Uint8Array;
  readonly half: Uint8Array;
}

/** @param hex `#rrggbb`, sRGB. */
export function colour(hex: string): Colour {
  const value = Number.parseInt(hex.slice(1), 16);
  return fromRgb((value >> 16) & 0xff, (value >> 8) & 0xff, value & 0xff);
}

/** Each 0..255; Rec. ITU-R BT.709-6, items 3.2 to 3.4. */
export function fromRgb(red: number, green: number, blue: number): Colour {
  const luma = 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  return {
    y: 16 + (luma * 219) / 255,
    u: 128 + (((blue - luma) / 1.8556) * 224) / 255,
    v: 128 + (((red - luma) / 1.5748) * 224) / 255,
  };
}

export class Yuv420 {
  readonly width: number;
  readonly height: number;
  /** The three planes, one after the other, as ffmpeg's rawvideo `yuv420p` has them. */
  readonly data: Uint8Array;
  readonly #u: number;
  readonly #v: number;

  /** @throws {RangeError} when a side is odd or not positive: 4:2:0 has no half chroma samples. */
  constructor(width: number, height: number) {
    if (!(width > 0 && height > 0) || width % 2 !== 0 || height % 2 !== 0) {
      throw new RangeError(`the picture's sides must be positive and even, not ${width}x${height}`);
    }
    this.width = width;
    this.height = height;
    this.#u = width * height;
    this.#v = this.#u + this.#u / 4;
    this.data = new Uint8Array(this.#v + this.#u / 4);
  }

  /** Paints every pixel, `at` giving its colour; dithered, so that a soft gradient shows no bands. */
  paint(at: (x: number, y: number) => Colour): void {
    for (let y = 0; y < this.height; y++) {
      for (let x = 0; x < this.width; x++) {
        const pixel = at(x, y);
        this.data[y * this.width + x] = pixel.y + BAYER[(y & 3) * 4 + (x & 3)]!;
        if ((x & 1) === 0 && (y & 1) === 0) {
          const chroma = (y >> 1) * (this.width >> 1) + (x >> 1);
          const dither = BAYER[((y >> 1) & 3) * 4 + ((x >> 1) & 3)]!;
          this.data[this.#u + chroma] = pixel.u + dither;
          this.data[this.#v + chroma] = pixel.v + dither;
        }
      }
    }
  }

  copyFrom(other: Yuv420): void {
    this.data.set(other.data);
  }

  /** Whole luma pixels in gray, with neutral chroma; the rectangle is cut off at the picture's edges. */
  grayRect(left: number, top: number, right: number, bottom: number, level: number): void {
    for (let y = top; y < Math.min(bottom, this.height); y++) {
      this.data.fill(level, y * this.width + left, y * this.width + Math.min(right, this.width));
    }
    const halfWidth = this.width >> 1;
    for (let y = top >> 1; y < Math.min(bottom, this.height) >> 1; y++) {
      const from = y * halfWidth + (left >> 1);
      const to = y * halfWidth + (Math.min(right, this.width) >> 1);
      this.data.fill(128, this.#u + from, this.#u + to);
      this.data.fill(128, this.#v + from, this.#v + to);
    }
  }

  /** Blends `ink` where the mask covers; its top left goes to the whole pixel nearest to (left, top). */
  blend(mask: Mask, left: number, top: number, ink: Colour, opacity = 1): void {
    const x = Math.round(left);
    const y = Math.round(top);
    const strength = opacity / 255;
    blendPlane(this.data, 0, this.width, this.height, mask.coverage, mask.width, x, y, ink.y, strength);
    const [halfWidth, halfHeight] = [this.width >> 1, this.height >> 1];
    for (const [start, value] of [
      [this.#u, ink.u],
      [this.#v, ink.v],
    ] as const) {
      const [halfX, halfY] = [x >> 1, y >> 1];
      blendPlane(
        this.data,
        start,
        halfWidth,
        halfHeight,
        mask.half,
        mask.width >> 1,
        halfX,
        halfY,
        value,
        strength,
      );
    }
  }
}

/**
 * A mask from a distance: `distance(x, y)` in pixels from the shape's edge, negative inside. Edges are one
 * pixel soft.
 */
export function maskOf(width: number, height: number, distance: (x: number, y: number) => number): Mask {
  const evenWidth = even(width);
  const evenHeight = even(height);
  const coverage = new Uint8Array(evenWidth * evenHeight);
  for (let y = 0; y < evenHeight; y++) {
    for (let x = 0; x < evenWidth; x++) {
      const inside = 0.5 - distance(x + 0.5, y + 0.5);
      coverage[y * evenWidth + x] = Math.round(255 * Math.min(1, Math.max(0, inside)));
    }
  }
  return { width: evenWidth, height: evenHeight, coverage, half: halved(coverage, evenWidth, evenHeight) };
}

export type Segment = readonly [ax: number, ay: number, bx: number, by: number];

/** A mask of lines with round ends. Only the pixels near each line are looked at: letters are mostly empty. */
export function strokeMask(
  width: number,
  height: number,
  segments: readonly Segment[],
  thickness: number,
): Mask {
  const columns = even(width);
  const rows = even(height);
  const distance2 = new Float32Array(columns * rows).fill(Number.POSITIVE_INFINITY);
  const reach = thickness / 2 + 1;
  for (const [ax, ay, bx, by] of segments) {
    const [dx, dy] = [bx - ax, by - ay];
    const length2 = dx * dx + dy * dy;
    const [fromX, toX] = [
      Math.max(0, Math.floor(Math.min(ax, bx) - reach)),
      Math.min(columns, Math.max(ax, bx) + reach),
    ];
    const [fromY, toY] = [
      Math.max(0, Math.floor(Math.min(ay, by) - reach)),
      Math.min(rows, Math.max(ay, by) + reach),
    ];
    for (let y = fromY; y < toY; y++) {
      for (let x = fromX; x < toX; x++) {
        const px = x + 0.5 - ax;
        const py = y + 0.5 - ay;
        const along = length2 === 0 ? 0 : Math.min(1, Math.max(0, (px * dx + py * dy) / length2));
        const offX = px - along * dx;
        const offY = py - along * dy;
        const at = y * columns + x;
        distance2[at] = Math.min(distance2[at]!, offX * offX + offY * offY);
      }
    }
  }
  return maskOf(columns, rows, (x, y) => {
    return Math.sqrt(distance2[Math.floor(y) * columns + Math.floor(x)]!) - thickness / 2;
  });
}

/** A rectangle with round corners, as large as its mask. */
export function roundedRect(width: number, height: number, radius: number): Mask {
  const reach = Math.min(radius, width / 2, height / 2);
  return maskOf(width, height, (x, y) => {
    const outX = Math.abs(x - width / 2) - (width / 2 - reach);
    const outY = Math.abs(y - height / 2) - (height / 2 - reach);
    const outside = Math.hypot(Math.max(outX, 0), Math.max(outY, 0));
    return outside + Math.min(Math.max(outX, outY), 0) - reach;
  });
}

/** A ring around the mask's centre; `thickness` as large as `radius` or more makes it a disc. */
export function ring(radius: number, thickness: number): Mask {
  const centre = Math.ceil(radius) + 1;
  return maskOf(2 * centre, 2 * centre, (x, y) => {
    const fromCentre = Math.hypot(x - centre, y - centre);
    return Math.max(fromCentre - radius, radius - thickness - fromCentre);
  });
}

export const even = (value: number): number => 2 * Math.ceil(value / 2);

function blendPlane(
  data: Uint8Array,
  start: number,
  planeWidth: number,
  planeHeight: number,
  coverage: Uint8Array,
  maskWidth: number,
  left: number,
  top: number,
  value: number,
  strength: number,
): void {
  const maskHeight = coverage.length / maskWidth;
  const [fromX, toX] = [Math.max(0, -left), Math.min(maskWidth, planeWidth - left)];
  const [fromY, toY] = [Math.max(0, -top), Math.min(maskHeight, planeHeight - top)];
  for (let y = fromY; y < toY; y++) {
    const row = start + (top + y) * planeWidth + left;
    for (let x = fromX; x < toX; x++) {
      const share = coverage[y * maskWidth + x]!;
      if (share === 0) continue;
      const under = data[row + x]!;
      data[row + x] = under + (value - under) * share * strength + 0.5;
    }
  }
}

function halved(coverage: Uint8Array, width: number, height: number): Uint8Array {
  const halfWidth = width >> 1;
  const half = new Uint8Array(halfWidth * (height >> 1));
  for (let y = 0; y < height >> 1; y++) {
    for (let x = 0; x < halfWidth; x++) {
      const at = 2 * y * width + 2 * x;
      const sum = coverage[at]! + coverage[at + 1]! + coverage[at + width]! + coverage[at + width + 1]!;
      half[y * halfWidth + x] = (sum + 2) >> 2;
    }
  }
  return half;
}

/** Thresholds 0..1 of an ordered 4x4 dither: added before rounding down. */
const BAYER: readonly number[] = [0, 8, 2, 10, 12, 4, 14, 6, 3, 11, 1, 9, 15, 7, 13, 5].map(
  (rank) => (rank + 0.5) / 16,
);
