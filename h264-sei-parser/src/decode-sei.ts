import { BPM_COUNTERS, type BpmKind, type BpmTime, bpmKindOf, parseBpm } from './bpm.ts';
import { BUFFERING_PERIOD, type BufferingPeriod, parseBufferingPeriod } from './buffering-period.ts';
import { BitstreamError, type BitstreamErrorCode } from './errors.ts';
import { isPrecisionTimeStamp, type PrecisionTimeStamp, parsePrecisionTimeStamp } from './misb.ts';
import type { Codec } from './nal.ts';
import type { ParameterSets } from './parameter-sets.ts';
import { PIC_TIMING, type PicTiming, parsePicTiming } from './pic-timing.ts';
import { parseRecoveryPoint, RECOVERY_POINT, type RecoveryPoint } from './recovery-point.ts';
import type { SeiMessage } from './sei.ts';
import { seiName } from './sei-names.ts';
import type { SpsInfo } from './sps.ts';
import {
  type CaptionData,
  parseUserDataRegistered,
  USER_DATA_REGISTERED,
  type UserDataRegistered,
} from './t35.ts';
import { parseUserData, USER_DATA_UNREGISTERED, uuidToText } from './user-data.ts';

/** What decoding a message can need to know. */
export interface SeiContext {
  /** `h264` where left out. Of HEVC, user data is decoded. */
  readonly codec?: Codec;
  /** The stream's parameter sets: a buffering period names the SPS that it needs. */
  readonly parameterSets?: ParameterSets;
  /**
   * The active SPS, which picture timing needs: that of the access unit's slices. Where it is left out and
   * `parameterSets` holds one SPS only, that one.
   */
  readonly sps?: SpsInfo | null;
}

type Bpm =
  | {
      readonly type: 'rfc3339';
      readonly event: number;
      readonly text: string;
      readonly unixMicroseconds: number | null;
    }
  | {
      readonly type: 'unixMilliseconds';
      readonly event: number;
      readonly milliseconds: string;
      readonly unixMicroseconds: number | null;
    }
  | { readonly type: 'deltaNanoseconds'; readonly event: number; readonly nanoseconds: string };

/**
 * What an SEI message says. JSON-safe: 64-bit integers are decimal strings, bytes are hexadecimal. `name` is the
 * standard's ({@link seiName}).
 */
export type DecodedSei =
  | ({ readonly kind: 'bufferingPeriod'; readonly name: string } & BufferingPeriod)
  | ({ readonly kind: 'picTiming'; readonly name: string } & PicTiming)
  | ({ readonly kind: 'recoveryPoint'; readonly name: string } & RecoveryPoint)
  | ({
      readonly kind: 'userDataRegistered';
      readonly name: string;
      readonly captions: CaptionData | null;
    } & Omit<UserDataRegistered, 'data' | 'captions'>)
  | ({
      readonly kind: 'precisionTimeStamp';
      readonly name: string;
      readonly uuid: string;
      readonly time: string;
    } & Omit<PrecisionTimeStamp, 'time'>)
  | {
      readonly kind: 'broadcastPerformanceMetrics';
      readonly name: string;
      readonly uuid: string;
      readonly metrics: BpmKind;
      readonly times: readonly Bpm[];
      readonly counters: readonly {
        readonly tag: number;
        readonly counter: string | null;
        readonly delta: number;
      }[];
    }
  | {
      readonly kind: 'userDataUnregistered';
      readonly name: string;
      readonly uuid: string;
      /** Where all of it is UTF-8 text, a last NUL left out; else null. */
      readonly text: string | null;
    }
  /** A payload type that is only named. */
  | { readonly kind: 'other'; readonly name: string }
  /** Parameter sets that it needs are not known. */
  | { readonly kind: 'unknownContext'; readonly name: string; readonly needs: 'sps' }
  | {
      readonly kind: 'unreadable';
      readonly name: string;
      readonly code: BitstreamErrorCode;
      /** In the payload. */
      readonly offset: number;
      readonly clause: string;
    };

/** Decodes what is known of one SEI message; never throws. */
export function decodeSei(message: SeiMessage, context: SeiContext = {}): DecodedSei {
  const name = seiName(message.payloadType, context.codec);
  try {
    return decode(message, name, context);
  } catch (error) {
    if (!(error instanceof BitstreamError)) throw error;
    if (error.code === 'ERR_SPS_MISSING') return { kind: 'unknownContext', name, needs: 'sps' };
    return { kind: 'unreadable', name, code: error.code, offset: error.offset, clause: error.clause };
  }
}

function decode({ payloadType, payload }: SeiMessage, name: string, context: SeiContext): DecodedSei {
  if (payloadType === USER_DATA_UNREGISTERED) return decodeUserData(payload, name);
  if (payloadType === USER_DATA_REGISTERED) {
    const { data: _, ...registered } = parseUserDataRegistered(payload);
    return { kind: 'userDataRegistered', name, ...registered };
  }
  if (context.codec === 'hevc') return { kind: 'other', name };
  switch (payloadType) {
    case BUFFERING_PERIOD: {
      const { parameterSets, sps } = context;
      const spsOf = (id: number): SpsInfo | null => parameterSets?.sps(id) ?? (sps?.id === id ? sps : null);
      return { kind: 'bufferingPeriod', name, ...parseBufferingPeriod(payload, spsOf) };
    }
    case PIC_TIMING: {
      const sps = context.sps ?? context.parameterSets?.onlySps() ?? null;
      if (sps === null) return { kind: 'unknownContext', name, needs: 'sps' };
      return { kind: 'picTiming', name, ...parsePicTiming(payload, sps) };
    }
    case RECOVERY_POINT:
      return { kind: 'recoveryPoint', name, ...parseRecoveryPoint(payload) };
    default:
      return { kind: 'other', name };
  }
}

function decodeUserData(payload: Uint8Array, name: string): DecodedSei {
  const { uuid: bytes, data } = parseUserData(payload);
  const uuid = uuidToText(bytes);
  if (isPrecisionTimeStamp(payload)) {
    const stamp = parsePrecisionTimeStamp(payload);
    return { kind: 'precisionTimeStamp', name, uuid, ...stamp, time: stamp.time.toString() };
  }
  if (bpmKindOf(payload) === null) return { kind: 'userDataUnregistered', name, uuid, text: textOf(data) };
  const { kind: metrics, times, counters } = parseBpm(payload)!;
  const names: Readonly<Record<number, string>> = BPM_COUNTERS[metrics];
  return {
    kind: 'broadcastPerformanceMetrics',
    name,
    uuid,
    metrics,
    times: times.map(jsonTime),
    counters: counters.map(({ tag, delta }) => ({ tag, counter: names[tag] ?? null, delta })),
  };
}

function jsonTime(time: BpmTime): Bpm {
  switch (time.type) {
    case 'rfc3339':
      return time;
    case 'unixMilliseconds':
      return { ...time, milliseconds: time.milliseconds.toString() };
    case 'deltaNanoseconds':
      return { ...time, nanoseconds: time.nanoseconds.toString() };
  }
}

function textOf(data: Uint8Array): string | null {
  const end = data.at(-1) === 0 ? data.length - 1 : data.length;
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(data.subarray(0, end));
    // biome-ignore lint/suspicious/noControlCharactersInRegex: what makes it not a text
    return /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/.test(text) ? null : text;
  } catch {
    // Bytes that are no UTF-8.
    return null;
  }
}
