import { type Finding, isFailure, nameOf } from './findings.ts';
import type { CueVerdict } from './judge.ts';
import { hasFailed, type SourceVerdict } from './verify.ts';

/** For people: a line a cue, what is wrong below it. */
export function describeVerdicts(sources: readonly SourceVerdict[]): string {
  const lines = sources.flatMap((source) => [...describeSource(source), '']);
  lines.push(describeTotal(sources));
  return lines.join('\n');
}

function describeTotal(sources: readonly SourceVerdict[]): string {
  const failed = sources.filter(hasFailed);
  if (failed.length > 0) {
    const streams = sources.length === 1 ? 'stream' : 'streams';
    return `${failed.length} of ${sources.length} ${streams} failed: ${failed.map(({ name }) => name).join(', ')}`;
  }
  const where = sources.length === 1 ? 'the stream' : `all ${sources.length} streams`;
  const expected = sources.flatMap(({ cues }) => cues.filter((cue) => cue.expected));
  const outside = expected.filter(isOutside).length;
  if (outside > 0 && outside === expected.length) {
    return `Nothing was verified: the picture of no expected cue was read in ${where}.`;
  }
  if (outside > 0) {
    const read = `${expected.length - outside} of ${expected.length}`;
    return `Good: ${read} expected cues are in ${where}, on their pictures; the pictures of the others were not read.`;
  }
  return expected.length > 0
    ? `Good: every expected cue is in ${where}, on its picture.`
    : `Good: nothing is wrong with the stamps of ${where}. With --expect, it is also known that none is missing.`;
}

function describeSource(source: SourceVerdict): string[] {
  const { name, container, frames, stamps, epochs, signatures } = source;
  const facts = [
    container ?? 'not read',
    `${frames} frames`,
    `${stamps} stamps`,
    epochs.length === 1 ? '1 epoch' : `${epochs.length} epochs`,
    `signatures ${signatures}`,
  ];
  return [
    `${name}: ${facts.join(', ')}`,
    ...source.findings.map((found) => `  ${mark(found)} ${found.code}: ${found.text}`),
    ...source.cues.flatMap(describeCue),
  ];
}

function describeCue(cue: CueVerdict): string[] {
  const { id, type, firePts, copies, frame, findings, expected } = cue;
  const isBad = findings.some(isFailure);
  const verdict = isBad ? 'FAIL' : isOutside(cue) ? 'skip' : expected ? 'ok  ' : 'info';
  const where =
    firePts === null
      ? isOutside(cue)
        ? 'not read'
        : 'not there'
      : `fires on PTS ${firePts}${frame === null ? '' : `, ${nameOf(frame)}`}, ${copies} ${copies === 1 ? 'copy' : 'copies'}`;
  const what = type === null || type === '' ? id : `${id} ${type}`;
  return [
    `  ${verdict} ${what}: ${where}`,
    ...findings
      .filter(({ code }) => code !== 'CUE_OUTSIDE')
      .map((found) => `       ${mark(found)} ${found.code}: ${found.text}`),
  ];
}

/** Nobody looked, so it is neither there nor missing. */
export const isOutside = ({ findings }: CueVerdict): boolean =>
  !findings.some(isFailure) && findings.some(({ code }) => code === 'CUE_OUTSIDE');

const mark = (found: Finding): string => (isFailure(found) ? 'FAIL' : 'note');

/** For scripts; without the coded pictures. */
export function verdictsAsJson(sources: readonly SourceVerdict[], pictures: readonly string[]): string {
  const plain = sources.map(({ pictures: _, ...source }) => ({ ...source, ok: !hasFailed(source) }));
  return JSON.stringify({ ok: !sources.some(hasFailed), sources: plain, pictures }, null, 2);
}
