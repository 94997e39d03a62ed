import junitModule, { type Builder } from 'junit-report-builder';
import type { Comparison, CueRow, CueStory } from '../compare-runs.ts';
import type { ReportData } from './report-data.ts';

// The package's types put the builder under `default`, where only its ES module build has it.
const junit = junitModule as unknown as Builder;

/** A suite with a case for the access units, one for all other packets, one for the epochs, and one for each cue. */
export function junitOf({ comparison, show, titles }: ReportData): string {
  const report = junit.newBuilder();
  const suite = report.testSuite().name(`framecue replay ${show}`);
  const caseOf = (name: string, problem: string | null): void => {
    const test = suite.testCase().className(show).name(name);
    if (problem !== null) test.failure(problem, 'differs');
  };
  const { units, packets, epochs, cues } = comparison;
  suite.property('a', titles.a);
  suite.property('b', titles.b);
  caseOf(`${units.a} access units`, problemOf(units, firstOf(comparison, 'unit')));
  caseOf(`${packets.a} other packets`, problemOf(packets, firstOf(comparison, 'packet')));
  caseOf(
    `${epochs.a.length} epochs`,
    epochs.same ? null : `a: ${epochs.a.join(', ')}\nb: ${epochs.b.join(', ')}`,
  );
  for (const cue of cues) {
    const { id, rev, a, b, same } = cue;
    caseOf(`cue ${id}, revision ${rev}`, same ? null : `a: ${describe(a)}\nb: ${describe(b)}`);
  }
  return report.build();
}

function problemOf(counts: Comparison['units'], first: string | null): string | null {
  const { different, onlyA, onlyB } = counts;
  if (different + onlyA + onlyB === 0) return null;
  return `${different} differ, ${onlyA} are in a alone, ${onlyB} are in b alone; the first: ${first ?? 'not listed'}`;
}

function firstOf({ differences }: Comparison, kind: 'unit' | 'packet'): string | null {
  const first = differences.find((each) => each.kind === kind);
  if (first === undefined) return null;
  const what = first.fields.length > 0 ? first.fields.join(', ') : `only in ${first.a === null ? 'b' : 'a'}`;
  const place = first.kind === 'unit' ? `frame ${first.frame}` : `${first.of} ${first.n}`;
  return `${place} of epoch ${first.epoch} (${what})`;
}

/** What became of a cue, in a line. */
export function describe({ announced, landing, end }: CueStory): string {
  const parts: string[] = [];
  if (landing !== null) parts.push(`landed on PTS ${landing.pts}, frame ${landing.frame}`);
  else if (announced !== null) parts.push(`announced for PTS ${announced}`);
  if (end !== null) parts.push(end);
  return parts.length === 0 ? 'nothing' : parts.join(', ');
}

export const cueNameOf = ({ id, rev }: CueRow): string => (rev === 0 ? id : `${id} (revision ${rev})`);
