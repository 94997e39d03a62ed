import { type Box, boxesIn, boxIn, type FragmentDefaults, i32, Mp4Error, u32, u64 } from './mp4-boxes.ts';

/** One sample, in decode order. Times in units of the track's timescale. */
export interface Mp4Sample {
  readonly offset: number;
  readonly size: number;
  readonly dts: number;
  /** Composition time offset; signed. */
  readonly cts: number;
  readonly isSync: boolean;
}

/** Samples of a `moov`'s sample table, clauses 8.6 and 8.7. @throws {Mp4Error} where tables do not fit each other. */
export function samplesOf(moov: Uint8Array, stbl: Box): Mp4Sample[] {
  const find = (type: string): Box | null => boxIn(moov, stbl, type);
  const sizes = sizesOf(moov, find('stsz'), find('stz2'));
  if (sizes.length === 0) return [];
  const offsets = offsetsOf(moov, find('stsc'), find('stco'), find('co64'), sizes);
  const durations = runsOf(moov, find('stts'), sizes.length, false);
  const composition = runsOf(moov, find('ctts'), sizes.length, true);
  const stss = find('stss');
  const sync = stss === null ? null : new Set(listOf(moov, stss));
  let dts = 0;
  return offsets.map((offset, i) => {
    const sample: Mp4Sample = {
      offset,
      size: sizes[i]!,
      dts,
      cts: composition[i] ?? 0,
      isSync: sync === null || sync.has(i + 1),
    };
    dts += durations[i] ?? 0;
    return sample;
  });
}

function sizesOf(moov: Uint8Array, stsz: Box | null, stz2: Box | null): number[] {
  if (stsz !== null) {
    const fixed = u32(moov, stsz.body + 4);
    const count = u32(moov, stsz.body + 8);
    if (fixed !== 0) {
      if (count > 10_000_000) throw new Mp4Error(stsz.start, `${count} samples`);
      return new Array<number>(count).fill(fixed);
    }
    if (count > (stsz.end - stsz.body - 12) / 4) throw new Mp4Error(stsz.start, 'stsz is cut');
    return Array.from({ length: count }, (_, i) => u32(moov, stsz.body + 12 + i * 4));
  }
  if (stz2 === null) return [];
  const bits = moov[stz2.body + 7]!;
  const count = u32(moov, stz2.body + 8);
  if (count > ((stz2.end - stz2.body - 12) * 8) / Math.max(4, bits))
    throw new Mp4Error(stz2.start, 'stz2 is cut');
  return Array.from({ length: count }, (_, i) => {
    const at = stz2.body + 12;
    if (bits === 16) return moov[at + i * 2]! * 256 + moov[at + i * 2 + 1]!;
    if (bits === 8) return moov[at + i]!;
    const byte = moov[at + (i >> 1)]!;
    return i % 2 === 0 ? byte >> 4 : byte & 15;
  });
}

/** Sample-to-chunk and chunk offsets, clauses 8.7.4 and 8.7.5. */
function offsetsOf(
  moov: Uint8Array,
  stsc: Box | null,
  stco: Box | null,
  co64: Box | null,
  sizes: readonly number[],
): number[] {
  const chunks = chunkOffsetsOf(moov, stco, co64);
  const runs = chunkRunsOf(moov, stsc, chunks.length);
  const offsets: number[] = [];
  let sample = 0;
  for (const { first, last, samples } of runs) {
    for (let chunk = first; chunk < last && sample < sizes.length; chunk++) {
      let at = chunks[chunk]!;
      for (let i = 0; i < samples && sample < sizes.length; i++) {
        offsets.push(at);
        at += sizes[sample++]!;
      }
    }
  }
  if (sample < sizes.length)
    throw new Mp4Error(stsc?.start ?? 0, `chunks for ${sample} of ${sizes.length} samples`);
  return offsets;
}

export function chunkOffsetsOf(moov: Uint8Array, stco: Box | null, co64: Box | null): number[] {
  const box = stco ?? co64;
  if (box === null) return [];
  const width = stco === null ? 8 : 4;
  const count = u32(moov, box.body + 4);
  if (count > (box.end - box.body - 8) / width) throw new Mp4Error(box.start, 'chunk offsets are cut');
  return Array.from({ length: count }, (_, i) => (width === 8 ? u64 : u32)(moov, box.body + 8 + i * width));
}

