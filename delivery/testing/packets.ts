import type { AacFramePacket, AvcFramePacket, MediaPacket, ScriptPacket } from '../../packet/packet.ts';
import { ms } from '../../packet/time.ts';

/** Baseline, level 1.1, 160x90, from x264. */
const SPS = '6742c00bd90a0cb80880000003008000001907 8a152400'.replaceAll(' ', '');
const hex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text.replaceAll(' ', ''), 'hex'));

/** A real configuration; `mark` goes into the picture parameter set, so that two can differ. */
export const avcConfig = (dts = 0, mark = 0x20): MediaPacket => ({
  kind: 'avc-config',
  dts: ms(dts),
  record: hex(`0142c00bffe1 0017 ${SPS} 01 0005 68cb83cb${mark.toString(16).padStart(2, '0')}`),
});

/** AAC-LC, stereo. */
export const aacConfig = (dts = 0, rate: 44_100 | 48_000 = 48_000): MediaPacket => ({
  kind: 'aac-config',
  dts: ms(dts),
  data: hex(rate === 48_000 ? '1190' : '1210'),
});

export const metadata = (dts = 0, value = 1): ScriptPacket => ({
  kind: 'script',
  dts: ms(dts),
  data: new Uint8Array(
    Buffer.concat([Buffer.from('\x02\x00\x0aonMetaData\x01', 'latin1'), hex(`0${value}`)]),
  ),
});

/** One access unit: one NAL unit that carries `id`, so that a test can tell which frame it reads. */
export function frame(dts: number, id: number, isKeyframe: boolean, bytes = 40, offset = 0): AvcFramePacket {
  const data = Buffer.alloc(Math.max(bytes, 9), 0xaa);
  data.writeUInt32BE(data.length - 4, 0);
  data[4] = isKeyframe ? 0x65 : 0x41;
  data.writeUInt32BE(id, 5);
  return {
    kind: 'avc-frame',
    dts: ms(dts),
    isKeyframe,
    compositionOffset: ms(offset),
    data: new Uint8Array(data),
  };
}

/** The id that {@link frame} was given. */
export const idOf = (packet: AvcFramePacket): number => Buffer.from(packet.data).readUInt32BE(5);

export const sound = (dts: number, bytes = 12): AacFramePacket => ({
  kind: 'aac-frame',
  dts: ms(dts),
  data: new Uint8Array(bytes).fill(0x21),
});

export interface MadeStream {
  readonly gops: number;
  readonly gop?: number;
  readonly frameMs?: number;
  readonly bytes?: number;
  readonly audio?: boolean;
  readonly startMs?: number;
}

/** Configs, then frames with ids from 0 and their sound, in the order of their times. */
export function madeStream(made: MadeStream): MediaPacket[] {
  const { gops, gop = 10, frameMs = 40, bytes = 400, audio = true, startMs = 0 } = made;
  const packets: MediaPacket[] = [metadata(startMs), avcConfig(startMs)];
  if (audio) packets.push(aacConfig(startMs));
  const media: MediaPacket[] = [];
  for (let id = 0; id < gops * gop; id++) {
    const isKeyframe = id % gop === 0;
    media.push(frame(startMs + id * frameMs, id, isKeyframe, isKeyframe ? bytes * 4 : bytes));
  }
  const endMs = startMs + gops * gop * frameMs;
  if (audio) {
    for (let n = 0; n * 1024 < (endMs - startMs) * 48; n++) {
      media.push(sound(startMs + Math.round((n * 1024) / 48)));
    }
  }
  return [...packets, ...media.sort((a, b) => a.dts - b.dts)];
}
