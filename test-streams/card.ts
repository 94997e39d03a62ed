/**
 * The test card: what a test stream's pictures look like. The barcode strip on top, then the frame number,
 * the stream's clock, a dial with one tick per picture of a second, the pictures of the current GOP with its
 * keyframe, and how far the loop has come. What never changes is drawn once.
 */
import { BARCODE_COLUMNS, BARCODE_ROWS, barcodeCells, barcodeStripHeight } from './barcode.ts';
import { textWidth, write } from './lettering.ts';
import { shapeOf, type TestStreamParameters, type TestStreamShape } from './parameters.ts';
import {
  type Colour,
  colour,
  fromRgb,
  type Mask,
  ring,
  roundedRect,
  type Segment,
  strokeMask,
  Yuv420,
} from './raster.ts';

/** The beep and the flash that goes with it begin on each whole second and last this long. */
export const BEEP_SECONDS = 0.1;

const INK = colour('#f4f7ff');
const MUTED = colour('#8f9bbd');
const FAINT = colour('#4d5878');
const CYAN = colour('#3fd8e0');
const AMBER = colour('#ffb545');
const VIOLET = colour('#8d7bff');
const BLACK_LEVEL = 16;
const WHITE_LEVEL = 235;
/** The card is laid out on this canvas and scaled to the picture. */
const CANVAS = { width: 1280, height: 720 };
const DIAL = { x: 1030, y: 338, ticks: 172, hand: 118, lamp: 96 };
const MARGIN = 64;
const GOP_ROW = { y: 592, height: 26 };
const LOOP_ROW = { y: 668, height: 6 };

/** A mask and where its top left lies, from the dial's centre. */
interface Placed {
  readonly mask: Mask;
  readonly left: number;
  readonly top: number;
}

export class TestCard {
  readonly #shape: TestStreamShape;
  readonly #parameters: TestStreamParameters;
  readonly #scale: number;
  readonly #left: number;
  readonly #still: Yuv420;
  readonly #picture: Yuv420;
  readonly #ticks: readonly Placed[];
  readonly #hands: readonly Placed[];
  readonly #lamp: Placed;
  readonly #halo: Placed;
  readonly #knob: Mask;

