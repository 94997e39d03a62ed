import { adviceOn } from './advice.ts';
import { namesOf, unreadOutputs } from './output-problems.ts';
import type { MediaReport, Problem, PublisherEvent, StreamReport } from './report.ts';
import { eventWord, formatAge, formatMoment } from './words.ts';

/** A sentence beside the verdict, and what to do about it. Without a level it is only worth knowing. */
export interface Remark {
  readonly key: string;
  readonly level: Problem['level'] | null;
  readonly text: string;
  readonly advice: string | null;
}

/** What is wrong, and after it the outputs that nobody can watch. */
export const remarksOn = (stream: StreamReport, problems: readonly Problem[]): readonly Remark[] => [
  ...problems.map(({ code, level, text }) => ({
    key: code || text,
    level,
    text,
    advice: adviceOn(code, stream),
  })),
  ...remarksOnUnread(stream),
];

function remarksOnUnread({ outputs }: StreamReport): readonly Remark[] {
  const unread = unreadOutputs(outputs);
  if (unread.length === 0) return [];
  const reasons = [...new Set(unread.map(({ problem }) => problem))].join(', ');
  return [
    {
      key: 'outputs-unread',
      level: null,
      text: `${namesOf(unread)} cannot be read back (${reasons}).`,
      advice:
        'Whether cues arrive there is not known. See that the address still holds; the server tries again.',
    },
  ];
}

/** Why a stream is off air: a try that was refused since, and how the last publish ended. */
export function remarksOffAir(name: string, { events, at }: MediaReport): readonly Remark[] {
  const own = events.filter(({ stream }) => stream === name);
  const remarks: Remark[] = [];
  if (own[0]?.kind === 'refused') remarks.push(remarkOnRefusal(own[0], at));
  const end = own.find(({ kind }) => kind === 'ended');
  if (end !== undefined) remarks.push(remarkOnEnd(end, at));
  return remarks;
}

/** Nobody has published at all: the newest try that was refused, whatever it named. */
export function remarksOnNobody({ events, at }: MediaReport): readonly Remark[] {
  const refused = events.find(({ kind }) => kind === 'refused');
  return refused === undefined ? [] : [remarkOnRefusal(refused, at)];
}

function remarkOnRefusal(event: PublisherEvent, at: number): Remark {
  const what = event.stream === null ? '' : ` as ${event.stream}`;
  const often = event.times > 1 ? `, ${event.times} times` : '';
  return {
    key: 'refused',
    level: 'bad',
    text: `Refused ${formatAge(at - event.at)} ago: ${event.text}`,
    advice: `An encoder at ${event.remote ?? 'an unknown address'} tried to publish${what}${often}.`,
  };
}

function remarkOnEnd(event: PublisherEvent, at: number): Remark {
  const { text, code } = event;
  return {
    key: 'end',
    level: code === null ? null : 'bad',
    text: code === null ? text : `${eventWord(event)}: ${text}`,
    advice: `At ${formatMoment(event.at, at)}, ${formatAge(at - event.at)} ago.`,
  };
}
