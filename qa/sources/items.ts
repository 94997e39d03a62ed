import type { NalLengthSize } from '../../h264-sei-parser/src/index.ts';
import type { ProblemCode, Severity } from './problem-codes.ts';

export type ContainerName = 'flv' | 'mp4' | 'mpegts' | 'hls' | 'annexb';
export type VideoCodec = 'h264' | 'hevc';

/** How NAL units are told apart in an access unit's `data`. */
export type Framing =
  /** Length-prefixed, ISO/IEC 14496-15 clause 5.3.2. */
  | { readonly kind: 'avcc'; readonly lengthSize: NalLengthSize }
  /** Start codes, H.264 Annex B. */
  | { readonly kind: 'annexb' };

/** Where an item begins: in the source, or in the segment where `segment` names one. Null where nobody can say. */
export interface Place {
  readonly offset: number | null;
  /** URI of the HLS segment (or initialisation section) that the item came from. */
  readonly segment?: string;
}

/** One picture's NAL units, in decode order. `data` is the receiver's to keep: nobody writes to it again. */
export interface AccessUnitItem extends Place {
  readonly kind: 'access-unit';
  /** In decode order, from 0. */
  readonly index: number;
  /** Milliseconds, with fractions where the container has them; null in raw Annex B. */
  readonly pts: number | null;
  readonly dts: number | null;
  /** As the container says; in raw Annex B and MPEG-TS, as the NAL units say. */
  readonly isKeyframe: boolean;
  readonly codec: VideoCodec;
  readonly framing: Framing;
  readonly data: Uint8Array;
  /** The container says that its timeline begins anew here (discontinuity_indicator). */
  readonly startsTimeline?: boolean;
}

/**
 * Parameter sets: from a configuration record, or in-band ones that differ from those before. Comes before the
 * access unit that needs it.
 */
export interface ConfigItem extends Place {
  readonly kind: 'config';
  readonly codec: VideoCodec;
  readonly framing: Framing;
  /** avcC or hvcC; null for in-band parameter sets. */
  readonly record: Uint8Array | null;
  /** NAL units, header included, without start code. `vps` is empty for H.264. */
  readonly vps: readonly Uint8Array[];
  readonly sps: readonly Uint8Array[];
  readonly pps: readonly Uint8Array[];
}

/** One audio frame or, in MPEG-TS, one PES packet's payload. Only where asked for. */
export interface AudioItem extends Place {
  readonly kind: 'audio';
  readonly pts: number | null;
  readonly codec: string;
  readonly data: Uint8Array;
}

/** FLV script data: AMF0 name and values, `@setDataFrame` taken off. Only with `metadata`. */
export interface ScriptItem extends Place {
  readonly kind: 'script';
  readonly dts: number;
  /** The first value, a string: `onMetaData`, `onFramecue`, ... */
  readonly name: string;
  /** All AMF0 values, the name among them. */
  readonly data: Uint8Array;
}

/** DASH event message box, ISO/IEC 23009-1 clause 5.10.3.3. Only with `metadata`. */
export interface EmsgItem extends Place {
  readonly kind: 'emsg';
  readonly schemeIdUri: string;
  readonly value: string;
  readonly timescale: number;
  /** Milliseconds on the media timeline; version 0 (`isRelative`): after the start of its segment. */
  readonly presentationMs: number;
  readonly isRelative: boolean;
  readonly durationMs: number;
  readonly id: number;
  readonly data: Uint8Array;
}

/** EXT-X-DATERANGE, RFC 8216 clause 4.3.2.7; each change of one comes once. Only with `metadata`. */
export interface DaterangeItem extends Place {
  readonly kind: 'daterange';
  readonly id: string;
  readonly startDate: Date;
  readonly durationSeconds: number | null;
  /** All other attributes as they stand, quotes off. */
  readonly attributes: Readonly<Record<string, string>>;
}

/** A segment of an HLS playlist begins; its items follow. */
export interface SegmentItem extends Place {
  readonly kind: 'segment';
  readonly uri: string;
  readonly mediaSequence: number;
  readonly durationMs: number;
  readonly programDateTime: Date | null;
  readonly discontinuity: boolean;
}

/** Something is wrong and reading goes on. */
export interface ProblemItem extends Place {
  readonly kind: 'problem';
  readonly code: ProblemCode;
  readonly severity: Severity;
  readonly clause: string;
  readonly text: string;
}

export type SourceItem =
  | AccessUnitItem
  | ConfigItem
  | AudioItem
  | ScriptItem
  | EmsgItem
  | DaterangeItem
  | SegmentItem
  | ProblemItem;

/** What every reader makes of chunks of bytes. Synchronous: it never waits, and holds only what is incomplete. */
export interface ContainerReader {
  /** Items that this chunk completes. The chunk may be used again afterwards. */
  push(chunk: Uint8Array): SourceItem[];
  /** No more bytes: what was held, and what is missing. */
  end(): SourceItem[];
}

export interface ReaderOptions {
  /** Audio items are wanted. */
  readonly audio: boolean;
  /** Script, emsg and daterange items are wanted. */
  readonly metadata: boolean;
  /** A structure (tag, sample, PES packet) larger than this is passed over before it is kept. */
  readonly maxUnitBytes: number;
  /** Of MPEG-TS with several programs: this program_number; default: the first one with H.264. */
  readonly program?: number;
}

export const DEFAULT_READER_OPTIONS: ReaderOptions = {
  audio: false,
  metadata: false,
  maxUnitBytes: 32 * 1024 * 1024,
};
