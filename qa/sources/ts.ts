import { FramecueError } from '../../packet/errors.ts';
import { ByteWindow } from './byte-window.ts';
import { InBandConfigs } from './in-band.ts';
import type { ContainerReader, Place, ReaderOptions, SourceItem } from './items.ts';
import { isRandomAccess } from './nal-kinds.ts';
import { problem } from './problem.ts';
import { TS_LAYOUT_BYTES, TS_PLAIN, type TsLayout, tsLayoutOf } from './sniff.ts';
import {
  pesHeaderOf,
  TS_PACKET_BYTES,
  TS_SYNC,
  type TsPacket,
  TsTimeUnwrapper,
  tsPacketAt,
} from './ts-packet.ts';
import { PesPictures, type PesUnit } from './ts-pictures.ts';
import { TsTables, type TsVideo } from './ts-tables.ts';

const NO_VIDEO_LIMIT_BYTES = 32 << 20;
const DEFAULT_FRAME_MS = 40;

interface Pes {
  readonly place: Place;
  readonly randomAccess: boolean;
  readonly startsTimeline: boolean;
  readonly parts: Uint8Array[];
  bytes: number;
}

/** What a PES packet of the video says of the access units that begin in it. */
interface PesTimes {
  readonly place: Place;
  readonly randomAccess: boolean;
  readonly startsTimeline: boolean;
  readonly pts: number | null;
  readonly dts: number | null;
}

/** MPEG-TS with H.264 or HEVC: one program's first video, in packets of 188, 192 (M2TS) or 204 bytes. */
export class TsSourceReader implements ContainerReader {
  readonly #options: ReaderOptions;
  readonly #window = new ByteWindow(1 << 18);
  readonly #tables: TsTables;
  readonly #audio = new Map<number, { codec: string; pes: Pes | null }>();
  readonly #videoTime = new TsTimeUnwrapper();
  #layout: TsLayout | null = null;
  #segment: string | undefined;
  /** Bytes of segments before this one. */
  #base = 0;
  #video: TsVideo | null = null;
  #pictures: PesPictures<PesTimes> | null = null;
  #pes: Pes | null = null;
  #counter: number | null = null;
  #discontinuity = false;
  #configs: InBandConfigs | null = null;
  #inSync = true;
  #index = 0;
  #lastDts: number | null = null;
  #stepMs = DEFAULT_FRAME_MS;
  #items: SourceItem[] = [];

  constructor(options: ReaderOptions) {
    this.#options = options;
    this.#tables = new TsTables(options.program ?? null);
  }

