import type { Cue, FireRequest, Landing, Voiding } from '../../../cues/cue.ts';

/** What a cue came to, in one line. */
export function describeLanding({ id, state, landing, reason }: Cue): string {
  if (landing === null) return `${id}: ${state}${reasonOf(reason)}`;
  const off = landing.errorMs === 0 ? 'on the moment' : `${Math.round(landing.errorMs)} ms off the moment`;
  return `${id}: ${state} on ${whereOf(landing)}, ${Math.round(landing.markToStampMs)} ms after the mark, ${off}, ${landing.choice}${timingOf(landing)}`;
}

export const whereOf = ({ pts, frame, epoch }: Landing): string =>
  `PTS ${pts} (${frame === null ? `epoch ${epoch}` : `frame ${frame} of epoch ${epoch}`})`;

const reasonOf = (reason: Cue['reason']): string =>
  reason === undefined ? '' : ` (${reason.code}: ${reason.text})`;

function timingOf({ timing, timingErrorMs }: Landing): string {
  if (timing === undefined) return '';
  if (timing === 'stamp') return ', by arrival';
  const clock = timing === 'latency' ? 'production latency' : 'capture time';
  return `, by ${clock} (± ${Math.ceil(timingErrorMs ?? 0)} ms)`;
}

export function describeOutputs({ landing }: Cue): string[] {
  return Object.entries(landing?.outputs ?? {}).map(
    ([name, { seen, pts, delayMs, copies, carriers, problem }]) => {
      const facts = [
        seen,
        ...(pts === null ? [] : [`PTS ${pts}`]),
        ...(delayMs === null ? [] : [`${Math.round(delayMs)} ms behind the stamp`]),
        ...(copies === 0 ? [] : [`${copies} copies`]),
        ...(carriers.length === 0 ? [] : [`beside it ${carriers.join(', ')}`]),
        ...(problem === undefined ? [] : [problem]),
      ];
      return `  ${name}: ${facts.join(', ')}`;
    },
  );
}

export const toldOf = ({ landing }: Voiding): string =>
  landing === null
    ? 'players have not been told yet: no picture has passed'
    : `players told on ${whereOf(landing)}`;

const clockOf = (at: number): string => new Date(at).toISOString();

function askedFor(fire: FireRequest): string {
  switch (fire.kind) {
    case 'next':
      return 'now: the first picture that has not passed';
    case 'delay':
      return `${fire.delayMs} ms after now`;
    case 'mediaTime':
      return `the picture with PTS ${fire.pts}`;
    case 'at':
      return clockOf(fire.at);
  }
}

/** All that a director asks of one cue, a fact a line. */
export function describeCue(cue: Cue): string {
  const { series, taken, edited, voided } = cue;
  const facts: readonly (readonly [string, string | undefined])[] = [
    ['title', cue.title],
    ['type', cue.ref === undefined ? cue.type : `${cue.type} of ${cue.ref}`],
    ['state', `${cue.state}${reasonOf(cue.reason)}, revision ${cue.rev}`],
    ['mode', cue.rehearsal === true ? 'REHEARSAL' : undefined],
    [
      'item',
      cue.item === undefined
        ? undefined
        : `${cue.item}${cue.rundown === undefined ? '' : ` of ${cue.rundown}`}`,
    ],
    [
      'series',
      series &&
        `${series.n} of ${series.count}, every ${series.everyMs} ms${series.stopped ? ', stopped' : ''}`,
    ],
    ['marked', `${clockOf(cue.markedAt)} by ${cue.by}`],
    ['asked for', cue.state === 'armed' ? 'armed: no moment yet' : askedFor(cue.fire)],
    ['taken', taken && `${clockOf(taken.at)} by ${taken.by}`],
    ['edited', edited && `${clockOf(edited.at)} by ${edited.by}`],
    ['due', cue.dueAt === undefined || cue.landing !== null ? undefined : clockOf(cue.dueAt)],
    ['all open', cue.alignAt === undefined ? undefined : clockOf(cue.alignAt)],
    ['closes', cue.durationMs === undefined ? undefined : `${cue.durationMs} ms after it opened`],
    ['landed', cue.landing === null ? undefined : describeLanding(cue).replace(/^.*? on /, '')],
    ['voided', voided && `${clockOf(voided.at)} by ${voided.by}, ${toldOf(voided)}`],
    ['data', Object.keys(cue.data).length === 0 ? undefined : JSON.stringify(cue.data)],
  ];
  const told = facts.flatMap(([name, value]) =>
    value === undefined ? [] : [`  ${name.padEnd(10)}${value}`],
  );
  return [cue.id, ...told, ...describeOutputs(cue)].join('\n');
}

/** One line of a list. */
export function lineOf({
  id,
  state,
  type,
  title,
  landing,
  dueAt,
  prize,
  rehearsal,
  voided,
  reason,
}: Cue): string {
  const when = landing === null ? (dueAt === undefined ? '' : `due ${clockOf(dueAt)}`) : `PTS ${landing.pts}`;
  const marks = [
    ...(voided === undefined ? [] : ['VOIDED']),
    ...(prize === true ? ['prize'] : []),
    ...(rehearsal === true ? ['rehearsal'] : []),
    ...(reason === undefined ? [] : [reason.code]),
  ].join(' ');
  return [id.padEnd(36), state.padEnd(9), type.padEnd(18), when.padEnd(28), title ?? '', marks]
    .join('  ')
    .trimEnd();
}
