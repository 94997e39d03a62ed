import type { Carrier } from '../cues/wire/index.ts';
import { writeFlvTag } from '../packet/flv-tag.ts';
import type { MediaPacket } from '../packet/packet.ts';
import type { Milliseconds } from '../packet/time.ts';
import { scriptTagsOf } from './carriers/script-tags.ts';

/** A packet as the FLV tag that every viewer gets: serialised once, shared by all, never changed. */
export interface Tag {
  readonly kind: MediaPacket['kind'];
  readonly isKeyframe: boolean;
  readonly dts: Milliseconds;
  readonly bytes: Buffer;
  /** Script tags that belong to a frame: they go right before it, wherever it goes. */
  readonly before: readonly Buffer[];
}

/** @throws {FramecueError} ERR_FLV_TAG for a packet that does not fit an FLV tag. */
export function tagOf(packet: MediaPacket, carriers: readonly Carrier[] = []): Tag {
  const { buffer, byteOffset, byteLength } = writeFlvTag(packet);
  return {
    kind: packet.kind,
    isKeyframe: packet.kind === 'avc-frame' && packet.isKeyframe,
    dts: packet.dts,
    // A Buffer over the same memory: sockets take it as it is, where they would wrap a Uint8Array at every write.
    bytes: Buffer.from(buffer, byteOffset, byteLength),
    before: carriers.includes('onframecue') ? scriptTagsOf(packet) : [],
  };
}
