import { parseAacConfig } from '../../packet/aac-config.ts';
import { parseAvcRecord } from '../../packet/avc-record.ts';
import { FramecueError } from '../../packet/errors.ts';
import { type FlvItem, FlvReader } from '../../packet/flv-reader.ts';
import { flvHeader, parseTagBody, tagBodyOf, tagTypeOf, writeFlvTag } from '../../packet/flv-tag.ts';
import type { MediaPacket } from '../../packet/packet.ts';
import { hashOf, Random } from '../lib/random.ts';
import { holds, type Probe, type Target } from '../lib/target.ts';
import { concat, sameBytes, splitFlv } from '../reference/framing.ts';

interface FlvReading {
  readonly items: FlvItem[];
  readonly failed: string | null;
}

function readFlv(data: Uint8Array, cuts: readonly number[]): FlvReading {
  const reader = new FlvReader({ maxBodyBytes: 8192 });
  const items: FlvItem[] = [];
  try {
    let from = 0;
    for (const cut of [...cuts, data.length]) {
      const chunk = data.slice(from, cut);
      for (const item of reader.read(chunk)) items.push(item);
      chunk.fill(0xee);
      holds(reader.heldBytes <= 8192 + 1100, 'no more than one part of a tag is held');
      from = cut;
    }
    reader.end();
    return { items, failed: null };
  } catch (error) {
    if (!(error instanceof FramecueError)) throw error;
    holds(typeof error.details?.offset === 'number', `${error.code} says where`);
    return { items, failed: `${error.code} ${error.details.offset}` };
  }
}

/** FLV files, whole and in chunks cut anywhere; packets written again. */
export const flvTarget: Target = {
  name: 'flv',
  kinds: ['flv'],
  weight: 10,
  pastFraming: 'a tag was framed right and its body read to a packet',
  codes: ['ERR_FLV_HEADER', 'ERR_FLV_TAG', 'ERR_FLV_TRUNCATED', 'ERR_PUBLISH_CODEC'],
  run(input, probe) {
    const random = new Random(hashOf(input));
    const cuts = Array.from({ length: random.int(8) }, () => random.int(input.length + 1)).sort(
      (a, b) => a - b,
    );
    const whole = readFlv(input, []);
    const chunked = readFlv(input, cuts);
    holds(whole.failed === chunked.failed, 'chunks end as the whole does');
    holds(whole.items.length === chunked.items.length, 'chunks give as many tags as the whole');
    if (whole.failed !== null) probe.code(whole.failed.split(' ')[0]!);
    const packets: MediaPacket[] = [];
    for (const [i, item] of whole.items.entries()) {
      const other = chunked.items[i]!;
      holds(
        item.kind === other.kind && item.offset === other.offset,
        'chunks give the same tags as the whole',
      );
      probe.saw(item.kind === 'ignored' ? item.reason : item.kind);
      if (item.kind === 'corrupt') probe.code(item.error.code);
      if (item.kind !== 'packet' || other.kind !== 'packet') continue;
      holds(samePacket(item.packet, other.packet), 'bit-identical, wherever chunks were cut');
      packets.push(item.packet);
    }
    if (packets.length > 0) probe.past();
    checkWriting(packets);
  },
};

function checkWriting(packets: readonly MediaPacket[]): void {
  const file = concat([flvHeader({ audio: true, video: true }), ...packets.map(writeFlvTag)]);
  holds(splitFlv(file).length === packets.length, 'as many tags as packets');
  const again = readFlv(file, []);
  holds(again.failed === null && again.items.length === packets.length, 'what was written reads back whole');
  for (const [i, packet] of packets.entries()) {
    const item = again.items[i]!;
    const isSame = item.kind === 'packet' && samePacket({ ...item.packet, dts: packet.dts }, packet);
    holds(isSame, 'a packet that was written reads back as it was');
    if (item.kind !== 'packet') continue;
    holds((item.packet.dts - packet.dts) % 2 ** 32 === 0, 'and so does its time, but for the wrap');
  }
}

