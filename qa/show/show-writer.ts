import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { BoundedQueue } from '../../packet/bounded-queue.ts';
import type { ErrorCode } from '../../packet/errors.ts';
import type { ClockReading } from '../../packet/held-clock.ts';
import { type EncodedRecord, encodeOther, SEGMENT_HEADER_BYTES, segmentHeader } from './record-format.ts';
import { segmentName } from './show-reader.ts';

/** The part of a file that is used; tests give one that is slow, or full. */
export type SegmentFile = Pick<FileHandle, 'writev' | 'datasync' | 'close'>;

export interface ShowWriterOptions {
  readonly folder: string;
  /** Whether so many bytes more may be written; they count as used then. */
  readonly takeRoom: (bytes: number) => Promise<boolean>;
  /** Nothing more is written. Called once, never from within `write`. */
  readonly onFailed: (
    code: Extract<ErrorCode, 'ERR_RECORD_QUOTA' | 'ERR_RECORD_DISK'>,
    cause: unknown,
  ) => void;
  readonly segmentBytes?: number;
  readonly queueBytes?: number;
  readonly queueRecords?: number;
  /** How long a record may wait until it is on the disk for certain. */
  readonly syncMs?: number;
  readonly openFile?: (path: string) => Promise<SegmentFile>;
}

export interface WriterCounts {
  readonly records: number;
  readonly bytes: number;
  readonly segments: number;
  /** Records that found the queue full. */
  readonly lost: number;
  readonly lostBytes: number;
  readonly queuedBytes: number;
}

const SEGMENT_BYTES = 64 * 1024 * 1024;
const QUEUE_BYTES = 32 * 1024 * 1024;
const QUEUE_RECORDS = 16_384;
/** Kept free for commands: a show without some pictures is worth more than one without some cues. */
const RESERVE_RECORDS = 256;
const RESERVE_BYTES = 1024 * 1024;
const SYNC_MS = 1_000;
const BATCH_BYTES = 1024 * 1024;
const BATCH_RECORDS = 256;

/**
 * Appends a show's records to its segments. `write` only queues; the disk is written by the system's own threads, one
 * batch at a time. Where it is too slow for the bounded queue, records are left out and a gap tells of them.
 */
export class ShowWriter {
  readonly #options: ShowWriterOptions;
  readonly #segmentBytes: number;
  readonly #queue: BoundedQueue<EncodedRecord>;
  readonly #sync: NodeJS.Timeout;
  #file: SegmentFile | null = null;
  #segments = 0;
  #inSegment = 0;
  #records = 0;
  #bytes = 0;
  #lost = 0;
  #lostBytes = 0;
  #gap = { records: 0, bytes: 0 };
  #working: Promise<void> | null = null;
  #unsynced = false;
  #syncDue = false;
  #stopped = false;

