import { carriedStampOf, SCRIPT_NAME, type ScriptCue, StampError } from '../../cues/wire/index.ts';
import { encodeAmf0, nestsTooDeep, scriptNameOf } from '../../packet/amf0.ts';
import { writeFlvTag } from '../../packet/flv-tag.ts';
import type { MediaPacket } from '../../packet/packet.ts';

/**
 * The stamps of a frame as FLV script tags (E.4.4), to be written right before its own tag and with its time: whoever
 * gets the frame gets them, in this order.
 */
export function scriptTagsOf(packet: MediaPacket): readonly Buffer[] {
  if (packet.kind !== 'avc-frame' || packet.stamps === undefined) return [];
  const { dts } = packet;
  return packet.stamps.flatMap((text) => {
    const pts = ptsIn(text);
    if (pts === null) return [];
    const value: ScriptCue = { v: 1, pts, text };
    const { buffer, byteOffset, byteLength } = writeFlvTag({
      kind: 'script',
      dts,
      data: encodeAmf0(SCRIPT_NAME, value),
    });
    return [Buffer.from(buffer, byteOffset, byteLength)];
  });
}

/**
 * A publisher's own `onFramecue`: nobody but the injector stamps. So is what could be taken for it: mpegts.js reads a
 * name of any type (E.4.4.1 has a string), and one that is `__proto__` is a name for all. And what a browser would
 * spend its time on.
 */
export function isForeignScript(packet: MediaPacket): boolean {
  if (packet.kind !== 'script') return false;
  const name = scriptNameOf(packet.data);
  return name === null || name === SCRIPT_NAME || name === '__proto__' || nestsTooDeep(packet.data);
}

/** Null for a text that is no stamp, or does not tell its PTS: then the SEI is all there is. */
function ptsIn(text: string): number | null {
  try {
    return carriedStampOf(text)?.pts ?? null;
  } catch (error) {
    if (error instanceof StampError) return null;
    throw error;
  }
}
