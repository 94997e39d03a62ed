import { box, fullBox, u32, u64 } from './boxes.ts';

/** One access unit of a track, in the track's ticks. */
export interface FragmentSample {
  readonly data: Uint8Array;
  readonly duration: number;
  /** Composition time less decoding time; signed. */
  readonly compositionOffset: number;
  /** A decoder can begin here. */
  readonly isSync: boolean;
}

/** A run of samples without a hole, each beginning where the one before ends. */
export interface TrackRun {
  readonly track: number;
  /** Decoding time of the first sample, in ticks. */
  readonly baseDecodeTime: number;
  readonly samples: readonly FragmentSample[];
}

/** `tfhd`: data offsets count from the `moof` (clause 8.8.7). */
const DEFAULT_BASE_IS_MOOF = 0x02_0000;
/** `trun`: data offset, and each sample's duration, size, flags and composition offset (clause 8.8.8). */
const TRUN_FLAGS = 0x000001 | 0x000100 | 0x000200 | 0x000400 | 0x000800;
/** Composition offsets are signed. */
const TRUN_SIGNED = 1;
/** sample_depends_on 2: on no other (clause 8.8.3.1). */
const SYNC_FLAGS = 0x0200_0000;
/** sample_depends_on 1, sample_is_non_sync_sample. */
const NON_SYNC_FLAGS = 0x0101_0000;
const MDAT_HEADER_BYTES = 8;

/**
 * One movie fragment: `moof` and `mdat` (ISO/IEC 14496-12 clause 8.8), one run per track, for any run of samples:
 * a whole segment, or a part of one. Tracks without samples are left out.
 * @param sequence counts the fragments of a stream, from 1 (`mfhd`).
 * @param before boxes that stand before the `moof`: event messages (ISO/IEC 23009-1 clause 5.10.3.3.1).
 */
export function fragment(
  sequence: number,
  runs: readonly TrackRun[],
  before: readonly Uint8Array[] = [],
): Buffer {
  const filled = runs.filter((run) => run.samples.length > 0);
  // The offsets into mdat depend on the size of moof, which does not depend on them: written twice, sized once.
  const moofBytes = movieFragment(sequence, filled, 0).length;
  const moof = movieFragment(sequence, filled, moofBytes + MDAT_HEADER_BYTES);
  const dataBytes = filled.reduce((sum, run) => sum + runBytes(run), 0);
  const beforeBytes = before.reduce((sum, { length }) => sum + length, 0);
  const bytes = Buffer.allocUnsafeSlow(beforeBytes + moofBytes + MDAT_HEADER_BYTES + dataBytes);
  let at = 0;
  for (const part of [...before, moof]) {
    bytes.set(part, at);
    at += part.length;
  }
  bytes.writeUInt32BE(MDAT_HEADER_BYTES + dataBytes, at);
  bytes.write('mdat', at + 4, 'latin1');
  at += MDAT_HEADER_BYTES;
  for (const { samples } of filled) {
    for (const { data } of samples) {
      bytes.set(data, at);
      at += data.length;
    }
  }
  return bytes;
}

function movieFragment(sequence: number, runs: readonly TrackRun[], dataOffset: number): Uint8Array {
  let offset = dataOffset;
  const tracks = runs.map((run) => {
    const track = trackFragment(run, offset);
    offset += runBytes(run);
    return track;
  });
  return box('moof', fullBox('mfhd', 0, 0, u32(sequence)), tracks);
}

function trackFragment({ track, baseDecodeTime, samples }: TrackRun, dataOffset: number): Uint8Array {
  return box(
    'traf',
    fullBox('tfhd', 0, DEFAULT_BASE_IS_MOOF, u32(track)),
    fullBox('tfdt', 1, 0, u64(baseDecodeTime)),
    fullBox('trun', TRUN_SIGNED, TRUN_FLAGS, u32(samples.length, dataOffset), sampleTable(samples)),
  );
}

function sampleTable(samples: readonly FragmentSample[]): Uint8Array {
  const table = new DataView(new ArrayBuffer(samples.length * 16));
  samples.forEach(({ duration, data, isSync, compositionOffset }, index) => {
    table.setUint32(index * 16, duration);
    table.setUint32(index * 16 + 4, data.length);
    table.setUint32(index * 16 + 8, isSync ? SYNC_FLAGS : NON_SYNC_FLAGS);
    table.setInt32(index * 16 + 12, compositionOffset);
  });
  return new Uint8Array(table.buffer);
}

const runBytes = (run: TrackRun): number => run.samples.reduce((sum, { data }) => sum + data.length, 0);
