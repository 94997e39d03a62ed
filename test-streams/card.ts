/**
 * The test card: what a test stream's pictures look like. The barcode strip on top, then the frame number,
 * the stream's clock, a dial with one tick for each picture of a second, the pictures of the current GOP with
 * its keyframe, and how far the loop has come. What never changes is drawn once.
 */
import { BARCODE_COLUMNS, BARCODE_ROWS, barcodeCells, barcodeStripHeight } from './barcode.ts';
import { CANVAS_HEIGHT, CANVAS_WIDTH, Canvas, type Shape } from './canvas.ts';
import { shapeOf, type TestStreamParameters, type TestStreamShape } from './parameters.ts';
import { type Colour, colour, fromRgb, type Yuv420 } from './raster.ts';

/** The beep and the flash that goes with it begin on each whole second and last this long. */
export const BEEP_SECONDS = 0.1;
const FADE_SECONDS = 0.3;

const INK = colour('#f4f7ff');
const MUTED = colour('#8f9bbd');
const FAINT = colour('#4d5878');
const NIGHT = colour('#141a30');
const CYAN = colour('#3fd8e0');
const AMBER = colour('#ffb545');
const VIOLET = colour('#8d7bff');
const BLACK_LEVEL = 16;
const WHITE_LEVEL = 235;

const LEFT = 64;
const RIGHT = CANVAS_WIDTH - 64;
const DIAL = { x: 1030, y: 338, radius: 172, lamp: 96 };
const GOP_ROW = { y: 592, height: 26, gap: 4, mostChips: 100 };
const LOOP_ROW = { y: 668, height: 6 };
const LABEL = { size: 14, weight: 1.3, spacing: 4.5 };
const SMALL = { size: 13, weight: 1.15, spacing: 2.9, ink: MUTED };
const DIGITS = 6;

export class TestCard {
  readonly #parameters: TestStreamParameters;
  readonly #shape: TestStreamShape;
  readonly #still: Canvas;
  readonly #canvas: Canvas;
  readonly #ticks: readonly Shape[];
  readonly #hands: readonly Shape[];
  readonly #lamp: Shape;
  readonly #halo: Shape;
  readonly #chip: Shape;
  readonly #chips: number;
  readonly #bar: Shape;
  readonly #knob: Shape;

