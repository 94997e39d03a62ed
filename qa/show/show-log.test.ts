import { appendFileSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { FramecueError } from '../../packet/errors.ts';
import { anyPacket } from '../../packet/testing/any-packet.ts';
import { unixUs, us } from '../../packet/time.ts';
import type { ShowRecord } from './entry.ts';
import { type Manifest, writeManifest } from './manifest.ts';
import {
  decodeBody,
  type EncodedRecord,
  encodeInput,
  encodeOther,
  encodeOutput,
  RECORD_HEADER_BYTES,
  SEGMENT_HEADER_BYTES,
} from './record-format.ts';
import { openShow, type ReadEnd, segmentName } from './show-reader.ts';
import { ShowWriter, type ShowWriterOptions } from './show-writer.ts';

const at = { monotonicUs: us(12_345), unixUs: unixUs(1_763_700_000_000_123) };
const MANIFEST: Manifest = {
  format: 1,
  name: 'test',
  stream: 'live/main',
  startedAt: '2026-01-01T00:00:00.000Z',
  software: { version: '0', commit: null, dirty: null, node: 'v24' },
  settings: {},
  injector: {},
  keys: [],
};

let folder: string;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'framecue-log-'));
  await writeManifest(folder, MANIFEST);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const first = () => join(folder, segmentName(1));

const packetRecord = (n: number, size = 100): EncodedRecord =>
  encodeInput(
    { kind: 'packet', packet: { kind: 'aac-frame', dts: n as never, data: new Uint8Array(size).fill(n) } },
    at,
    null,
  );

function writer(options: Partial<ShowWriterOptions> = {}): ShowWriter {
  return new ShowWriter({
    folder,
    takeRoom: async () => true,
    onFailed: (code, cause) => {
      throw new Error(code, { cause });
    },
    ...options,
  });
}

async function written(count: number, options: Partial<ShowWriterOptions> = {}): Promise<ShowWriter> {
  const show = writer(options);
  for (let n = 0; n < count; n++) show.write(packetRecord(n), at);
  await show.close();
  return show;
}

function readAll(): { records: ShowRecord[]; end: ReadEnd } {
  const records: ShowRecord[] = [];
  const reading = openShow(folder).records();
  for (;;) {
    const { done, value } = reading.next();
    if (done === true) return { records, end: value };
    records.push(value);
  }
}

function problem(): { code: string; details: unknown } {
  try {
    readAll();
  } catch (error) {
    if (error instanceof FramecueError) return { code: error.code, details: error.details };
    throw error;
  }
  return { code: 'none', details: null };
}

const end = (records: number, segments: number): Manifest['end'] => ({
  ...{ endedAt: '', reason: 'stopped', records, segments },
  ...{ bytes: 0, packets: 0, cues: 0, lost: 0 },
});

describe('records', () => {
  const body = ({ parts }: EncodedRecord) => Buffer.concat(parts).subarray(RECORD_HEADER_BYTES);

  it('come back as any packet was', () => {
    fc.assert(
      fc.property(anyPacket(), fc.option(fc.nat(65_535)), (packet, after) => {
        const input = { kind: 'packet', packet } as const;
        expect(decodeBody(body(encodeInput(input, at, after)))).toEqual({
          kind: 'input',
          input,
          after,
          ...at,
        });
        expect(decodeBody(body(encodeOutput(packet, at)))).toMatchObject({
          kind: 'output',
          of: packet.kind,
          ...at,
        });
      }),
      { numRuns: 200 },
    );
  });

  it('carry bytes and numbers that JSON has no word for', () => {
    const state = { bytes: Uint8Array.of(1, 2, 255), least: Number.NEGATIVE_INFINITY, none: null };
    expect(decodeBody(body(encodeOther({ kind: 'start', state, ...at })))).toEqual({
      kind: 'start',
      state,
      ...at,
    });
  });

  it('never throw, whatever the bytes are', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 120 }), (bytes) => {
        decodeBody(Buffer.from(bytes));
      }),
      { numRuns: 2000 },
    );
  });
});

