import {
  bpmKindOf,
  bpmMessage,
  isPrecisionTimeStamp,
  parseBpm,
  parsePrecisionTimeStamp,
  parseSeiNal,
  parseSeiRbsp,
  parseUserData,
  precisionTimeStampMessage,
  sameUuid,
  USER_DATA_UNREGISTERED,
  userDataMessage,
  uuidFromText,
  uuidToText,
  writeSeiNal,
} from '../../h264-sei-parser/src/index.ts';
import { holds, type Probe, type Target } from '../lib/target.ts';
import { unescapeByBytes } from '../reference/escape.ts';
import { joinSei, sameBytes } from '../reference/framing.ts';

/** Message framing: read, written again, and read again. */
export const seiTarget: Target = {
  name: 'sei',
  kinds: ['sei'],
  weight: 2,
  pastFraming: 'all messages of the NAL unit were walked, and there was one or more',
  codes: [],
  run(input, probe) {
    const messages = probe.attempt(() => parseSeiNal(input), input);
    if (messages === undefined) return;
    const rbsp = unescapeByBytes(input.subarray(1));
    let bytes = 0;
    for (const { payload } of messages) bytes += payload.length;
    holds(bytes <= rbsp.length, 'payloads are no larger than what they were read from');
    const again = writeSeiNal(messages);
    const read = parseSeiNal(again);
    holds(
      read.length === messages.length &&
        read.every(({ payloadType, payload }, i) => {
          const message = messages[i]!;
          return payloadType === message.payloadType && sameBytes(payload, message.payload);
        }),
      'what was written reads back as the same messages',
    );
    const plain = joinSei(messages.map(({ payloadType, payload }) => ({ type: payloadType, payload })));
    holds(
      sameBytes(unescapeByBytes(again.subarray(1)), plain),
      'messages are framed as the reference does it',
    );
    let end = rbsp.length;
    while (end > 0 && rbsp[end - 1] === 0) end--;
    // ff 00 for 255 is the one spelling of a size; a type or size of 255 as ff 00 is it too.
    const isCanonical = input[0] === 6 && sameBytes(rbsp, plain) && end === rbsp.length;
    if (isCanonical)
      holds(
        sameBytes(unescapeByBytes(again.subarray(1)), rbsp),
        'parsed implies re-encodable to the same bytes',
      );
    holds(end === plain.length, 'no byte of the RBSP is left over between messages');
    if (messages.length > 0) probe.past();
    for (const { payloadType, payload } of messages) {
      probe.saw(`${payloadType} ${payload.length > 254}`);
      readTyped(payloadType, payload, probe);
    }
    probe.attempt(() => parseSeiRbsp(input), input);
  },
};

/** Payloads behind their framing. */
export const payloadTarget: Target = {
  name: 'payload',
  kinds: ['payload'],
  weight: 2,
  pastFraming: 'the payload had a reader for its type, and it was read to its end',
  codes: [],
  run(input, probe) {
    const read = readTyped(input[0] ?? 5, input.subarray(1), probe);
    if (read) probe.past();
  },
};

/** True where a reader took it. */
function readTyped(type: number, payload: Uint8Array, probe: Probe): boolean {
  if (type !== USER_DATA_UNREGISTERED) return false;
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
  const { locked, discontinuity, reverse, time } = stamp;
  if (reverse && !discontinuity) return true;
  const written = precisionTimeStampMessage({ time, locked, discontinuity, reverse }).payload;
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
