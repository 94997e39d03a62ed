import { COLUMNS, PAIRS } from './layout.ts';

/**
 * What the slate says, as bits, and what bits that are read say; without imports from outside this folder.
 *
 * The fast part is the time in ticks of 16 ms, modulo 2^13, in reflected Gray code, so that neighbours differ in one
 * pair; the copy below is half a tick ahead. A camera that sees two or three displays at once (60 to 25 pictures a
 * second) finds the pairs in which they differ neither 0 nor 1; every time that fits the clear ones is a candidate,
 * all displays in the mixture are among them, and the span of the candidates is the error that is stated.
 *
 * The slow part changes every 131 s, holds a CRC of itself, and is read only where each of its pairs is clear. Its
 * guards, at opposite ends, fail in a picture that is upside down: turning swaps upper and lower cells.
 */

export const TICK_MS = 16;
/** How often the fast part comes round. */
export const FAST_MS = TICK_MS * 2 ** COLUMNS;
const FAST_TICKS = 2 ** COLUMNS;
const BLOCK_BITS = 12;
/** How often the whole code comes round: 6.2 days. */
export const CODE_MS = FAST_MS * 2 ** BLOCK_BITS;
/** Session ids are below this. */
export const SESSIONS = 256;

/** A larger error than one picture at 25 a second is no reading. */
export const MAX_ERROR_MS = 40;
/** A page whose clock is not known to this says that its code is not valid. */
export const PAGE_CLOCK_ERROR_MS = 15;
/** So near to the change of the slow part, parts of the picture may be of before and after it. */
const EDGE_MS = 120;
const MOST_OPEN_PAIRS = 4;
/** Version 1 of the layout; another one starts with another value, so that its check fails here. */
const CRC_START = 0xfc01;

export interface SlateContent {
  /** The server's clock. */
  readonly unixMs: number;
  /** 0 to 255: which run of the slate reader this is for. */
  readonly session: number;
  /** False while the page's clock is not known well enough. */
  readonly valid: boolean;
}

/** The 65 pairs, row by row; true is a 1. */
export function codeBits({ unixMs, session, valid }: SlateContent): boolean[] {
  const slow = slowBits(valid, session, Math.floor(unixMs / FAST_MS) % 2 ** BLOCK_BITS);
  return [...fastBits(unixMs), ...slow, ...fastBits(unixMs + TICK_MS / 2).reverse()];
}

export type CodeFailure =
  /** Two or more displays are mixed, and they are too far apart. */
  | 'blended'
  /** Upper and lower part are of different displays. */
  | 'torn'
  | 'check-failed'
  /** Within a tenth of a second of the change of the slow part: the next picture is better. */
  | 'edge'
  /** The page says that its clock is not known. */
  | 'not-valid';

export type CodeReading =
  | {
      readonly ok: true;
      /** Middle of the times that fit, modulo `CODE_MS`. */
      readonly codeMs: number;
      /** Every display in the picture was made within this of it. */
      readonly errorMs: number;
      readonly session: number;
    }
  | { readonly ok: false; readonly reason: CodeFailure };