  constructor(options: ShowWriterOptions) {
    this.#options = options;
    this.#segmentBytes = options.segmentBytes ?? SEGMENT_BYTES;
    this.#queue = new BoundedQueue({
      maxItems: (options.queueRecords ?? QUEUE_RECORDS) + RESERVE_RECORDS,
      maxBytes: (options.queueBytes ?? QUEUE_BYTES) + RESERVE_BYTES,
    });
    this.#sync = setInterval(() => {
      this.#syncDue = this.#unsynced;
      this.#wake();
    }, options.syncMs ?? SYNC_MS);
    this.#sync.unref();
  }

  get counts(): WriterCounts {
    return {
      records: this.#records,
      bytes: this.#bytes,
      segments: this.#segments,
      lost: this.#lost,
      lostBytes: this.#lostBytes,
      queuedBytes: this.#queue.bytes,
    };
  }

  /** Takes a record, or counts it as lost. @param at the moment of a gap that ends here. */
  write(record: EncodedRecord, at: ClockReading): void {
    if (this.#stopped) return;
    if (this.#gap.records > 0 && this.#hasRoomFor(record)) {
      const gap = encodeOther({ kind: 'gap', ...this.#gap, ...at });
      if (this.#queue.push(gap, gap.bytes)) this.#gap = { records: 0, bytes: 0 };
    }
    if (!this.#hasRoomFor(record) || !this.#queue.push(record, record.bytes)) {
      this.#lost++;
      this.#lostBytes += record.bytes;
      this.#gap = { records: this.#gap.records + 1, bytes: this.#gap.bytes + record.bytes };
    }
    this.#wake();
  }

  /** Writes what waits, and ends. */
  async close(): Promise<void> {
    await this.#flushed();
    this.#stopped = true;
    clearInterval(this.#sync);
    await this.#closeFile();
  }

  async #flushed(): Promise<void> {
    while (this.#queue.size > 0 && !this.#stopped) {
      this.#wake();
      await this.#working;
    }
    await this.#working;
  }

  #hasRoomFor({ bytes, isBulk }: EncodedRecord): boolean {
    const { maxItems, maxBytes } = this.#queue.limits;
    if (!isBulk) return this.#queue.hasRoomFor(bytes);
    return (
      this.#queue.size < maxItems - RESERVE_RECORDS && bytes <= maxBytes - RESERVE_BYTES - this.#queue.bytes
    );
  }

  #wake(): void {
    if (this.#working !== null || this.#stopped || (this.#queue.size === 0 && !this.#syncDue)) return;
    this.#working = this.#work().finally(() => {
      this.#working = null;
    });
  }

  async #work(): Promise<void> {
    // Never from within `write`: what is told here is told to those who write.
    await Promise.resolve();
    try {
      while (this.#queue.size > 0 && !this.#stopped) {
        if (!(await this.#writeBatch())) {
          this.#fail('ERR_RECORD_QUOTA', null);
          return;
        }
      }
      if (this.#syncDue) await this.#syncNow();
    } catch (error) {
      this.#fail('ERR_RECORD_DISK', error);
    }
  }

  /** False when there is no room for it. */
  async #writeBatch(): Promise<boolean> {
    const batch: EncodedRecord[] = [];
    let bytes = 0;
    for (let next = this.#queue.peek(); next !== undefined; next = this.#queue.peek()) {
      const isFull = batch.length >= BATCH_RECORDS || bytes >= BATCH_BYTES;
      const inSegment = this.#file === null ? SEGMENT_HEADER_BYTES : this.#inSegment;
      const endsSegment = inSegment + bytes + next.bytes > this.#segmentBytes;
      if (isFull || (endsSegment && batch.length > 0)) break;
      if (endsSegment && inSegment > SEGMENT_HEADER_BYTES) await this.#closeFile();
      batch.push(next);
      bytes += next.bytes;
      this.#queue.shift();
    }
    const header = this.#file === null ? SEGMENT_HEADER_BYTES : 0;
    if (!(await this.#options.takeRoom(bytes + header))) return false;
    this.#file ??= await this.#openSegment();
    await writeAll(
      this.#file,
      batch.flatMap(({ parts }) => [...parts]),
    );
    this.#unsynced = true;
    this.#inSegment += bytes;
    this.#bytes += bytes;
    this.#records += batch.length;
    return true;
  }

  async #openSegment(): Promise<SegmentFile> {
    const { folder, openFile = openNew } = this.#options;
    const index = this.#segments + 1;
    const file = await openFile(join(folder, segmentName(index)));
    this.#segments = index;
    await writeAll(file, [segmentHeader(index, this.#records)]);
    this.#inSegment = SEGMENT_HEADER_BYTES;
    this.#bytes += SEGMENT_HEADER_BYTES;
    return file;
  }

  async #syncNow(): Promise<void> {
    this.#syncDue = false;
    this.#unsynced = false;
    await this.#file?.datasync();
  }

  async #closeFile(): Promise<void> {
    const file = this.#file;
    this.#file = null;
    this.#inSegment = 0;
    this.#unsynced = false;
    if (file === null) return;
    try {
      await file.datasync();
    } finally {
      await file.close();
    }
  }

  #fail(code: 'ERR_RECORD_QUOTA' | 'ERR_RECORD_DISK', cause: unknown): void {
    if (this.#stopped) return;
    this.#stopped = true;
    clearInterval(this.#sync);
    this.#queue.clear();
    this.#options.onFailed(code, cause);
  }
}

const openNew = (path: string): Promise<SegmentFile> => open(path, 'wx', 0o600);

/** The system may take less than all of it, as where the disk fills up: the rest is tried again, and fails then. */
async function writeAll(file: SegmentFile, parts: Uint8Array[]): Promise<void> {
  let left = parts;
  for (;;) {
    const wanted = left.reduce((sum, part) => sum + part.length, 0);
    const { bytesWritten } = await file.writev(left);
    if (bytesWritten === wanted) return;
    if (bytesWritten === 0) throw new Error('the disk takes nothing');
    left = [Buffer.concat(left).subarray(bytesWritten)];
  }
}
