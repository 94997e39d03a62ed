import { Icon } from '../design/icons.tsx';
import { Spinner } from '../design/parts.tsx';
import type { Mark, Row } from '../director/marks.ts';
import type { Phase } from '../director/round.ts';
import { type Line, lineOf } from '../director/status-line.tsx';
import type { Hint } from '../director/use-console.ts';
import { failureWords } from '../shared/failure-words.ts';
import { formatCount } from '../shared/format.ts';
import type { Cue } from '../shared/media-api.ts';
import { landedWords } from './words.ts';

export interface SayingProps {
  /** The newest mark on the question at hand. */
  readonly row: Row | null;
  readonly hint: Hint | null;
  readonly phase: Phase;
  readonly question: string;
  /** A picture is on screen, so that there is something to mark. */
  readonly seeing: boolean;
  readonly fresh: boolean;
  readonly onSendAgain: (mark: Mark) => void;
}

/** Where the question is, in words, and what to press next. */
export function Saying(props: SayingProps) {
  const { row, hint, fresh, onSendAgain } = props;
  const { tone, sign, title, text } = sayingOf(props);
  const unheard = hint === null && row?.kind === 'mark' && row.mark.outcome.kind === 'unknown';
  return (
    <div class={`saying saying-${tone} ${fresh ? 'saying-fresh' : ''}`} role="status">
      {sign === 'busy' ? <Spinner /> : <Icon name={sign} size={22} />}
      <p class="saying-words">
        <strong class="saying-title">{title}</strong>
        <span class="saying-text">{text}</span>
      </p>
      {unheard && (
        <button type="button" class="button" onClick={() => onSendAgain(row.mark)}>
          Send again
        </button>
      )}
    </div>
  );
}

function sayingOf({ row, hint, phase, question, seeing }: SayingProps): Line {
  if (hint !== null) return lineOf(row, hint);
  if (row === null) {
    return seeing
      ? {
          tone: 'plain',
          sign: 'flag',
          title: 'Press O',
          text: `It asks “${question}” on the picture you see.`,
        }
      : {
          tone: 'plain',
          sign: 'busy',
          title: 'No picture yet',
          text: 'The key marks a picture: it comes first.',
        };
  }
  if (row.kind === 'mark') return markSaying(row) ?? lineOf(row, null);
  return cueSaying(row.cue, phase) ?? lineOf(row, null);
}

function markSaying({ mark }: Extract<Row, { kind: 'mark' }>): Line | null {
  const { outcome, mediaTime } = mark;
  switch (outcome.kind) {
    case 'sending':
    case 'taken': {
      const text =
        mediaTime === null ? 'For the next picture.' : `For the picture with PTS ${formatCount(mediaTime)}.`;
      return { tone: 'plain', sign: 'busy', title: 'Asking', text };
    }
    case 'unknown':
      return {
        tone: 'bad',
        sign: 'broken',
        title: 'No answer',
        text: `${failureWords(outcome.failure).text} It may have been taken; sent again, it counts once.`,
      };
    case 'refused':
      return null;
  }
}

const DONE: { readonly [type: string]: string | undefined } = {
  'interaction.open': 'Landed',
  'interaction.lock': 'Locked',
  'interaction.reveal': 'Revealed',
};

function cueSaying(cue: Cue, phase: Phase): Line | null {
  const { landing } = cue;
  const done = DONE[cue.type];
  if (done === undefined || (cue.state !== 'landed' && cue.state !== 'ended') || landing === null) {
    return cue.state === 'accepted'
      ? { tone: 'plain', sign: 'busy', title: 'Accepted', text: 'On its way to its picture.' }
      : null;
  }
  if (cue.type === 'interaction.open' && phase === 'locked') {
    return { tone: 'plain', sign: 'lock', title: 'Time is up', text: 'Press R to show the result.' };
  }
  const title = landing.frame === null ? done : `${done} on frame ${formatCount(landing.frame)}`;
  return { tone: 'cue', sign: 'check', title, text: landedWords(landing) };
}