/** @param pairs 65 of true, false, or null where it cannot be told */
export function readCode(pairs: readonly (boolean | null)[]): CodeReading {
  const slow = pairs.slice(COLUMNS, PAIRS - COLUMNS);
  if (slow.some((bit) => bit === null)) return { ok: false, reason: 'blended' };
  const bits = slow as boolean[];
  const numberAt = (from: number, count: number): number =>
    bits.slice(from, from + count).reduce((value, bit) => value * 2 + (bit ? 1 : 0), 0);
  const valid = bits[1]!;
  const session = numberAt(2, 8);
  const block = numberAt(10, BLOCK_BITS);
  const again = slowBits(valid, session, block);
  if (again.some((bit, i) => bit !== bits[i])) return { ok: false, reason: 'check-failed' };
  if (!valid) return { ok: false, reason: 'not-valid' };

  const upper = spanOf(pairs.slice(0, COLUMNS));
  const lower = spanOf(pairs.slice(PAIRS - COLUMNS).reverse());
  if (upper === null || lower === null) return { ok: false, reason: 'blended' };
  const from = lower.from - TICK_MS / 2;
  const to = lower.to - TICK_MS / 2;
  // The two may stand on either side of where the fast part comes round.
  const lap = Math.round((upper.from - from) / FAST_MS) * FAST_MS;
  const low = Math.min(upper.from, from + lap);
  const high = Math.max(upper.to, to + lap);
  const errorMs = (high - low) / 2;
  if (errorMs > MAX_ERROR_MS) {
    // Clear pairs that contradict one another are of different displays; open ones of mixed displays.
    return { ok: false, reason: pairs.includes(null) ? 'blended' : 'torn' };
  }
  if (low < EDGE_MS || high > FAST_MS - EDGE_MS) return { ok: false, reason: 'edge' };
  return { ok: true, codeMs: block * FAST_MS + (low + high) / 2, errorMs, session };
}

/** The moment nearest to `aroundMs` that a code can mean. */
export const momentOf = (codeMs: number, aroundMs: number): number =>
  codeMs + Math.round((aroundMs - codeMs) / CODE_MS) * CODE_MS;

/** Milliseconds from the beginning of the first to the end of the last candidate; null where they are too many. */
function spanOf(row: readonly (boolean | null)[]): { from: number; to: number } | null {
  const open = row.flatMap((bit, i) => (bit === null ? [i] : []));
  if (open.length > MOST_OPEN_PAIRS) return null;
  const ticks: number[] = [];
  for (let choice = 0; choice < 2 ** open.length; choice++) {
    const bits = row.slice();
    open.forEach((at, i) => {
      bits[at] = ((choice >> i) & 1) === 1;
    });
    ticks.push(tickOf(bits as boolean[]));
  }
  ticks.sort((a, b) => a - b);
  // Reflected Gray code is cyclic: the span begins after the widest gap.
  let gap = ticks[0]! + FAST_TICKS - ticks.at(-1)!;
  let first = 0;
  for (let i = 1; i < ticks.length; i++) {
    if (ticks[i]! - ticks[i - 1]! > gap) {
      gap = ticks[i]! - ticks[i - 1]!;
      first = i;
    }
  }
  const from = ticks[first]!;
  return { from: from * TICK_MS, to: (from + FAST_TICKS - gap + 1) * TICK_MS };
}

function fastBits(unixMs: number): boolean[] {
  const tick = Math.floor(unixMs / TICK_MS) % FAST_TICKS;
  const gray = tick ^ (tick >> 1);
  return Array.from({ length: COLUMNS }, (_, i) => ((gray >> (COLUMNS - 1 - i)) & 1) === 1);
}

function tickOf(gray: readonly boolean[]): number {
  let bit = false;
  let tick = 0;
  for (const changes of gray) {
    bit = bit !== changes;
    tick = tick * 2 + (bit ? 1 : 0);
  }
  return tick;
}

function slowBits(valid: boolean, session: number, block: number): boolean[] {
  const bits = [valid, ...bitsOf(session, 8), ...bitsOf(block, BLOCK_BITS)];
  return [true, ...bits, ...bitsOf(crc16(bits), 16), true];
}

const bitsOf = (value: number, count: number): boolean[] =>
  Array.from({ length: count }, (_, i) => ((value >> (count - 1 - i)) & 1) === 1);

/** CRC-16 with the polynomial of ITU-T V.41, bit by bit. */
function crc16(bits: readonly boolean[]): number {
  let crc = CRC_START;
  for (const bit of bits) {
    const out = ((crc >> 15) & 1) === 1;
    crc = (crc << 1) & 0xffff;
    if (out !== bit) crc ^= 0x1021;
  }
  return crc;
}
