import {
  BUFFERING_PERIOD,
  bpmKindOf,
  bpmMessage,
  bufferingPeriodMessage,
  type Codec,
  decodeSei,
  isCanonicalSeiNal,
  isPrecisionTimeStamp,
  isSei,
  nalTypeOf,
  PIC_TIMING,
  parseBpm,
  parseBufferingPeriod,
  parsePicTiming,
  parsePrecisionTimeStamp,
  parseRecoveryPoint,
  parseSeiNal,
  parseSeiRbsp,
  parseSps,
  parseUserData,
  parseUserDataRegistered,
  picTimingMessage,
  precisionTimeStampMessage,
  RECOVERY_POINT,
  readSeiNal,
  recoveryPointMessage,
  type SeiMessage,
  type SpsInfo,
  sameUuid,
  USER_DATA_REGISTERED,
  USER_DATA_UNREGISTERED,
  userDataMessage,
  uuidFromText,
  uuidToText,
  writeSeiNal,
} from '../../h264-sei-parser/src/index.ts';
import { hashOf } from '../lib/random.ts';
import { checkError, holds, type Probe, type Target } from '../lib/target.ts';
import { unescapeByBytes } from '../reference/escape.ts';
import { joinSei, sameBytes, splitAnnexB } from '../reference/framing.ts';

const spsOf = (hex: string): SpsInfo => parseSps(Uint8Array.from(Buffer.from(hex, 'hex')));
/** HRD parameters with two NAL buffers and one VCL buffer, and pic_struct; and an SPS without VUI. */
const CONTEXTS: readonly (SpsInfo | null)[] = [
  spsOf('6764001eac2ca5082684000003000400000300cb42400fa000fa1007d2007d025292e2400fa000fa14a52550'),
  spsOf('6742c00adb042420'),
  null,
];

/** Message framing, strict and lenient: read, written again, and read again. */
function checkSeiNal(nal: Uint8Array, codec: Codec, probe: Probe): readonly SeiMessage[] {
  const headerBytes = codec === 'h264' ? 1 : 2;
  const messages = probe.attempt(() => parseSeiNal(nal, codec), nal);
  const lenient = readSeiNal(nal, codec);
  for (const problem of lenient.problems) {
    checkError(problem, nal);
    probe.code(problem.code);
  }
  holds(
    (messages !== undefined) === (lenient.problems.length === 0),
    'what the strict reader refuses, the lenient one reports',
  );
  for (const { payload, payloadSize, offset } of lenient.messages) {
    holds(payload.length <= payloadSize, 'a payload is no longer than it says');
    holds(offset >= headerBytes && offset < nal.length, 'a message begins in its NAL unit');
  }
  if (messages === undefined) {
    holds(!isCanonicalSeiNal(nal, codec), 'what cannot be read is not canonical');
    return [];
  }
  holds(sameMessages(lenient.messages, messages), 'strict and lenient readers give the same messages');
  const rbsp = unescapeByBytes(nal.subarray(headerBytes));
  const again = writeSeiNal(messages, nal.subarray(0, headerBytes));
  holds(
    sameMessages(parseSeiNal(again, codec), messages),
    'what was written reads back as the same messages',
  );
  const plain = joinSei(messages.map(({ payloadType, payload }) => ({ type: payloadType, payload })));
  holds(
    sameBytes(unescapeByBytes(again.subarray(headerBytes)), plain),
    'messages are framed as the reference does it',
  );
  let end = rbsp.length;
  while (end > 0 && rbsp[end - 1] === 0) end--;
  holds(
    sameBytes(plain, rbsp.subarray(0, end)),
    'parsed implies re-encodable to the same bytes, up to padding',
  );
  holds(
    isCanonicalSeiNal(nal, codec) === sameBytes(again, nal),
    'canonical is what is written to the same bytes',
  );
  probe.attempt(() => parseSeiRbsp(rbsp), rbsp);
  return messages;
}

const sameMessages = (a: readonly SeiMessage[], b: readonly SeiMessage[]): boolean =>
  a.length === b.length &&
  a.every(({ payloadType, payload }, i) => {
    const other = b[i]!;
    return payloadType === other.payloadType && sameBytes(payload, other.payload);
  });

/** One SEI NAL unit of H.264, and its payloads. */
export const seiTarget: Target = {
  name: 'sei',
  kinds: ['sei'],
  weight: 16,
  pastFraming: 'all messages of the NAL unit were walked, and there was one or more',
  codes: [],
  run(input, probe) {
    const messages = checkSeiNal(input, 'h264', probe);
    if (messages.length > 0) probe.past();
    for (const { payloadType, payload } of messages) {
      probe.saw(`${payloadType} ${payload.length > 254}`);
      readTyped(payloadType, payload, 'h264', probe);
    }
  },
};

/** All SEI of an HEVC stream, before and behind its slices. */
export const hevcSeiTarget: Target = {
  name: 'hevc-sei',
  kinds: ['hevc'],
  pastFraming: 'all messages of an SEI NAL unit in the stream were walked, and there was one or more',
  codes: [],
  run(input, probe) {
    for (const nal of splitAnnexB(input)) {
      if (!isSei(nalTypeOf(nal[0]!, 'hevc'), 'hevc')) continue;
      const messages = checkSeiNal(nal, 'hevc', probe);
      if (messages.length > 0) probe.past();
      for (const { payloadType, payload } of messages) {
        probe.saw(`${nal[0]} ${payloadType}`);
        readTyped(payloadType, payload, 'hevc', probe);
      }
    }
  },
};

