import { readSync } from 'node:fs';
import { FramecueError } from '../../packet/errors.ts';
import { isRandomAccess } from '../sources/nal-kinds.ts';
import { TS_PLAIN, type TsLayout } from '../sources/sniff.ts';
import { signedTicks } from '../sources/ts.ts';
import {
  pesHeaderOf,
  TS_PACKET_BYTES,
  TS_SYNC,
  type TsPacket,
  TsTimeUnwrapper,
  tsPacketAt,
} from '../sources/ts-packet.ts';
import { PesPictures, type PesUnit } from '../sources/ts-pictures.ts';
import { TsTables, type TsVideo } from '../sources/ts-tables.ts';
import { applyEdits, type Edit, type FrameEditor, NOTHING } from './edit.ts';
import type { PieceWriter } from './piece-writer.ts';
import { packetise } from './ts-packetise.ts';

const CHUNK_PACKETS = 8192;
const MAX_PES_BYTES = 64 << 20;
/** Access units larger than this pass as they are. */
const MAX_UNIT_BYTES = 32 << 20;
const DEFAULT_FRAME_MS = 40;

/** A transport packet that waits for its PES packet to be whole. */
interface Slot {
  /** With what stands before and behind it in M2TS, or with error correction. */
  readonly bytes: Uint8Array;
  /** Null: of another PID, or not a packet; it passes as it is. */
  readonly video: TsPacket | null;
}

/** A PES packet of the video, with all that came between its transport packets. */
interface PesInWork {
  readonly slots: readonly Slot[];
  /** Null: it passes as it is. */
  readonly payload: {
    readonly pes: Uint8Array;
    /** In `pes`. */
    readonly from: number;
    readonly to: number;
    /** In the video's stream of payloads. */
    readonly at: number;
    readonly end: number;
    readonly length: number;
    readonly dts: number | null;
    readonly pts: number;
    readonly edits: Edit[];
  } | null;
}

export interface TsRewriteOptions {
  readonly layout?: TsLayout | null;
  /** program_number; default: the first one with H.264. */
  readonly program?: number | null;
  readonly onBytes?: (bytes: number) => void;
}

export interface TsRewriteResult {
  /** Bytes that were no transport packet, passed as they were. */
  readonly strayBytes: number;
}

/**
 * MPEG-TS: the packets of the video PID are laid out anew where a picture changes; every other packet stays bit for
 * bit and in order, and so do PCR, random access indicators and adaptation fields of the video.
 * @throws {FramecueError} ERR_SOURCE_CODEC where there is no H.264.
 */
export function rewriteTs(
  inFd: number,
  writer: PieceWriter,
  editor: FrameEditor,
  { layout, program = null, onBytes = () => undefined }: TsRewriteOptions = {},
): TsRewriteResult {
  const { stride, lead } = layout ?? TS_PLAIN;
  const rewriter = new TsRewriter(writer, editor, lead, program);
  const buffer = new Uint8Array(CHUNK_PACKETS * stride);
  let have = 0;
  while (true) {
    const read = readSync(inFd, buffer, have, buffer.length - have, null);
    onBytes(read);
    have += read;
    let at = 0;
    for (; at + stride <= have; ) {
      if (buffer[at + lead] === TS_SYNC) {
        rewriter.packet(buffer.slice(at, at + stride));
        at += stride;
      } else rewriter.stray(buffer.slice(at, ++at));
    }
    buffer.copyWithin(0, at, have);
    have -= at;
    writer.flush();
    if (read === 0) break;
  }
  rewriter.end(buffer.slice(0, have));
  writer.flush();
  return { strayBytes: rewriter.strayBytes + have };
}

class TsRewriter {
  readonly #writer: PieceWriter;
  readonly #editor: FrameEditor;
  readonly #lead: number;
  readonly #program: number | null;
  readonly #tables: TsTables;
  readonly #time = new TsTimeUnwrapper();
  #video: TsVideo | null = null;
  #pictures = new PesPictures<PesInWork>('h264', MAX_UNIT_BYTES);
  #slots: Slot[] = [];
  #pesBytes = 0;
  #inPes = false;
  /** PES packets whose access units are not all known yet, and what stands between them. */
  #waiting: PesInWork[] = [];
  /** Up to here in the stream of payloads all access units have been edited. */
  #settled = 0;
  /** Payload bytes of pictures before the ones that are under way, of other videos. */
  #base = 0;
  /** Packets of the video that were added, less those taken away: what its counters move by. */
  #shift = 0;
  #lastDts: number | null = null;
  #frameMs = DEFAULT_FRAME_MS;
  strayBytes = 0;