export interface ChunkRun {
  /** Chunks `[first, last)`, from 0. */
  readonly first: number;
  readonly last: number;
  readonly samples: number;
}

export function chunkRunsOf(moov: Uint8Array, stsc: Box | null, chunks: number): ChunkRun[] {
  if (stsc === null) return [];
  const count = u32(moov, stsc.body + 4);
  if (count > (stsc.end - stsc.body - 8) / 12) throw new Mp4Error(stsc.start, 'stsc is cut');
  return Array.from({ length: count }, (_, i) => {
    const at = stsc.body + 8 + i * 12;
    const next = i + 1 < count ? u32(moov, at + 12) - 1 : chunks;
    return { first: u32(moov, at) - 1, last: Math.min(next, chunks), samples: u32(moov, at + 4) };
  });
}

/** stts and ctts: runs of a count and a value. */
function runsOf(moov: Uint8Array, box: Box | null, limit: number, signed: boolean): number[] {
  if (box === null) return [];
  // Version 0 of ctts is unsigned, but writers put negative offsets there too, and readers take them so.
  const read = signed ? i32 : u32;
  const count = Math.min(u32(moov, box.body + 4), Math.floor((box.end - box.body - 8) / 8));
  const values: number[] = [];
  for (let i = 0; i < count && values.length < limit; i++) {
    const at = box.body + 8 + i * 8;
    const value = read(moov, at + 4);
    for (let n = u32(moov, at); n > 0 && values.length < limit; n--) values.push(value);
  }
  return values;
}

function listOf(moov: Uint8Array, box: Box): number[] {
  const count = Math.min(u32(moov, box.body + 4), Math.floor((box.end - box.body - 8) / 4));
  return Array.from({ length: count }, (_, i) => u32(moov, box.body + 8 + i * 4));
}

/** Where a track run stands, and what it says of each sample. */
export interface FragmentRun {
  readonly trackId: number;
  /** In the `moof` given. */
  readonly trun: Box;
  /** What its data offset counts from, in the file. */
  readonly base: number;
  readonly samples: readonly Mp4Sample[];
}

const TFHD = { baseOffset: 1, description: 2, duration: 8, size: 16, flags: 32, defaultBaseIsMoof: 0x2_0000 };
const TRUN = { dataOffset: 1, firstFlags: 4, duration: 0x100, size: 0x200, flags: 0x400, cts: 0x800 };
/** In one `moof`; a run whose samples are all alike says any number in twelve bytes. */
const MOST_FRAGMENT_SAMPLES = 1_000_000;
/** sample_is_non_sync_sample, clause 8.8.3.1. */
const NON_SYNC = 0x1_0000;

/**
 * The runs of a `moof`, clause 8.8. Sample offsets are in the file.
 * @param moofAt where the `moof` begins in the file.
 * @param next media time that a track without `tfdt` goes on with; is moved on.
 */
export function runsOfFragment(
  moof: Uint8Array,
  body: number,
  moofAt: number,
  defaultsOf: (trackId: number) => FragmentDefaults,
  next: Map<number, number>,
): FragmentRun[] {
  const runs: FragmentRun[] = [];
  let left = MOST_FRAGMENT_SAMPLES;
  let dataEnd: number | null = null;
  for (const traf of boxesIn(moof, body, moof.length)) {
    if (traf.type !== 'traf') continue;
    const tfhd = boxIn(moof, traf, 'tfhd');
    if (tfhd === null) throw new Mp4Error(traf.start, 'a traf without tfhd');
    const header = readTfhd(moof, tfhd, defaultsOf);
    // Without a base, the first track's data count from the moof, each other's from the end of the one before.
    const base: number = header.baseOffset ?? (header.baseIsMoof || dataEnd === null ? moofAt : dataEnd);
    const tfdt = boxIn(moof, traf, 'tfdt');
    if (tfdt !== null) next.set(header.trackId, (moof[tfdt.body] === 1 ? u64 : u32)(moof, tfdt.body + 4));
    let at: number = base;
    for (const trun of boxesIn(moof, traf.body, traf.end)) {
      if (trun.type !== 'trun') continue;
      const run = readTrun(moof, trun, header, at, base, next.get(header.trackId) ?? 0, left);
      left -= run.samples.length;
      runs.push({ trackId: header.trackId, trun, base, samples: run.samples });
      next.set(header.trackId, run.dts);
      at = run.end;
    }
    dataEnd = at;
  }
  return runs;
}

