import { flvHeader } from '../packet/flv-tag.ts';
import type { AacConfigPacket, AvcConfigPacket, MediaPacket, ScriptPacket } from '../packet/packet.ts';
import type { Milliseconds } from '../packet/time.ts';
import { type Framing, joinParts } from './framing.ts';
import { tagOf } from './tag.ts';

/**
 * What a player must know before the first frame, as it stood at one moment. Whoever holds the same object has
 * been told the same: a change makes a new one.
 */
export interface StreamConfigs {
  readonly metadata: ScriptPacket | null;
  readonly avc: AvcConfigPacket | null;
  readonly aac: AacConfigPacket | null;
}

export const NO_CONFIGS: StreamConfigs = { metadata: null, avc: null, aac: null };

/** AMF0 string `onMetaData`: the one script tag that describes the stream (E.5). Others pass and are forgotten. */
const METADATA_NAME = Buffer.from('\x02\x00\x0aonMetaData', 'latin1');

/** The configs after this packet: the very same object where it changes nothing. */
export function configsAfter(configs: StreamConfigs, packet: MediaPacket): StreamConfigs {
  switch (packet.kind) {
    case 'avc-config':
      return sameBytes(configs.avc?.record, packet.record) ? configs : { ...configs, avc: packet };
    case 'aac-config':
      return sameBytes(configs.aac?.data, packet.data) ? configs : { ...configs, aac: packet };
    case 'script':
      if (!startsWith(packet.data, METADATA_NAME) || sameBytes(configs.metadata?.data, packet.data)) {
        return configs;
      }
      return { ...configs, metadata: packet };
    case 'avc-frame':
    case 'aac-frame':
      return configs;
  }
}

/** The configs as tags at this time, so that their time stamps fit the frames that follow. */
export function configTags(configs: StreamConfigs, dts: Milliseconds): Buffer[] {
  const packets = [configs.metadata, configs.avc, configs.aac].filter((packet) => packet !== null);
  return packets.map((packet) => tagOf({ ...packet, dts }).bytes);
}

/**
 * What a viewer gets first: the FLV header, which says truly what is in the stream (players wait for what it
 * promises), then the configs.
 */
export function openingBytes(configs: StreamConfigs, dts: Milliseconds, framing: Framing): Buffer {
  const header = flvHeader({ audio: configs.aac !== null, video: configs.avc !== null });
  return joinParts([Buffer.from(header), ...configTags(configs, dts)], framing);
}

function sameBytes(a: Uint8Array | undefined, b: Uint8Array): boolean {
  return a !== undefined && Buffer.compare(a, b) === 0;
}

function startsWith(data: Uint8Array, prefix: Uint8Array): boolean {
  return data.length >= prefix.length && Buffer.compare(data.subarray(0, prefix.length), prefix) === 0;
}
