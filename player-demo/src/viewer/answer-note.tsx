import type { ComponentChildren } from 'preact';
import { Notice, Spinner } from '../design/parts.tsx';
import { codeWords } from '../shared/failure-words.ts';
import { formatClock, optionLetter } from '../shared/format.ts';
import { momentOf } from '../shared/json.ts';
import { canAnswer, type Round } from './state.ts';

/** What became of this viewer's answer. */
export function AnswerNote({ round, onRetry }: { readonly round: Round; readonly onRetry: () => void }) {
  const { answer, phase } = round;
  switch (answer.kind) {
    case 'none':
      return phase.kind === 'closed' && round.cue !== null ? (
        <p class="note faint">You did not answer.</p>
      ) : null;
    case 'sending':
      return (
        <p class="note">
          <Spinner /> Sending {optionLetter(answer.choice)}
        </p>
      );
    case 'received': {
      const { receipt } = answer;
      if (receipt.repeated) {
        return (
          <Notice icon="flag" tone="cue">
            <strong>{optionLetter(answer.choice)} counts.</strong> You had answered before; the first answer
            stands.
          </Notice>
        );
      }
      const at = momentOf(receipt.acceptedAt);
      return (
        <Notice icon="check" tone="good">
          <strong>{optionLetter(answer.choice)} received</strong>
          {at !== null && <> at {formatClock(at)}</>}
          {receipt.status === 'held' && <>. It is counted once the server knows this cue.</>}
        </Notice>
      );
    }
    case 'refused': {
      const { error } = answer;
      const action: ComponentChildren = error.retryable && canAnswer(round) && (
        <button type="button" class="button" onClick={onRetry}>
          Try again
        </button>
      );
      return (
        <Notice icon="warning" tone="bad" code={error.code} action={action}>
          {codeWords(error.code, error.message)}
        </Notice>
      );
    }
  }
}
