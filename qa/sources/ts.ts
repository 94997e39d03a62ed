import { FramecueError } from '../../packet/errors.ts';
import { ByteWindow } from './byte-window.ts';
import { InBandConfigs } from './in-band.ts';
import type { ContainerReader, Place, ReaderOptions, SourceItem, VideoCodec } from './items.ts';
import { isRandomAccess, nalKindOf, nalTypeByte } from './nal-kinds.ts';
import { problem } from './problem.ts';
import {
  pesHeaderOf,
  TS_PACKET_BYTES,
  TS_SYNC,
  type TsPacket,
  TsTimeUnwrapper,
  tsPacketAt,
} from './ts-packet.ts';
import { programsOfPat, SectionReader, streamsOfPmt, TS_AUDIO, TS_OTHER_VIDEO, TS_VIDEO } from './ts-psi.ts';

const NO_VIDEO_LIMIT_BYTES = 32 << 20;
const DEFAULT_FRAME_MS = 40;

interface Pes {
  readonly offset: number;
  readonly randomAccess: boolean;
  readonly parts: Uint8Array[];
  bytes: number;
}

/**
 * MPEG-TS with H.264 or HEVC: the first program's first video. A PES packet is a picture, and where access unit
 * delimiters stand inside one, several.
 */
export class TsSourceReader implements ContainerReader {
  readonly #options: ReaderOptions;
  readonly #window = new ByteWindow(1 << 18);
  readonly #sections = new Map<number, SectionReader>([[0, new SectionReader()]]);
  readonly #audio = new Map<number, { codec: string; pes: Pes | null }>();
  readonly #videoTime = new TsTimeUnwrapper();
  #segment: string | undefined;
  /** Bytes of segments before this one. */
  #base = 0;
  #video: { readonly pid: number; readonly codec: VideoCodec } | null = null;
  #refused: string | null = null;
  #pes: Pes | null = null;
  #counter: number | null = null;
  #configs: InBandConfigs | null = null;
  #inSync = true;
  #index = 0;
  #lastDts: number | null = null;
  #stepMs = DEFAULT_FRAME_MS;
  #items: SourceItem[] = [];

  constructor(options: ReaderOptions) {
    this.#options = options;
  }

  /** What follows is of the next HLS segment. */
  beginSegment(uri: string, discontinuity: boolean): SourceItem[] {
    this.#items = [];
    this.#finishPes();
    this.#window.drop(this.#window.length);
    this.#segment = uri;
    this.#base = this.#window.offset;
    this.#counter = null;
    if (discontinuity) this.#lastDts = null;
    return this.#items;
  }

