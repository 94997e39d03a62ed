import { readSync } from 'node:fs';
import { FramecueError } from '../../packet/errors.ts';
import { isRandomAccess } from '../sources/nal-kinds.ts';
import { splitAtDelimiters } from '../sources/ts.ts';
import {
  type PesHeader,
  pesHeaderOf,
  TS_PACKET_BYTES,
  TS_SYNC,
  type TsPacket,
  TsTimeUnwrapper,
  tsPacketAt,
} from '../sources/ts-packet.ts';
import { programsOfPat, SectionReader, streamsOfPmt, TS_VIDEO } from '../sources/ts-psi.ts';
import { applyEdits, type FrameEditor } from './edit.ts';
import type { PieceWriter } from './piece-writer.ts';
import { packetise } from './ts-packetise.ts';

const CHUNK_PACKETS = 8192;
const MAX_PES_BYTES = 64 << 20;
const DEFAULT_FRAME_MS = 40;

/** A transport packet that waits for its PES packet to be whole. */
interface Slot {
  readonly bytes: Uint8Array;
  /** Null: of another PID, or not a packet; it passes as it is. */
  readonly video: TsPacket | null;
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
  onBytes: (bytes: number) => void = () => undefined,
): TsRewriteResult {
  const rewriter = new TsRewriter(writer, editor);
  const buffer = new Uint8Array(CHUNK_PACKETS * TS_PACKET_BYTES);
  let have = 0;
  while (true) {
    const read = readSync(inFd, buffer, have, buffer.length - have, null);
    onBytes(read);
    have += read;
    let at = 0;
    for (; at + TS_PACKET_BYTES <= have; ) {
      if (buffer[at] === TS_SYNC) {
        rewriter.packet(buffer.slice(at, at + TS_PACKET_BYTES));
        at += TS_PACKET_BYTES;
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
  readonly #sections = new Map<number, SectionReader>([[0, new SectionReader()]]);
  readonly #time = new TsTimeUnwrapper();
  #videoPid: number | null = null;
  #otherVideo = false;
  #slots: Slot[] = [];
  #pesBytes = 0;
  #inPes = false;
  /** Packets of the video that were added, less those taken away: what its counters move by. */
  #shift = 0;
  #lastDts = 0;
  #frameMs = DEFAULT_FRAME_MS;
  strayBytes = 0;

  constructor(writer: PieceWriter, editor: FrameEditor) {
    this.#writer = writer;
    this.#editor = editor;
  }

  packet(bytes: Uint8Array): void {
    const packet = tsPacketAt(bytes, 0);
    if (packet !== null && this.#sections.has(packet.pid)) this.#readSection(packet, bytes);
    const isVideo = packet !== null && packet.pid === this.#videoPid && !packet.transportError;
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
    if (this.#pesBytes > MAX_PES_BYTES) this.#pass();
  }

  stray(bytes: Uint8Array): void {
    this.strayBytes += bytes.length;
    if (this.#inPes) this.#slots.push({ bytes, video: null });
    else this.#writer.view(bytes);
  }

  end(rest: Uint8Array): void {
    this.#finish();
    this.#writer.view(rest);
    if (this.#videoPid === null) {
      const text = this.#otherVideo
        ? 'The MPEG-TS has HEVC video: only H.264 can be stamped.'
        : 'The MPEG-TS has no H.264 video.';
      throw new FramecueError('ERR_SOURCE_CODEC', text);
    }
  }

  #readSection(packet: TsPacket, bytes: Uint8Array): void {
    if (!packet.hasPayload) return;
    const section = this.#sections.get(packet.pid)!.push(bytes.subarray(packet.payloadAt), packet.startsUnit);
    if (section === null || section === 'bad-crc') return;
    if (packet.pid === 0) {
      for (const pid of (programsOfPat(section) ?? []).slice(0, 1)) {
        if (!this.#sections.has(pid)) this.#sections.set(pid, new SectionReader());
      }
      return;
    }
    const videos = (streamsOfPmt(section) ?? []).filter(({ type }) => TS_VIDEO[type] !== undefined);
    this.#otherVideo ||= videos.some(({ type }) => TS_VIDEO[type] === 'hevc');
    const first = videos.find(({ type }) => TS_VIDEO[type] === 'h264');
    if (first !== undefined && !videos.some(({ pid }) => pid === this.#videoPid)) {
      this.#finish();
      this.#videoPid = first.pid;
    }
  }

  /** The PES packet under way is whole. */
  #finish(): void {
    if (!this.#inPes) return;
    const slots = this.#slots;
    // A packet twice, with the same counter, is allowed: the second one says nothing.
    const kept = withoutRepeats(slots);
    const pes = joined(kept);
    const header = kept.some(({ video }) => video?.scrambled === true) ? null : pesHeaderOf(pes);
    const edited = header === null ? null : this.#edit(pes, header);
    if (edited === null) {
      this.#pass();
      return;
    }
    const videoSlots = kept.filter((slot): slot is Slot & { video: TsPacket } => slot.video !== null);
    const first = videoSlots[0]!.video;
    const packets = packetise(edited, videoSlots, (first.counter + this.#shift) & 15);
    let next = 0;
    const last = kept.lastIndexOf(videoSlots.at(-1)!);
    for (const [i, slot] of kept.entries()) {
      if (slot.video === null) this.#writer.view(slot.bytes);
      else if (next < packets.length) this.#writer.view(packets[next++]!);
      // What has no place any more follows the last of its packets.
      if (i === last) for (; next < packets.length; next++) this.#writer.view(packets[next]!);
    }
    const before = slots.filter(({ video }) => video?.hasPayload === true).length;
    const after = packets.filter((packet) => (packet[3]! & 0x10) !== 0).length;
    const repeats = slots.length - kept.length;
    this.#shift = (this.#shift + after - (before - repeats) + 16) & 15;
    this.#clear();
  }

  /** Null: nothing changes. */
  #edit(pes: Uint8Array, header: PesHeader): Uint8Array | null {
    const end = header.length === 0 ? pes.length : Math.min(pes.length, 6 + header.length);
    const payload = pes.subarray(header.headerBytes, end);
    const dts = header.dts === null ? this.#lastDts + this.#frameMs : this.#time.unwrap(header.dts);
    const lag = header.pts === null || header.dts === null ? 0 : header.pts - header.dts;
    const pts = dts + (lag < -(2 ** 32) ? lag + 2 ** 33 : lag) / 90;
    if (dts > this.#lastDts && dts - this.#lastDts < 1000) this.#frameMs = dts - this.#lastDts;
    this.#lastDts = dts;
    let changed = false;
    const units = splitAtDelimiters(payload, 'h264').map((data, i) => {
      const later = i * this.#frameMs;
      const edits = this.#editor.edit(
        {
          dts: Math.round(dts + later),
          pts: Math.round(pts + later),
          isKeyframe: isRandomAccess(data, 'h264'),
          data,
        },
        0,
      );
      changed ||= edits.length > 0;
      return applyEdits(data, edits);
    });
    if (!changed) return null;
    const out = Buffer.concat([pes.subarray(0, header.headerBytes), ...units, pes.subarray(end)]);
    const length = header.length + out.length - pes.length;
    // Video may leave its length open, clause 2.4.3.7.
    out.writeUInt16BE(header.length === 0 || length > 0xffff ? 0 : length, 4);
    return out;
  }

  #pass(): void {
    for (const { bytes, video } of this.#slots) {
      if (video !== null) this.#moveCounter(bytes);
      this.#writer.view(bytes);
    }
    this.#clear();
  }

  #clear(): void {
    this.#slots = [];
    this.#pesBytes = 0;
    this.#inPes = false;
  }

  #moveCounter(bytes: Uint8Array): void {
    if (this.#shift !== 0) bytes[3] = (bytes[3]! & 0xf0) | ((bytes[3]! + this.#shift) & 15);
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

function joined(slots: readonly Slot[]): Uint8Array {
  const parts = slots.map(({ bytes, video }) =>
    video === null ? bytes.subarray(0, 0) : bytes.subarray(video.payloadAt),
  );
  return Buffer.concat(parts);
}
