import { closeSync, openSync, readSync } from 'node:fs';
import { BitstreamError, type NalLengthSize, nalUnitsOfAvcc } from '../../../h264-sei-parser/src/index.ts';
import { FlvReader } from '../../../packet/flv-reader.ts';

/** One NAL unit of an access unit, as a report shows it. */
export interface NalRow {
  readonly type: number;
  readonly size: number;
  /** The other run's unit has the same one at this place. */
  readonly same: boolean;
}

/** Where two access units part. */
export interface UnitDiff {
  readonly a: readonly NalRow[];
  readonly b: readonly NalRow[];
  /** Index of the first NAL unit that differs; null where all are alike. */
  readonly nal: number | null;
  /** Offset of the first byte in it that differs. */
  readonly offset: number;
  readonly hexA: readonly HexRow[];
  readonly hexB: readonly HexRow[];
}

export interface HexRow {
  readonly offset: number;
  readonly hex: string;
  readonly text: string;
  /** Bytes of this row that differ, by their place in it. */
  readonly differing: readonly number[];
}

const READ_BYTES = 1024 * 1024;
const ROW_BYTES = 16;
const ROWS_BEFORE = 2;
const ROWS = 10;

/** The access units at these places in two FLV files, in decode order from 0, and where they part. */
export function diffUnits(
  a: { readonly flv: string; readonly at: number },
  b: { readonly flv: string; readonly at: number },
): UnitDiff | null {
  const one = unitAt(a.flv, a.at);
  const two = unitAt(b.flv, b.at);
  return one === null || two === null ? null : diffNals(one, two);
}

export function diffNals(a: readonly Uint8Array[], b: readonly Uint8Array[]): UnitDiff {
  const same = (at: number): boolean =>
    a[at] !== undefined && b[at] !== undefined && Buffer.compare(a[at], b[at]) === 0;
  const rows = (nals: readonly Uint8Array[]): NalRow[] =>
    nals.map((nal, at) => ({ type: (nal[0] ?? 0) & 0x1f, size: nal.length, same: same(at) }));
  const count = Math.max(a.length, b.length);
  const first = Array.from({ length: count }, (_, at) => at).find((at) => !same(at)) ?? null;
  const one = first === null ? new Uint8Array() : (a[first] ?? new Uint8Array());
  const two = first === null ? new Uint8Array() : (b[first] ?? new Uint8Array());
  let offset = 0;
  while (offset < Math.min(one.length, two.length) && one[offset] === two[offset]) offset++;
  return {
    ...{ a: rows(a), b: rows(b), nal: first, offset },
    hexA: hexRows(one, two, offset),
    hexB: hexRows(two, one, offset),
  };
}

function hexRows(bytes: Uint8Array, other: Uint8Array, around: number): HexRow[] {
  const from = Math.max(0, Math.floor(around / ROW_BYTES) - ROWS_BEFORE) * ROW_BYTES;
  const rows: HexRow[] = [];
  for (let offset = from; offset < bytes.length && rows.length < ROWS; offset += ROW_BYTES) {
    const row = bytes.subarray(offset, offset + ROW_BYTES);
    rows.push({
      offset,
      hex: Buffer.from(row).toString('hex'),
      text: Array.from(row, (byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '·')).join(
        '',
      ),
      differing: [...row.keys()].filter((at) => row[at] !== other[offset + at]),
    });
  }
  return rows;
}

/** NAL units of the access unit with so many before it; null where the file has not so many. */
function unitAt(path: string, at: number): Uint8Array[] | null {
  const fd = openSync(path, 'r');
  try {
    const reader = new FlvReader({ maxBodyBytes: 0xff_ffff });
    const bytes = Buffer.allocUnsafe(READ_BYTES);
    let lengthSize: NalLengthSize = 4;
    for (let units = 0; ; ) {
      const got = readSync(fd, bytes, 0, bytes.length, null);
      if (got === 0) return null;
      for (const item of reader.read(bytes.subarray(0, got))) {
        if (item.kind !== 'packet') continue;
        if (item.packet.kind === 'avc-config') {
          lengthSize = (((item.packet.record[4] ?? 3) & 3) + 1) as NalLengthSize;
        } else if (item.packet.kind === 'avc-frame' && units++ === at) {
          return nalsOf(item.packet.data, lengthSize);
        }
      }
    }
  } finally {
    closeSync(fd);
  }
}

/** As far as they can be told apart; what is left after that as one. */
function nalsOf(data: Uint8Array, lengthSize: NalLengthSize): Uint8Array[] {
  const nals: Uint8Array[] = [];
  let end = 0;
  try {
    for (const nal of nalUnitsOfAvcc(data, lengthSize)) {
      nals.push(data.slice(nal.start, nal.end));
      end = nal.end;
    }
  } catch (error) {
    if (!(error instanceof BitstreamError)) throw error;
    nals.push(data.slice(end));
  }
  return nals;
}
