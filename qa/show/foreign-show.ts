import { createReadStream } from 'node:fs';
import { nalUnitsOfAnnexB, writeAvcc } from '../../h264-sei-parser/src/index.ts';
import { FramecueError } from '../../packet/errors.ts';
import { FlvReader } from '../../packet/flv-reader.ts';
import type { ClockReading } from '../../packet/held-clock.ts';
import { type MediaPacket, ptsOf } from '../../packet/packet.ts';
import { ms, unixUs, us } from '../../packet/time.ts';
import { type AccessUnitItem, type ConfigItem, openSource } from '../sources/source.ts';
import { avcRecordOf } from './avc-record-of.ts';
import type { ShowRecord, StreamInput } from './entry.ts';

/** When a recording made elsewhere begins, on the clock that it never had: always the same. 2024-01-01T00:00:00Z. */
export const FOREIGN_START_UNIX_MS = 1_704_067_200_000;
const START_UNIX_US = FOREIGN_START_UNIX_MS * 1000;

/** A recording made elsewhere, as a show: its packets arrive at the pace of their DTS. */
export interface ForeignShow {
  readonly container: string;
  /** Milliseconds. */
  readonly firstPts: number;
  /** To be read once. */
  records(): AsyncGenerator<ShowRecord, void>;
  /** What could not be taken over, for people. */
  notes(): readonly string[];
  close(): Promise<void>;
}

/**
 * Opens an FLV, MP4 or MPEG-TS file, or another source with time stamps. Of FLV files everything is taken over; of
 * others the video.
 * @throws {FramecueError} what opening it throws, ERR_SOURCE_CODEC, and ERR_SHOW_EMPTY where it has no picture.
 */
export async function openForeignShow(address: string): Promise<ForeignShow> {
  const source = await openSource(address);
  const notes: string[] = [];
  const isFlvFile = source.container === 'flv' && !/^[a-z]+:\/\//i.test(address) && address !== '-';
  const packets = isFlvFile ? flvPackets(address, notes) : sourcePackets(source.items(), notes);
  if (isFlvFile) await source.close();
  else notes.push('Sound is left out: only that of FLV files is taken over.');
  const close = async (): Promise<void> => {
    await packets.return();
    if (!isFlvFile) await source.close();
  };
  try {
    // What comes before the first picture waits for it: cues may be meant from there on.
    const early: MediaPacket[] = [];
    let firstPts: number | null = null;
    while (firstPts === null) {
      const next = await packets.next();
      if (next.done === true) throw new FramecueError('ERR_SHOW_EMPTY', `${address} holds no picture.`);
      early.push(next.value);
      if (next.value.kind === 'avc-frame') firstPts = ptsOf(next.value);
    }
    return {
      container: source.container,
      firstPts,
      records: () => recordsOf(early, packets),
      notes: () => notes,
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

async function* recordsOf(
  early: readonly MediaPacket[],
  rest: AsyncGenerator<MediaPacket, void>,
): AsyncGenerator<ShowRecord, void> {
  let at: ClockReading = { monotonicUs: us(0), unixUs: unixUs(START_UNIX_US) };
  const input = (of: StreamInput): ShowRecord => ({ kind: 'input', input: of, after: null, ...at });
  yield { kind: 'start', state: null, ...at };
  yield input({ kind: 'begin-publish' });
  const first = early.find(({ kind }) => kind === 'avc-frame')!.dts;
  const arrive = (packet: MediaPacket): ShowRecord => {
    const isFrame = packet.kind === 'avc-frame' || packet.kind === 'aac-frame';
    const wanted = isFrame ? Math.round((packet.dts - first) * 1000) : at.monotonicUs;
    const monotonicUs = us(Math.max(at.monotonicUs, wanted));
    at = { monotonicUs, unixUs: unixUs(START_UNIX_US + monotonicUs) };
    return input({ kind: 'packet', packet });
  };
  for (const packet of early) yield arrive(packet);
  for await (const packet of rest) yield arrive(packet);
  yield input({ kind: 'end-publish' });
}

/** Everything in it, sound and script data too. */
async function* flvPackets(path: string, notes: string[]): AsyncGenerator<MediaPacket, void> {
  const reader = new FlvReader({ maxBodyBytes: 0xff_ffff });
  let corrupt = 0;
  try {
    for await (const chunk of createReadStream(path)) {
      for (const item of reader.read(chunk as Buffer)) {
        if (item.kind === 'packet') yield item.packet;
        else if (item.kind === 'corrupt') corrupt++;
      }
    }
    reader.end();
  } catch (error) {
    // A file that was cut, or is corrupt from here on: what came before is a show all the same.
    if (!(error instanceof FramecueError)) throw error;
    notes.push(`The file ends early: ${error.message}`);
  }
  if (corrupt > 0) notes.push(`${corrupt} corrupt tags are left out.`);
}

type Items = AsyncIterable<{ readonly kind: string } | AccessUnitItem | ConfigItem>;

/** Video of any source, as AVCC with lengths of 4 bytes and whole milliseconds: what RTMP would have carried. */
async function* sourcePackets(items: Items, notes: string[]): AsyncGenerator<MediaPacket, void> {
  let pending: ConfigItem | null = null;
  let problems = 0;
  for await (const item of items) {
    if (item.kind === 'problem') problems++;
    if (item.kind === 'config') pending = item as ConfigItem;
    if (item.kind !== 'access-unit') continue;
    const unit = item as AccessUnitItem;
    if (unit.codec !== 'h264') throw new FramecueError('ERR_SOURCE_CODEC', 'Only H.264 can be replayed.');
    if (unit.dts === null || unit.pts === null) {
      throw new FramecueError(
        'ERR_SOURCE_FORMAT',
        'The recording has no time stamps: it cannot be replayed.',
      );
    }
    const dts = ms(Math.round(unit.dts));
    if (pending !== null) {
      const record = pending.record ?? avcRecordOf(pending.sps, pending.pps);
      if (record !== null) yield { kind: 'avc-config', dts, record };
      pending = null;
    }
    yield {
      kind: 'avc-frame',
      dts,
      compositionOffset: ms(Math.round(unit.pts) - dts),
      isKeyframe: unit.isKeyframe,
      data: avccOf(unit),
    };
  }
  if (problems > 0) notes.push(`${problems} problems of the source were passed over: see framecue inspect.`);
}

function avccOf({ framing, data }: AccessUnitItem): Uint8Array {
  if (framing.kind === 'avcc') return data;
  const nals = Array.from(nalUnitsOfAnnexB(data), ({ start, end }) => data.subarray(start, end));
  return writeAvcc(nals, 4);
}
