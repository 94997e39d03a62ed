import { generateKeyPairSync } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import type { PreparedCue } from '../../cues/cue.ts';
import { type SigningKey, sealData, signBody, signingKeyFromPem } from '../../cues/signing.ts';
import { formatCueBody } from '../../cues/wire/index.ts';
import { isVcl, nalUnitsOfAvcc, writeAvccNal } from '../../h264-sei-parser/src/index.ts';
import { STAMP_UUID } from '../../injector/access-unit.ts';
import { DEFAULT_INJECTOR_SETTINGS, StreamInjector } from '../../injector/injector.ts';
import { ManualClock } from '../../packet/clock.ts';
import { FlvReader } from '../../packet/flv-reader.ts';
import { flvHeader, writeFlvTag } from '../../packet/flv-tag.ts';
import type { AvcFramePacket, MediaPacket } from '../../packet/packet.ts';
import { ms, unixMs } from '../../packet/time.ts';

export const STREAM = 'live/main';
const LENGTH_SIZE = 4;

export const newSigningKey = (): SigningKey =>
  signingKeyFromPem(
    generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  );

/** A cue that fires on the picture at `pts`. */
export function cueAt(
  id: string,
  pts: number,
  key: SigningKey,
  change: Partial<PreparedCue> = {},
): PreparedCue {
  const { sealed, key: dataKey } = sealData({ question: `q-${id}` });
  const exp = unixMs(4_000_000_000_000);
  const markedAt = unixMs(1_700_000_000_000);
  const type = 'interaction.open';
  const bodyText = formatCueBody({ id, rev: 0, stream: STREAM, type, markedAt, exp, sealed });
  return {
    ...{ id, rev: 0, type, bodyText, signatureLine: signBody(bodyText, key), key: dataKey, exp, markedAt },
    ...{ fire: { kind: 'mediaTime', pts: ms(pts) }, announceMs: ms(800), repeat: 4, openForMs: ms(5000) },
    ...change,
  };
}

/** What takes a cue back, under its next revision. */
export function voidingOf(cue: PreparedCue, key: SigningKey): PreparedCue {
  const { id, markedAt, exp } = cue;
  const [rev, type] = [cue.rev + 1, 'interaction.cancel'] as const;
  const bodyText = formatCueBody({ id, rev, stream: STREAM, type, ref: id, markedAt, exp });
  return {
    ...{ id, rev, type, ref: id, bodyText, signatureLine: signBody(bodyText, key), key: null, exp, markedAt },
    ...{ fire: { kind: 'next' }, announceMs: ms(0), repeat: 4, openForMs: null },
  };
}

/** All packets of an FLV file, stamped with these cues. @param later cues that come with the picture at this DTS */
export function stampPackets(
  flv: Uint8Array,
  cues: readonly PreparedCue[],
  later: readonly { readonly dts: number; readonly cue: PreparedCue }[] = [],
): MediaPacket[] {
  const clock = new ManualClock();
  const injector = new StreamInjector('test-epoch', clock, DEFAULT_INJECTOR_SETTINGS, () => undefined);
  for (const cue of cues) injector.add(cue);
  const packets: MediaPacket[] = [];
  let last: number | null = null;
  for (const item of new FlvReader().read(flv)) {
    if (item.kind !== 'packet') continue;
    const { dts } = item.packet;
    if (last !== null && dts > last) clock.advanceMs(dts - last);
    last = Math.max(last ?? dts, dts);
    for (const { dts: at, cue } of later) if (dts >= at) injector.add(cue);
    packets.push(injector.process(item.packet));
  }
  return packets;
}

export async function writeFlv(file: string, packets: readonly MediaPacket[]): Promise<void> {
  await writeFile(
    file,
    Buffer.concat([flvHeader({ audio: true, video: true }), ...packets.map((p) => writeFlvTag(p))]),
  );
}

export const framesOf = (packets: readonly MediaPacket[]): AvcFramePacket[] =>
  packets.filter((packet) => packet.kind === 'avc-frame');

/** The NAL units of an access unit, for faults to be planted between them. */
export const nalsOfFrame = (frame: AvcFramePacket): Uint8Array[] =>
  [...nalUnitsOfAvcc(frame.data, LENGTH_SIZE)].map(({ start, end }) => frame.data.subarray(start, end));

export function withNals(frame: AvcFramePacket, nals: readonly Uint8Array[]): AvcFramePacket {
  const data = new Uint8Array(nals.reduce((sum, nal) => sum + LENGTH_SIZE + nal.length, 0));
  let at = 0;
  for (const nal of nals) at = writeAvccNal(data, at, nal, LENGTH_SIZE);
  return { ...frame, data };
}

/** Stamps of this cue, whatever they say. Text in a stamp is plain ASCII, so that it can be looked for. */
export const isStampOf = (nal: Uint8Array, id: string): boolean =>
  Buffer.from(nal).includes(Buffer.from(STAMP_UUID)) && Buffer.from(nal).includes(`"id":"${id}"`);

/** The same packets with one change to some frames. */
export const changeFrames = (
  packets: readonly MediaPacket[],
  change: (nals: Uint8Array[], frame: AvcFramePacket, index: number) => Uint8Array[] | null,
): MediaPacket[] => {
  let index = 0;
  return packets.map((packet) => {
    if (packet.kind !== 'avc-frame') return packet;
    const changed = change(nalsOfFrame(packet), packet, index++);
    return changed === null ? packet : withNals(packet, changed);
  });
};

export const isSlice = (nal: Uint8Array): boolean => isVcl(nal[0]! & 0x1f);

/** A NAL unit with one text put in the place of another of the same length. */
export function withText(nal: Uint8Array, from: string, to: string): Uint8Array {
  if (from.length !== to.length) throw new TypeError(`${from} and ${to} are not of one length`);
  const changed: Buffer = Buffer.from(nal);
  const at = changed.indexOf(from);
  if (at === -1) throw new TypeError(`${from} is not there`);
  changed.write(to, at, 'latin1');
  return new Uint8Array(changed);
}