/** Payloads behind their framing. */
export const payloadTarget: Target = {
  name: 'payload',
  kinds: ['payload'],
  weight: 20,
  pastFraming: 'the payload had a reader for its type, which read it to its end',
  codes: [],
  run(input, probe) {
    if (readTyped(input[0] ?? 5, input.subarray(1), 'h264', probe)) probe.past();
  },
};

/** True where a reader took it. What it gave is written again. */
function readTyped(payloadType: number, payload: Uint8Array, codec: Codec, probe: Probe): boolean {
  const sps = CONTEXTS[hashOf(payload) % CONTEXTS.length]!;
  const decoded = decodeSei({ payloadType, payload }, sps === null ? { codec } : { codec, sps });
  probe.saw(decoded.kind);
  if (decoded.kind === 'unreadable') probe.code(decoded.code);
  holds(
    JSON.stringify(JSON.parse(JSON.stringify(decoded))) === JSON.stringify(decoded),
    'JSON takes what was decoded',
  );
  if (codec === 'hevc') return decoded.kind !== 'other' && decoded.kind !== 'unreadable';
  const read = readRaw(payloadType, payload, sps, probe);
  const isRefused = decoded.kind === 'unreadable' || decoded.kind === 'unknownContext';
  holds(decoded.kind === 'other' || read !== isRefused, 'decodeSei takes what the readers take');
  return read;
}

function readRaw(payloadType: number, payload: Uint8Array, sps: SpsInfo | null, probe: Probe): boolean {
  switch (payloadType) {
    case USER_DATA_UNREGISTERED:
      return readUserData(payload, probe);
    case USER_DATA_REGISTERED:
      return probe.attempt(() => parseUserDataRegistered(payload), payload) !== undefined;
    case RECOVERY_POINT: {
      const point = probe.attempt(() => parseRecoveryPoint(payload), payload);
      if (point === undefined) return false;
      const written = recoveryPointMessage(point).payload;
      holds(sameValue(parseRecoveryPoint(written), point), 'a recovery point reads back');
      holds(isPrefix(written, payload), 'a recovery point is written to the same bits');
      return true;
    }
    case BUFFERING_PERIOD: {
      const period = probe.attempt(
        () => parseBufferingPeriod(payload, (id) => (sps?.id === id ? sps : null)),
        payload,
      );
      if (period === undefined) return false;
      const written = bufferingPeriodMessage(period, sps!).payload;
      holds(isPrefix(written, payload), 'a buffering period is written to the same bits');
      return true;
    }
    case PIC_TIMING: {
      if (sps === null) return false;
      const timing = probe.attempt(() => parsePicTiming(payload, sps), payload);
      if (timing === undefined) return false;
      const written = picTimingMessage(timing, sps).payload;
      holds(sameValue(parsePicTiming(written, sps), timing), 'picture timing reads back');
      holds(isPrefix(written, payload), 'picture timing is written to the same bits');
      return true;
    }
    default:
      return false;
  }
}

/** But for the last byte, which ends in padding of the writer's own. */
function isPrefix(written: Uint8Array, payload: Uint8Array): boolean {
  const bytes = Math.max(0, written.length - 1);
  return sameBytes(written.subarray(0, bytes), payload.subarray(0, bytes));
}

const sameValue = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);

function readUserData(payload: Uint8Array, probe: Probe): boolean {
  const userData = probe.attempt(() => parseUserData(payload), payload);
  if (userData === undefined) return false;
  const message = userDataMessage(userData.uuid, userData.data);
  holds(sameBytes(message.payload, payload), 'user data is written to the same bytes');
  holds(sameUuid(uuidFromText(uuidToText(userData.uuid)), userData.uuid), 'a UUID survives its text');
  if (isPrecisionTimeStamp(payload)) return readMisb(payload, probe);
  if (bpmKindOf(payload) !== null) return readBpm(payload, probe);
  return true;
}

function readMisb(payload: Uint8Array, probe: Probe): boolean {
  const stamp = probe.attempt(() => parsePrecisionTimeStamp(payload), payload);
  if (stamp === undefined) return false;
  probe.saw(`misb ${stamp.locked} ${stamp.unixMicroseconds === null}`);
  const { identifier, locked, discontinuity, reverse, time } = stamp;
  if (reverse && !discontinuity) return true;
  const written = precisionTimeStampMessage({ identifier, time, locked, discontinuity, reverse }).payload;
  // Reserved status bits and what follows are the encoder's own; all else is one spelling.
  const same = written.every((byte, at) => at === 16 || byte === payload[at]);
  holds(same, 'a precision time stamp is written to the same bytes');
  return true;
}

function readBpm(payload: Uint8Array, probe: Probe): boolean {
  const bpm = probe.attempt(() => parseBpm(payload), payload);
  if (bpm === undefined) return false;
  holds(bpm !== null, 'a BPM message is of one of the three kinds');
  probe.saw(`bpm ${bpm.kind} ${bpm.times.map(({ type }) => type).join()} ${bpm.counters.length}`);
  const isAscii = bpm.times.every((time) => time.type !== 'rfc3339' || /^[ -~]*$/.test(time.text));
  if (!isAscii) return true;
  const { payload: written } = bpmMessage({ kind: bpm.kind, times: bpm.times, counters: bpm.counters });
  const end = payload.length - bpm.rest.length;
  holds(written.length === end, 'a BPM message is written to the same length');
  const again = parseBpm(written);
  holds(
    JSON.stringify(again, plain) === JSON.stringify({ ...bpm, rest: new Uint8Array(0) }, plain),
    'a BPM message reads back',
  );
  return true;
}

const plain = (_: string, value: unknown): unknown => (typeof value === 'bigint' ? `${value}` : value);
