import type { CloseReason, FiredCue } from '../../../client/src/index.ts';
import { Countdown } from '../design/countdown.tsx';
import { Icon } from '../design/icons.tsx';
import { Bars, Chip } from '../design/parts.tsx';
import { optionLetter, plural } from '../shared/format.ts';
import { AnswerNote } from './answer-note.tsx';
import { canAnswer, type Round } from './state.ts';

export interface CardProps {
  readonly round: Round | null;
  readonly onAnswer: (cue: FiredCue, choice: number, actedAt: number) => void;
}

/** The interaction, from its opening to its result. */
export function Card({ round, onAnswer }: CardProps) {
  if (round === null) {
    return (
      <div class="card card-empty">
        <p class="card-empty-title">No question yet</p>
        <p class="faint">It opens here, on the frame that the director marks.</p>
      </div>
    );
  }
  const { cue, question, phase, answer } = round;
  const mine = answer.kind === 'none' ? null : answer.choice;
  return (
    <div class={`card card-${phase.kind}`} key={cue?.id ?? question.interaction}>
      <PhaseLine round={round} />
      <h3 class="card-question">{question.question}</h3>
      {phase.kind === 'revealed' ? (
        <Bars
          options={question.options}
          counts={phase.counts}
          correct={phase.correct}
          mine={countedChoice(round)}
        />
      ) : (
        <ol class="options">
          {question.options.map((option, index) => (
            <li key={`${index}:${option}`}>
              <button
                type="button"
                class={index === mine ? 'option option-mine' : 'option'}
                aria-pressed={index === mine}
                disabled={!canAnswer(round)}
                onClick={(event) => cue !== null && onAnswer(cue, index, event.timeStamp)}
              >
                <span class="letter">{optionLetter(index)}</span>
                <span class="option-text">{option}</span>
                {index === mine && (
                  <span class="option-mark">
                    <Icon name="person" size={16} />
                    You
                  </span>
                )}
              </button>
            </li>
          ))}
        </ol>
      )}
      <div class="card-note" aria-live="polite">
        {phase.kind === 'revealed' ? (
          <Verdict round={round} />
        ) : (
          <AnswerNote
            round={round}
            onRetry={() => {
              if (cue !== null && answer.kind === 'refused') onAnswer(cue, answer.choice, answer.actedAt);
            }}
          />
        )}
      </div>
    </div>
  );
}

/** The line over the question: the time that is left, or why there is none. */
function PhaseLine({ round }: { readonly round: Round }) {
  const { phase, cue } = round;
  switch (phase.kind) {
    case 'open':
      if (cue === null || cue.closesAt === null || cue.durationMs === null) {
        return (
          <p class="card-phase">
            <Chip tone="cue" icon="dot">
              Open
            </Chip>
          </p>
        );
      }
      return (
        <div class="card-phase">
          <Countdown
            closesAt={cue.closesAt}
            durationMs={cue.durationMs}
            label={joinedLate(cue) ? 'left: you joined late' : 'left'}
          />
        </div>
      );
    case 'closed':
      return (
        <p class="card-phase">
          <Chip icon="lock">{CLOSED_WORDS[phase.why]}</Chip>
          <span class="soft">The result comes with the picture.</span>
        </p>
      );
    case 'cancelled':
      return (
        <p class="card-phase">
          <Chip icon="cross">Cancelled</Chip>
          <span class="soft">This question does not count.</span>
        </p>
      );
    case 'revealed': {
      const total = phase.counts.reduce((sum, count) => sum + count, 0);
      return (
        <p class="card-phase">
          <Chip tone="info" icon="bars">
            Result
          </Chip>
          <span class="soft">{plural(total, 'answer')}</span>
        </p>
      );
    }
  }
}

function Verdict({ round }: { readonly round: Round }) {
  if (round.phase.kind !== 'revealed') return null;
  const { correct } = round.phase;
  const choice = countedChoice(round);
  if (choice === null) {
    const tried = round.answer.kind === 'refused';
    return <p class="note soft">{tried ? 'Your answer was not taken.' : 'You did not answer this one.'}</p>;
  }
  if (correct === null) return null;
  return choice === correct ? (
    <p class="verdict verdict-right">
      <Icon name="check" size={22} /> Right!
    </p>
  ) : (
    <p class="verdict verdict-wrong">
      <Icon name="cross" size={22} /> Not this time. It was {optionLetter(correct)}.
    </p>
  );
}

/** The choice that the server has; one that was refused, or is still on its way, does not count. */
const countedChoice = ({ answer }: Round): number | null =>
  answer.kind === 'received' ? answer.choice : null;

const LATE_JOIN_MS = 1500;

const joinedLate = (cue: FiredCue): boolean =>
  cue.remainingMs !== null && cue.durationMs !== null && cue.durationMs - cue.remainingMs > LATE_JOIN_MS;

const CLOSED_WORDS: { readonly [why in CloseReason]: string } = {
  ended: 'Time is up',
  locked: 'Locked',
  revealed: 'Closed',
  canceled: 'Cancelled',
  expired: 'Closed',
};
