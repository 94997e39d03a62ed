import { type Finding, isFailure, nameOf } from './findings.ts';
import type { CueVerdict } from './judge.ts';
import { hasFailed, type SourceVerdict } from './verify.ts';

/** For people: a line a cue, what is wrong below it. */
export function describeVerdicts(sources: readonly SourceVerdict[]): string {
  const lines = sources.flatMap((source) => [...describeSource(source), '']);
  const failed = sources.filter(hasFailed);
  const total = sources.length === 1 ? 'The stream' : `${sources.length} streams`;
  lines.push(
    failed.length === 0
      ? `${total}: every expected cue is there, on its picture.`
      : `${failed.length} of ${sources.length} ${sources.length === 1 ? 'stream' : 'streams'} failed: ${failed.map(({ name }) => name).join(', ')}`,
  );
  return lines.join('\n');
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
  const where =
    firePts === null
      ? 'not there'
      : `fires on PTS ${firePts}${frame === null ? '' : `, ${nameOf(frame)}`}, ${copies} ${copies === 1 ? 'copy' : 'copies'}`;
  const what = type === null || type === '' ? id : `${id} ${type}`;
  return [
    `  ${isBad ? 'FAIL' : expected ? 'ok  ' : 'info'} ${what}: ${where}`,
    ...findings.map((found) => `       ${mark(found)} ${found.code}: ${found.text}`),
  ];
}

const mark = (found: Finding): string => (isFailure(found) ? 'FAIL' : 'note');

/** For scripts; without the coded pictures. */
export function verdictsAsJson(sources: readonly SourceVerdict[], pictures: readonly string[]): string {
  const plain = sources.map(({ pictures: _, ...source }) => ({ ...source, ok: !hasFailed(source) }));
  return JSON.stringify({ ok: !sources.some(hasFailed), sources: plain, pictures }, null, 2);
}
