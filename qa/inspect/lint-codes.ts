import { LINT_CODES } from '../../injector/lint-codes.ts';
import { PROBLEMS, type Severity } from '../sources/problem-codes.ts';

/** What `inspect` finds beyond the injector's linter: across access units, in stamps, and in other containers. */
export const OWN_FINDINGS = {
  SEI_EMULATION: {
    severity: 'error',
    clause: '7.4.1',
    text: 'An SEI NAL unit or parameter set without emulation prevention: in a byte stream it would be cut in two.',
  },
  NAL_TRAILING_ZERO: {
    severity: 'warning',
    clause: '7.4.1',
    text: 'An SEI NAL unit or parameter set that ends in a zero byte: as a byte stream it would come back shorter.',
  },
  AUD_MISSING: {
    severity: 'warning',
    clause: 'ISO/IEC 13818-1 2.14.1',
    text: 'An access unit without a delimiter: in MPEG-TS each has to begin with one.',
  },
  DTS_NOT_RISING: {
    severity: 'error',
    clause: 'ISO/IEC 13818-1 2.4.3.7',
    text: 'The DTS goes back, or stays where it was: players drop the picture or stop.',
  },
  DTS_GAP: {
    severity: 'warning',
    clause: 'ISO/IEC 13818-1 2.7.4',
    text: 'Between two access units there is much more time than there has been before: pictures are missing.',
  },
  STAMP_NOT_ALONE: {
    severity: 'warning',
    clause: 'docs/wire-format.md',
    text: 'A stamp shares its SEI NAL unit with other messages: mpegts.js reads the first one only.',
  },
  STAMP_UNREADABLE: {
    severity: 'error',
    clause: 'docs/wire-format.md',
    text: 'A message with the UUID of stamps that is none.',
  },
  STAMP_FORGED: {
    severity: 'error',
    clause: 'docs/wire-format.md',
    text: 'The signature of a cue stamp does not verify.',
  },
  STAMP_UNKNOWN_KEY: {
    severity: 'warning',
    clause: 'docs/wire-format.md',
    text: 'A cue stamp is signed with a key that is not in the key set.',
  },
  STAMP_KEY_EARLY: {
    severity: 'error',
    clause: 'docs/wire-format.md',
    text: 'A copy before the fire PTS carries the key: what is sealed leaks early.',
  },
  STAMP_FIRE_PTS: {
    severity: 'error',
    clause: 'docs/wire-format.md',
    text: 'A copy of a cue gives another fire PTS than the copies before it in the same epoch and revision.',
  },
  STAMP_BODY_CHANGED: {
    severity: 'error',
    clause: 'docs/wire-format.md',
    text: 'Two copies of one cue and revision differ in their signed line.',
  },
  STAMP_TOO_LONG: {
    severity: 'warning',
    clause: 'docs/wire-format.md',
    text: 'A stamp of more than 1,024 bytes: servers keep below that unless told otherwise.',
  },
  SPS_UNREADABLE: {
    severity: 'error',
    clause: '7.3.2.1.1',
    text: 'A sequence parameter set cannot be read.',
  },
} as const satisfies Record<string, FindingEntry>;

export interface FindingEntry {
  readonly severity: Severity;
  /** Of Rec. ITU-T H.264 unless it names another document; may be empty. */
  readonly clause: string;
  readonly text: string;
}

const SEVERITY = { bad: 'error', warn: 'warning', info: 'info' } as const;

type InjectorCode = keyof typeof LINT_CODES;
export type FindingCode = keyof typeof OWN_FINDINGS | keyof typeof PROBLEMS | InjectorCode;

/**
 * Everything that `framecue inspect` can say: the injector's lint, its own, and what the containers' readers report.
 * `docs/inspect.md` and `docs/lint.md` are held against these tables by tests.
 */
export const FINDINGS: Readonly<Record<FindingCode, FindingEntry>> = Object.fromEntries([
  ...Object.entries(LINT_CODES).map(([code, { severity, clause, text }]) => [
    code,
    { severity: SEVERITY[severity], clause, text },
  ]),
  ...Object.entries(OWN_FINDINGS),
  ...Object.entries(PROBLEMS),
]) as Record<FindingCode, FindingEntry>;

/** One finding in one access unit. */
export interface Finding {
  readonly code: FindingCode;
  readonly severity: Severity;
  readonly clause: string;
  readonly text: string;
  /** Byte offset in the access unit; null where it is about the whole. */
  readonly offset: number | null;
}

export const finding = (code: FindingCode, offset: number | null = null, detail?: string): Finding => {
  const { severity, clause, text } = FINDINGS[code];
  return { code, severity, clause, text: detail === undefined ? text : `${text} (${detail})`, offset };
};
