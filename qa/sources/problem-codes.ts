/**
 * What can be wrong with a container or a playlist: one table of code, severity, clause and sentence. Findings in
 * the video itself have theirs in `qa/inspect/lint-codes.ts`; `docs/inspect.md` is held against both by a test.
 */
export const PROBLEMS = {
  FLV_TAG_CORRUPT: {
    severity: 'error',
    clause: 'FLV E.4.1',
    text: 'A tag is not well formed; it is passed over.',
  },
  FLV_TAG_SIZE: {
    severity: 'error',
    clause: 'FLV E.4.1',
    text: 'Tag framing is lost; reading goes on at the next tag that fits.',
  },
  FLV_PREVIOUS_TAG_SIZE: {
    severity: 'error',
    clause: 'FLV E.3',
    text: 'PreviousTagSize is not the size of the tag before it.',
  },
  FLV_UNKNOWN_TAG: {
    severity: 'warning',
    clause: 'FLV E.4.1',
    text: 'A tag of a type that FLV does not define.',
  },
  FLV_OTHER_CODEC: {
    severity: 'warning',
    clause: 'FLV E.4.3.1',
    text: 'A video or audio tag of another codec is passed over.',
  },
  SOURCE_TRUNCATED: { severity: 'error', clause: '', text: 'The data ends inside a structure.' },
  CONFIG_CORRUPT: {
    severity: 'error',
    clause: 'ISO/IEC 14496-15 5.3.3.1',
    text: 'The decoder configuration record cannot be read.',
  },
  CONFIG_MISSING: {
    severity: 'error',
    clause: 'ISO/IEC 14496-15 5.3.3.1',
    text: 'Pictures come before any decoder configuration; 4-byte lengths are assumed.',
  },
  MP4_BOX_CORRUPT: {
    severity: 'error',
    clause: 'ISO/IEC 14496-12 4.2',
    text: 'A box is not well formed; it is passed over.',
  },
  MP4_SAMPLE_BEYOND: {
    severity: 'error',
    clause: 'ISO/IEC 14496-12 8.7',
    text: 'The sample table names bytes that are not there.',
  },
  TS_SYNC_LOST: {
    severity: 'error',
    clause: 'ISO/IEC 13818-1 2.4.3.2',
    text: 'A packet does not begin with 0x47; reading goes on at the next that does.',
  },
  TS_CONTINUITY: {
    severity: 'error',
    clause: 'ISO/IEC 13818-1 2.4.3.3',
    text: 'The continuity counter of the video jumps: packets are lost.',
  },
  TS_SCRAMBLED: {
    severity: 'error',
    clause: 'ISO/IEC 13818-1 2.4.3.2',
    text: 'A packet of the video is scrambled; it is passed over.',
  },
  TS_TRANSPORT_ERROR: {
    severity: 'error',
    clause: 'ISO/IEC 13818-1 2.4.3.2',
    text: 'A packet is marked as damaged (transport_error_indicator).',
  },
  TS_PES_CORRUPT: {
    severity: 'error',
    clause: 'ISO/IEC 13818-1 2.4.3.6',
    text: 'A PES packet of the video is not well formed; it is passed over.',
  },
  TS_NO_TIME: {
    severity: 'warning',
    clause: 'ISO/IEC 13818-1 2.7.4',
    text: 'A PES packet of the video has no PTS; the one before it and the frame rate give its time.',
  },
  TS_PSI_CORRUPT: {
    severity: 'warning',
    clause: 'ISO/IEC 13818-1 2.4.4',
    text: 'A table (PAT or PMT) has a wrong CRC or does not fit.',
  },
  HLS_SEGMENT_LOST: { severity: 'error', clause: 'RFC 8216 6.3', text: 'A segment could not be loaded.' },
  HLS_PLAYLIST: {
    severity: 'error',
    clause: 'RFC 8216 4',
    text: 'The playlist could not be loaded or read anew.',
  },
  HLS_GAP: {
    severity: 'warning',
    clause: 'RFC 8216 6.2.2',
    text: 'Segments left the playlist before they were read.',
  },
  ANNEXB_LEADING_BYTES: {
    severity: 'warning',
    clause: 'H.264 B.1',
    text: 'There are bytes before the first start code.',
  },
  NAL_TOO_LARGE: {
    severity: 'error',
    clause: 'H.264 7.3.1',
    text: 'An access unit is larger than the reader keeps; it is passed over.',
  },
} as const satisfies Record<string, ProblemEntry>;

export type Severity = 'error' | 'warning' | 'info';

export interface ProblemEntry {
  readonly severity: Severity;
  /** The standard and clause that says how it should be; empty where none does. */
  readonly clause: string;
  readonly text: string;
}

export type ProblemCode = keyof typeof PROBLEMS;
