import { readSync } from 'node:fs';
import { AnnexBSplitter, type RawUnit } from '../sources/annexb-splitter.ts';
import { isRandomAccess } from '../sources/nal-kinds.ts';
import { applyEdits, type FrameEditor } from './edit.ts';
import type { PieceWriter } from './piece-writer.ts';

const CHUNK_BYTES = 1 << 20;
const MAX_UNIT_BYTES = 64 << 20;

/** A raw byte stream. It has no times: each frame (two fields are one) is taken to be `frameMs` after the one before it. */
export function rewriteAnnexB(
  inFd: number,
  writer: PieceWriter,
  editor: FrameEditor,
  frameMs: number,
  onBytes: (bytes: number) => void = () => undefined,
): void {
  const splitter = new AnnexBSplitter('h264', MAX_UNIT_BYTES, { groupFields: true });
  const chunk = new Uint8Array(CHUNK_BYTES);
  let index = 0;
  const put = (units: readonly RawUnit[]): void => {
    for (const { data, isCut } of units) {
      const isPicture = !isCut && data.indexOf(1) >= 2;
      const dts = Math.round(index * frameMs);
      if (isPicture) index++;
      const frame = { dts, pts: dts, isKeyframe: isPicture && isRandomAccess(data, 'h264'), data };
      writer.view(isPicture ? applyEdits(data, editor.edit(frame, 0)) : data);
    }
    writer.flush();
  };
  for (let read = readSync(inFd, chunk); read > 0; read = readSync(inFd, chunk)) {
    onBytes(read);
    put(splitter.push(chunk.subarray(0, read)));
  }
  put(splitter.end());
}
