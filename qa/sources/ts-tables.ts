import type { VideoCodec } from './items.ts';
import type { TsPacket } from './ts-packet.ts';
import {
  programsOfPat,
  SectionReader,
  streamsOfPmt,
  TS_AUDIO,
  TS_OTHER_VIDEO,
  TS_VIDEO,
  type TsStream,
} from './ts-psi.ts';

export interface TsVideo {
  readonly program: number;
  readonly pid: number;
  readonly codec: VideoCodec;
}

/** Tables that are read before a program whose own does not come is taken to have no video. */
const PATIENCE = 8;
const MAX_PROGRAMS = 256;

interface Program {
  readonly number: number;
  readonly pmtPid: number;
  streams: readonly TsStream[] | null;
}

/**
 * PAT and PMTs as they go on, and which video they lead to: that of the program asked for, else of the first one with
 * H.264, else of the first with HEVC. It is kept while its program lists it.
 */
export class TsTables {
  readonly #wanted: number | null;
  readonly #readers = new Map<number, SectionReader>([[0, new SectionReader()]]);
  #programs: Program[] = [];
  #tables = 0;
  /** Null: there is none yet. */
  video: TsVideo | null = null;
  /** The codecs of sound, by PID: of the video's program, and of all before it is known. */
  readonly audio = new Map<number, string>();
  /** Video that cannot be read, by name. */
  refused: string | null = null;

  constructor(program: number | null = null) {
    this.#wanted = program;
  }

  get programs(): readonly number[] {
    return this.#programs.map(({ number }) => number);
  }

  has(pid: number): boolean {
    return this.#readers.has(pid);
  }

  /** The payload of a packet for which {@link has} says yes. */
  push({ pid, startsUnit, hasPayload }: TsPacket, payload: Uint8Array): 'bad' | 'read' | null {
    if (!hasPayload) return null;
    const section = this.#readers.get(pid)!.push(payload, startsUnit);
    if (section === null) return null;
    if (section === 'bad-crc') return 'bad';
    this.#tables++;
    if (pid === 0) this.#acceptPat(section);
    else this.#acceptPmt(pid, section);
    this.#choose();
    return 'read';
  }

  #acceptPat(section: Uint8Array): void {
    const listed = programsOfPat(section);
    if (listed === null || listed.length === 0) return;
    // Where a table has several sections, one alone does not say that a program is gone.
    const kept =
      section[7] === 0
        ? []
        : this.#programs.filter(({ number }) => !listed.some((one) => one.number === number));
    const next = listed.map(({ number, pmtPid }) => {
      const known = this.#programs.find((one) => one.number === number && one.pmtPid === pmtPid);
      return known ?? { number, pmtPid, streams: null };
    });
    this.#programs = [...kept, ...next].slice(0, MAX_PROGRAMS);
    for (const pid of this.#readers.keys()) {
      if (pid !== 0 && !this.#programs.some(({ pmtPid }) => pmtPid === pid)) this.#readers.delete(pid);
    }
    for (const { pmtPid } of this.#programs) {
      if (!this.#readers.has(pmtPid)) this.#readers.set(pmtPid, new SectionReader());
    }
  }

  #acceptPmt(pid: number, section: Uint8Array): void {
    const streams = streamsOfPmt(section);
    if (streams === null) return;
    const number = section[3]! * 256 + section[4]!;
    // Several programs may have their tables on one PID, clause 2.4.4.8.
    const sharing = this.#programs.filter(({ pmtPid }) => pmtPid === pid);
    const program =
      sharing.find((one) => one.number === number) ?? (sharing.length === 1 ? sharing[0] : undefined);
    if (program === undefined) return;
    program.streams = streams;
    for (const { type } of streams) this.refused ??= TS_OTHER_VIDEO[type] ?? null;
  }

  #choose(): void {
    const found = this.#find();
    if (found === null) return;
    const { program, stream } = found;
    const { video } = this;
    if (video?.program !== program.number || video.pid !== stream.pid) {
      this.video = { program: program.number, pid: stream.pid, codec: TS_VIDEO[stream.type]! };
    }
    this.audio.clear();
    for (const { pid, type } of program.streams ?? []) {
      const codec = TS_AUDIO[type];
      if (codec !== undefined) this.audio.set(pid, codec);
    }
  }

  #find(): { readonly program: Program; readonly stream: TsStream } | null {
    const { video } = this;
    const programs = this.#programs.filter(({ number }) => this.#wanted === null || number === this.#wanted);
    const current = programs.find(({ number }) => number === video?.program);
    if (current !== undefined) {
      // Its table has not come on the new PID yet, or lists the same video: it stays.
      const streams = current.streams ?? [];
      const stream = streams.find(({ pid, type }) => pid === video?.pid && TS_VIDEO[type] !== undefined);
      if (stream !== undefined) return { program: current, stream };
      const other = videoOf(current, 'h264') ?? videoOf(current, 'hevc');
      return other === null ? null : { program: current, stream: other };
    }
    for (const codec of ['h264', 'hevc'] as const) {
      for (const program of programs) {
        if (program.streams === null && this.#tables < PATIENCE) return null;
        const stream = videoOf(program, codec);
        if (stream !== null) return { program, stream };
      }
    }
    return null;
  }
}

const videoOf = ({ streams }: Program, codec: VideoCodec): TsStream | null =>
  streams?.find(({ type }) => TS_VIDEO[type] === codec) ?? null;