  push(chunk: Uint8Array): SourceItem[] {
    this.#window.append(chunk);
    this.#items = [];
    const bytes = this.#window.bytes;
    let at = 0;
    while (at + TS_PACKET_BYTES <= bytes.length) {
      // In sync two packets in a row have to agree before one is believed again.
      if (bytes[at] !== TS_SYNC || (!this.#inSync && (bytes[at + TS_PACKET_BYTES] ?? TS_SYNC) !== TS_SYNC)) {
        if (this.#inSync) this.#report('TS_SYNC_LOST', at, `0x${bytes[at]!.toString(16)}`);
        this.#inSync = false;
        at++;
        continue;
      }
      this.#inSync = true;
      this.#accept(bytes, at);
      at += TS_PACKET_BYTES;
    }
    this.#window.drop(at);
    if (this.#video === null && this.#window.offset - this.#base > NO_VIDEO_LIMIT_BYTES) this.#refuse();
    return this.#items;
  }

  end(): SourceItem[] {
    this.#items = [];
    this.#finishPes();
    for (const stream of this.#audio.values()) this.#finishAudio(stream);
    if (this.#window.length > 0) this.#report('SOURCE_TRUNCATED', 0, 'the data ends in a transport packet');
    if (this.#video === null) this.#refuse();
    return this.#items;
  }

  #refuse(): never {
    const text = `The MPEG-TS has no H.264 or HEVC video${this.#refused === null ? '' : `: it is ${this.#refused}`}.`;
    throw new FramecueError('ERR_SOURCE_CODEC', text);
  }

  #accept(bytes: Uint8Array, at: number): void {
    const packet = tsPacketAt(bytes, at);
    if (packet === null) return;
    const { pid } = packet;
    if (packet.transportError) {
      if (pid === this.#video?.pid) this.#report('TS_TRANSPORT_ERROR', at, `PID ${pid}`);
      return;
    }
    const payload = bytes.subarray(at + packet.payloadAt, at + TS_PACKET_BYTES);
    if (pid === this.#video?.pid) this.#acceptVideo(packet, payload, at);
    else if (this.#sections.has(pid)) this.#acceptSection(packet, payload, at);
    else if (this.#options.audio && packet.hasPayload) this.#acceptAudio(packet, payload, at);
  }

  #acceptSection(packet: TsPacket, payload: Uint8Array, at: number): void {
    if (!packet.hasPayload) return;
    const section = this.#sections.get(packet.pid)!.push(payload, packet.startsUnit);
    if (section === null) return;
    if (section === 'bad-crc') {
      this.#report('TS_PSI_CORRUPT', at, `PID ${packet.pid}`);
      return;
    }
    if (packet.pid === 0) {
      for (const pid of (programsOfPat(section) ?? []).slice(0, 1)) {
        if (!this.#sections.has(pid)) this.#sections.set(pid, new SectionReader());
      }
      return;
    }
    for (const { pid, type } of streamsOfPmt(section) ?? []) {
      const codec = TS_VIDEO[type];
      const audio = TS_AUDIO[type];
      this.#refused ??= TS_OTHER_VIDEO[type] ?? null;
      if (codec !== undefined && (this.#video === null || this.#isNewVideo(pid, section))) {
        this.#finishPes();
        this.#video = { pid, codec };
        this.#configs = new InBandConfigs(codec);
        this.#counter = null;
      } else if (audio !== undefined && !this.#audio.has(pid))
        this.#audio.set(pid, { codec: audio, pes: null });
    }
  }

  /** The table has changed, and the video of before is no longer in it. */
  #isNewVideo(pid: number, section: Uint8Array): boolean {
    const known = this.#video!.pid;
    return pid !== known && !(streamsOfPmt(section) ?? []).some((stream) => stream.pid === known);
  }

  #acceptVideo(packet: TsPacket, payload: Uint8Array, at: number): void {
    if (packet.hasPayload) {
      const expected = this.#counter === null ? packet.counter : (this.#counter + 1) & 15;
      // The same packet once more is allowed, and says nothing new.
      if (packet.counter === this.#counter && !packet.discontinuity) return;
      if (packet.counter !== expected && !packet.discontinuity) {
        this.#report('TS_CONTINUITY', at, `${packet.counter} after ${this.#counter}`);
      }
      this.#counter = packet.counter;
    }
    if (packet.scrambled) {
      this.#report('TS_SCRAMBLED', at, `PID ${packet.pid}`);
      return;
    }
    if (packet.startsUnit) {
      this.#finishPes();
      const offset = this.#place(at).offset ?? 0;
      this.#pes = { offset, randomAccess: packet.randomAccess, parts: [], bytes: 0 };
    }
    if (this.#pes === null) return;
    this.#pes.bytes += payload.length;
    // Counted on, so that its end is known, but no longer kept.
    if (this.#pes.bytes <= this.#options.maxUnitBytes) this.#pes.parts.push(payload.slice());
  }

  #finishPes(): void {
    const pes = this.#pes;
    this.#pes = null;
    if (pes === null || this.#video === null) return;
    const place = this.#placeOf(pes.offset);
    if (pes.bytes > this.#options.maxUnitBytes) {
      this.#items.push(problem('NAL_TOO_LARGE', place, `${pes.bytes} bytes`));
      return;
    }
    const bytes = joined(pes);
    const header = pesHeaderOf(bytes);
    if (header === null) {
      this.#items.push(problem('TS_PES_CORRUPT', place));
      return;
    }
    const end = header.length === 0 ? bytes.length : Math.min(bytes.length, 6 + header.length);
    const payload = bytes.subarray(header.headerBytes, end);
    if (payload.length === 0) return;
    if (header.dts === null) this.#items.push(problem('TS_NO_TIME', place));
    const dts =
      header.dts === null ? (this.#lastDts ?? 0) + this.#stepMs : this.#videoTime.unwrap(header.dts);
    // PTS is 33 bits of its own: taken as the one nearest to the DTS.
    const pts =
      header.pts === null || header.dts === null ? dts : dts + signedTicks(header.pts - header.dts) / 90;
    const units = splitAtDelimiters(payload, this.#video.codec);
    for (const [i, data] of units.entries()) {
      this.#give(data, dts + i * this.#stepMs, pts + i * this.#stepMs, pes.randomAccess && i === 0, place);
    }
  }

  #give(data: Uint8Array, dts: number, pts: number, randomAccess: boolean, place: Place): void {
    if (this.#lastDts !== null && dts > this.#lastDts && dts - this.#lastDts < 1000)
      this.#stepMs = dts - this.#lastDts;
    this.#lastDts = dts;
    const { codec } = this.#video!;
    const config = this.#configs!.observe(data, place);
    if (config !== null) this.#items.push(config);
    this.#items.push({
      kind: 'access-unit',
      index: this.#index++,
      pts,
      dts,
      isKeyframe: randomAccess || isRandomAccess(data, codec),
      codec,
      framing: { kind: 'annexb' },
      data,
      ...place,
    });
  }

  #acceptAudio(packet: TsPacket, payload: Uint8Array, at: number): void {
    const stream = this.#audio.get(packet.pid);
    if (stream === undefined) return;
    if (packet.startsUnit) {
      this.#finishAudio(stream);
      stream.pes = { offset: this.#place(at).offset ?? 0, randomAccess: false, parts: [], bytes: 0 };
    }
    if (stream.pes === null || stream.pes.bytes > this.#options.maxUnitBytes) return;
    stream.pes.parts.push(payload.slice());
    stream.pes.bytes += payload.length;
  }

  #finishAudio(stream: { readonly codec: string; pes: Pes | null }): void {
    const pes = stream.pes;
    stream.pes = null;
    if (pes === null) return;
    const bytes = joined(pes);
    const header = pesHeaderOf(bytes);
    if (header === null) return;
    const pts = header.pts === null ? null : header.pts / 90;
    const data = bytes.subarray(header.headerBytes);
    this.#items.push({ kind: 'audio', codec: stream.codec, pts, data, ...this.#placeOf(pes.offset) });
  }

  #place(at: number): Place {
    return this.#placeOf(this.#window.offset - this.#base + at);
  }

  #placeOf(offset: number): Place {
    return this.#segment === undefined ? { offset } : { offset, segment: this.#segment };
  }

  #report(code: Parameters<typeof problem>[0], at: number, detail: string): void {
    this.#items.push(problem(code, this.#place(at), detail));
  }
}

function joined(pes: Pes): Uint8Array {
  const bytes = new Uint8Array(pes.parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of pes.parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** Each access unit delimiter behind a slice begins another access unit. */
export function splitAtDelimiters(payload: Uint8Array, codec: VideoCodec): Uint8Array[] {
  const units: Uint8Array[] = [];
  let from = 0;
  let hasSlices = false;
  for (let one = payload.indexOf(1, 2); one !== -1; one = payload.indexOf(1, one + 1)) {
    if (payload[one - 1] !== 0 || payload[one - 2] !== 0 || one + 1 === payload.length) continue;
    const kind = nalKindOf(nalTypeByte(payload[one + 1]!, codec), codec);
    if (kind === 'vcl') hasSlices = true;
    if (kind !== 'aud' || !hasSlices) continue;
    const start = one - 2 - (payload[one - 3] === 0 ? 1 : 0);
    units.push(payload.subarray(from, start));
    from = start;
    hasSlices = false;
  }
  units.push(from === 0 ? payload : payload.subarray(from));
  return units;
}

/** The shorter way around 33 bits. */
function signedTicks(ticks: number): number {
  const wrap = 2 ** 33;
  const rest = ((ticks % wrap) + wrap) % wrap;
  return rest >= wrap / 2 ? rest - wrap : rest;
}
