import { useEffect, useRef, useState } from 'preact/hooks';
import { Spinner } from '../design/parts.tsx';
import { failureWords, isOutcomeUnknown } from '../shared/failure-words.ts';
import type { ApiOutcome } from '../shared/http.ts';

export interface TwoStepProps {
  /** On the button. */
  readonly action: string;
  /** ... and of what, for those who hear it. */
  readonly label: string;
  /** What is done by the second press, whole: it is read out. */
  readonly consequence: string;
  readonly press: () => Promise<ApiOutcome<unknown>>;
  /** What is known of the server is to be asked for anew. */
  readonly onDone: () => void;
  readonly disabled?: boolean;
}

const OTHER_TOKEN =
  ' Measures take the token of the director, all else that of the treasurer: sign out, and in with that.';

/** Who does not say yes by then has not meant it. */
const ASKS_FOR_MS = 8_000;

type Step =
  | { readonly kind: 'rest' }
  | { readonly kind: 'asks' }
  | { readonly kind: 'sent' }
  | { readonly kind: 'said'; readonly good: boolean; readonly text: string };

/** What moves money or a rule asks before it is done. Pressed twice by mistake, it is done once. */
export function TwoStep({ action, label, consequence, press, onDone, disabled = false }: TwoStepProps) {
  const [step, setStep] = useState<Step>({ kind: 'rest' });
  const yes = useRef<HTMLButtonElement>(null);
  const first = useRef<HTMLButtonElement>(null);
  const backTo = useRef(false);
  useEffect(() => {
    if (step.kind === 'rest' && backTo.current) first.current?.focus();
    backTo.current = false;
    if (step.kind === 'asks') yes.current?.focus();
    // What failed stays until it is pressed again.
    if (step.kind !== 'asks' && !(step.kind === 'said' && step.good)) return;
    const timer = setTimeout(() => setStep({ kind: 'rest' }), ASKS_FOR_MS);
    return () => clearTimeout(timer);
  }, [step]);
  const rest = (): void => {
    backTo.current = true;
    setStep({ kind: 'rest' });
  };
  const send = async (): Promise<void> => {
    setStep({ kind: 'sent' });
    const outcome = await press();
    onDone();
    if (outcome.ok) {
      setStep({ kind: 'said', good: true, text: 'Done.' });
      return;
    }
    const { failure } = outcome;
    const { text, code } = failureWords(failure);
    const maybeDone = isOutcomeUnknown(failure) ? ' It may have been done: look before you press again.' : '';
    const more = code === 'ERR_RIGHT_MISSING' ? OTHER_TOKEN : maybeDone;
    setStep({ kind: 'said', good: false, text: text + more });
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: Escape is heard from the buttons inside
    <div
      class="two-step"
      onKeyDown={(event) => {
        if (event.key === 'Escape' && step.kind === 'asks') rest();
      }}
    >
      {step.kind === 'asks' ? (
        <fieldset class="two-step-asks" aria-label={label}>
          <span class="two-step-text" role="status">
            {consequence}
          </span>
          <button ref={yes} type="button" class="button button-main" onClick={() => void send()}>
            Yes, {action.toLowerCase()}
          </button>
          <button type="button" class="button" onClick={rest}>
            Keep as it is
          </button>
        </fieldset>
      ) : (
        <>
          {step.kind === 'said' && (
            <span class={step.good ? 'two-step-said' : 'two-step-said two-step-failed'} role="status">
              {step.text}
            </span>
          )}
          <button
            ref={first}
            type="button"
            class="button"
            aria-label={label}
            disabled={disabled || step.kind === 'sent'}
            onClick={() => setStep({ kind: 'asks' })}
          >
            {step.kind === 'sent' && <Spinner />}
            {action}
          </button>
        </>
      )}
    </div>
  );
}
