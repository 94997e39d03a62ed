import type { Interaction, Result } from '../../shared/events-api.ts';
import type { Cue } from '../../shared/media-api.ts';
import type { Wanted } from './decide.ts';
import type { OnAir } from './on-air.ts';

export type MarkAction = 'open' | 'lock' | 'reveal';

/** Why a round on air cannot be locked or revealed now; null where it can. */
export function whyNotRound(action: 'lock' | 'reveal', round: OnAir | undefined): string | null {
  if (round === undefined) return 'No round is on air.';
  if (action === 'lock') {
    if (round.lock !== null) return 'Its lock is marked already.';
    return round.phase === 'locked' ? 'It has closed already.' : null;
  }
  if (round.reveal !== null) return 'Its reveal is marked already.';
  return round.phase === 'locked' ? null : 'Lock it first.';
}

const moment = (mediaTime: number | null) => (mediaTime === null ? {} : { mediaTime });

/** @param cue the id that the console gives it, so that it can be looked up. */
export function openWanted(
  cue: string,
  interaction: Pick<Interaction, 'id' | 'question' | 'options' | 'durationMs'>,
  mediaTime: number | null,
): Wanted {
  const { id, question, options, durationMs } = interaction;
  return {
    ...{ kind: 'mark', target: `open:${id}`, cue, title: `Open ${question}`, mediaTime, path: '/cues' },
    body: {
      ...{ id: cue, type: 'interaction.open', data: { interaction: id, question, options } },
      ...(durationMs === null ? {} : { durationMs }),
      ...moment(mediaTime),
    },
  };
}

export function lockWanted(cue: string, open: Cue, title: string, mediaTime: number | null): Wanted {
  return {
    ...{ kind: 'mark', target: `lock:${open.id}`, cue, title: `Lock ${title}`, mediaTime, path: '/cues' },
    body: {
      ...{ id: cue, type: 'interaction.lock', ref: open.id, data: dataOf(open) },
      ...moment(mediaTime),
    },
  };
}

/** @param result what was counted; null: nothing is known, and the reveal shows no figures. */
export function revealWanted(
  cue: string,
  open: Cue,
  title: string,
  result: Pick<Result, 'counts' | 'correct'> | null,
  correct: number | null,
  mediaTime: number | null,
): Wanted {
  const right = result?.correct ?? correct;
  return {
    ...{ kind: 'mark', target: `reveal:${open.id}`, cue, title: `Reveal ${title}`, mediaTime, path: '/cues' },
    body: {
      ...{ id: cue, type: 'interaction.reveal', ref: open.id },
      data: {
        ...dataOf(open),
        ...(right === null ? {} : { correct: right }),
        ...(result === null || result.counts.length === 0 ? {} : { counts: result.counts }),
      },
      ...moment(mediaTime),
    },
  };
}

const dataOf = ({ interaction }: Cue) => (interaction === null ? {} : { interaction });