  constructor(parameters: TestStreamParameters) {
    this.#parameters = parameters;
    this.#shape = shapeOf(parameters);
    this.#still = new Canvas(parameters.width, parameters.height);
    this.#canvas = new Canvas(parameters.width, parameters.height);
    const perTurn = Math.max(2, Math.round(this.#shape.rate.num / this.#shape.rate.den));
    const turns = Array.from({ length: perTurn }, (_, tick) => tick / perTurn);
    this.#ticks = turns.map((turn) => this.#canvas.spoke(turn, 148, DIAL.radius, 5));
    this.#hands = turns.map((turn) => this.#canvas.spoke(turn, 104, 136, 4));
    this.#lamp = this.#canvas.ring(DIAL.lamp, DIAL.lamp);
    this.#halo = this.#canvas.ring(DIAL.lamp, 3);
    this.#chips = Math.min(this.#shape.gopFrames, GOP_ROW.mostChips);
    this.#chip = this.#canvas.rect(this.#chipPitch() - GOP_ROW.gap, GOP_ROW.height, 4);
    this.#bar = this.#canvas.rect(RIGHT - LEFT, LOOP_ROW.height, LOOP_ROW.height / 2);
    this.#knob = this.#canvas.ring(7, 7);
    this.#drawStill(this.#still);
  }

  /** The picture of frame `frame` as planes of YUV 4:2:0; valid until the next call. */
  draw(frame: number): Uint8Array {
    const { picture } = this.#canvas;
    picture.copyFrom(this.#still.picture);
    this.#drawNumber(frame);
    this.#drawClock(frame);
    this.#drawDial(frame);
    this.#drawGop(frame);
    this.#drawLoop(frame);
    drawBarcode(picture, frame);
    return picture.data;
  }

  #drawStill(canvas: Canvas): void {
    const { picture } = canvas;
    picture.paint((x, y) =>
      background(x / picture.width, y / picture.height, picture.width / picture.height),
    );
    canvas.draw(canvas.rect(10, 26, 3), LEFT, 112, { ink: AMBER });
    canvas.write('framecue', LEFT + 28, 112, { size: 25, weight: 1.5, ink: INK });
    canvas.writeToRight(this.#facts(), RIGHT, 118, { size: 15, weight: 1.15, spacing: 2.9, ink: MUTED });
    canvas.write('FRAME', LEFT, 190, { ...LABEL, ink: MUTED });
    canvas.write('STREAM TIME', LEFT, 438, { ...LABEL, ink: MUTED });
    canvas.write(`GOP OF ${this.#shape.gopFrames} FRAMES`, LEFT, 564, { ...LABEL, ink: MUTED });
    for (const tick of this.#ticks) canvas.draw(tick, DIAL.x, DIAL.y, { ink: FAINT, opacity: 0.8 });
    canvas.draw(this.#halo, DIAL.x, DIAL.y, { ink: FAINT, opacity: 0.9 });
    for (let chip = 0; chip < this.#chips; chip++) {
      canvas.draw(this.#chip, this.#chipLeft(chip), GOP_ROW.y, { ink: FAINT, opacity: 0.45 });
    }
    canvas.draw(this.#bar, LEFT, LOOP_ROW.y, { ink: FAINT, opacity: 0.6 });
    canvas.write('00:00', LEFT, 642, SMALL);
    canvas.writeToRight(clockText(this.#shape.durationSeconds).replace(/\.\d+$/, ''), RIGHT, 642, SMALL);
  }

  #facts(): string {
    const { width, height, bFrames, bPyramid, bitrateKbps } = this.#parameters;
    const { rate, gopFrames } = this.#shape;
    const perSecond = rate.num / rate.den;
    const rounded = (value: number) => String(Number(value.toFixed(2)));
    const some = `${bFrames} B-frame${bFrames === 1 ? '' : 's'}${bPyramid ? ', pyramid' : ''}`;
    return [
      `${width}×${height}`,
      `${rounded(perSecond)} fps`,
      bFrames === 0 ? 'no B-frames' : some,
      `GOP ${rounded(gopFrames / perSecond)} s`,
      `${bitrateKbps} kbit/s`,
    ].join('  ·  ');
  }

  /** Leading zeros are there, so that nothing moves, but step back. */
  #drawNumber(frame: number): void {
    const text = String(frame);
    const zeros = '0'.repeat(Math.max(0, DIGITS - text.length));
    const shrink = Math.min(1, DIGITS / text.length);
    const style = { size: 150 * shrink, weight: 1.3, spacing: 2.5 };
    const pitch = ((6 + style.spacing) * style.size) / 10;
    this.#canvas.write(zeros, LEFT, 244, { ...style, ink: FAINT, opacity: 0.55 });
    this.#canvas.write(text, LEFT + pitch * zeros.length, 244, { ...style, ink: INK });
  }

  #drawClock(frame: number): void {
    const [minutes, fraction] = clockText(this.#secondsAt(frame)).split(/(?=\.)/);
    const style = { size: 54, weight: 1.25, spacing: 2.8, ink: CYAN };
    const right = this.#canvas.write(minutes!, LEFT, 472, style);
    this.#canvas.write(fraction!, right + 9, 472, { ...style, opacity: 0.7 });
  }

  /** One turn a second: the current picture's tick is bright, those before it fade. */
  #drawDial(frame: number): void {
    const canvas = this.#canvas;
    const perTurn = this.#ticks.length;
    const now = frame % perTurn;
    const trail = Math.min(frame, Math.ceil(perTurn * 0.6));
    for (let back = trail; back > 0; back--) {
      const tick = this.#ticks[(now - back + perTurn) % perTurn]!;
      const opacity = 0.9 * (1 - back / (perTurn * 0.6 + 1)) ** 1.5;
      if (opacity > 0) canvas.draw(tick, DIAL.x, DIAL.y, { ink: CYAN, opacity });
    }
    canvas.draw(this.#ticks[now]!, DIAL.x, DIAL.y, { ink: INK });
    canvas.draw(this.#hands[now]!, DIAL.x, DIAL.y, { ink: CYAN });
    const flash = this.#flash(frame);
    if (flash > 0) {
      canvas.draw(this.#lamp, DIAL.x, DIAL.y, { ink: AMBER, opacity: 0.9 * flash });
      canvas.draw(this.#halo, DIAL.x, DIAL.y, { ink: AMBER, opacity: flash });
    }
    const onLamp = flash > 0.5;
    const count = String(now).padStart(2, '0');
    canvas.writeCentred(count, DIAL.x, DIAL.y - 44, { size: 62, weight: 1.3, ink: onLamp ? NIGHT : INK });
    const below = { size: 15, weight: 1.3, spacing: 4, ink: onLamp ? NIGHT : MUTED };
    canvas.writeCentred(`OF ${perTurn}`, DIAL.x, DIAL.y + 40, below);
  }

  /** 1 while the beep sounds, then fading; seen and heard together they show how picture and sound lie. */
  #flash(frame: number): number {
    const intoSecond = this.#secondsAt(frame) % 1;
    if (intoSecond < BEEP_SECONDS) return 1;
    return Math.max(0, 0.8 * (1 - (intoSecond - BEEP_SECONDS) / FADE_SECONDS));
  }

  #drawGop(frame: number): void {
    const { gopFrames } = this.#shape;
    const inGop = frame % gopFrames;
    const current = Math.floor((inGop * this.#chips) / gopFrames);
    for (let chip = 0; chip <= current; chip++) {
      const ink = chip === 0 ? AMBER : chip === current ? INK : VIOLET;
      const opacity = chip === current ? 1 : 0.75;
      this.#canvas.draw(this.#chip, this.#chipLeft(chip), GOP_ROW.y, { ink, opacity });
    }
    const opacity = 1 - (8 * inGop) / gopFrames;
    if (opacity > 0) this.#canvas.writeToRight('KEYFRAME', RIGHT, 564, { ...LABEL, ink: AMBER, opacity });
  }

  #drawLoop(frame: number): void {
    const share = Math.min(1, frame / Math.max(1, this.#shape.frames - 1));
    const width = (RIGHT - LEFT) * share;
    this.#canvas.draw(this.#bar, LEFT, LOOP_ROW.y, { ink: CYAN, opacity: 0.85 }, width);
    this.#canvas.draw(this.#knob, LEFT + width, LOOP_ROW.y + LOOP_ROW.height / 2, { ink: INK });
  }

  #secondsAt(frame: number): number {
    return (frame * this.#shape.rate.den) / this.#shape.rate.num;
  }

  #chipPitch(): number {
    return (RIGHT - LEFT + GOP_ROW.gap) / this.#chips;
  }

  #chipLeft(chip: number): number {
    return LEFT + chip * this.#chipPitch();
  }
}

/** Draws the strip of {@link barcodeCells} over the top of the picture. */
export function drawBarcode(picture: Yuv420, frame: number): void {
  const strip = barcodeStripHeight(picture.height);
  const edge = (at: number) => Math.round((at * picture.width) / BARCODE_COLUMNS);
  const line = (at: number) => Math.round((at * strip) / BARCODE_ROWS);
  barcodeCells(frame).forEach((white, cell) => {
    const column = cell % BARCODE_COLUMNS;
    const row = Math.floor(cell / BARCODE_COLUMNS);
    const level = white ? WHITE_LEVEL : BLACK_LEVEL;
    picture.grayRect(edge(column), line(row), edge(column + 1), line(row + 1), level);
  });
}

/** `mm:ss.mmm`, rounded down. */
export function clockText(seconds: number): string {
  // A picture's time is a fraction of whole numbers: what is a hair below a millisecond is that millisecond.
  const ms = Math.floor(seconds * 1000 + 1e-6);
  const pad = (value: number, digits: number) => String(value).padStart(digits, '0');
  return `${pad(Math.floor(ms / 60_000), 2)}:${pad(Math.floor(ms / 1000) % 60, 2)}.${pad(ms % 1000, 3)}`;
}

/** Night blue, with a glow behind the dial and a fainter one in the lower left corner; x and y from 0 to 1. */
function background(x: number, y: number, aspect: number): Colour {
  const glow = (centreX: number, centreY: number, radius: number) =>
    Math.exp(-(((x - centreX) * aspect) ** 2 + (y - centreY) ** 2) / (radius * radius));
  const cyan = glow(DIAL.x / CANVAS_WIDTH, DIAL.y / CANVAS_HEIGHT, 0.42);
  const violet = glow(0.08, 1.02, 0.6);
  const down = y * 0.6 + x * 0.4;
  return fromRgb(
    13 + 6 * down + 8 * cyan + 44 * violet,
    18 + 6 * down + 42 * cyan + 20 * violet,
    38 + 14 * down + 54 * cyan + 62 * violet,
  );
}
