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

/** One byte a sample, rows without padding. */
interface Plane {
  readonly width: number;
  readonly height: number;
  readonly samples: Uint8Array;
}

/** How much of each pixel a shape covers, 0..255; sides are even, and `half` is the same at chroma's size. */
export interface Mask extends Plane {
  readonly half: Plane;
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
  readonly #y: Plane;
  readonly #u: Plane;
  readonly #v: Plane;

  /** @throws {RangeError} when a side is odd or not positive: 4:2:0 has no half chroma samples. */
  constructor(width: number, height: number) {
    if (!(width > 0 && height > 0) || width % 2 !== 0 || height % 2 !== 0) {
      throw new RangeError(`the picture's sides must be positive and even, not ${width}x${height}`);
    }
    this.width = width;
    this.height = height;
    const size = width * height;
    this.data = new Uint8Array((size * 3) / 2);
    this.#y = { width, height, samples: this.data.subarray(0, size) };
    const half = { width: width / 2, height: height / 2 };
    this.#u = { ...half, samples: this.data.subarray(size, (size * 5) / 4) };
    this.#v = { ...half, samples: this.data.subarray((size * 5) / 4) };
  }

  /** Paints every pixel, `at` giving its colour; dithered, so that a soft gradient shows no bands. */
  paint(at: (x: number, y: number) => Colour): void {
    for (let y = 0; y < this.height; y++) {
      for (let x = 0; x < this.width; x++) {
        const pixel = at(x, y);
        this.#y.samples[y * this.width + x] = pixel.y + BAYER[(y & 3) * 4 + (x & 3)]!;
        if ((x & 1) === 0 && (y & 1) === 0) {
          const chroma = (y >> 1) * (this.width >> 1) + (x >> 1);
          const dither = BAYER[((y >> 1) & 3) * 4 + ((x >> 1) & 3)]!;
          this.#u.samples[chroma] = pixel.u + dither;
          this.#v.samples[chroma] = pixel.v + dither;
        }
      }
    }
  }

  copyFrom(other: Yuv420): void {
    this.data.set(other.data);
  }

  /** Whole luma pixels in gray, with neutral chroma. */
  grayRect(left: number, top: number, right: number, bottom: number, level: number): void {
    fill(this.#y, left, top, right, bottom, level);
    for (const plane of [this.#u, this.#v]) fill(plane, left >> 1, top >> 1, right >> 1, bottom >> 1, 128);
  }

  /**
   * Blends `ink` where the mask covers; its top left goes to the whole pixel nearest to (left, top).
   * `columns` leaves out what is right of so many of the mask's pixels.
   */
  blend(mask: Mask, left: number, top: number, ink: Colour, opacity = 1, columns = mask.width): void {
    const [x, y] = [Math.round(left), Math.round(top)];
    blendPlane(this.#y, mask, x, y, ink.y, opacity, columns);
    blendPlane(this.#u, mask.half, x >> 1, y >> 1, ink.u, opacity, columns >> 1);
    blendPlane(this.#v, mask.half, x >> 1, y >> 1, ink.v, opacity, columns >> 1);
  }
}

/**
 * A mask from a distance: `distance(x, y)` in pixels from the shape's edge, negative inside. Edges are one
 * pixel soft.
 */
export function maskOf(width: number, height: number, distance: (x: number, y: number) => number): Mask {
  const plane = {
    width: even(width),
    height: even(height),
    samples: new Uint8Array(even(width) * even(height)),
  };
  for (let y = 0; y < plane.height; y++) {
    for (let x = 0; x < plane.width; x++) {
      const inside = 0.5 - distance(x + 0.5, y + 0.5);
      plane.samples[y * plane.width + x] = Math.round(255 * Math.min(1, Math.max(0, inside)));
    }
  }
  return { ...plane, half: halved(plane) };
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

function fill(plane: Plane, left: number, top: number, right: number, bottom: number, value: number): void {
  for (let y = top; y < bottom; y++)
    plane.samples.fill(value, y * plane.width + left, y * plane.width + right);
}

/** What of the mask lies outside the plane is cut off. */
function blendPlane(
  plane: Plane,
  mask: Plane,
  left: number,
  top: number,
  value: number,
  opacity: number,
  columns: number,
): void {
  const fromX = Math.max(0, -left);
  const toX = Math.min(mask.width, columns, plane.width - left);
  const fromY = Math.max(0, -top);
  const toY = Math.min(mask.height, plane.height - top);
  // In whole numbers, 65535 for a pixel covered in full: this is where most of the drawing time goes.
  const level = Math.round(value);
  const strength = Math.round(opacity * 257);
  for (let y = fromY; y < toY; y++) {
    const row = (top + y) * plane.width + left;
    for (let x = fromX; x < toX; x++) {
      const share = mask.samples[y * mask.width + x]!;
      if (share === 0) continue;
      const under = plane.samples[row + x]!;
      plane.samples[row + x] = under + (((level - under) * share * strength + 0x8000) >> 16);
    }
  }
}

function halved({ width, height, samples }: Plane): Plane {
  const half = { width: width / 2, height: height / 2, samples: new Uint8Array((width * height) / 4) };
  for (let y = 0; y < half.height; y++) {
    for (let x = 0; x < half.width; x++) {
      const at = 2 * y * width + 2 * x;
      const sum = samples[at]! + samples[at + 1]! + samples[at + width]! + samples[at + width + 1]!;
      half.samples[y * half.width + x] = (sum + 2) >> 2;
    }
  }
  return half;
}

/** Thresholds 0..1 of an ordered 4x4 dither: added before rounding down. */
const BAYER: readonly number[] = [0, 8, 2, 10, 12, 4, 14, 6, 3, 11, 1, 9, 15, 7, 13, 5].map(
  (rank) => (rank + 0.5) / 16,
);
