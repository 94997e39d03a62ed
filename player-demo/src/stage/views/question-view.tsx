import { Brand } from '../../design/icons.tsx';
import { Bars } from '../../design/parts.tsx';
import { formatCount, optionLetter, percentages } from '../../shared/format.ts';
import { StageClock } from '../stage-clock.tsx';
import { closesAtOf, type StagePhase, type StageState } from '../state.ts';

export interface RoundProps {
  readonly state: StageState;
  readonly phase: StagePhase;
}

/** The question with how many have chosen what. */
export function QuestionView({ state, phase }: RoundProps) {
  const { current, result } = state;
  const question = current?.question ?? null;
  if (question === null || phase === 'waiting' || phase === 'cancelled') return <Rest phase={phase} />;
  const closesAt = closesAtOf(state);
  const offset = state.offsetMs ?? 0;
  return (
    <main class={question.options.length > 4 ? 'stage-question stage-many' : 'stage-question'}>
      <div class="stage-top">
        <h1>{question.question}</h1>
        {phase === 'open' && closesAt !== null && (
          <StageClock closesAt={closesAt - offset} openedAt={(current?.since ?? closesAt) - offset} />
        )}
      </div>
      <Bars
        options={question.options}
        counts={result?.counts ?? []}
        correct={phase === 'result' ? (result?.correct ?? null) : null}
      />
    </main>
  );
}

/** What it came to: the answer that counts in one line, then all of them. */
export function ResultView({ state, phase }: RoundProps) {
  const { current, result } = state;
  const question = current?.question ?? null;
  if (question === null || phase === 'waiting' || phase === 'cancelled') return <Rest phase={phase} />;
  const counts = question.options.map((_, index) => result?.counts[index] ?? 0);
  const correct = phase === 'result' ? (result?.correct ?? null) : null;
  const most = Math.max(...counts);
  const leading = counts.filter((count) => count === most).length === 1 ? counts.indexOf(most) : null;
  const named = correct ?? (most === 0 ? null : leading);
  const percents = percentages(counts);
  return (
    <main class={question.options.length > 4 ? 'stage-question stage-many' : 'stage-question'}>
      <div class="stage-answer">
        <p class="stage-answer-kind">
          {phase === 'result' ? 'Result' : 'So far'} · {formatCount(result?.total ?? 0)} answers
        </p>
        <h1>
          {named === null
            ? most === 0
              ? 'No answers yet'
              : 'It is level'
            : `${correct === null ? 'Most chose' : 'Right is'} ${optionLetter(named)}: ${question.options[named]}`}
        </h1>
        {named !== null && <p class="stage-answer-share">{percents[named]} % chose it</p>}
      </div>
      <Bars options={question.options} counts={counts} correct={correct} />
    </main>
  );
}

function Rest({ phase }: { readonly phase: StagePhase }) {
  return (
    <main class="stage-rest">
      <Brand size={96} />
      <p class="stage-rest-title">
        {phase === 'cancelled' ? 'This question was cancelled' : 'The next question comes soon'}
      </p>
    </main>
  );
}

/** Nothing but the mark, and a line where the director wants one. */
export function BlankView({ text }: { readonly text: string | null }) {
  return (
    <main class="stage-rest">
      <Brand size={160} />
      {text !== null && <p class="stage-rest-title">{text}</p>}
    </main>
  );
}
