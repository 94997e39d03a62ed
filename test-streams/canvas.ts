/** A picture seen as a canvas of 1280x720 units: scaled to fit, in the middle where the shape differs. */
import { type TypeStyle, textWidth, write } from './lettering.ts';
import { type Colour, type Mask, ring, roundedRect, type Segment, strokeMask, Yuv420 } from './raster.ts';

export const CANVAS_WIDTH = 1280;
export const CANVAS_HEIGHT = 720;

/** A shape and where it goes, in pixels from the point that it is drawn at. */
export interface Shape {
  readonly mask: Mask;
  readonly left: number;
  readonly top: number;
}

export interface Ink {
  readonly ink: Colour;
  /** 0 to 1; 1 when absent. */
  readonly opacity?: number;
}

/** All measures are canvas units. Shapes are made once and drawn often. */
export class Canvas {
  readonly picture: Yuv420;
  readonly #scale: number;
  readonly #left: number;
  readonly #top: number;

  constructor(width: number, height: number) {
    this.picture = new Yuv420(width, height);
    this.#scale = Math.min(width / CANVAS_WIDTH, height / CANVAS_HEIGHT);
    this.#left = (width - CANVAS_WIDTH * this.#scale) / 2;
    this.#top = (height - CANVAS_HEIGHT * this.#scale) / 2;
  }

  /** Drawn at its top left corner. */
  rect(width: number, height: number, radius: number): Shape {
    const mask = roundedRect(width * this.#scale, height * this.#scale, radius * this.#scale);
    return { mask, left: 0, top: 0 };
  }

  /** Drawn at its centre; a disc when `thickness` is `radius`. */
  ring(radius: number, thickness: number): Shape {
    const mask = ring(radius * this.#scale, thickness * this.#scale);
    return { mask, left: -mask.width / 2, top: -mask.height / 2 };
  }

  /** A stroke that points away from where it is drawn at; `turn` 0 is up, 0.25 to the right. */
  spoke(turn: number, from: number, to: number, thickness: number): Shape {
    const dx = Math.sin(2 * Math.PI * turn) * this.#scale;
    const dy = -Math.cos(2 * Math.PI * turn) * this.#scale;
    const width = thickness * this.#scale;
    const left = Math.floor(Math.min(dx * from, dx * to) - width / 2) - 1;
    const top = Math.floor(Math.min(dy * from, dy * to) - width / 2) - 1;
    const line: Segment = [dx * from - left, dy * from - top, dx * to - left, dy * to - top];
    const reach = width + 3;
    const mask = strokeMask(
      Math.abs(dx) * (to - from) + reach,
      Math.abs(dy) * (to - from) + reach,
      [line],
      width,
    );
    return { mask, left, top };
  }

  /** `width` leaves out what is right of so many units of the shape. */
  draw({ mask, left, top }: Shape, x: number, y: number, { ink, opacity }: Ink, width = CANVAS_WIDTH): void {
    const columns = Math.round(width * this.#scale);
    this.picture.blend(
      mask,
      Math.round(this.#x(x)) + left,
      Math.round(this.#y(y)) + top,
      ink,
      opacity,
      columns,
    );
  }

  /** Writes with the left edge at `x` and the top of the capitals at `y`; returns the right edge. */
  write(text: string, x: number, y: number, style: TypeStyle & Ink): number {
    const right = write(this.picture, text, this.#x(x), this.#y(y), {
      ...style,
      size: style.size * this.#scale,
    });
    return (right - this.#left) / this.#scale;
  }

  writeCentred(text: string, x: number, y: number, style: TypeStyle & Ink): void {
    this.write(text, x - textWidth(text, style) / 2, y, style);
  }

  writeToRight(text: string, x: number, y: number, style: TypeStyle & Ink): void {
    this.write(text, x - textWidth(text, style), y, style);
  }

  #x(x: number): number {
    return this.#left + x * this.#scale;
  }

  #y(y: number): number {
    return this.#top + y * this.#scale;
  }
}
