import type { ComponentChildren } from 'preact';
import type { IconName } from '../design/icons.tsx';
import { failureWords } from '../shared/failure-words.ts';
import type { Cue } from '../shared/media-api.ts';
import type { Row } from './marks.ts';
import type { Hint } from './use-console.ts';
import { ACTION_NAMES, cueName, landingWords } from './words.ts';

export interface Line {
  readonly tone: 'plain' | 'cue' | 'bad';
  readonly sign: IconName | 'busy';
  readonly title: string;
  readonly text: ComponentChildren;
}

/** The newest mark in one line that can be read from the corner of an eye. */
export function lineOf(row: Row | null, hint: Hint | null): Line {
  if (hint !== null) {
    const words = hint.failure === null ? null : failureWords(hint.failure);
    const text = [hint.text, words?.text, words?.code].filter(Boolean).join(' ');
    const tone = hint.failure === null ? 'plain' : 'bad';
    return { tone, sign: 'warning', title: `${ACTION_NAMES[hint.action]} not sent`, text };
  }
  if (row === null)
    return {
      tone: 'plain',
      sign: 'flag',
      title: 'Nothing marked yet',
      text: 'Press O to open the question on the picture that you see.',
    };
  return row.kind === 'cue' ? cueLine(row.cue) : markLine(row);
}

function cueLine(cue: Cue): Line {
  const name = cueName(cue.type);
  const why = cue.reason?.text ?? '';
  switch (cue.state) {
    case 'accepted':
    case 'armed':
    case 'taken':
      return { tone: 'plain', sign: 'busy', title: `${name} accepted`, text: 'On its way to its frame.' };
    case 'announced':
      return {
        tone: 'plain',
        sign: 'busy',
        title: `${name} announced`,
        text: 'The frames before it carry it already.',
      };
    case 'landed':
    case 'ended':
      return {
        tone: 'cue',
        sign: 'check',
        title: `${name} landed`,
        text: cue.landing === null ? '' : landingWords(cue.landing),
      };
    case 'cancelled':
      return {
        tone: 'plain',
        sign: 'cross',
        title: `${name} taken back`,
        text: why || 'No frame carried it.',
      };
    case 'missed':
      return { tone: 'bad', sign: 'warning', title: `${name} missed`, text: why };
    case 'uncertain':
      return {
        tone: 'bad',
        sign: 'warning',
        title: `${name} uncertain`,
        text: why || 'The server stopped between stamp and receipt; reading the outputs settles it.',
      };
  }
}

function markLine({ mark }: Extract<Row, { kind: 'mark' }>): Line {
  const name = ACTION_NAMES[mark.action];
  const { outcome } = mark;
  switch (outcome.kind) {
    case 'sending':
    case 'taken':
      return { tone: 'plain', sign: 'busy', title: `${name} sent`, text: 'Waiting for the server.' };
    case 'refused': {
      const { text, code } = failureWords(outcome.failure);
      return { tone: 'bad', sign: 'warning', title: `${name} refused`, text: `${text} ${code ?? ''}` };
    }
    case 'unknown':
      return {
        tone: 'bad',
        sign: 'broken',
        title: `${name}: no answer`,
        text: `${failureWords(outcome.failure).text} It may have been taken. Send it again from the list if it is not there.`,
      };
  }
}
