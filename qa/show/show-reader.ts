import { closeSync, existsSync, fstatSync, openSync, readdirSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { FramecueError } from '../../packet/errors.ts';
import type { ShowRecord } from './entry.ts';
import { type Manifest, readManifest } from './manifest.ts';
import {
  decodeBody,
  MAX_RECORD_BYTES,
  RECORD_HEADER_BYTES,
  readSegmentHeader,
  SEGMENT_HEADER_BYTES,
  SHOW_FORMAT,
} from './record-format.ts';

const WINDOW_BYTES = 1024 * 1024;

export const segmentName = (index: number): string => `records-${String(index).padStart(6, '0')}.log`;

export interface Show {
  readonly folder: string;
  readonly manifest: Manifest;
  /**
   * All records, in order; to be called once for each reading. Holds one record and a window of the file.
   * @throws {FramecueError} ERR_SHOW_SEGMENT, ERR_SHOW_VERSION or ERR_SHOW_CORRUPT (`details`: `segment`, `offset`).
   */
  records(): Generator<ShowRecord, ReadEnd>;
}

/** How the reading of a show ended. */
export interface ReadEnd {
  readonly records: number;
  /** Bytes at the end that are no whole record: the recorder was killed while it wrote them. */
  readonly tornBytes: number;
}

/** @throws {FramecueError} ERR_SHOW_UNKNOWN, ERR_SHOW_FORMAT, ERR_SHOW_VERSION. */
export function openShow(folder: string): Show {
  const manifest = readManifest(folder);
  return { folder, manifest, records: () => readShow(folder, manifest) };
}

function* readShow(folder: string, manifest: Manifest): Generator<ShowRecord, ReadEnd> {
  // A disk that failed leaves the same behind as a recorder that was killed.
  const wasKilled = manifest.end === undefined || manifest.end.reason === 'disk';
  const last = Math.max(
    0,
    ...readdirSync(folder).map((name) => Number(/^records-(\d{6,})\.log$/.exec(name)?.[1] ?? 0)),
  );
  let records = 0;
  let tornBytes = 0;
  for (let index = 1; index <= Math.max(last, manifest.end?.segments ?? 0); index++) {
    const path = join(folder, segmentName(index));
    if (!existsSync(path)) {
      throw new FramecueError('ERR_SHOW_SEGMENT', `${segmentName(index)} is missing in ${folder}.`, {
        details: { segment: segmentName(index) },
      });
    }
    const reader = readSegment(path, {
      index,
      recordsBefore: records,
      mayBeTorn: wasKilled && index === last,
    });
    for (;;) {
      const { done, value } = reader.next();
      if (done === true) {
        tornBytes = value;
        break;
      }
      records++;
      yield value;
    }
  }
  if (!wasKilled && manifest.end!.records !== records) {
    throw new FramecueError(
      'ERR_SHOW_CORRUPT',
      `The show has ${records} records, and was closed with ${manifest.end!.records}.`,
      { details: { records, recorded: manifest.end!.records } },
    );
  }
  return { records, tornBytes };
}

interface Segment {
  readonly index: number;
  readonly recordsBefore: number;
  /** The recorder was killed: the end of this file may be anything. */
  readonly mayBeTorn: boolean;
}

/** Returns how many bytes at its end are torn. */
function* readSegment(path: string, segment: Segment): Generator<ShowRecord, number> {
  const fd = openSync(path, 'r');
  try {
    const size = fstatSync(fd).size;
    const window = new FileWindow(fd, size);
    const headerBytes = window.read(0, Math.min(size, SEGMENT_HEADER_BYTES));
    const header = readSegmentHeader(headerBytes);
    if (header === null) {
      if (segment.mayBeTorn && (size < SEGMENT_HEADER_BYTES || isZeros(headerBytes))) return size;
      throw corrupt(segment, 0, 'its head is not that of a segment');
    }
    if (header.format > SHOW_FORMAT) {
      throw new FramecueError('ERR_SHOW_VERSION', undefined, { details: { format: header.format } });
    }
    if (header.index !== segment.index || header.recordsBefore !== segment.recordsBefore) {
      throw new FramecueError(
        'ERR_SHOW_SEGMENT',
        `${segmentName(segment.index)} does not follow the segment before it.`,
        { details: { segment: segmentName(segment.index) } },
      );
    }
    let offset = SEGMENT_HEADER_BYTES;
    while (offset < size) {
      const found = readRecord(window, offset, size);
      if (typeof found === 'string') {
        if (segment.mayBeTorn && isTornFrom(window, offset, size)) return size - offset;
        throw corrupt(segment, offset, found);
      }
      yield found.record;
      offset += found.bytes;
    }
    return 0;
  } finally {
    closeSync(fd);
  }
}

/** The record, or what is wrong with it. */
function readRecord(
  window: FileWindow,
  offset: number,
  size: number,
): { readonly record: ShowRecord; readonly bytes: number } | string {
  if (size - offset < RECORD_HEADER_BYTES) return 'it ends inside the head of a record';
  const head = window.read(offset, RECORD_HEADER_BYTES);
  const length = head.readUInt32LE(0);
  const crc = head.readUInt32LE(4);
  if (length === 0 || length > MAX_RECORD_BYTES) return `a record of ${length} bytes`;
  if (length > size - offset - RECORD_HEADER_BYTES) return 'it ends inside a record';
  const body = window.read(offset + RECORD_HEADER_BYTES, length);
  if (crc32(body) !== crc) return 'a record whose checksum is wrong';
  const record = decodeBody(body);
  return record === null
    ? 'a record that cannot be understood'
    : { record, bytes: RECORD_HEADER_BYTES + length };
}

/** A cut record is the last of its file; a file system that lost power may leave zeros behind. */
function isTornFrom(window: FileWindow, offset: number, size: number): boolean {
  const left = size - offset;
  if (left < RECORD_HEADER_BYTES) return true;
  const length = window.read(offset, RECORD_HEADER_BYTES).readUInt32LE(0);
  if (length <= MAX_RECORD_BYTES && length >= left - RECORD_HEADER_BYTES) return true;
  for (let at = offset; at < size; at += WINDOW_BYTES) {
    if (!isZeros(window.read(at, Math.min(WINDOW_BYTES, size - at)))) return false;
  }
  return true;
}

const isZeros = (bytes: Uint8Array): boolean => bytes.every((byte) => byte === 0);

function corrupt({ index }: Segment, offset: number, what: string): FramecueError {
  const segment = segmentName(index);
  return new FramecueError('ERR_SHOW_CORRUPT', `${segment} is corrupt at byte ${offset}: ${what}.`, {
    details: { segment, offset },
  });
}

/** Reads a file forwards in windows; what it gives is good until the next call. */
class FileWindow {
  readonly #fd: number;
  readonly #size: number;
  #bytes = Buffer.alloc(0);
  #from = 0;

  constructor(fd: number, size: number) {
    this.#fd = fd;
    this.#size = size;
  }

  /** @param length not beyond the end of the file. */
  read(offset: number, length: number): Buffer {
    if (offset < this.#from || offset + length > this.#from + this.#bytes.length) {
      const wanted = Math.min(Math.max(length, WINDOW_BYTES), this.#size - offset);
      const bytes = Buffer.allocUnsafe(wanted);
      let filled = 0;
      while (filled < wanted) {
        const got = readSync(this.#fd, bytes, filled, wanted - filled, offset + filled);
        if (got === 0) break;
        filled += got;
      }
      this.#bytes = bytes.subarray(0, filled);
      this.#from = offset;
    }
    return this.#bytes.subarray(offset - this.#from, offset - this.#from + length);
  }
}
