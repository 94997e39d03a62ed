/**
 * What can be wrong with a rundown: one stable code each. `docs/rundown.md` is held against this table by a test;
 * `problem` of an issue says more, and what to do.
 */
export const RUNDOWN_ISSUES = {
  // what was read
  encoding: 'The file is not UTF-8.',
  json: 'The file is not valid JSON.',
  csv: 'The file is not valid CSV.',
  field: 'A field has a value that it cannot have, or is missing.',
  'field-unknown': 'There is no such field or column.',
  'duplicate-id': 'Two items have one id.',
  'too-many': 'The rundown has more items than a server takes.',
  // what refers to what
  'ref-missing': 'A lock, reveal or cancel does not say which opening item it belongs to.',
  'ref-needless': 'An item of this type refers to no other.',
  'ref-unknown': 'There is no item of the id in ref.',
  'ref-not-open': 'The item in ref opens no interaction.',
  'ref-later': 'The item in ref stands behind the one that refers to it.',
  'after-unknown': 'There is no item of the id in after.',
  'after-cycle': 'Items wait for each other in a circle: none of them would ever run.',
  'round-closed': 'The round is locked, revealed or cancelled twice, or in an order that cannot be.',
  // interactions
  'interaction-missing': 'An opening item names no interaction.',
  'interaction-differs': 'The interaction is named twice, and differently.',
  'interaction-twice': 'Two items open one interaction; it can be opened once.',
  'interaction-unknown': 'Events has no such interaction.',
  'interaction-over': 'The interaction has been opened already, or is over.',
  'interaction-stream': 'The interaction belongs to another stream.',
  unchecked: 'Events could not be asked whether the interaction exists.',
  // time
  'time-twice': 'The item says twice when it runs, or when it opens.',
  'at-passed': 'The moment has passed.',
  'align-early': 'The common moment is before the picture.',
  'lock-before-open': 'A round would be closed before it opens.',
  'reveal-early': 'A reveal would come before its lock and the capped spread of the viewers.',
  'reveal-unlocked': 'A round is revealed that nothing ever locks.',
  'prize-overlap': 'Two rounds that give prizes would be open at a time.',
  'audience-apart': 'A public and a private round are not apart in time.',
  'speed-unaligned': 'A round that pays for speed has no common moment.',
  'speed-type': 'Only an opening item can pay for speed.',
  // the wire
  'too-large': 'The item does not fit into a stamp.',
} as const;

export type RundownIssueCode = keyof typeof RUNDOWN_ISSUES;

/** One thing that is wrong. */
export interface RundownIssue {
  /** Id of the item; null where it is about the whole, or the item's id could not be read. */
  readonly item: string | null;
  /** Line of the file, from 1; null where it came as no text. */
  readonly line: number | null;
  readonly field: string | null;
  readonly code: RundownIssueCode;
  /** What is wrong, and what to do. */
  readonly problem: string;
}

/** As many are told at a time. */
export const MAX_ISSUES = 500;