  /** What follows is of the next HLS segment. */
  beginSegment(uri: string, discontinuity: boolean): SourceItem[] {
    this.#items = [];
    if (this.#layout === null) this.#walk(tsLayoutOf(this.#window.bytes) ?? TS_PLAIN);
    this.#finishVideo();
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
    if (this.#layout === null && this.#window.length >= TS_LAYOUT_BYTES)
      this.#layout = tsLayoutOf(this.#window.bytes) ?? TS_PLAIN;
    if (this.#layout !== null) this.#walk(this.#layout);
    return this.#items;
  }

  end(): SourceItem[] {
    this.#items = [];
    if (this.#layout === null) this.#walk(tsLayoutOf(this.#window.bytes) ?? TS_PLAIN);
    this.#finishVideo();
    for (const stream of this.#audio.values()) this.#finishAudio(stream);
    if (this.#window.length > 0) this.#report('SOURCE_TRUNCATED', 0, 'the data ends in a transport packet');
    if (this.#video === null) this.#refuse();
    return this.#items;
  }

  #walk({ stride, lead }: TsLayout): void {
    const bytes = this.#window.bytes;
    let at = 0;
    while (at + stride <= bytes.length) {
      const sync = at + lead;
      // In sync two packets in a row have to agree before one is believed again.
      if (bytes[sync] !== TS_SYNC || (!this.#inSync && (bytes[sync + stride] ?? TS_SYNC) !== TS_SYNC)) {
        if (this.#inSync) this.#report('TS_SYNC_LOST', at, `0x${bytes[sync]!.toString(16)}`);
        this.#inSync = false;
        at++;
        continue;
      }
      this.#inSync = true;
      this.#accept(bytes, sync);
      at += stride;
    }
    this.#window.drop(at);
    if (this.#video === null && this.#window.offset - this.#base > NO_VIDEO_LIMIT_BYTES) this.#refuse();
  }

  #refuse(): never {
    const { refused, programs } = this.#tables;
    const { program } = this.#options;
    const which = program === undefined ? 'The MPEG-TS' : `Program ${program} of the MPEG-TS`;
    const why =
      program !== undefined && !programs.includes(program)
        ? `: the programs are ${programs.join(', ') || 'not known'}`
        : refused === null
          ? ''
          : `: it is ${refused}`;
    throw new FramecueError('ERR_SOURCE_CODEC', `${which} has no H.264 or HEVC video${why}.`);
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
    else if (this.#tables.has(pid)) this.#acceptSection(packet, payload, at);
    else if (this.#options.audio && packet.hasPayload) this.#acceptAudio(packet, payload, at);
  }

  #acceptSection(packet: TsPacket, payload: Uint8Array, at: number): void {
    const read = this.#tables.push(packet, payload);
    if (read === 'bad') this.#report('TS_PSI_CORRUPT', at, `PID ${packet.pid}`);
    if (read !== 'read') return;
    const { video } = this.#tables;
    if (video !== this.#video && video !== null) {
      this.#finishVideo();
      this.#video = video;
      this.#pictures = new PesPictures(video.codec, this.#options.maxUnitBytes);
      this.#configs = new InBandConfigs(video.codec);
      this.#counter = null;
    }
    for (const [pid, codec] of this.#tables.audio) {
      if (!this.#audio.has(pid)) this.#audio.set(pid, { codec, pes: null });
    }
  }

  #acceptVideo(packet: TsPacket, payload: Uint8Array, at: number): void {
    this.#discontinuity ||= packet.discontinuity;
    if (packet.hasPayload) {
      const expected = this.#counter === null ? packet.counter : (this.#counter + 1) & 15;
      // The same packet once more is allowed, and says nothing new.
      if (packet.counter === this.#counter && !packet.discontinuity) return;
      if (packet.counter !== expected && !this.#discontinuity) {
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
      const { randomAccess } = packet;
      const startsTimeline = this.#discontinuity;
      this.#pes = { place: this.#place(at), randomAccess, startsTimeline, parts: [], bytes: 0 };
      this.#discontinuity = false;
    }
    if (this.#pes === null) return;
    this.#pes.bytes += payload.length;
    // Counted on, so that its end is known, but no longer kept.
    if (this.#pes.bytes <= this.#options.maxUnitBytes) this.#pes.parts.push(payload.slice());
  }

  /** Nothing of what comes belongs to what came. */
  #finishVideo(): void {
    this.#finishPes();
    for (const unit of this.#pictures?.end() ?? []) this.#give(unit);
  }

  #finishPes(): void {
    const pes = this.#pes;
    this.#pes = null;
    if (pes === null || this.#pictures === null) return;
    const { place, randomAccess, startsTimeline } = pes;
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
    const dts = header.dts === null ? null : this.#videoTime.unwrap(header.dts);
    // PTS is 33 bits of its own: taken as the one nearest to the DTS.
    const pts = dts === null ? null : dts + signedTicks((header.pts ?? 0) - (header.dts ?? 0)) / 90;
    const times: PesTimes = { place, randomAccess, startsTimeline, pts, dts };
    for (const unit of this.#pictures.push(payload, times)) this.#give(unit);
  }

  #give({ data, pes, nth, kind }: PesUnit<PesTimes>): void {
    const { place } = pes;
    if (kind === 'cut') this.#items.push(problem('NAL_TOO_LARGE', place, `${data.length} bytes and more`));
    // Reading may begin in the middle of a picture: the rest of it is no access unit, and no problem.
    if (kind === 'stray' && this.#index > 0)
      this.#items.push(problem('TS_PES_CORRUPT', place, `${data.length} bytes without a start code`));
    if (kind !== 'whole') return;
    const isOwn = nth === 0;
    if (isOwn && pes.dts === null) this.#items.push(problem('TS_NO_TIME', place));
    const isTimed = isOwn && pes.dts !== null;
    const dts = isTimed ? pes.dts! : this.#lastDts === null ? 0 : this.#lastDts + this.#stepMs;
    const pts = dts + (pes.dts === null ? 0 : pes.pts! - pes.dts);
    const startsTimeline = isOwn && pes.startsTimeline;
    const step = this.#lastDts === null ? 0 : dts - this.#lastDts;
    if (step > 0 && step < 1000 && isTimed) this.#stepMs = step;
    this.#lastDts = dts;
    const { codec } = this.#video!;
    const config = this.#configs!.observe(data, place);
    if (config !== null) this.#items.push(config);
    this.#items.push({
      kind: 'access-unit',
      index: this.#index++,
      pts,
      dts,
      isKeyframe: (isOwn && pes.randomAccess) || isRandomAccess(data, codec),
      codec,
      framing: { kind: 'annexb' },
      data,
      ...place,
      ...(startsTimeline ? { startsTimeline } : {}),
    });
  }

  #acceptAudio(packet: TsPacket, payload: Uint8Array, at: number): void {
    const stream = this.#audio.get(packet.pid);
    if (stream === undefined) return;
    if (packet.startsUnit) {
      this.#finishAudio(stream);
      stream.pes = {
        place: this.#place(at),
        randomAccess: false,
        startsTimeline: false,
        parts: [],
        bytes: 0,
      };
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
    this.#items.push({ kind: 'audio', codec: stream.codec, pts, data, ...pes.place });
  }

  #place(at: number): Place {
    const offset = this.#window.offset - this.#base + at;
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

/** The shorter way around 33 bits. */
export function signedTicks(ticks: number): number {
  const wrap = 2 ** 33;
  const rest = ((ticks % wrap) + wrap) % wrap;
  return rest >= wrap / 2 ? rest - wrap : rest;
}
