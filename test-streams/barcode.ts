/**
 * The frame number in the picture: its layout, and its reader.
 *
 * A strip along the top edge, 4/45 of the picture's height, holds 2 rows of 40 cells, each black or white:
 *
 *     G G d d d d d d d d G d d d d d d d d G G d d d d d d d d G d d d d d d d d G G
 *
 * `d` in the upper row is the frame number (32 bits, most significant first), `d` in the lower row its CRC-32
 * (ISO-HDLC). `G` are guard columns with fixed cells in a checkerboard: they give the levels of black and
 * white, and they show that a strip is there at all. At 16:9 the cells are squares that fall on the
 * encoder's macroblocks (16 pixels at 640x360, 32 at 1280x720).
 *
 * Any two valid strips differ in at least 10 cells, so up to 9 cells read wrongly are always noticed; beyond
 * that a wrong number gets through once in 2^32. Nothing is corrected: a picture is read for certain or not.
 *
 * Pure and without imports: the same file runs in Node and in a browser.
 */

export const BARCODE_COLUMNS = 40;
export const BARCODE_ROWS = 2;
/** The strip's share of the picture's height, from the top edge. */
export const BARCODE_STRIP_HEIGHT = 4 / 45;
export const BARCODE_MAX_FRAME = 0xffff_ffff;
/** Any number of wrong cells up to this is always reported as an error. */
export const BARCODE_CERTAIN_CELLS = 9;

/** Sample values between black and white guards that still count as two levels. */
const LEAST_CONTRAST = 48;
/** A cell nearer to the threshold than this share of the contrast is neither black nor white. */
const UNCLEAR_SHARE = 0.15;
const GUARD_COLUMNS: readonly number[] = [0, 1, 10, 19, 20, 29, 38, 39];
const DATA_COLUMNS: readonly number[] = Array.from({ length: BARCODE_COLUMNS }, (_, column) => column).filter(
  (column) => !GUARD_COLUMNS.includes(column),
);

/**
 * Decoded pixels, one sample per pixel looked at: black and white need no colour, so any channel of RGB(A)
 * or the luma plane of YUV will do, in full or limited range.
 */
export type Picture = {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array | Uint8ClampedArray;
  /** Bytes from one pixel to the next: 1 for a luma plane, 4 for RGBA. */
  readonly pixelStride: number;
  /** Bytes from one row to the next. */
  readonly rowStride: number;
  /** Index of the first pixel's sample in `data`; 0 when absent. */
  readonly offset?: number;
};

/**
 * - `too-small`: fewer than 2 pixels a cell, or `data` shorter than the sizes say
 * - `no-contrast`: the guards are not two levels (black picture, fade, overlay)
 * - `no-guards`: two levels, but not in the guards' pattern: this is no barcode
 * - `unclear`: a cell is neither black nor white (two pictures blended, very low bit rate)
 * - `check-failed`: all cells clear, and the CRC does not fit the number
 */
export type BarcodeError = 'too-small' | 'no-contrast' | 'no-guards' | 'unclear' | 'check-failed';

export type BarcodeReading =
  | { readonly frame: number; readonly error?: undefined }
  | { readonly frame?: undefined; readonly error: BarcodeError };

/** `ImageData` of a canvas, or anything like it, as a picture. */
export function rgbaPicture(image: {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array | Uint8ClampedArray;
}): Picture {
  // Green: the channel nearest to luma, and the best one where chroma has been filtered.
  return { ...sizeOf(image), data: image.data, pixelStride: 4, rowStride: image.width * 4, offset: 1 };
}

/** A luma plane (gray, or the first plane of YUV) without padding, as a picture. */
export function grayPicture(width: number, height: number, data: Uint8Array | Uint8ClampedArray): Picture {
  return { width, height, data, pixelStride: 1, rowStride: width };
}

/**
 * The cells of one frame number, upper row first; `true` is white.
 * @throws {RangeError} when `frame` is not a whole number from 0 to 2^32 - 1.
 */
export function barcodeCells(frame: number): readonly boolean[] {
  if (!Number.isInteger(frame) || frame < 0 || frame > BARCODE_MAX_FRAME) {
    throw new RangeError(`a barcode holds whole numbers from 0 to ${BARCODE_MAX_FRAME}, not ${frame}`);
  }
  const check = crc32(frame);
  const cells = new Array<boolean>(BARCODE_COLUMNS * BARCODE_ROWS).fill(false);
  for (const column of GUARD_COLUMNS) {
    cells[column] = guardIsWhite(column, 0);
    cells[BARCODE_COLUMNS + column] = guardIsWhite(column, 1);
  }
  DATA_COLUMNS.forEach((column, bit) => {
    cells[column] = ((frame >>> (31 - bit)) & 1) === 1;
    cells[BARCODE_COLUMNS + column] = ((check >>> (31 - bit)) & 1) === 1;
  });
  return cells;
}

