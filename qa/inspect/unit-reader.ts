import {
  type BitstreamError,
  type DecodedSei,
  decodeSei,
  isSei,
  type NalLengthSize,
  nalTypeOf,
  nalUnitsOfAnnexB,
  ParameterSets,
  readSeiNal,
  type SeiMessageRead,
  type SpsInfo,
  USER_DATA_UNREGISTERED,
  uuidToText,
} from '../../h264-sei-parser/src/index.ts';
import { viewAccessUnit } from '../../injector/access-unit-view.ts';
import { Linter } from '../../injector/linter.ts';
import { ms } from '../../packet/time.ts';
import type { AccessUnitItem, ConfigItem, ContainerName } from '../sources/items.ts';
import type { StampVerifier } from './keys.ts';
import { type Finding, finding } from './lint-codes.ts';
import { type ReadStamp, readStamp, StampRecord, stampFindings } from './stamps.ts';

const UUID_BYTES = 16;
const LENGTH_BYTES = 4;

export interface InspectedNal {
  readonly type: number;
  /** Bytes, header included, without length or start code. */
  readonly size: number;
}

export interface InspectedSei {
  readonly payloadType: number;
  /** As the message says. */
  readonly payloadSize: number;
  readonly payload: Uint8Array;
  readonly uuid: string | null;
  readonly decoded: DecodedSei;
  /** Where it is one of ours. */
  readonly stamp: ReadStamp | null;
}

/** One access unit, taken apart. */
export interface InspectedUnit {
  readonly index: number;
  readonly pts: number | null;
  readonly dts: number | null;
  readonly isKeyframe: boolean;
  readonly bytes: number;
  /** Byte offset in the source or segment. */
  readonly offset: number | null;
  readonly segment: string | null;
  readonly nalUnits: readonly InspectedNal[];
  readonly sei: readonly InspectedSei[];
  readonly lint: readonly Finding[];
}

/** Takes access units apart and lints them, in the order of the source. */
export class UnitReader {
  readonly stamps = new StampRecord();
  readonly #container: ContainerName;
  readonly #verifier: StampVerifier | null;
  readonly #linter = new Linter();
  #parameterSets = new ParameterSets();
  #sps: SpsInfo | null = null;
  #lastDts: number | null = null;
  #usualStepMs: number | null = null;
  #sawDelimiter = false;

  constructor(container: ContainerName, verifier: StampVerifier | null = null) {
    this.#container = container;
    this.#verifier = verifier;
  }

  /** The SPS of the pictures last seen; null before one, and for HEVC. */
  get sps(): SpsInfo | null {
    return this.#sps;
  }

  /** Time stamps may begin anew: a discontinuity of the playlist. */
  beginTimeline(): void {
    this.#lastDts = null;
    this.#usualStepMs = null;
  }

