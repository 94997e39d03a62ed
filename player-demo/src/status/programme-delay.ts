import { formatCount, formatSpan, plural } from '../shared/format.ts';
import type { Problem, ProgrammeDelayReport } from './report.ts';

/** Timers and a busy machine add some; this much less is no accident. */
const SHORT_MS = 100;

const isShort = ({ setMs, nowMs, early }: ProgrammeDelayReport): boolean =>
  early > 0 && nowMs < setMs - SHORT_MS;

/** `2.0 s, 50 pictures waiting` */
export const delayWords = ({ nowMs, frames }: ProgrammeDelayReport): string =>
  `${formatSpan(nowMs)}, ${plural(frames, 'picture')} waiting`;

/** The picture that a director has just seen may have gone to viewers already. */
export function* delayProblems(delay: ProgrammeDelayReport): Generator<Problem> {
  if (!isShort(delay)) return;
  const { setMs, nowMs, early } = delay;
  const text = `The programme delay is ${formatSpan(nowMs)} and not ${formatSpan(setMs)}: there is no room for more (${formatCount(early)} packets left early).`;
  yield { level: 'warn', code: 'delay-short', text };
}
