import { FlvReader } from '../../packet/flv-reader.ts';
import type { AvcFramePacket, MediaPacket } from '../../packet/packet.ts';

/** The packets of what a viewer got; a part of a tag at the end counts as not there. */
export function packetsOf(bytes: Uint8Array): MediaPacket[] {
  const packets: MediaPacket[] = [];
  for (const item of new FlvReader().read(bytes)) {
    if (item.kind === 'corrupt') throw item.error;
    if (item.kind === 'packet') packets.push(item.packet);
  }
  return packets;
}

export const framesOf = (packets: readonly MediaPacket[]): AvcFramePacket[] =>
  packets.filter((packet) => packet.kind === 'avc-frame');

export const sameFrame = (a: AvcFramePacket, b: AvcFramePacket): boolean =>
  a.dts === b.dts &&
  a.compositionOffset === b.compositionOffset &&
  a.isKeyframe === b.isKeyframe &&
  Buffer.compare(a.data, b.data) === 0;

/**
 * Why what a viewer got cannot be decoded: configs before frames, and each frame the source's next after the one
 * before it, or a keyframe. Null when all is well.
 * @param source all frames that were sent, in order.
 */
export function undecodable(got: readonly MediaPacket[], source: readonly AvcFramePacket[]): string | null {
  const place = new Map(source.map((frame, index) => [frame.dts, index]));
  let configured = false;
  let last: number | null = null;
  for (const packet of got) {
    if (packet.kind === 'avc-config') configured = true;
    if (packet.kind !== 'avc-frame') continue;
    if (!configured) return `a frame at ${packet.dts} before any configuration`;
    const index = place.get(packet.dts);
    if (index === undefined || !sameFrame(packet, source[index]!))
      return `a frame at ${packet.dts} never sent`;
    if (last !== null && index <= last) return `the frame at ${packet.dts} out of order`;
    if (!packet.isKeyframe && index - 1 !== last)
      return `the delta at ${packet.dts} without what it builds on`;
    last = index;
  }
  return null;
}