  constructor(writer: PieceWriter, editor: FrameEditor, lead: number, program: number | null) {
    this.#writer = writer;
    this.#editor = editor;
    this.#lead = lead;
    this.#program = program;
    this.#tables = new TsTables(program);
  }

  /** @param bytes with what the layout puts around it; the rewriter's to keep. */
  packet(bytes: Uint8Array): void {
    const packet = tsPacketAt(this.#plain(bytes), 0);
    if (packet !== null && this.#tables.has(packet.pid) && !packet.transportError)
      this.#readSection(packet, bytes);
    const isVideo = packet !== null && packet.pid === this.#video?.pid && !packet.transportError;
    if (isVideo && packet.startsUnit) this.#finish();
    if (isVideo && packet.startsUnit) this.#inPes = true;
    if (!this.#inPes) {
      if (isVideo) this.#moveCounter(bytes);
      this.#writer.view(bytes);
      return;
    }
    this.#slots.push({ bytes, video: isVideo ? packet : null });
    this.#pesBytes += bytes.length;
    // Something that claims to be one picture and never ends: it passes as it is.
    if (this.#pesBytes > MAX_PES_BYTES) this.#passOn();
  }

  stray(bytes: Uint8Array): void {
    this.strayBytes += bytes.length;
    if (this.#inPes) this.#slots.push({ bytes, video: null });
    else this.#writer.view(bytes);
  }

  end(rest: Uint8Array): void {
    this.#finish();
    this.#endVideo();
    this.#writer.view(rest);
    if (this.#video !== null) return;
    const { programs, video } = this.#tables;
    const which = this.#program === null ? 'The MPEG-TS' : `Program ${this.#program} of the MPEG-TS`;
    const text =
      video !== null
        ? `${which} has HEVC video: only H.264 can be stamped.`
        : this.#program !== null && !programs.includes(this.#program)
          ? `${which} is not there: the programs are ${programs.join(', ') || 'not known'}.`
          : `${which} has no H.264 video.`;
    throw new FramecueError('ERR_SOURCE_CODEC', text);
  }

  #plain(bytes: Uint8Array): Uint8Array {
    return bytes.subarray(this.#lead, this.#lead + TS_PACKET_BYTES);
  }

  #readSection(packet: TsPacket, bytes: Uint8Array): void {
    this.#tables.push(packet, this.#plain(bytes).subarray(packet.payloadAt));
    const { video } = this.#tables;
    if (video === null || video.codec !== 'h264' || video === this.#video) return;
    this.#finish();
    this.#endVideo();
    if (video.pid !== this.#video?.pid) this.#shift = 0;
    this.#video = video;
  }

  /** The PES packet under way is whole. */
  #finish(): void {
    if (!this.#inPes) return;
    const slots = this.#slots;
    this.#slots = [];
    this.#pesBytes = 0;
    this.#inPes = false;
    const work = this.#workOn(slots);
    if (work.payload === null) {
      // What cannot be read stands between pictures: none goes on behind it.
      this.#endVideo();
      this.#write(work);
      return;
    }
    this.#waiting.push(work);
    const { pes, from, to } = work.payload;
    this.#edit(this.#pictures.push(pes.subarray(from, to), work));
  }

  #workOn(slots: readonly Slot[]): PesInWork {
    // A packet twice, with the same counter, is allowed: the second one says nothing.
    const kept = withoutRepeats(slots);
    const pes = this.#joined(kept);
    const header = kept.some(({ video }) => video?.scrambled === true) ? null : pesHeaderOf(pes);
    if (header === null) return { slots, payload: null };
    const { length, headerBytes } = header;
    const to = length === 0 ? pes.length : Math.max(headerBytes, Math.min(pes.length, 6 + length));
    const at = this.#base + this.#pictures.offset;
    const end = at + to - headerBytes;
    const dts = header.dts === null ? null : this.#time.unwrap(header.dts);
    const pts = dts === null ? 0 : dts + signedTicks((header.pts ?? 0) - (header.dts ?? 0)) / 90;
    return { slots, payload: { pes, from: headerBytes, to, at, end, length, dts, pts, edits: [] } };
  }

  /** Nothing of what comes belongs to what came. */
  #endVideo(): void {
    this.#edit(this.#pictures.end());
    this.#base += this.#pictures.offset;
    this.#settled = this.#base;
    this.#pictures = new PesPictures('h264', MAX_UNIT_BYTES);
    this.#release();
  }

  #edit(units: readonly PesUnit<PesInWork>[]): void {
    for (const { offset, data, pes, nth, kind } of units) {
      this.#settled = this.#base + offset + data.length;
      if (kind !== 'whole') continue;
      const said = nth === 0 ? pes.payload!.dts : null;
      const dts = said ?? (this.#lastDts === null ? 0 : this.#lastDts + this.#frameMs);
      const lag = pes.payload!.dts === null ? 0 : pes.payload!.pts - pes.payload!.dts;
      const step = this.#lastDts === null ? 0 : dts - this.#lastDts;
      if (said !== null && step > 0 && step < 1000) this.#frameMs = step;
      this.#lastDts = dts;
      const frame = {
        dts: Math.round(dts),
        pts: Math.round(dts + lag),
        isKeyframe: isRandomAccess(data, 'h264'),
        data,
      };
      for (const edit of this.#editor.edit(frame, 0)) this.#place(this.#base + offset, edit);
    }
    this.#release();
  }

  /** An edit at its place in the stream of payloads, in the PES packets that it touches. */
  #place(unitAt: number, { at, remove, insert }: Edit): void {
    let from = unitAt + at;
    let left = remove;
    let text = insert;
    for (const { payload } of this.#waiting) {
      if (payload === null || from < payload.at || from >= payload.end) continue;
      const here = Math.min(left, payload.end - from);
      payload.edits.push({ at: from - payload.at, remove: here, insert: text });
      from += here;
      left -= here;
      text = NOTHING;
      if (left === 0) return;
    }
  }

  /** Writes what no access unit to come can change. */
  #release(): void {
    while (this.#waiting.length > 0) {
      const work = this.#waiting[0]!;
      if (work.payload !== null && work.payload.end > this.#settled) return;
      this.#waiting.shift();
      this.#write(work);
    }
  }

  #write({ slots, payload }: PesInWork): void {
    if (payload === null || payload.edits.length === 0) {
      this.#pass(slots);
      return;
    }
    const { pes, from, to, length, edits } = payload;
    const body = applyEdits(pes.subarray(from, to), edits);
    const edited = Buffer.concat([pes.subarray(0, from), body, pes.subarray(to)]);
    const said = length + edited.length - pes.length;
    // Video may leave its length open, clause 2.4.3.7.
    edited.writeUInt16BE(length === 0 || said > 0xffff ? 0 : said, 4);
    const kept = withoutRepeats(slots);
    const videoSlots = kept.filter((slot): slot is Slot & { video: TsPacket } => slot.video !== null);
    const sources = videoSlots.map(({ bytes, video }) => ({ bytes: this.#plain(bytes), video }));
    const packets = packetise(edited, sources, (videoSlots[0]!.video.counter + this.#shift) & 15);
    let next = 0;
    const last = kept.lastIndexOf(videoSlots.at(-1)!);
    for (const [i, slot] of kept.entries()) {
      if (slot.video === null) this.#writer.view(slot.bytes);
      else if (next < packets.length) this.#put(packets[next++]!, slot.bytes);
      // What has no place any more follows the last of its packets.
      if (i === last) for (; next < packets.length; next++) this.#put(packets[next]!, slot.bytes);
    }
    const before = slots.filter(({ video }) => video?.hasPayload === true).length;
    const after = packets.filter((packet) => (packet[3]! & 0x10) !== 0).length;
    const repeats = slots.length - kept.length;
    this.#shift = (this.#shift + after - (before - repeats) + 16) & 15;
  }

  /** A packet with what stands around the one in whose place it comes: an arrival time, or error correction. */
  #put(packet: Uint8Array, like: Uint8Array): void {
    if (like.length === TS_PACKET_BYTES) {
      this.#writer.view(packet);
      return;
    }
    const bytes = like.slice();
    bytes.set(packet, this.#lead);
    this.#writer.view(bytes);
  }

  /** Gives up the PES packet under way. */
  #passOn(): void {
    this.#endVideo();
    this.#pass(this.#slots);
    this.#slots = [];
    this.#pesBytes = 0;
    this.#inPes = false;
  }

  #pass(slots: readonly Slot[]): void {
    for (const { bytes, video } of slots) {
      if (video !== null) this.#moveCounter(bytes);
      this.#writer.view(bytes);
    }
  }

  #moveCounter(bytes: Uint8Array): void {
    const at = this.#lead + 3;
    if (this.#shift !== 0) bytes[at] = (bytes[at]! & 0xf0) | ((bytes[at]! + this.#shift) & 15);
  }

  #joined(slots: readonly Slot[]): Uint8Array {
    const parts = slots.map(({ bytes, video }) =>
      video === null ? bytes.subarray(0, 0) : this.#plain(bytes).subarray(video.payloadAt),
    );
    return Buffer.concat(parts);
  }
}

function withoutRepeats(slots: readonly Slot[]): Slot[] {
  let last: TsPacket | null = null;
  return slots.filter(({ video }) => {
    if (video === null || !video.hasPayload) return true;
    const isRepeat = last !== null && last.counter === video.counter && !video.discontinuity;
    last = video;
    return !isRepeat;
  });
}
