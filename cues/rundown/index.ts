export {
  cueAudienceOf,
  cueDataOf,
  interactionOf,
  isClosing,
  isOpening,
  momentOf,
  RundownDocument,
  RundownItem,
} from './document.ts';
export { RUNDOWN_ISSUES, type RundownIssue, type RundownIssueCode } from './issues.ts';
export { type RundownFormat, readRundown } from './read.ts';
export { readRundownValue } from './read-json.ts';
export type { RundownReading } from './reading.ts';
export type { InteractionFact, RundownFacts } from './rule-context.ts';
export { validateRundown } from './validate.ts';
export { writeRundownCsv } from './write-csv.ts';
