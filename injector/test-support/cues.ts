import { generateKeyPairSync } from 'node:crypto';
import type { PreparedCue } from '../../cues/cue.ts';
import { type SigningKey, sealData, signBody, signingKeyFromPem } from '../../cues/signing.ts';
import { formatCueBody, parseStamp, type Stamp } from '../../cues/wire/index.ts';
import {
  type NalLengthSize,
  NalType,
  nalUnitsOfAvcc,
  parseUserData,
  USER_DATA_UNREGISTERED,
} from '../../h264-sei-parser/src/index.ts';
import type { MediaPacket } from '../../packet/packet.ts';
import { ms, unixMs } from '../../packet/time.ts';
import { readSeiUnit, stampTextOf } from '../sei-unit.ts';

export const START_MS = 1_700_000_000_000;

export const newKey = (): SigningKey =>
  signingKeyFromPem(
    generateKeyPairSync('ed25519').privateKey.export({ format: 'pem', type: 'pkcs8' }) as string,
  );

interface CueText {
  readonly stream?: string;
  readonly exp?: number;
  /** Bytes of data: the stamp has some 1.4 times that more. */
  readonly dataBytes?: number;
}

/** A cue as the director prepares it: signed and sealed. */
export function preparedCue(
  id: string,
  key: SigningKey,
  {
    stream = 'live/main',
    exp = START_MS + 600_000,
    dataBytes = 10,
    ...more
  }: CueText & Partial<Omit<PreparedCue, 'exp'>> = {},
): PreparedCue {
  const { sealed, key: dataKey } = sealData({ text: 'x'.repeat(dataBytes) });
  const type = more.type ?? 'interaction.open';
  const markedAt = unixMs(START_MS);
  const bodyText = formatCueBody({ id, rev: 0, stream, type, markedAt, exp, sealed });
  return {
    id,
    rev: 0,
    type,
    bodyText,
    signatureLine: signBody(bodyText, key),
    key: dataKey,
    fire: { kind: 'next' },
    markedAt,
    announceMs: ms(0),
    repeat: 0,
    openForMs: ms(0),
    exp: unixMs(exp),
    ...more,
  };
}

/** All stamps of a frame, in order. */
export function stampsOf(packet: MediaPacket, lengthSize: NalLengthSize = 4): Stamp[] {
  if (packet.kind !== 'avc-frame') return [];
  return [...nalUnitsOfAvcc(packet.data, lengthSize)]
    .filter(({ type }) => type === NalType.sei)
    .flatMap(({ start, end }) => readSeiUnit(packet.data.subarray(start, end)).messages)
    .filter((message) => stampTextOf(message) !== null && message.payloadType === USER_DATA_UNREGISTERED)
    .map(({ payload }) => parseStamp(parseUserData(payload).data));
}

/** Bytes that its stamps take, with their length fields. */
export const stampBytesOf = (packet: MediaPacket): number =>
  packet.kind !== 'avc-frame'
    ? 0
    : [...nalUnitsOfAvcc(packet.data, 4)]
        .filter(
          ({ type, start, end }) =>
            type === NalType.sei && readSeiUnit(packet.data.subarray(start, end)).stamps > 0,
        )
        .reduce((sum, { start, end }) => sum + 4 + end - start, 0);

export const cueIdsOf = (packet: MediaPacket, lengthSize: NalLengthSize = 4): string[] =>
  stampsOf(packet, lengthSize).flatMap((stamp) => (stamp.kind === 'cue' ? [stamp.body.id] : []));