export function samePacket(a: MediaPacket, b: MediaPacket): boolean {
  if (a.kind === 'avc-config') return b.kind === a.kind && a.dts === b.dts && sameBytes(a.record, b.record);
  if (b.kind === 'avc-config' || a.kind !== b.kind || a.dts !== b.dts || !sameBytes(a.data, b.data))
    return false;
  if (a.kind !== 'avc-frame' || b.kind !== 'avc-frame') return true;
  return a.isKeyframe === b.isKeyframe && a.compositionOffset === b.compositionOffset;
}

/** Tag bodies as RTMP brings them, of every type. */
export const tagBodyTarget: Target = {
  name: 'tag-body',
  kinds: ['flv'],
  pastFraming: "a body of the input's tags was read to a packet",
  codes: ['ERR_FLV_TAG', 'ERR_PUBLISH_CODEC'],
  run(input, probe) {
    for (const { type, body } of splitFlv(input).slice(0, 8)) {
      const known = type === 8 || type === 9 || type === 18 ? type : ([8, 9, 18] as const)[type % 3]!;
      const packet = probe.attempt(() => parseTagBody(known, body, 40 as never));
      if (packet === undefined || packet.kind === 'ignored') continue;
      probe.past();
      holds(tagTypeOf(packet) === known, 'a packet is of the type that it came by');
      const again = parseTagBody(known, tagBodyOf(packet), 40 as never);
      holds(again.kind !== 'ignored' && samePacket(again, packet), 'a body that was written reads back');
    }
  },
};

/** Decoder configurations: avcC. */
export const avcRecordTarget: Target = {
  name: 'avc-record',
  kinds: ['record'],
  pastFraming: 'the record was read to its end, or its SPS was what could not be read',
  codes: ['ERR_AVCC_RECORD'],
  run(input, probe) {
    const record = probe.attempt(() => parseAvcRecord(input));
    // Framing is all before the sequence parameter set itself.
    if (record === undefined) return readsSps(input, probe);
    probe.past();
    const sets = [...record.sps, ...record.pps];
    holds(record.sps.length > 0 && record.pps.length > 0, 'a record has parameter sets of both kinds');
    holds(
      sets.every(({ buffer }) => buffer === input.buffer),
      'parameter sets are views',
    );
    const rebuilt = concat([
      input.subarray(0, 5),
      Uint8Array.of((input[5]! & 0xe0) | record.sps.length),
      ...record.sps.flatMap((set) => [Uint8Array.of(set.length >> 8, set.length), set]),
      Uint8Array.of(record.pps.length),
      ...record.pps.flatMap((set) => [Uint8Array.of(set.length >> 8, set.length), set]),
    ]);
    holds(
      sameBytes(rebuilt, input.subarray(0, rebuilt.length)),
      'parsed implies re-encodable to the same bytes',
    );
    probe.saw(`${record.codec} ${record.sps.length} ${record.pps.length}`);
  },
};

function readsSps(input: Uint8Array, probe: Probe): void {
  try {
    parseAvcRecord(input);
  } catch (error) {
    const cause = error instanceof Error ? error.cause : null;
    if (cause instanceof Error) probe.past();
  }
}

/** Decoder configurations: AudioSpecificConfig. */
export const aacTarget: Target = {
  name: 'aac-config',
  kinds: ['aac'],
  pastFraming: 'the configuration was read to its end',
  codes: ['ERR_AAC_CONFIG'],
  run(input, probe) {
    const config = probe.attempt(() => parseAacConfig(input));
    if (config === undefined) return;
    probe.past();
    holds(config.sampleRate > 0 && config.outputSampleRate > 0, 'a rate is above 0');
    holds([480, 512, 960, 1024].includes(config.samplesPerFrame), 'frames are of a known length');
    probe.saw(`${config.codec} ${config.sbr} ${config.channels}`);
  },
};
