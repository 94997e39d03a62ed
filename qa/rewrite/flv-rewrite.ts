import { readSync } from 'node:fs';
import type { EditedFrame, FrameEditor, FrameFraming } from './edit.ts';
import type { PieceWriter } from './piece-writer.ts';

const BUFFER_BYTES = 1 << 20;
const TAG_HEADER = 11;
const TRAILER = 4;
const VIDEO = 9;
const AVC_HEADER = 5;
const AVC_CODEC = 7;
const WRAP = 2 ** 32;
const MAX_BODY = 0xff_ffff;

export interface RewriteResult {
  /** Where the framing was lost: from there on everything passed as it was. Null: never. */
  readonly lostAt: number | null;
}

/**
 * FLV tag by tag, in place: what changes of a tag is its sizes and what stands before its first slice; every other
 * byte is written from the buffer that it was read into. Tags of any other kind pass byte for byte.
 */
export function rewriteFlv(
  inFd: number,
  writer: PieceWriter,
  editor: FrameEditor,
  onBytes: (bytes: number) => void = () => undefined,
): RewriteResult {
  let buffer = Buffer.allocUnsafe(BUFFER_BYTES);
  let have = 0;
  let offset = 0;
  let isHeader = true;
  let framing: FrameFraming = 4;
  let lastTime: number | null = null;
  while (true) {
    const bytesRead = readSync(inFd, buffer, have, buffer.length - have, null);
    have += bytesRead;
    onBytes(bytesRead);
    let at = 0;
    let flushed = 0;
    let missing = 0;
    if (isHeader && have >= 13) {
      at = buffer.readUInt32BE(5) + TRAILER;
      if (at < 13 || at > have) return passRest(inFd, writer, buffer, have, offset);
      isHeader = false;
    }
    while (!isHeader && have - at >= TAG_HEADER) {
      const bodyBytes = buffer.readUIntBE(at + 1, 3);
      const tagEnd = at + TAG_HEADER + bodyBytes;
      if (tagEnd + TRAILER > have) {
        missing = TAG_HEADER + bodyBytes + TRAILER;
        break;
      }
      const typeByte = buffer[at]!;
      if ((typeByte & 0xc0) !== 0 || buffer.readUIntBE(at + 8, 3) !== 0) {
        writer.view(buffer.subarray(flushed, at));
        return passRest(inFd, writer, buffer.subarray(at), have - at, offset + at);
      }
      const body = at + TAG_HEADER;
      if (typeByte === VIDEO && bodyBytes > AVC_HEADER && (buffer[body]! & 0x8f) === AVC_CODEC) {
        if (buffer[body + 1] === 0)
          framing = (((buffer[body + AVC_HEADER + 4] ?? 3) & 3) + 1) as FrameFraming;
        else if (buffer[body + 1] === 1) {
          const time = unwrap(buffer[at + 7]! * 0x100_0000 + buffer.readUIntBE(at + 4, 3), lastTime);
          lastTime = time;
          const data = buffer.subarray(body + AVC_HEADER, tagEnd);
          const frame: EditedFrame = {
            dts: time,
            pts: time + ((buffer.readUIntBE(body + 2, 3) << 8) >> 8),
            isKeyframe: buffer[body]! >> 4 !== 2 && buffer[body]! >> 4 !== 3,
            data,
          };
          const edits = editor.edit(frame, framing);
          let growth = 0;
          for (const { remove, insert } of edits) growth += insert.length - remove;
          if (edits.length > 0 && bodyBytes + growth <= MAX_BODY) {
            const trailer = buffer.readUInt32BE(tagEnd);
            buffer.writeUIntBE(bodyBytes + growth, at + 1, 3);
            // A wrong size stays as wrong as it was.
            buffer.writeUInt32BE((trailer + growth) >>> 0, tagEnd);
            for (const edit of edits) {
              const place = body + AVC_HEADER + edit.at;
              writer.view(buffer.subarray(flushed, place));
              if (edit.insert.length > 0) writer.view(edit.insert);
              flushed = place + edit.remove;
            }
          }
        }
      }
      at = tagEnd + TRAILER;
    }
    if (bytesRead === 0) {
      writer.view(buffer.subarray(flushed, have));
      writer.flush();
      return { lostAt: at === have || isHeader ? null : offset + at };
    }
    writer.view(buffer.subarray(flushed, at));
    writer.flush();
    offset += at;
    have -= at;
    if (missing > buffer.length) {
      const larger = Buffer.allocUnsafe(missing + BUFFER_BYTES);
      buffer.copy(larger, 0, at, at + have);
      buffer = larger;
    } else if (at > 0) buffer.copyWithin(0, at, at + have);
  }
}

/** 32-bit milliseconds that pass zero every 49.7 days. */
function unwrap(time: number, last: number | null): number {
  return last === null ? time : time + Math.max(0, Math.round((last - time) / WRAP)) * WRAP;
}

/** What cannot be told apart any more passes as it is. */
function passRest(
  inFd: number,
  writer: PieceWriter,
  held: Buffer,
  bytes: number,
  offset: number,
): RewriteResult {
  writer.view(held.subarray(0, bytes));
  writer.flush();
  const buffer = Buffer.allocUnsafe(BUFFER_BYTES);
  for (let read = readSync(inFd, buffer); read > 0; read = readSync(inFd, buffer)) {
    writer.view(buffer.subarray(0, read));
    writer.flush();
  }
  return { lostAt: offset };
}
