import { closeSync, openSync, readSync } from 'node:fs';
import { BitstreamError, type NalLengthSize, nalUnitsOfAvcc } from '../../../h264-sei-parser/src/index.ts';
import { FlvReader } from '../../../packet/flv-reader.ts';

/** One NAL unit of an access unit, as a report shows it. */
export interface NalRow {
  readonly type: number;
  readonly size: number;
  /** The other run's unit has it too, in the same order. */
  readonly same: boolean;
}

/** Where two access units part. */
export interface UnitDiff {
  readonly a: readonly NalRow[];
  readonly b: readonly NalRow[];
  /** Index of the first NAL unit that the other one does not have; null where there is none. */
  readonly nalA: number | null;
  readonly nalB: number | null;
  /** Offset of the first byte that differs between those two, where they are of one type. */
  readonly offset: number | null;
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
  const { inA, inB } = common(a, b);
  const rows = (nals: readonly Uint8Array[], shared: ReadonlySet<number>): NalRow[] =>
    nals.map((nal, at) => ({ type: typeOf(nal), size: nal.length, same: shared.has(at) }));
  const first = (nals: readonly Uint8Array[], shared: ReadonlySet<number>): number | null =>
    [...nals.keys()].find((at) => !shared.has(at)) ?? null;
  const nalA = first(a, inA);
  const nalB = first(b, inB);
  const one = nalA === null ? null : a[nalA]!;
  const two = nalB === null ? null : b[nalB]!;
  const isPair = one !== null && two !== null && typeOf(one) === typeOf(two);
  const offset = isPair ? parting(one, two) : null;
  const hex = (of: Uint8Array | null, other: Uint8Array | null) =>
    of === null ? [] : hexRows(of, isPair ? other! : of, offset ?? 0);
  return {
    ...{ a: rows(a, inA), b: rows(b, inB), nalA, nalB, offset },
    hexA: hex(one, two),
    hexB: hex(two, one),
  };
}

const typeOf = (nal: Uint8Array): number => (nal[0] ?? 0) & 0x1f;

/** Of the first byte that is not the same. */
function parting(a: Uint8Array, b: Uint8Array): number {
  let offset = 0;
  while (offset < Math.min(a.length, b.length) && a[offset] === b[offset]) offset++;
  return offset;
}

/** More NAL units than this are compared place by place. */
const MAX_COMMON = 512;

/** The longest run of NAL units that both have, in order: so that one more stamp shifts nothing. */
function common(
  a: readonly Uint8Array[],
  b: readonly Uint8Array[],
): { readonly inA: ReadonlySet<number>; readonly inB: ReadonlySet<number> } {
  const inA = new Set<number>();
  const inB = new Set<number>();
  const same = (i: number, j: number): boolean => Buffer.compare(a[i]!, b[j]!) === 0;
  if (a.length > MAX_COMMON || b.length > MAX_COMMON) {
    for (let at = 0; at < Math.min(a.length, b.length); at++) {
      if (!same(at, at)) continue;
      inA.add(at);
      inB.add(at);
    }
    return { inA, inB };
  }
  // lengths[i][j]: of the longest common run of what follows a[i] and b[j].
  const lengths = Array.from({ length: a.length + 1 }, () => new Array<number>(b.length + 1).fill(0));
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      lengths[i]![j] = same(i, j)
        ? lengths[i + 1]![j + 1]! + 1
        : Math.max(lengths[i + 1]![j]!, lengths[i]![j + 1]!);
    }
  }
  for (let i = 0, j = 0; i < a.length && j < b.length; ) {
    if (same(i, j)) {
      inA.add(i++);
      inB.add(j++);
    } else if (lengths[i + 1]![j]! >= lengths[i]![j + 1]!) i++;
    else j++;
  }
  return { inA, inB };
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