  constructor(parameters: TestStreamParameters) {
    const { width, height } = parameters;
    this.#parameters = parameters;
    this.#shape = shapeOf(parameters);
    this.#scale = Math.min(width / CANVAS.width, height / CANVAS.height);
    this.#left = (width - CANVAS.width * this.#scale) / 2;
    this.#still = new Yuv420(width, height);
    this.#picture = new Yuv420(width, height);
    const ticks = this.#ticksPerTurn();
    this.#ticks = Array.from({ length: ticks }, (_, tick) => this.#spoke(tick / ticks, 148, DIAL.ticks, 5));
    this.#hands = Array.from({ length: ticks }, (_, tick) =>
      this.#spoke(tick / ticks, 104, DIAL.hand + 18, 4),
    );
    this.#lamp = centred(ring(DIAL.lamp * this.#scale, DIAL.lamp * this.#scale));
    this.#halo = centred(ring(DIAL.lamp * this.#scale, 3 * this.#scale));
    this.#knob = ring(7 * this.#scale, 7 * this.#scale);
    this.#drawStill();
  }

  /** The picture of frame `frame` as planes of YUV 4:2:0; valid until the next call. */
  draw(frame: number): Uint8Array {
    this.#picture.copyFrom(this.#still);
    this.#drawNumber(frame);
    this.#drawClock(frame);
    this.#drawDial(frame);
    this.#drawGop(frame);
    this.#drawLoop(frame);
    drawBarcode(this.#picture, frame);
    return this.#picture.data;
  }

  #drawStill(): void {
    const { width, height } = this.#still;
    this.#still.paint((x, y) => background(x / width, y / height, width / height));
    this.#write(this.#still, 'framecue', 92, 112, { size: 25, weight: 1.5, ink: INK });
    const mark = roundedRect(10 * this.#scale, 26 * this.#scale, 3 * this.#scale);
    this.#blend(this.#still, mark, MARGIN, 111.5, AMBER);
    const facts = this.#facts();
    const factsStyle = { size: 15, weight: 1.15, spacing: 2.9 };
    const right = CANVAS.width - MARGIN;
    this.#write(this.#still, facts, right - textWidth(facts, factsStyle), 118, { ...factsStyle, ink: MUTED });

    const label = { size: 14, weight: 1.3, spacing: 4.5, ink: MUTED };
    this.#write(this.#still, 'FRAME', MARGIN, 190, label);
    this.#write(this.#still, 'STREAM TIME', MARGIN, 438, label);
    const gop = `GOP OF ${this.#shape.gopFrames} FRAMES`;
    this.#write(this.#still, gop, MARGIN, 564, label);
    for (const tick of this.#ticks) this.#blendDial(this.#still, tick, FAINT, 0.8);
    this.#blendDial(this.#still, this.#halo, FAINT, 0.9);
    this.#cells((left, width) => {
      const chip = roundedRect(width * this.#scale, GOP_ROW.height * this.#scale, 4 * this.#scale);
      this.#blend(this.#still, chip, left, GOP_ROW.y, FAINT, 0.45);
    });
    this.#bar(this.#still, 1, FAINT, 0.6);
    const small = { size: 13, weight: 1.15, spacing: 2.9, ink: MUTED };
    const end = clockText(this.#shape.durationSeconds).slice(0, 5);
    this.#write(this.#still, '00:00', MARGIN, 642, small);
    this.#write(this.#still, end, right - textWidth(end, small), 642, small);
  }

  #facts(): string {
    const { width, height, bFrames, bPyramid, bitrateKbps, fps } = this.#parameters;
    const rate = fps.includes('/') ? (this.#shape.rate.num / this.#shape.rate.den).toFixed(2) : fps;
    const reorder = bFrames === 0 ? 'no B-frames' : `${bFrames} B-frames${bPyramid ? ', pyramid' : ''}`;
    const gop = Number((this.#shape.gopFrames / (this.#shape.rate.num / this.#shape.rate.den)).toFixed(2));
    return `${width}×${height}  ·  ${rate} fps  ·  ${reorder}  ·  GOP ${gop} s  ·  ${bitrateKbps} kbit/s`;
  }

  /** Six digits at least; leading zeros are there, so that nothing moves, but step back. */
  #drawNumber(frame: number): void {
    const text = String(frame);
    const zeros = '0'.repeat(Math.max(0, 6 - text.length));
    const style = { size: 150, weight: 1.3, spacing: 2.5 };
    const pitch = ((6 + style.spacing) * style.size) / 10;
    this.#write(this.#picture, zeros, MARGIN, 244, { ...style, ink: FAINT, opacity: 0.55 });
    this.#write(this.#picture, text, MARGIN + pitch * zeros.length, 244, { ...style, ink: INK });
  }

  #drawClock(frame: number): void {
    const { rate } = this.#shape;
    const text = clockText((frame * rate.den) / rate.num);
    const style = { size: 54, weight: 1.25, spacing: 2.8 };
    const right = this.#write(this.#picture, text.slice(0, 5), MARGIN, 472, { ...style, ink: CYAN });
    this.#write(this.#picture, text.slice(5), right + 9, 472, { ...style, ink: CYAN, opacity: 0.7 });
  }

  /** One turn a second: the current picture's tick is bright, those before it fade. */
  #drawDial(frame: number): void {
    const turn = this.#ticks.length;
    const now = frame % turn;
    const trail = Math.ceil(turn * 0.6);
    for (let back = trail; back >= 0; back--) {
      if (back > frame) continue;
      const tick = this.#ticks[(now - back + turn * 2) % turn]!;
      this.#blendDial(
        this.#picture,
        tick,
        back === 0 ? INK : CYAN,
        back === 0 ? 1 : 0.9 * (1 - back / (trail + 1)) ** 1.5,
      );
    }
    this.#blendDial(this.#picture, this.#hands[now]!, CYAN, 1);
    const flash = this.#flash(frame);
    if (flash > 0) {
      this.#blendDial(this.#picture, this.#lamp, AMBER, 0.9 * flash);
      this.#blendDial(this.#picture, this.#halo, AMBER, flash);
    }
    const text = String(now).padStart(2, '0');
    const style = { size: 62, weight: 1.3, spacing: 2.6 };
    const half = textWidth(text, style) / 2;
    this.#write(this.#picture, text, DIAL.x - half, DIAL.y - 44, {
      ...style,
      ink: flash > 0.5 ? colour('#141a30') : INK,
    });
    const below = `OF ${turn}`;
    const small = { size: 15, weight: 1.3, spacing: 4 };
    const ink = flash > 0.5 ? colour('#141a30') : MUTED;
    this.#write(this.#picture, below, DIAL.x - textWidth(below, small) / 2, DIAL.y + 40, { ...small, ink });
  }

  /** 1 while the beep sounds, then fading; seen and heard together they show how picture and sound lie. */
  #flash(frame: number): number {
    const { rate } = this.#shape;
    const intoSecond = ((frame * rate.den) / rate.num) % 1;
    if (intoSecond < BEEP_SECONDS) return 1;
    return Math.max(0, 1 - (intoSecond - BEEP_SECONDS) / 0.3) * 0.8;
  }

  #drawGop(frame: number): void {
    const inGop = frame % this.#shape.gopFrames;
    const chips = this.#cellCount();
    const current = Math.floor((inGop * chips) / this.#shape.gopFrames);
    this.#cells((left, width, chip) => {
      if (chip > current) return;
      const mask = this.#chip(width);
      const ink = chip === 0 ? AMBER : VIOLET;
      this.#blend(
        this.#picture,
        mask,
        left,
        GOP_ROW.y,
        chip === current && chip !== 0 ? INK : ink,
        chip === current ? 1 : 0.75,
      );
    });
    if (inGop < Math.max(1, this.#shape.gopFrames / 8)) {
      const style = { size: 14, weight: 1.3, spacing: 4.5 };
      const left = CANVAS.width - MARGIN - textWidth('KEYFRAME', style);
      const opacity = inGop === 0 ? 1 : 0.9 - (6 * inGop) / this.#shape.gopFrames;
      this.#write(this.#picture, 'KEYFRAME', left, 564, { ...style, ink: AMBER, opacity });
    }
  }

  #drawLoop(frame: number): void {
    const share = frame / Math.max(1, this.#shape.frames - 1);
    this.#bar(this.#picture, share, CYAN, 0.85);
    const track = CANVAS.width - 2 * MARGIN;
    this.#blend(this.#picture, this.#knob, MARGIN + share * track - 8, LOOP_ROW.y - 5, INK);
  }

  #bar(picture: Yuv420, share: number, ink: Colour, opacity: number): void {
    const width = Math.max(LOOP_ROW.height, (CANVAS.width - 2 * MARGIN) * share);
    const mask = roundedRect(width * this.#scale, LOOP_ROW.height * this.#scale, 3 * this.#scale);
    this.#blend(picture, mask, MARGIN, LOOP_ROW.y, ink, opacity);
  }

  readonly #chips = new Map<number, Mask>();
  #chip(width: number): Mask {
    const known = this.#chips.get(width);
    if (known !== undefined) return known;
    const made = roundedRect(width * this.#scale, GOP_ROW.height * this.#scale, 4 * this.#scale);
    this.#chips.set(width, made);
    return made;
  }

  #cellCount(): number {
    return Math.min(this.#shape.gopFrames, 100);
  }

  #cells(visit: (left: number, width: number, chip: number) => void): void {
    const count = this.#cellCount();
    const pitch = (CANVAS.width - 2 * MARGIN + 4) / count;
    for (let chip = 0; chip < count; chip++) visit(MARGIN + chip * pitch, pitch - 4, chip);
  }

  #ticksPerTurn(): number {
    return Math.max(2, Math.round(this.#shape.rate.num / this.#shape.rate.den));
  }

  /** A radial stroke of the dial, placed relative to its centre; `turn` 0 is up, clockwise. */
  #spoke(turn: number, from: number, to: number, thickness: number): Placed {
    const [dx, dy] = [
      Math.sin(2 * Math.PI * turn) * this.#scale,
      -Math.cos(2 * Math.PI * turn) * this.#scale,
    ];
    const half = (thickness * this.#scale) / 2;
    const left = Math.floor(Math.min(dx * from, dx * to) - half) - 1;
    const top = Math.floor(Math.min(dy * from, dy * to) - half) - 1;
    const width = Math.abs(dx) * (to - from) + 2 * half + 3;
    const height = Math.abs(dy) * (to - from) + 2 * half + 3;
    const line: Segment = [dx * from - left, dy * from - top, dx * to - left, dy * to - top];
    const mask = strokeMask(width, height, [line], thickness * this.#scale);
    return { mask, left, top };
  }

  #blendDial(picture: Yuv420, { mask, left, top }: Placed, ink: Colour, opacity: number): void {
    const [x, y] = [Math.round(this.#left + DIAL.x * this.#scale), Math.round(DIAL.y * this.#scale)];
    picture.blend(mask, x + left, y + top, ink, opacity);
  }

  #blend(picture: Yuv420, mask: Mask, left: number, top: number, ink: Colour, opacity = 1): void {
    picture.blend(mask, this.#left + left * this.#scale, top * this.#scale, ink, opacity);
  }

  /** In canvas units; returns the right edge in canvas units. */
  #write(
    picture: Yuv420,
    text: string,
    left: number,
    top: number,
    style: {
      readonly size: number;
      readonly weight: number;
      readonly spacing?: number;
      readonly ink: Colour;
      readonly opacity?: number;
    },
  ): number {
    const scaled = { ...style, size: style.size * this.#scale };
    return (
      (write(picture, text, this.#left + left * this.#scale, top * this.#scale, scaled) - this.#left) /
      this.#scale
    );
  }
}

function centred(mask: Mask): Placed {
  return { mask, left: -mask.width / 2, top: -mask.height / 2 };
}

/** Draws the strip of {@link barcodeCells} over the top of the picture. */
export function drawBarcode(picture: Yuv420, frame: number): void {
  const strip = barcodeStripHeight(picture.height);
  barcodeCells(frame).forEach((white, cell) => {
    const column = cell % BARCODE_COLUMNS;
    const row = Math.floor(cell / BARCODE_COLUMNS);
    const edge = (at: number) => Math.round((at * picture.width) / BARCODE_COLUMNS);
    const line = (at: number) => Math.round((at * strip) / BARCODE_ROWS);
    picture.grayRect(
      edge(column),
      line(row),
      edge(column + 1),
      line(row + 1),
      white ? WHITE_LEVEL : BLACK_LEVEL,
    );
  });
}

/** `mm:ss.mmm`, rounded down. */
export function clockText(seconds: number): string {
  // A picture's time is a fraction of whole numbers: what is a hair below a millisecond is that millisecond.
  const ms = Math.floor(seconds * 1000 + 1e-6);
  const pad = (value: number, digits: number) => String(value).padStart(digits, '0');
  return `${pad(Math.floor(ms / 60_000), 2)}:${pad(Math.floor(ms / 1000) % 60, 2)}.${pad(ms % 1000, 3)}`;
}

/** Night blue, with a glow behind the dial and a fainter one in the lower left corner. */
function background(x: number, y: number, aspect: number): Colour {
  const glow = (cx: number, cy: number, radius: number) =>
    Math.exp(-(((x - cx) * aspect) ** 2 + (y - cy) ** 2) / (radius * radius));
  const cyan = glow(DIAL.x / CANVAS.width, DIAL.y / CANVAS.height, 0.42);
  const violet = glow(0.08, 1.02, 0.6);
  const down = y * 0.6 + x * 0.4;
  return fromRgb(
    13 + 6 * down + 8 * cyan + 44 * violet,
    18 + 6 * down + 42 * cyan + 20 * violet,
    38 + 14 * down + 54 * cyan + 62 * violet,
  );
}