/** What the cells say, as {@link barcodeCells} orders them: guards and CRC are checked. */
export function frameOfCells(cells: readonly boolean[]): BarcodeReading {
  for (const column of GUARD_COLUMNS) {
    for (let row = 0; row < BARCODE_ROWS; row++) {
      if (cells[row * BARCODE_COLUMNS + column] !== guardIsWhite(column, row)) return { error: 'no-guards' };
    }
  }
  let frame = 0;
  let check = 0;
  for (const column of DATA_COLUMNS) {
    frame = ((frame << 1) | (cells[column] ? 1 : 0)) >>> 0;
    check = ((check << 1) | (cells[BARCODE_COLUMNS + column] ? 1 : 0)) >>> 0;
  }
  return crc32(frame) === check ? { frame } : { error: 'check-failed' };
}

/** Height in pixels of the strip in a picture of this height. */
export function barcodeStripHeight(pictureHeight: number): number {
  return Math.max(BARCODE_ROWS, Math.round(pictureHeight * BARCODE_STRIP_HEIGHT));
}

/** Reads the frame number of a whole picture, at whatever size it was scaled to. */
export function readBarcode(picture: Picture): BarcodeReading {
  return readRows(picture, picture.height * BARCODE_STRIP_HEIGHT);
}

/**
 * Reads the frame number where the picture is the strip alone, at any size. A browser draws just that:
 *
 *     context.drawImage(video, 0, 0, video.videoWidth, video.videoHeight * BARCODE_STRIP_HEIGHT, 0, 0, 320, 16);
 *     readBarcodeStrip(rgbaPicture(context.getImageData(0, 0, 320, 16)));
 */
export function readBarcodeStrip(strip: Picture): BarcodeReading {
  return readRows(strip, strip.height);
}

function readRows(picture: Picture, stripHeight: number): BarcodeReading {
  const { width, height, data, pixelStride, rowStride, offset = 0 } = picture;
  const lastSample = offset + (height - 1) * rowStride + (width - 1) * pixelStride;
  const cellWidth = width / BARCODE_COLUMNS;
  const cellHeight = stripHeight / BARCODE_ROWS;
  if (!(cellWidth >= 2 && cellHeight >= 2) || lastSample >= data.length) return { error: 'too-small' };

  const levels: number[] = [];
  for (let row = 0; row < BARCODE_ROWS; row++) {
    for (let column = 0; column < BARCODE_COLUMNS; column++) {
      levels.push(meanOfCentre(picture, column * cellWidth, row * cellHeight, cellWidth, cellHeight));
    }
  }
  const { black, white } = guardLevels(levels);
  if (Math.abs(white - black) < LEAST_CONTRAST) return { error: 'no-contrast' };
  if (white < black) return { error: 'no-guards' };

  const threshold = (black + white) / 2;
  const cells = levels.map((level) => level > threshold);
  const reading = frameOfCells(cells);
  if (reading.error === 'no-guards') return reading;
  const margin = (white - black) * UNCLEAR_SHARE;
  if (levels.some((level) => Math.abs(level - threshold) < margin)) return { error: 'unclear' };
  return reading;
}

/** Mean of a cell's middle half each way: its edges belong to scaling and to the encoder's ringing. */
function meanOfCentre(picture: Picture, left: number, top: number, width: number, height: number): number {
  const { data, pixelStride, rowStride, offset = 0 } = picture;
  const [x0, x1] = middle(left, width);
  const [y0, y1] = middle(top, height);
  let sum = 0;
  for (let y = y0; y < y1; y++) {
    let at = offset + y * rowStride + x0 * pixelStride;
    for (let x = x0; x < x1; x++, at += pixelStride) sum += data[at]!;
  }
  return sum / ((x1 - x0) * (y1 - y0));
}

/** Whole pixels inside the middle half of [start, start + size); one at least. */
function middle(start: number, size: number): [from: number, to: number] {
  const from = Math.ceil(start + size / 4);
  const to = Math.floor(start + (size * 3) / 4);
  if (to > from) return [from, to];
  const centre = Math.floor(start + size / 2);
  return [centre, centre + 1];
}

function guardLevels(levels: readonly number[]): { black: number; white: number } {
  let black = 0;
  let white = 0;
  for (const column of GUARD_COLUMNS) {
    for (let row = 0; row < BARCODE_ROWS; row++) {
      const level = levels[row * BARCODE_COLUMNS + column]!;
      if (guardIsWhite(column, row)) white += level;
      else black += level;
    }
  }
  return { black: black / GUARD_COLUMNS.length, white: white / GUARD_COLUMNS.length };
}

/** A checkerboard: each guard column holds one black and one white cell. */
function guardIsWhite(column: number, row: number): boolean {
  return (column + row) % 2 === 1;
}

function sizeOf(image: { readonly width: number; readonly height: number }) {
  return { width: image.width, height: image.height };
}

/** CRC-32/ISO-HDLC (reflected polynomial 0xEDB88320) over the number's four bytes, most significant first. */
function crc32(frame: number): number {
  let crc = 0xffff_ffff;
  for (let shift = 24; shift >= 0; shift -= 8) {
    crc ^= (frame >>> shift) & 0xff;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return (crc ^ 0xffff_ffff) >>> 0;
}
