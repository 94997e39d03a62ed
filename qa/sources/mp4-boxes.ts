/** ISO/IEC 14496-12: boxes, and the few that say where samples are. Readers of bytes alone, no input or output. */

export interface Box {
  readonly type: string;
  /** Where its header begins, its payload begins, and it ends; in the bytes given. */
  readonly start: number;
  readonly body: number;
  readonly end: number;
}

export class Mp4Error extends Error {
  readonly offset: number;
  constructor(offset: number, message: string) {
    super(message);
    this.name = 'Mp4Error';
    this.offset = offset;
  }
}

export interface BoxHeader {
  readonly type: string;
  readonly headerBytes: number;
  /** Header included; null: to the end of the file (size 0). */
  readonly size: number | null;
}

/** Clause 4.2. Null where bytes are missing. @throws {Mp4Error} for a size smaller than its header. */
export function boxHeaderAt(bytes: Uint8Array, at: number): BoxHeader | null {
  if (bytes.length - at < 8) return null;
  const size = u32(bytes, at);
  const type = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
  if (size === 0) return { type, headerBytes: 8, size: null };
  if (size !== 1) {
    if (size < 8) throw new Mp4Error(at, `a box ${printable(type)} of ${size} bytes`);
    return { type, headerBytes: 8, size };
  }
  if (bytes.length - at < 16) return null;
  const large = u64(bytes, at + 8);
  if (large < 16) throw new Mp4Error(at, `a box ${printable(type)} of ${large} bytes`);
  return { type, headerBytes: 16, size: large };
}

/** The boxes in `[from, end)`. @throws {Mp4Error} where one outruns what holds it. */
export function* boxesIn(bytes: Uint8Array, from: number, end: number): Generator<Box, void> {
  let at = from;
  while (end - at >= 8) {
    const header = boxHeaderAt(bytes.subarray(0, end), at);
    if (header === null) throw new Mp4Error(at, 'it ends inside a box header');
    const boxEnd = header.size === null ? end : at + header.size;
    if (boxEnd > end)
      throw new Mp4Error(at, `a box ${printable(header.type)} that is longer than what holds it`);
    yield { type: header.type, start: at, body: at + header.headerBytes, end: boxEnd };
    at = boxEnd;
  }
}

export function boxIn(
  bytes: Uint8Array,
  within: Pick<Box, 'body' | 'end'>,
  ...path: readonly string[]
): Box | null {
  let current: Box | null = null;
  let place: Pick<Box, 'body' | 'end'> = within;
  for (const type of path) {
    current = null;
    for (const box of boxesIn(bytes, place.body, place.end)) {
      if (box.type !== type) continue;
      current = box;
      break;
    }
    if (current === null) return null;
    place = current;
  }
  return current;
}

/** What a movie fragment takes from `trex` where its track header says nothing, clause 8.8.3. */
export interface FragmentDefaults {
  readonly duration: number;
  readonly size: number;
  readonly flags: number;
}

export interface Mp4Track {
  readonly id: number;
  /** `vide`, `soun`, ... */
  readonly handler: string;
  readonly timescale: number;
  /** Of the first sample entry: `avc1`, `hvc1`, `mp4a`, `encv`, ... */
  readonly format: string;
  /** avcC or hvcC as it stands; null where there is none. */
  readonly record: Uint8Array | null;
  /** What an edit list takes from media time, and puts before it: milliseconds. */
  readonly shiftMs: number;
  readonly defaults: FragmentDefaults;
  /** The boxes in the `moov` that was given. */
  readonly stbl: Box;
}

/** All tracks of a `moov` box. @throws {Mp4Error} */
export function tracksOf(moov: Uint8Array, body: number): Mp4Track[] {
  const within = { body, end: moov.length };
  const mvhd = boxIn(moov, within, 'mvhd');
  const movieScale = mvhd === null ? 1000 : u32(moov, mvhd.body + (moov[mvhd.body] === 1 ? 20 : 12));
  const defaults = new Map<number, FragmentDefaults>();
  const mvex = boxIn(moov, within, 'mvex');
  for (const trex of mvex === null ? [] : boxesIn(moov, mvex.body, mvex.end)) {
    if (trex.type !== 'trex' || trex.end - trex.body < 24) continue;
    const [duration, size, flags] = [12, 16, 20].map((at) => u32(moov, trex.body + at));
    defaults.set(u32(moov, trex.body + 4), { duration: duration!, size: size!, flags: flags! });
  }
  const tracks: Mp4Track[] = [];
  for (const trak of boxesIn(moov, within.body, within.end)) {
    if (trak.type !== 'trak') continue;
    const track = trackOf(moov, trak, movieScale, defaults);
    if (track !== null) tracks.push(track);
  }
  return tracks;
}

