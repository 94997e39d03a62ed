import { generateKeyPairSync } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { type SigningKey, sealData, signBody, signingKeyFromPem } from '../../cues/signing.ts';
import {
  type CueBody,
  type CueType,
  formatClockStamp,
  formatCueBody,
  formatCueStamp,
  type JsonObject,
  STAMP_UUID_TEXT,
} from '../../cues/wire/index.ts';
import {
  isVcl,
  type NalLengthSize,
  nalUnitsOfAvcc,
  userDataMessage,
  uuidFromText,
  writeAvccNal,
  writeSeiNal,
} from '../../h264-sei-parser/src/index.ts';
import { FlvReader } from '../../packet/flv-reader.ts';
import type { AvcFramePacket, MediaPacket } from '../../packet/packet.ts';
import { ms } from '../../packet/time.ts';
import { ensureTestStream } from '../../test-streams/make.ts';

export const STREAM = 'live/main';
/** Where the stream's own timeline stands: players count from somewhere else. */
export const BASE_MS = 5_000_000;
const UUID = uuidFromText(STAMP_UUID_TEXT);

export interface CueToStamp {
  readonly id: string;
  readonly rev?: number;
  readonly type?: CueType;
  readonly ref?: string;
  readonly stream?: string;
  /** PTS on the stream's timeline. */
  readonly firePts: number;
  readonly announceMs?: number;
  /** Frames after the fire frame that repeat it. Default 2. */
  readonly repeat?: number;
  /** On keyframes for this long. Default: `durationMs`. */
  readonly openForMs?: number;
  readonly durationMs?: number;
  readonly alignAt?: number;
  readonly exp?: number;
  readonly data?: JsonObject;
  /** Signed by a key that nobody publishes. */
  readonly foreignKey?: boolean;
  /** The signature is of something else. */
  readonly badSignature?: boolean;
}

interface Prepared {
  readonly spec: CueToStamp;
  readonly bodyText: string;
  readonly signatureLine: string;
  readonly key: string;
}

export const newSigningKey = (): SigningKey =>
  signingKeyFromPem(
    generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
  );

/** A test stream as it leaves an injector: endless, on the stream's timeline, stamped as DESIGN says. */
export class StampedStream {
  readonly key = newSigningKey();
  readonly #foreignKey = newSigningKey();
  readonly #packets: readonly MediaPacket[];
  readonly #nalLengthSize: NalLengthSize;
  readonly #lapMs: number;
  readonly #prepared: Prepared[] = [];
  readonly frameMs: number;
  /** When the first packet passed the injector, Unix milliseconds. */
  readonly startedAtMs: number;
  epoch = 'epoch-1';
  /** The injector's clock is ahead of this machine's. */
  clockAheadMs = 0;
  /** Stamps come beside the frames (`stamps`) and not in them: a server on the way has dropped the SEI. */
  beside = false;

  private constructor(packets: readonly MediaPacket[], lapMs: number, frameMs: number, startedAtMs: number) {
    this.#packets = packets;
    this.#lapMs = lapMs;
    this.frameMs = frameMs;
    this.startedAtMs = startedAtMs;
    const config = packets.find((p) => p.kind === 'avc-config');
    this.#nalLengthSize = ((config!.record[4]! & 3) + 1) as NalLengthSize;
  }

  static async open(name: 'bframes-25' | 'plain-25', startedAtMs: number): Promise<StampedStream> {
    const { file } = await ensureTestStream(name);
    const packets: MediaPacket[] = [];
    for (const item of new FlvReader().read(await readFile(file))) {
      if (item.kind === 'packet') packets.push(item.packet);
    }
    return new StampedStream(packets, 24_000, 40, startedAtMs);
  }

  get configs(): readonly MediaPacket[] {
    return this.#packets.filter((p) => p.kind === 'avc-config' || p.kind === 'aac-config');
  }

  /** Media time now, on the stream's timeline: what passes the injector at this moment. */
  mediaNow(unixMs = Date.now()): number {
    return BASE_MS + unixMs - this.startedAtMs;
  }

  /** A fire PTS on a frame, at least so far ahead. */
  frameAhead(aheadMs: number): number {
    return this.frameAt(this.mediaNow() + aheadMs);
  }

  /** The PTS of the first frame at or after a media time. */
  frameAt(mediaMs: number): number {
    const first = this.#firstPts();
    return first + Math.ceil((mediaMs - first) / this.frameMs) * this.frameMs;
  }

