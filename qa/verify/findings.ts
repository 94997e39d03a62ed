/**
 * What `framecue verify` can find: one table of code and sentence; `docs/qa.md` is held against it by a test.
 * `failure` makes a cue's test case fail, `note` is only said.
 */
export const FINDINGS = {
  CUE_MISSING: {
    severity: 'failure',
    text: 'No stamp of this cue is in the stream.',
  },
  CUE_NOT_COVERED: {
    severity: 'failure',
    text: 'What was read of the stream does not reach the picture of this cue.',
  },
  CUE_OUTSIDE: {
    severity: 'note',
    text: 'The picture of this cue was not read: whether the cue is there is not known.',
  },
  CUE_LATE: {
    severity: 'failure',
    text: 'The cue fires on a later picture than expected.',
  },
  CUE_EARLY: {
    severity: 'failure',
    text: 'The cue fires on an earlier picture than expected.',
  },
  CUE_OPENS_LATE: {
    severity: 'failure',
    text: 'The first copy that a player can open comes after the picture of the cue.',
  },
  CUE_LEAKS: {
    severity: 'failure',
    text: 'The key of the sealed data travels before the picture of the cue.',
  },
  CUE_FORBIDDEN: {
    severity: 'failure',
    text: 'The cue can be opened, although it was expected not to land.',
  },
  WRONG_FRAME: {
    severity: 'failure',
    text: 'A stamp stands on another access unit than the one it was written for.',
  },
  COPIES_DISAGREE: {
    severity: 'failure',
    text: 'Copies of one epoch and revision give different fire PTS.',
  },
  BODIES_DISAGREE: {
    severity: 'failure',
    text: 'Copies of one revision say different things.',
  },
  OTHER_FRAME: {
    severity: 'failure',
    text: 'Another access unit than expected is the first to carry the cue to fire.',
  },
  ANNOUNCED_LATE: {
    severity: 'failure',
    text: 'The cue is announced later than expected.',
  },
  MANY_COPIES: {
    severity: 'failure',
    text: 'There are more copies of the cue than expected.',
  },
  FEW_COPIES: {
    severity: 'failure',
    text: 'There are fewer copies of the cue than expected.',
  },
  SIGNATURE_BAD: {
    severity: 'failure',
    text: 'A copy is not signed by the key that it names: it is forged or damaged.',
  },
  SIGNATURE_UNKNOWN: {
    severity: 'failure',
    text: 'A copy is signed by a key that is not among the keys given.',
  },
  STAMP_UNREADABLE: {
    severity: 'failure',
    text: 'A message under the UUID of stamps cannot be read as one.',
  },
  SEI_AFTER_SLICES: {
    severity: 'failure',
    text: 'A stamp stands behind the slices: in a byte stream it belongs to the next picture (H.264 clause 7.4.1.2.3).',
  },
  STAMP_HIDDEN: {
    severity: 'failure',
    text: 'A stamp is not the first message of its NAL unit: some players never see it.',
  },
  OTHER_STREAM: {
    severity: 'failure',
    text: 'A stamp is of another stream than the one expected: players refuse it.',
  },
  NO_STAMPS: {
    severity: 'failure',
    text: 'There is no stamp at all in the stream.',
  },
  SIGNATURES_UNCHECKED: {
    severity: 'note',
    text: 'No keys were given (--keys), so signatures are not checked.',
  },
  CUE_UNEXPECTED: {
    severity: 'note',
    text: 'The stream has a cue that is not among the expected ones.',
  },
  NO_TIMES: {
    severity: 'note',
    text: 'This container has no time stamps: that a stamp stands on its own picture cannot be told.',
  },
  TOO_MUCH: {
    severity: 'failure',
    text: 'There are more cues, revisions or epochs than are told apart: what goes beyond was not judged.',
  },
  SOURCE_PROBLEM: {
    severity: 'note',
    text: 'The container has problems: see `framecue inspect`.',
  },
  SOURCE_UNREADABLE: {
    severity: 'failure',
    text: 'The source could not be read to its end.',
  },
} as const satisfies Record<string, { readonly severity: 'failure' | 'note'; readonly text: string }>;

export type FindingCode = keyof typeof FINDINGS;

/** An access unit by the names people know it by. */
export interface FrameRef {
  /** In decode order in this source, from 0. */
  readonly index: number;
  /** In the source's own time, milliseconds; null where it has none. */
  readonly pts: number | null;
}

export interface Finding {
  readonly code: FindingCode;
  readonly severity: 'failure' | 'note';
  /** A sentence with the figures. */
  readonly text: string;
  /** Null: it concerns the source as a whole. */
  readonly cueId: string | null;
  /** The access unit to look at, where there is one. */
  readonly frame: FrameRef | null;
}

/** @param detail what was found, after the table's sentence. */
export function finding(
  code: FindingCode,
  detail: string | null,
  about: { readonly cueId?: string; readonly frame?: FrameRef | null } = {},
): Finding {
  const { severity, text } = FINDINGS[code];
  const full = detail === null ? text : `${text.replace(/\.$/, '')}: ${detail}.`;
  return { code, severity, text: full, cueId: about.cueId ?? null, frame: about.frame ?? null };
}

export const isFailure = ({ severity }: Finding): boolean => severity === 'failure';

/** `frame 42 (PTS 1680)`. */
export const nameOf = ({ index, pts }: FrameRef): string =>
  pts === null ? `frame ${index}` : `frame ${index} (PTS ${Number(pts.toFixed(3))})`;
