import type { Cue, Landing } from '../../cues/cue.ts';
import type { TraceAction, TracedRevision, TracedStamp, TraceEntry, TraceParts } from './parts.ts';

/** One thing that happened, with its moment. */
export interface StoryLine {
  /** Unix milliseconds; fractions kept. */
  readonly at: number;
  readonly text: string;
}

/** What people did is told from the as-run log; the cue log tells the rest. */
const BY_PEOPLE = new Set(['mark', 'arm', 'take', 'edit', 'cancel', 'void', 'panic', 'skip', 'trigger']);

/** A cue's story from the press of a key to the last copy of its stamp, in the order of time. */
export function storyOf(parts: TraceParts): readonly StoryLine[] {
  const lines: StoryLine[] = [
    ...pressed(parts),
    ...parts.actions.filter(({ what }) => BY_PEOPLE.has(what) && what !== 'mark').map(actionLine),
    ...parts.history.flatMap((entry, n) => entryLines(entry, parts.history[n - 1]?.cue ?? null)),
    ...parts.stamps.flatMap(stampLines),
  ];
  // Lines of one moment stay in the order in which they are told.
  return lines
    .map((line, n) => ({ line, n }))
    .sort((a, b) => a.line.at - b.line.at || a.n - b.n)
    .map(({ line }) => line);
}

function pressed({ cue, actions }: TraceParts): StoryLine[] {
  const mark = actions.find(({ what }) => what === 'mark' || what === 'arm');
  const from = mark?.console == null ? '' : ` (${mark.console})`;
  return [{ at: cue.markedAt, text: `marked by ${cue.by}${from}, for ${askedOf(cue)}` }];
}

function askedOf({ fire, state, landing }: Cue): string {
  switch (fire.kind) {
    case 'next':
      return state === 'armed' && landing === null ? 'when it is taken' : 'the next picture';
    case 'delay':
      return `${fire.delayMs} ms later`;
    case 'mediaTime':
      return `the picture at PTS ${fire.pts}, which the director saw`;
    case 'at':
      return `${clockTime(fire.at)}${fire.by === 'arrival' ? ', by arrival' : ''}`;
  }
}

const actionLine = ({ at, what, by, console, reason }: TraceAction): StoryLine => ({
  at,
  text: `${what} by ${by ?? 'nobody'}${console === null ? '' : ` (${console})`}${reason === null ? '' : `: ${reason}`}`,
});

function entryLines({ seq, at, cue }: TraceEntry, before: Cue | null): StoryLine[] {
  const lines: StoryLine[] = [];
  const log = `entry ${seq} of the cue log`;
  if (before === null) lines.push({ at, text: `${cue.state}: ${log}` });
  else if (before.state !== cue.state || before.rev !== cue.rev) lines.push({ at, text: changed(cue, log) });
  if (cue.voided !== undefined && before?.voided === undefined) {
    lines.push({ at: cue.voided.at, text: `voided by ${cue.voided.by}` });
  }
  const voiding = cue.voided?.landing ?? null;
  if (voiding !== null && (before?.voided?.landing ?? null) === null)
    lines.push({ at: voiding.stampedAtUs / 1000, text: `players are told on PTS ${voiding.pts}` });
  return lines;
}

function changed({ state, rev, reason, landing }: Cue, log: string): string {
  const why = reason === undefined ? '' : `, ${reason.code}: ${reason.text}`;
  if (state === 'landed' && landing !== null)
    return `landed on ${placeOf(landing)}, ${offOf(landing)}: ${log}`;
  return `${state}${rev === 0 ? '' : `, revision ${rev}`}${why}: ${log}`;
}

const placeOf = ({ pts, frame, epoch }: Landing): string =>
  `PTS ${pts} (${frame === null ? '' : `frame ${frame} of `}epoch ${epoch})`;

export function offOf({ errorMs, choice, timing, timingErrorMs }: Landing): string {
  const off = errorMs === 0 ? 'on the moment' : `${round(errorMs)} ms behind the moment`;
  const by = { capture: 'by capture time', latency: 'by production latency', stamp: 'by arrival' };
  const how = timing === undefined ? '' : `, ${by[timing]}`;
  const bound = timingErrorMs === undefined ? '' : ` (± ${Math.ceil(timingErrorMs)} ms)`;
  return `${off}, ${choice}${how}${bound}`;
}

function stampLines({ rev, first, fire, last, copies }: TracedRevision): StoryLine[] {
  const lines: StoryLine[] = [];
  const line = (stamp: TracedStamp, text: string): void => {
    lines.push({ at: stamp.stampedAtUs / 1000, text });
  };
  const of = rev === 0 ? '' : ` of revision ${rev}`;
  if (first.fireIn > 0 && first !== fire)
    line(first, `stamped first${of}: ${onUnit(first)}, announces PTS ${first.pts + first.fireIn}`);
  if (fire !== null) line(fire, `stamped on its picture${of}: ${onUnit(fire)}`);
  if (copies > 1) line(last, `${copies} access units carry it${of} so far, the last on PTS ${last.pts}`);
  return lines;
}

const onUnit = ({ pts, dts, isKeyframe, nalHex }: TracedStamp): string =>
  `PTS ${pts}, DTS ${dts}${isKeyframe ? ', keyframe' : ''}, SEI of ${nalHex.length / 2} bytes`;

/** What does not go on: how outputs and viewers have it. */
export function outcomeOf({ cue, presentations, interaction }: TraceParts): readonly string[] {
  const outputs = Object.entries(cue.landing?.outputs ?? {}).map(
    ([name, { seen, delayMs, copies, problem }]) => {
      const facts = [
        seen === 'sei' ? 'stamp read back' : seen === 'carrier' ? 'carrier only, no stamp' : seen,
        ...(delayMs === null ? [] : [`${round(delayMs)} ms after the stamp`]),
        ...(copies === 0 ? [] : [`${copies} copies`]),
        ...(problem === undefined ? [] : [problem]),
      ];
      return `output ${name}: ${facts.join(', ')}`;
    },
  );
  const groups = (presentations ?? []).map(
    ({ path, carrier, fired, late, missed, closed, lateMs, reasons }) => {
      const counts = Object.entries({ fired, late, missed, 'closed before it came': closed })
        .filter(([, viewers]) => viewers > 0)
        .map(([word, viewers]) => `${viewers} ${word}`);
      const after =
        lateMs === null ? '' : `; after the frame p50 ${round(lateMs.p50)} ms, p99 ${round(lateMs.p99)} ms`;
      const why =
        reasons.length === 0 ? '' : `; ${reasons.map((r) => `${r.reason} ${r.viewers}`).join(', ')}`;
      return `viewers by ${path}${carrier === null ? '' : `, ${carrier}`}: ${counts.join(', ')}${after}${why}`;
    },
  );
  const unheard =
    presentations === null
      ? ['viewers: the events process was not asked or knows nothing of it']
      : presentations.length === 0
        ? ['viewers: none of those who report has reported yet']
        : [];
  const round_ =
    interaction === null
      ? []
      : [
          `interaction ${interaction.id} (${interaction.type}): ${interaction.state}${interaction.total === null ? '' : `, ${interaction.total} answers`}`,
        ];
  return [...outputs, ...groups, ...unheard, ...round_];
}

const round = (value: number): number => Number(value.toFixed(1));

export const clockTime = (at: number): string => new Date(at).toISOString().slice(11, 23);
