import { FlvTagType, tagBodyOf, tagTypeOf } from '../../packet/flv-tag.ts';
import type { MediaPacket } from '../../packet/packet.ts';
import { makeFlv, packetsOfFlv } from '../../packet/testing/flv-fixture.ts';
import type { RawRtmpClient } from './rtmp-client.ts';

/** A short stream from x264, taken apart so that a raw client can send any of it at any time. */
export interface RawStream {
  readonly videoConfig: Uint8Array;
  readonly audioConfig: Uint8Array;
  readonly keyframe: Uint8Array;
  readonly interFrame: Uint8Array;
  readonly audioFrame: Uint8Array;
}

export async function makeRawStream(): Promise<RawStream> {
  const packets = packetsOfFlv(await makeFlv({ seconds: 2 }));
  const body = (wanted: (packet: MediaPacket) => boolean) => tagBodyOf(packets.find(wanted)!);
  return {
    videoConfig: body(({ kind }) => kind === 'avc-config'),
    audioConfig: body(({ kind }) => kind === 'aac-config'),
    keyframe: body((packet) => packet.kind === 'avc-frame' && packet.isKeyframe),
    interFrame: body((packet) => packet.kind === 'avc-frame' && !packet.isKeyframe),
    audioFrame: body(({ kind }) => kind === 'aac-frame'),
  };
}

/** Configuration of both tracks and a keyframe, all at `time`. */
export function startStream(client: RawRtmpClient, stream: RawStream, time = 0): void {
  client.video(time, stream.videoConfig);
  client.audio(time, stream.audioConfig);
  client.video(time, stream.keyframe);
}

/** `v:40`, `a:43`, with a `c` in front of configuration: what a test compares. */
export const shortForm = (packet: MediaPacket): string => {
  const track =
    tagTypeOf(packet) === FlvTagType.video ? 'v' : tagTypeOf(packet) === FlvTagType.audio ? 'a' : 's';
  return `${packet.kind.endsWith('config') ? 'c' : ''}${track}:${packet.dts}`;
};