describe('a log', () => {
  it('is read as it was written, over segments of bounded size', async () => {
    const { counts } = await written(200, { segmentBytes: 2_000 });
    expect(counts.segments).toBeGreaterThan(10);
    await writeManifest(folder, { ...MANIFEST, end: end(200, counts.segments) });
    const { records, end: read } = readAll();
    expect(
      records.map(
        (record) => record.kind === 'input' && record.input.kind === 'packet' && record.input.packet.dts,
      ),
    ).toEqual(Array.from({ length: 200 }, (_, n) => n));
    expect(read).toEqual({ records: 200, tornBytes: 0 });
    for (let n = 1; n <= counts.segments; n++) {
      expect(readFileSync(join(folder, segmentName(n))).length).toBeLessThanOrEqual(2_000);
    }
  });

  it('holds nothing where nothing was written', async () => {
    await written(0);
    expect(readAll()).toEqual({ records: [], end: { records: 0, tornBytes: 0 } });
  });

  it.each([1, 7, 8, 20, 145])(
    'cut off %i bytes before its end is read up to the last whole record',
    async (bytes) => {
      const { counts } = await written(5);
      truncateSync(first(), counts.bytes - bytes);
      const { records, end: read } = readAll();
      expect(records.length).toBe(5 - Math.ceil(bytes / 146));
      expect(read.tornBytes).toBe(146 - bytes);
    },
  );

  it('with zeros at its end, as a power cut leaves them, is read up to them', async () => {
    await written(5);
    appendFileSync(first(), Buffer.alloc(5_000));
    expect(readAll().end).toEqual({ records: 5, tornBytes: 5_000 });
  });

  it('that was cut inside the head of its first segment is empty', async () => {
    await written(1);
    truncateSync(first(), SEGMENT_HEADER_BYTES - 1);
    expect(readAll().end).toEqual({ records: 0, tornBytes: SEGMENT_HEADER_BYTES - 1 });
  });

  it('with a wrong byte in the middle is corrupt, and says where', async () => {
    await written(5);
    const bytes = readFileSync(first());
    bytes[SEGMENT_HEADER_BYTES + 146 * 2 + 50]! ^= 1;
    writeFileSync(first(), bytes);
    expect(problem()).toEqual({
      code: 'ERR_SHOW_CORRUPT',
      details: { segment: segmentName(1), offset: SEGMENT_HEADER_BYTES + 146 * 2 },
    });
  });

  it('that was closed in order and has lost its end is corrupt', async () => {
    const { counts } = await written(5);
    await writeManifest(folder, { ...MANIFEST, end: end(5, 1) });
    truncateSync(first(), counts.bytes - 10);
    expect(problem()).toMatchObject({ code: 'ERR_SHOW_CORRUPT' });
    truncateSync(first(), counts.bytes - 146);
    expect(problem()).toEqual({ code: 'ERR_SHOW_CORRUPT', details: { records: 4, recorded: 5 } });
  });

  it.each([1, 2, 3])('lacks its segment %i', async (gone) => {
    const { counts } = await written(60, { segmentBytes: 3_000 });
    await writeManifest(folder, { ...MANIFEST, end: end(60, counts.segments) });
    expect(counts.segments).toBe(3);
    rmSync(join(folder, segmentName(gone)));
    expect(problem()).toEqual({ code: 'ERR_SHOW_SEGMENT', details: { segment: segmentName(gone) } });
  });

  it('with a segment of another show in it does not hang together', async () => {
    await written(60, { segmentBytes: 3_000 });
    writeFileSync(join(folder, segmentName(2)), readFileSync(join(folder, segmentName(3))));
    expect(problem()).toMatchObject({ code: 'ERR_SHOW_SEGMENT' });
  });

  it('of a newer format is refused as such, whatever else its manifest says', async () => {
    writeFileSync(join(folder, 'show.json'), '{"format":2,"all":"different"}');
    expect(() => openShow(folder)).toThrow(expect.objectContaining({ code: 'ERR_SHOW_VERSION' }));
  });

  it.each([
    ['no JSON', '{', 'ERR_SHOW_FORMAT'],
    ['no manifest', '{"format":1}', 'ERR_SHOW_FORMAT'],
  ])('whose show.json is %s is refused', (_, text, code) => {
    writeFileSync(join(folder, 'show.json'), text);
    expect(() => openShow(folder)).toThrow(expect.objectContaining({ code }));
  });

  it('that is not there is unknown', () => {
    expect(() => openShow(join(folder, 'nope'))).toThrow(
      expect.objectContaining({ code: 'ERR_SHOW_UNKNOWN' }),
    );
  });
});

describe('a disk', () => {
  it('that is too slow costs records, bounded in memory, and the log says where', async () => {
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const show = writer({
      queueBytes: 20_000,
      queueRecords: 100,
      openFile: async (path) => {
        const file = await open(path, 'wx');
        return {
          writev: async (...args: Parameters<typeof file.writev>) => {
            await held;
            return file.writev(...args);
          },
          datasync: () => file.datasync(),
          close: () => file.close(),
        } as never;
      },
    });
    show.write(packetRecord(0), at);
    await vi.waitFor(() => expect(show.counts.segments).toBe(1), 15_000);
    for (let n = 1; n < 1_000; n++) show.write(packetRecord(n % 200), at);
    // Commands still find room.
    show.write(encodeInput({ kind: 'withdraw', id: 'x' }, at, null), at);
    const { lost, queuedBytes } = show.counts;
    expect(lost).toBeGreaterThan(800);
    expect(queuedBytes).toBeLessThan(21_000);
    release();
    await vi.waitFor(() => expect(show.counts.queuedBytes).toBe(0), 15_000);
    show.write(packetRecord(7), at);
    await show.close();
    const { records } = readAll();
    const gaps = records.filter((record) => record.kind === 'gap');
    expect(gaps.reduce((sum, { records: n }) => sum + n, 0)).toBe(lost);
    const kinds = records.map((record) => (record.kind === 'input' ? record.input.kind : record.kind));
    expect(kinds).toContain('withdraw');
    expect(kinds.at(-1)).toBe('packet');
  });

  it('that fills up ends the log once, with what fitted', async () => {
    const failed: string[] = [];
    let left = 1_000;
    const show = writer({
      onFailed: (code) => failed.push(code),
      openFile: async (path) => {
        const file = await open(path, 'wx');
        return {
          writev: async (parts: Uint8Array[]) => {
            const bytes = Buffer.concat(parts);
            if (left === 0) throw Object.assign(new Error('full'), { code: 'ENOSPC' });
            const { bytesWritten } = await file.write(bytes.subarray(0, left));
            left -= bytesWritten;
            return { bytesWritten, buffers: parts };
          },
          datasync: () => file.datasync(),
          close: () => file.close(),
        } as never;
      },
    });
    for (let n = 0; n < 50; n++) show.write(packetRecord(n), at);
    await vi.waitFor(() => expect(failed).toEqual(['ERR_RECORD_DISK']), 15_000);
    show.write(packetRecord(1), at);
    await show.close();
    expect(failed.length).toBe(1);
    expect(readAll().end).toEqual({ records: 6, tornBytes: 92 });
  });
});