  config(item: ConfigItem): Finding[] {
    if (item.codec !== 'h264') return [];
    const findings: Finding[] = [];
    for (const nal of [...item.sps, ...item.pps]) findings.push(...this.#addSet(nal, null));
    if (item.record !== null) {
      findings.push(
        ...this.#linter.config({ record: item.record }).map(({ code, offset }) => finding(code, offset)),
      );
    }
    return findings;
  }

  read(item: AccessUnitItem): InspectedUnit {
    const avcc = item.framing.kind === 'avcc' ? null : toAvcc(item.data);
    const data = avcc ?? item.data;
    const lengthSize = item.framing.kind === 'avcc' ? item.framing.lengthSize : LENGTH_BYTES;
    const nals = splitAvcc(data, lengthSize);
    const lint: Finding[] = this.#checkTimes(item);
    if (item.codec === 'h264') lint.push(...this.#lintBitstream(item, data, lengthSize));
    const sei: InspectedSei[] = [];
    for (const { bytes, start } of nals) {
      const type = nalTypeOf(bytes[0]!, item.codec);
      if (item.codec === 'h264' && (type === 7 || type === 8)) lint.push(...this.#addSet(bytes, start));
      if (isSei(type, item.codec)) sei.push(...this.#readSei(item, bytes, start, lint));
    }
    const delimiter = item.codec === 'h264' ? 9 : 35;
    const hasDelimiter = nals.length > 0 && nalTypeOf(nals[0]!.bytes[0]!, item.codec) === delimiter;
    this.#sawDelimiter ||= hasDelimiter;
    const wantsDelimiter =
      item.framing.kind === 'annexb' && (this.#container !== 'annexb' || this.#sawDelimiter);
    if (wantsDelimiter && !hasDelimiter) lint.push(finding('AUD_MISSING'));
    return {
      index: item.index,
      pts: item.pts,
      dts: item.dts,
      isKeyframe: item.isKeyframe,
      bytes: item.data.length,
      offset: item.offset,
      segment: item.segment ?? null,
      nalUnits: nals.map(({ bytes }) => ({ type: nalTypeOf(bytes[0]!, item.codec), size: bytes.length })),
      sei,
      lint: onceEach(lint),
    };
  }

  #checkTimes({ dts }: AccessUnitItem): Finding[] {
    const last = this.#lastDts;
    this.#lastDts = dts ?? last;
    if (dts === null || last === null) return [];
    const step = dts - last;
    if (step <= 0) return [finding('DTS_NOT_RISING', null, `${tidy(dts)} after ${tidy(last)} ms`)];
    const usual = this.#usualStepMs;
    const isGap = usual !== null && step > Math.max(4 * usual, usual + 200);
    if (!isGap) this.#usualStepMs = usual === null ? step : usual + (step - usual) / 16;
    return isGap ? [finding('DTS_GAP', null, `${tidy(step)} ms`)] : [];
  }

  #lintBitstream(item: AccessUnitItem, data: Uint8Array, lengthSize: NalLengthSize): Finding[] {
    const view = viewAccessUnit(
      data,
      lengthSize,
      this.#linter.mayHaveFields || this.#sps?.frameMbsOnly === false,
    );
    // A byte stream has no times: then each picture has its own, and none is shown before it is decoded.
    const dts = item.dts ?? item.index;
    const found = this.#linter.check(
      {
        kind: 'avc-frame',
        dts: ms(dts),
        // A tenth of a millisecond is the rounding of clocks, no picture shown too early.
        compositionOffset: ms(Math.round(((item.pts ?? dts) - dts) * 10) / 10),
        isKeyframe: item.isKeyframe,
        data,
      },
      view,
    );
    const inFile = item.framing.kind === 'avcc';
    return found.map(({ code, offset }) => finding(code, inFile ? offset : null));
  }

  #addSet(nal: Uint8Array, offset: number | null): Finding[] {
    try {
      const added = this.#parameterSets.add(nal);
      if (added?.kind === 'sps') this.#sps = added.sps;
      return [];
    } catch (error) {
      return [finding('SPS_UNREADABLE', offset, (error as BitstreamError).message)];
    }
  }

  #readSei(item: AccessUnitItem, nal: Uint8Array, start: number, lint: Finding[]): InspectedSei[] {
    const at = item.framing.kind === 'avcc' ? start : null;
    if (item.framing.kind === 'avcc') {
      if (lacksEmulationPrevention(nal)) lint.push(finding('SEI_EMULATION', at));
      else if (nal.at(-1) === 0) lint.push(finding('NAL_TRAILING_ZERO', at));
    }
    const { messages } = readSeiNal(nal, item.codec);
    return messages.map((message) => this.#readMessage(item, message, messages.length, start, lint));
  }

  #readMessage(
    item: AccessUnitItem,
    message: SeiMessageRead,
    messagesInNal: number,
    start: number,
    lint: Finding[],
  ): InspectedSei {
    const { payloadType, payloadSize, payload } = message;
    const isUserData = payloadType === USER_DATA_UNREGISTERED && payload.length >= UUID_BYTES;
    const context = { codec: item.codec, parameterSets: this.#parameterSets, sps: this.#sps };
    const stamp = readStamp(message, this.#verifier);
    if (stamp !== null) {
      lint.push(...stampFindings(message, messagesInNal, start));
      lint.push(...this.stamps.note(stamp, item.index, item.pts, start));
    }
    return {
      payloadType,
      payloadSize,
      payload,
      uuid: isUserData ? uuidToText(payload.subarray(0, UUID_BYTES)) : null,
      decoded: decodeSei(message, context),
      stamp,
    };
  }
}

interface Nal {
  readonly start: number;
  readonly bytes: Uint8Array;
}

/** As far as the lengths can be believed; what is beyond is the linter's to say. */
function splitAvcc(data: Uint8Array, lengthSize: NalLengthSize): Nal[] {
  const nals: Nal[] = [];
  for (let at = 0; at + lengthSize <= data.length; ) {
    let length = 0;
    for (let i = 0; i < lengthSize; i++) length = length * 256 + data[at + i]!;
    const start = at + lengthSize;
    if (length > data.length - start) break;
    if (length > 0) nals.push({ start, bytes: data.subarray(start, start + length) });
    at = start + length;
  }
  return nals;
}

export function toAvcc(data: Uint8Array): Uint8Array {
  const ranges = [...nalUnitsOfAnnexB(data)];
  const out = new Uint8Array(ranges.reduce((sum, { start, end }) => sum + LENGTH_BYTES + end - start, 0));
  const view = new DataView(out.buffer);
  let at = 0;
  for (const { start, end } of ranges) {
    view.setUint32(at, end - start);
    out.set(data.subarray(start, end), at + LENGTH_BYTES);
    at += LENGTH_BYTES + end - start;
  }
  return out;
}

/** 000000, 000001 or 000002 inside a NAL unit, H.264 clause 7.4.1. */
function lacksEmulationPrevention(nal: Uint8Array): boolean {
  for (let at = nal.indexOf(0); at !== -1 && at + 2 < nal.length; at = nal.indexOf(0, at + 1)) {
    if (nal[at + 1] === 0 && nal[at + 2]! < 3) return true;
  }
  return false;
}

/** One of each code and text: a thousand of one kind in one access unit are one finding. */
function onceEach(findings: readonly Finding[]): Finding[] {
  const seen = new Set<string>();
  return findings.filter(({ code, text }) => {
    const key = `${code} ${text}`;
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}

const tidy = (value: number): number => Math.round(value * 100) / 100;
