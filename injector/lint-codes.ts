/** `bad`: viewers may see it, or cues do not get through. `warn`: some player or server may stumble. `info`: worth knowing. */
export type LintSeverity = 'info' | 'warn' | 'bad';

export interface LintEntry {
  readonly severity: LintSeverity;
  /** What was found, and what to do about it. */
  readonly text: string;
  /** Of Rec. ITU-T H.264, unless it names another document. */
  readonly clause: string;
}

/**
 * Everything that the linter can say about an access unit or a configuration: one stable code each. `docs/lint.md` is
 * held against this table by a test.
 */
export const LINT_CODES = {
  // how the NAL units stand
  NAL_TRUNCATED: {
    severity: 'bad',
    text: 'A NAL unit length points beyond its frame, which passes unstamped. Look at the encoder, or at the relay before this server.',
    clause: 'ISO/IEC 14496-15 5.3.4.2',
  },
  ANNEX_B_IN_FLV: {
    severity: 'bad',
    text: 'The tag holds Annex B start codes where FLV has NAL unit lengths: most players show nothing. Set the encoder or remuxer to AVCC (ffmpeg writes FLV that way by itself).',
    clause: 'ISO/IEC 14496-15 5.3.4.2',
  },
  NAL_TOO_MANY: {
    severity: 'bad',
    text: 'An access unit of more than a thousand NAL units that are no slices: it passes unstamped.',
    clause: '7.4.1.2.3',
  },
  NAL_EMPTY: {
    severity: 'warn',
    text: 'A NAL unit without a byte: browsers refuse the whole fragment. The ingest takes such out; in files they are left in place.',
    clause: '7.3.1',
  },
  NAL_FORBIDDEN_BIT: {
    severity: 'warn',
    text: 'forbidden_zero_bit is set: something on the way marked the NAL unit as damaged.',
    clause: '7.4.1',
  },
  NAL_UNKNOWN_TYPE: {
    severity: 'info',
    text: 'A NAL unit of a reserved or unspecified type: decoders pass over it, and so do we.',
    clause: '7.4.1',
  },
  NAL_ORDER: {
    severity: 'warn',
    text: 'An end of sequence, filler, auxiliary or extension NAL unit stands before the first slice, where none may be.',
    clause: '7.4.1.2.3',
  },
  AUD_NOT_FIRST: {
    severity: 'warn',
    text: 'An access unit delimiter is not the first NAL unit: as MPEG-TS it would cut the access unit in two. The injector makes it the first.',
    clause: '7.4.1.2.3',
  },
  PARAMETER_SET_AFTER_SLICES: {
    severity: 'warn',
    text: 'An SPS or PPS behind the slices: as MPEG-TS it would belong to the next access unit.',
    clause: '7.4.1.2.3',
  },
  NO_SLICES: {
    severity: 'warn',
    text: 'A video tag without a slice is no picture: it carries no stamps, and cues wait for the next one.',
    clause: '7.4.1.2.3',
  },
  FIELD_PAIR: {
    severity: 'info',
    text: 'Both fields of a frame in one tag: stamps stand before the first one.',
    clause: '7.4.1.2.4',
  },
  SEVERAL_ACCESS_UNITS: {
    severity: 'warn',
    text: 'More than one access unit in one tag: only the first one has a time. Set the encoder or remuxer to one frame a tag.',
    clause: '7.4.1.2.3',
  },
  // SEI
  SEI_AFTER_SLICES: {
    severity: 'warn',
    text: 'SEI behind the slices, as OBS writes its metrics: as MPEG-TS it would belong to the next picture. The injector moves it before them.',
    clause: '7.4.1.2.3',
  },
  BUFFERING_PERIOD_NOT_FIRST: {
    severity: 'warn',
    text: 'A buffering period is not the first SEI message. The injector moves other SEI behind it, where it has a NAL unit of its own.',
    clause: '7.4.1.2.3',
  },
  SEI_DUPLICATE: {
    severity: 'info',
    text: 'The same SEI message twice in one access unit: two programs in the chain write it.',
    clause: 'D.2',
  },
  SEI_OVERSIZE: {
    severity: 'warn',
    text: 'An SEI NAL unit of more than 4,096 bytes: some hardware decoders stumble over it. Have the encoder write less.',
    clause: '7.3.2.3',
  },
  SEI_SEVERAL_MESSAGES: {
    severity: 'info',
    text: 'Several SEI messages in one NAL unit: legal, but mpegts.js reads the first one only.',
    clause: '7.3.2.3',
  },
  SEI_TOO_MANY: {
    severity: 'warn',
    text: 'More than 64 SEI messages in one NAL unit, or more than 128 KB of SEI in one frame: what goes beyond is not read.',
    clause: '7.3.2.3',
  },
  SEI_TRAILING_BITS: {
    severity: 'warn',
    text: 'An SEI NAL unit without its trailing bits: hls.js and strict readers misread the last message.',
    clause: '7.3.2.11',
  },
  SEI_OVERRUN: {
    severity: 'warn',
    text: 'An SEI message says that it is longer than its NAL unit: readers drop it.',
    clause: '7.3.2.3.1',
  },
  FOREIGN_STAMP: {
    severity: 'warn',
    text: 'A framecue stamp from outside was taken out: the publisher sends a stream that was stamped already. Name its keys in FRAMECUE_UPSTREAM_KEYS where it is yours.',
    clause: 'docs/wire-format.md',
  },
  // parameter sets and configuration
  SPS_CHANGED_IN_BAND: {
    severity: 'warn',
    text: 'An SPS in the stream differs from the configuration: players that read the configuration alone show a broken picture. Restart the encoder.',
    clause: '7.4.1.2.1',
  },
  PPS_CHANGED_IN_BAND: {
    severity: 'info',
    text: 'A PPS in the stream differs from the configuration: decoders follow it.',
    clause: '7.4.1.2.1',
  },
  SEVERAL_PARAMETER_SETS: {
    severity: 'info',
    text: 'The configuration holds several SPS or PPS: legal; size and rate are read from the first SPS.',
    clause: 'ISO/IEC 14496-15 5.3.3.1',
  },
  CONFIG_CHANGED: {
    severity: 'warn',
    text: 'The configuration changed while the stream was on: players that cannot change size in flight start anew.',
    clause: 'ISO/IEC 14496-15 5.3.3.1',
  },
  CONFIG_UNREADABLE: {
    severity: 'bad',
    text: 'The AVC decoder configuration record cannot be read: players cannot start.',
    clause: 'ISO/IEC 14496-15 5.3.3.1',
  },
  LENGTH_SIZE_SMALL: {
    severity: 'warn',
    text: 'NAL unit lengths of one byte: stamps of more than 255 bytes cannot be written, and such cues are reported as missed. Set the muxer to lengths of 4 bytes.',
    clause: 'ISO/IEC 14496-15 5.3.3.1',
  },
  // keyframes and times
  KEYFRAME_RECOVERY_POINT: {
    severity: 'info',
    text: 'A keyframe that is no IDR picture but a recovery point (open GOP or intra refresh): who joins there may see a broken picture for a moment.',
    clause: 'D.2.8',
  },
  KEYFRAME_WITHOUT_IDR: {
    severity: 'warn',
    text: 'The tag says keyframe, and there is neither an IDR picture nor a recovery point: who joins there may see nothing. Switch intra refresh off, or set a keyframe interval.',
    clause: '7.4.1.2.4',
  },
  IDR_WITHOUT_KEYFRAME_FLAG: {
    severity: 'warn',
    text: 'An IDR picture whose tag does not say keyframe: the ingest says it in its place; in files it is left as it is.',
    clause: 'FLV E.4.3.1',
  },
  INTRA_REFRESH: {
    severity: 'info',
    text: 'A recovery point on a picture that is no keyframe (intra refresh): viewers join at keyframes only, so keep the keyframe interval short.',
    clause: 'D.2.8',
  },
  NEGATIVE_COMPOSITION_OFFSET: {
    severity: 'info',
    text: 'A picture is to be shown before it is decoded: players show it late. The time stamps are passed on as they came.',
    clause: 'FLV E.4.3.2',
  },
  PTS_REPEATED: {
    severity: 'info',
    text: 'Two video tags in a row with one time of presentation (fields in tags of their own, or a picture sent twice): a cue lands on either.',
    clause: 'FLV E.4.3.2',
  },
} as const satisfies Record<string, LintEntry>;

export type LintCode = keyof typeof LINT_CODES;

/** What the normaliser puts right: while it is on, worth knowing and no more. */
export const NORMALISED_CODES: ReadonlySet<LintCode> = new Set([
  'SEI_AFTER_SLICES',
  'BUFFERING_PERIOD_NOT_FIRST',
  'AUD_NOT_FIRST',
]);

export const ALL_LINT_CODES = Object.keys(LINT_CODES) as readonly LintCode[];

/** One finding in one access unit. */
export interface LintFinding {
  readonly code: LintCode;
  /** Byte offset in the access unit (or configuration record) that it is about; 0 where it is about the whole. */
  readonly offset: number;
}