interface TrackFragmentHeader {
  readonly trackId: number;
  readonly baseOffset: number | null;
  readonly baseIsMoof: boolean;
  readonly defaults: FragmentDefaults;
}

function readTfhd(
  moof: Uint8Array,
  tfhd: Box,
  defaultsOf: (trackId: number) => FragmentDefaults,
): TrackFragmentHeader {
  const flags = u32(moof, tfhd.body) & 0xff_ffff;
  const trackId = u32(moof, tfhd.body + 4);
  let at = tfhd.body + 8;
  const baseOffset = (flags & TFHD.baseOffset) !== 0 ? u64(moof, at) : null;
  if (baseOffset !== null) at += 8;
  if ((flags & TFHD.description) !== 0) at += 4;
  const take = (flag: number, otherwise: number): number => {
    if ((flags & flag) === 0) return otherwise;
    at += 4;
    return u32(moof, at - 4);
  };
  const trex = defaultsOf(trackId);
  const defaults = {
    duration: take(TFHD.duration, trex.duration),
    size: take(TFHD.size, trex.size),
    flags: take(TFHD.flags, trex.flags),
  };
  return { trackId, baseOffset, baseIsMoof: (flags & TFHD.defaultBaseIsMoof) !== 0, defaults };
}

function readTrun(
  moof: Uint8Array,
  trun: Box,
  header: TrackFragmentHeader,
  goesOnAt: number,
  base: number,
  firstDts: number,
  mostSamples: number,
): { samples: Mp4Sample[]; dts: number; end: number } {
  const flags = u32(moof, trun.body) & 0xff_ffff;
  const count = u32(moof, trun.body + 4);
  let at = trun.body + 8;
  let offset = goesOnAt;
  if ((flags & TRUN.dataOffset) !== 0) {
    offset = base + i32(moof, at);
    at += 4;
  }
  let firstFlags: number | null = null;
  if ((flags & TRUN.firstFlags) !== 0) {
    firstFlags = u32(moof, at);
    at += 4;
  }
  const fields = [TRUN.duration, TRUN.size, TRUN.flags, TRUN.cts].filter((field) => (flags & field) !== 0);
  if (count * fields.length * 4 > trun.end - at || count > mostSamples)
    throw new Mp4Error(trun.start, 'trun is cut');
  const samples: Mp4Sample[] = [];
  let dts = firstDts;
  for (let i = 0; i < count; i++) {
    const take = (field: number, otherwise: number, read = u32): number => {
      if ((flags & field) === 0) return otherwise;
      at += 4;
      return read(moof, at - 4);
    };
    const duration = take(TRUN.duration, header.defaults.duration);
    const size = take(TRUN.size, header.defaults.size);
    const own = take(TRUN.flags, header.defaults.flags);
    const sampleFlags = i === 0 && firstFlags !== null ? firstFlags : own;
    const cts = take(TRUN.cts, 0, i32);
    samples.push({ offset, size, dts, cts, isSync: (sampleFlags & NON_SYNC) === 0 });
    offset += size;
    dts += duration;
  }
  return { samples, dts, end: offset };
}

/** Where `trun` keeps each sample's size, for who changes it: null where it does not (a default holds). */
export function trunSizeField(
  moof: Uint8Array,
  trun: Box,
): { readonly at: number; readonly step: number; readonly dataOffsetAt: number | null } | null {
  const flags = u32(moof, trun.body) & 0xff_ffff;
  if ((flags & TRUN.size) === 0) return null;
  const dataOffsetAt = (flags & TRUN.dataOffset) !== 0 ? trun.body + 8 : null;
  let at = trun.body + 8 + (dataOffsetAt === null ? 0 : 4) + ((flags & TRUN.firstFlags) === 0 ? 0 : 4);
  if ((flags & TRUN.duration) !== 0) at += 4;
  const fields = [TRUN.duration, TRUN.size, TRUN.flags, TRUN.cts].filter((field) => (flags & field) !== 0);
  return { at, step: fields.length * 4, dataOffsetAt };
}
