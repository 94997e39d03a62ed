import {
  BitstreamError,
  BpmEvent,
  type BpmMessage,
  bpmKindOf,
  isPrecisionTimeStamp,
  parseBpm,
  parsePrecisionTimeStamp,
  type SeiMessage,
  USER_DATA_UNREGISTERED,
} from '../../h264-sei-parser/src/index.ts';
import { type UnixMicroseconds, unixUs } from '../../packet/time.ts';

/** Frames that a publisher counts: `SM` of OBS BPM the first four, `ERM` the others. */
export const FRAME_KINDS = [
  'rendered',
  'lagged',
  'dropped',
  'output',
  'input',
  'skipped',
  'encoded',
] as const;
export type FrameKind = (typeof FRAME_KINDS)[number];

/** What a publisher says in one access unit; null: nothing of that. */
export interface EncoderSei {
  /** MISB ST 0604: when the picture was taken. */
  readonly misb: { readonly captureUs: UnixMicroseconds; readonly locked: boolean } | null;
  /** A MISB message is there, readable or not. */
  readonly hasMisb: boolean;
  /** OBS BPM `TS`: when the picture was composited, encoded and handed on, in its clock's whole milliseconds. */
  readonly bpm: {
    readonly compositedUs: UnixMicroseconds;
    readonly encodedUs: UnixMicroseconds | null;
    readonly interleavedUs: UnixMicroseconds | null;
  } | null;
  /** OBS BPM `SM` and `ERM`: frames since the message before, u32. */
  readonly frames: { readonly [kind in FrameKind]?: number };
  /** Messages of these kinds that could not be read, or say no time. */
  readonly malformed: number;
}

const SESSION: { readonly [tag: number]: FrameKind } = {
  1: 'rendered',
  2: 'lagged',
  3: 'dropped',
  4: 'output',
};
/** Messages of these kinds that are read in one access unit; OBS writes three. */
const MAX_READ = 32;
const RENDITION: { readonly [tag: number]: FrameKind } = { 1: 'input', 2: 'skipped', 3: 'encoded' };

/**
 * The encoder's own messages among those of one access unit; null where there are none. Never throws for what came
 * from outside. Of one kind the first message counts.
 */
export function readEncoderSei(messages: readonly SeiMessage[]): EncoderSei | null {
  let misb: EncoderSei['misb'] = null;
  const bpm = new Map<string, BpmMessage>();
  let hasMisb = false;
  let malformed = 0;
  let read = 0;
  for (const { payloadType, payload } of messages) {
    if (payloadType !== USER_DATA_UNREGISTERED) continue;
    const isMisb = isPrecisionTimeStamp(payload);
    if (!isMisb && bpmKindOf(payload) === null) continue;
    hasMisb ||= isMisb;
    if (++read > MAX_READ) continue;
    try {
      if (isMisb) {
        const { locked, unixMicroseconds } = parsePrecisionTimeStamp(payload);
        if (unixMicroseconds === null) malformed++;
        else misb ??= { captureUs: unixUs(unixMicroseconds), locked };
      } else {
        const message = parseBpm(payload);
        if (message !== null && !bpm.has(message.kind)) bpm.set(message.kind, message);
      }
    } catch (error) {
      if (!(error instanceof BitstreamError)) throw error;
      malformed++;
    }
  }
  if (!hasMisb && bpm.size === 0 && malformed === 0) return null;
  const times = timesOf(bpm.get('TS'));
  if (bpm.has('TS') && times === null) malformed++;
  return {
    misb,
    hasMisb,
    bpm: times,
    frames: { ...countsOf(bpm.get('SM'), SESSION), ...countsOf(bpm.get('ERM'), RENDITION) },
    malformed,
  };
}

function timesOf(message: BpmMessage | undefined): EncoderSei['bpm'] {
  if (message === undefined) return null;
  const timeOf = (event: number): UnixMicroseconds | null => {
    const time = message.times.find((one) => one.event === event && one.type !== 'deltaNanoseconds');
    if (time === undefined || time.type === 'deltaNanoseconds' || time.unixMicroseconds === null) return null;
    return unixUs(time.unixMicroseconds);
  };
  const compositedUs = timeOf(BpmEvent.composited);
  if (compositedUs === null) return null;
  return {
    compositedUs,
    encodedUs: timeOf(BpmEvent.encoded),
    interleavedUs: timeOf(BpmEvent.interleaved),
  };
}

function countsOf(
  message: BpmMessage | undefined,
  kinds: { readonly [tag: number]: FrameKind },
): { [kind in FrameKind]?: number } {
  const counts: { [kind in FrameKind]?: number } = {};
  for (const { tag, delta } of message?.counters ?? []) {
    const kind = kinds[tag];
    if (kind !== undefined) counts[kind] ??= delta;
  }
  return counts;
}