function trackOf(
  moov: Uint8Array,
  trak: Box,
  movieScale: number,
  defaults: ReadonlyMap<number, FragmentDefaults>,
): Mp4Track | null {
  const tkhd = boxIn(moov, trak, 'tkhd');
  const mdhd = boxIn(moov, trak, 'mdia', 'mdhd');
  const hdlr = boxIn(moov, trak, 'mdia', 'hdlr');
  const stbl = boxIn(moov, trak, 'mdia', 'minf', 'stbl');
  if (tkhd === null || mdhd === null || hdlr === null || stbl === null) return null;
  const id = u32(moov, tkhd.body + (moov[tkhd.body] === 1 ? 20 : 12));
  const timescale = u32(moov, mdhd.body + (moov[mdhd.body] === 1 ? 20 : 12)) || 1;
  const entry = sampleEntryOf(moov, stbl);
  return {
    id,
    handler: fourCc(moov, hdlr.body + 8),
    timescale,
    format: entry.format,
    record: entry.record,
    shiftMs: shiftOf(moov, boxIn(moov, trak, 'edts', 'elst'), movieScale, timescale),
    defaults: defaults.get(id) ?? { duration: 0, size: 0, flags: 0 },
    stbl,
  };
}

/** A VisualSampleEntry has 78 bytes before its boxes, clause 12.1.3. */
const VISUAL_ENTRY_BYTES = 78;

function sampleEntryOf(moov: Uint8Array, stbl: Box): { format: string; record: Uint8Array | null } {
  const stsd = boxIn(moov, stbl, 'stsd');
  if (stsd === null) return { format: '', record: null };
  for (const entry of boxesIn(moov, stsd.body + 8, stsd.end)) {
    const from = entry.body + VISUAL_ENTRY_BYTES;
    if (from > entry.end) return { format: entry.type, record: null };
    if (!['avc1', 'avc3', 'hvc1', 'hev1', 'encv'].includes(entry.type))
      return { format: entry.type, record: null };
    for (const box of boxesIn(moov, from, entry.end)) {
      if (box.type === 'avcC' || box.type === 'hvcC') {
        return { format: entry.type, record: moov.slice(box.body, box.end) };
      }
    }
    return { format: entry.type, record: null };
  }
  return { format: '', record: null };
}

/** Edit list, clause 8.6.6: empty edits put time before the media, the first real one takes its start off. */
function shiftOf(moov: Uint8Array, elst: Box | null, movieScale: number, timescale: number): number {
  if (elst === null) return 0;
  const isLong = moov[elst.body] === 1;
  const entryBytes = isLong ? 20 : 12;
  const count = Math.min(u32(moov, elst.body + 4), Math.floor((elst.end - elst.body - 8) / entryBytes));
  let shiftMs = 0;
  for (let i = 0; i < count; i++) {
    const at = elst.body + 8 + i * entryBytes;
    const duration = isLong ? u64(moov, at) : u32(moov, at);
    const mediaTime = isLong ? i64(moov, at + 8) : i32(moov, at + 4);
    if (mediaTime === -1) shiftMs += (duration / movieScale) * 1000;
    else return shiftMs - (mediaTime / timescale) * 1000;
  }
  return shiftMs;
}

export const fourCc = (bytes: Uint8Array, at: number): string =>
  String.fromCharCode(...bytes.subarray(at, at + 4));
export const u16 = (bytes: Uint8Array, at: number): number => bytes[at]! * 0x100 + bytes[at + 1]!;
export const u32 = (bytes: Uint8Array, at: number): number => u16(bytes, at) * 0x1_0000 + u16(bytes, at + 2);
export const i32 = (bytes: Uint8Array, at: number): number => u32(bytes, at) | 0;
/** Exact up to 2^53. */
export const u64 = (bytes: Uint8Array, at: number): number => u32(bytes, at) * 2 ** 32 + u32(bytes, at + 4);
export const i64 = (bytes: Uint8Array, at: number): number => i32(bytes, at) * 2 ** 32 + u32(bytes, at + 4);

const printable = (type: string): string => `"${type.replaceAll(/[^\x20-\x7e]/g, '?')}"`;