  /** Number in the picture at a PTS. */
  frameNumber(pts: number): number {
    return Math.round((pts - this.#firstPts()) / this.frameMs) % Math.round(this.#lapMs / this.frameMs);
  }

  #firstPts(): number {
    const first = this.#packets.find((p) => p.kind === 'avc-frame')!;
    return BASE_MS + first.dts + first.compositionOffset;
  }

  mark(spec: CueToStamp): void {
    const sealed = sealData(
      spec.data ?? { interaction: `i-${spec.id}`, question: 'Which?', options: ['a', 'b'] },
    );
    const body: CueBody = {
      id: spec.id,
      rev: spec.rev ?? 0,
      stream: spec.stream ?? STREAM,
      type: spec.type ?? 'interaction.open',
      markedAt: Date.now(),
      exp: spec.exp ?? Date.now() + 600_000,
      sealed: sealed.sealed,
      ...(spec.ref === undefined ? {} : { ref: spec.ref }),
      ...(spec.durationMs === undefined ? {} : { durationMs: spec.durationMs }),
      ...(spec.alignAt === undefined ? {} : { alignAt: spec.alignAt }),
    };
    const bodyText = formatCueBody(body);
    const signed = spec.badSignature === true ? `${bodyText} ` : bodyText;
    this.#prepared.push({
      spec,
      bodyText,
      signatureLine: signBody(signed, spec.foreignKey === true ? this.#foreignKey : this.key),
      key: sealed.key,
    });
  }

  /** Packets of the stream from a media time on: the first one is the newest keyframe at or before it. */
  *from(mediaMs: number): Generator<MediaPacket, never> {
    let lap = Math.max(0, Math.floor((mediaMs - BASE_MS) / this.#lapMs));
    const inLap = mediaMs - BASE_MS - lap * this.#lapMs;
    const media = this.#packets.filter((p) => p.kind === 'avc-frame' || p.kind === 'aac-frame');
    let at = Math.max(
      0,
      media.findLastIndex((p) => p.kind === 'avc-frame' && p.isKeyframe && p.dts <= inLap),
    );
    for (; ; at = 0, lap++) {
      for (const packet of media.slice(at)) {
        const dts = ms(packet.dts + lap * this.#lapMs + BASE_MS);
        yield packet.kind === 'avc-frame' ? this.#stamped({ ...packet, dts }) : { ...packet, dts };
      }
    }
  }

  /** When a media time passes the injector, by its clock. */
  #stampUs(mediaMs: number): number {
    return Math.round((this.startedAtMs + this.clockAheadMs + mediaMs - BASE_MS) * 1000);
  }

  #stamped(frame: AvcFramePacket): AvcFramePacket {
    const pts = frame.dts + frame.compositionOffset;
    const at = this.#stampUs(frame.dts);
    const texts: string[] = [];
    if (frame.isKeyframe) texts.push(formatClockStamp({ epoch: this.epoch, at, pts }));
    for (const { spec, bodyText, signatureLine, key } of this.#prepared) {
      const fireIn = spec.firePts - pts;
      const isAnnounced = fireIn > 0 && fireIn <= (spec.announceMs ?? 0);
      const isRepeated = fireIn <= 0 && -fireIn <= (spec.repeat ?? 2) * this.frameMs;
      const isOpen =
        frame.isKeyframe && fireIn <= 0 && -fireIn <= (spec.openForMs ?? spec.durationMs ?? 30_000);
      if (!isAnnounced && !isRepeated && !isOpen) continue;
      const fireAt = this.#stampUs(spec.firePts);
      const head = { epoch: this.epoch, at, pts, fireIn, fireAt, ...(fireIn <= 0 ? { key } : {}) };
      texts.push(formatCueStamp(head, bodyText, signatureLine));
    }
    if (this.beside) return { ...frame, stamps: texts };
    return texts.length === 0 ? frame : { ...frame, data: withSei(frame.data, texts, this.#nalLengthSize) };
  }
}

/** One SEI NAL unit for each text, before the first VCL NAL unit. */
function withSei(data: Uint8Array, texts: readonly string[], lengthSize: NalLengthSize): Uint8Array {
  const nals = texts.map((text) => writeSeiNal([userDataMessage(UUID, new TextEncoder().encode(text))]));
  const added = nals.reduce((sum, nal) => sum + lengthSize + nal.length, 0);
  const firstVcl = [...nalUnitsOfAvcc(data, lengthSize)].find((nal) => isVcl(nal.type))!;
  const cut = firstVcl.start - lengthSize;
  const out = new Uint8Array(data.length + added);
  out.set(data.subarray(0, cut));
  let at = cut;
  for (const nal of nals) at = writeAvccNal(out, at, nal, lengthSize);
  out.set(data.subarray(cut), at);
  return out;
}
