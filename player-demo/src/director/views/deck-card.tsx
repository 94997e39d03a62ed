import { Icon } from '../../design/icons.tsx';
import { optionLetter } from '../../shared/format.ts';
import type { Questions } from '../use-questions.ts';
import type { Show } from '../use-show.ts';
import { KeyButton } from './key-button.tsx';

/** Without a rundown: the question that the next press opens. */
export function DeckCard({
  show,
  questions,
  onNew,
}: {
  readonly show: Show;
  readonly questions: Questions;
  readonly onNew: () => void;
}) {
  const { onDeck, sample, upNext } = questions;
  const question = onDeck ?? sample;
  const durationMs = onDeck === null ? sample.durationS * 1000 : onDeck.durationMs;
  return (
    <section class="panel hand" aria-label="Question on deck">
      <header class="hand-head">
        <span class="hand-kind">{onDeck === null ? 'On deck · a sample' : 'On deck'}</span>
        <span class="head-tools">
          <button type="button" class="button" onClick={questions.next}>
            Next <kbd>N</kbd>
          </button>
          <button type="button" class="button" onClick={onNew}>
            <Icon name="plus" /> New
          </button>
        </span>
      </header>
      <p class="hand-title">{question.question}</p>
      <ol class="deck-options">
        {question.options.map((option, index) => (
          <li key={`${index}:${option}`} class={index === question.correct ? 'deck-right' : ''}>
            <span class="letter">{optionLetter(index)}</span> {option}
            {index === question.correct && <Icon name="check" size={16} />}
            {index === question.correct && <span class="only-read">right</span>}
          </li>
        ))}
      </ol>
      <p class="hand-facts soft">
        {durationMs === null ? 'Stays open until it is locked' : `Open for ${durationMs / 1000} s`}
        {upNext.length > 0 && ` · ${upNext.length} more wait`}
      </p>
      <div class="hand-buttons">
        <KeyButton
          command="open"
          tone="take"
          wide
          off={show.standby}
          sample={show.sample}
          onPress={(mediaTime) => questions.mark('open', mediaTime)}
        >
          Open
        </KeyButton>
      </div>
    </section>
  );
}
