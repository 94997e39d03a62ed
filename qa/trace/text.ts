import type { TraceParts } from './parts.ts';
import { clockTime, outcomeOf, storyOf } from './story.ts';

/** Bytes of a NAL unit to a line. */
const HEX_LINE = 32;

/** The story as text: moments as UTC and since the mark. @param bytes whole SEI NAL units too. */
export function traceText(parts: TraceParts, bytes = false): string {
  const { cue } = parts;
  const head = [cue.type, cue.stream, `revision ${cue.rev}`, cue.state];
  if (cue.rehearsal === true) head.push('REHEARSAL');
  const lines = [`${cue.id}  ${head.join('  ')}`];
  if (cue.title !== undefined) lines.push(`  ${cue.title}`);
  for (const { at, text } of storyOf(parts)) {
    lines.push(`  ${clockTime(at)}  ${since(at - cue.markedAt).padStart(11)}  ${text}`);
  }
  for (const text of outcomeOf(parts)) lines.push(`  ${text}`);
  if (parts.stamps.length === 0 && cue.landing !== null)
    lines.push('  bytes: not remembered; `framecue inspect` shows them in a recording or an output');
  if (!bytes) return lines.join('\n');
  for (const { rev, first, fire } of parts.stamps) {
    const stamp = fire ?? first;
    lines.push(`  SEI NAL unit of revision ${rev} on PTS ${stamp.pts}:`);
    for (const row of rowsOf(stamp.nalHex)) lines.push(`    ${row}`);
    for (const row of stamp.text.split('\n')) lines.push(`    ${row}`);
  }
  return lines.join('\n');
}

const since = (ms: number): string => `${ms < 0 ? '-' : '+'}${Math.abs(ms).toFixed(1)} ms`;

const rowsOf = (hex: string): readonly string[] =>
  (hex.match(new RegExp(`.{1,${HEX_LINE * 2}}`, 'g')) ?? []).map((row) =>
    row.replaceAll(/(..)(?=.)/g, '$1 '),
  );
