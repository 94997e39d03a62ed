import { useEffect, useRef, useState } from 'preact/hooks';
import { Icon } from '../design/icons.tsx';
import { Notice } from '../design/parts.tsx';
import { failureWords } from '../shared/failure-words.ts';
import { formatCount, optionLetter } from '../shared/format.ts';
import type { ApiFailure } from '../shared/http.ts';
import {
  type Draft,
  EMPTY_DRAFT,
  LIMITS,
  problemsOf,
  roomTaken,
  STAMP_ROOM,
  withoutOption,
} from './draft.ts';

export interface NewQuestionProps {
  readonly onCreate: (draft: Draft) => Promise<ApiFailure | null>;
  readonly onClose: () => void;
}

/** A dialog: while it is open, no key marks anything. */
export function NewQuestion({ onCreate, onClose }: NewQuestionProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [draft, setDraft] = useState<Draft>(EMPTY_DRAFT);
  const [tried, setTried] = useState(false);
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<ApiFailure | null>(null);
  const problems = tried ? problemsOf(draft) : [];
  const saying = (field: string): string | undefined =>
    problems.find((problem) => problem.field === field)?.text;

  useEffect(() => {
    dialog.current?.showModal();
  }, []);

  const set = (change: Partial<Draft>): void => setDraft((before) => ({ ...before, ...change }));

  const submit = async (): Promise<void> => {
    setTried(true);
    if (busy || problemsOf(draft).length > 0) return;
    setBusy(true);
    const refused = await onCreate(draft);
    setBusy(false);
    if (refused === null) onClose();
    else setFailure(refused);
  };

  return (
    <dialog class="dialog" ref={dialog} onClose={onClose} aria-labelledby="new-question">
      <form
        class="dialog-form"
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          void submit();
        }}
      >
        <h2 id="new-question">New question</h2>
        <label class="field">
          <span class="field-name">Question</span>
          <textarea
            class="input"
            rows={2}
            maxLength={LIMITS.question}
            value={draft.question}
            aria-invalid={saying('question') !== undefined}
            onInput={(event) => set({ question: event.currentTarget.value })}
          />
          <FieldProblem text={saying('question')} />
        </label>
        <fieldset class="field">
          <legend class="field-name">Options, and which is right</legend>
          {draft.options.map((option, index) => (
            <div class="option-row" key={index}>
              <label class="option-right">
                <input
                  type="radio"
                  name="correct"
                  checked={draft.correct === index}
                  onChange={() => set({ correct: index })}
                />
                <span class="only-read">Option {optionLetter(index)} is right</span>
              </label>
              <span class="letter">{optionLetter(index)}</span>
              <input
                class="input"
                type="text"
                aria-label={`Option ${optionLetter(index)}`}
                maxLength={LIMITS.option}
                value={option}
                aria-invalid={saying('options') !== undefined}
                onInput={(event) => {
                  const { value } = event.currentTarget;
                  set({ options: draft.options.map((old, at) => (at === index ? value : old)) });
                }}
              />
              <button
                type="button"
                class="button button-quiet button-icon"
                aria-label={`Remove option ${optionLetter(index)}`}
                disabled={draft.options.length <= LIMITS.leastOptions}
                onClick={() => setDraft(withoutOption(draft, index))}
              >
                <Icon name="cross" />
              </button>
            </div>
          ))}
          <FieldProblem text={saying('options')} />
          {draft.options.length < LIMITS.mostOptions && (
            <button type="button" class="button" onClick={() => set({ options: [...draft.options, ''] })}>
              <Icon name="plus" /> Add an option
            </button>
          )}
        </fieldset>
        <label class="field field-short">
          <span class="field-name">Open for, in seconds</span>
          <input
            class="input"
            type="number"
            inputMode="decimal"
            min={LIMITS.leastDurationS}
            max={LIMITS.mostDurationS}
            step="any"
            value={Number.isNaN(draft.durationS) ? '' : draft.durationS}
            aria-invalid={saying('durationS') !== undefined}
            onInput={(event) => set({ durationS: event.currentTarget.valueAsNumber })}
          />
          <FieldProblem text={saying('durationS')} />
        </label>
        {roomTaken(draft) > STAMP_ROOM && (
          <Notice icon="warning" tone="cue">
            Long: {formatCount(roomTaken(draft))} bytes. Some {STAMP_ROOM} fit into a stamp by default.
          </Notice>
        )}
        {failure !== null && (
          <div role="alert">
            <Notice icon="warning" tone="bad" code={failureWords(failure).code}>
              {failureWords(failure).text}
            </Notice>
          </div>
        )}
        <div class="dialog-end">
          <button type="button" class="button button-quiet" onClick={() => dialog.current?.close()}>
            Close
          </button>
          <button type="submit" class="button button-main" disabled={busy}>
            Create
          </button>
        </div>
      </form>
    </dialog>
  );
}

function FieldProblem({ text }: { readonly text: string | undefined }) {
  if (text === undefined) return null;
  return (
    <span class="field-problem" role="alert">
      <Icon name="warning" size={14} /> {text}
    </span>
  );
}
