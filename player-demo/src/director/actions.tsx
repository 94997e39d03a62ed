import { useEffect, useState } from 'preact/hooks';
import { ActionButton } from './action-button.tsx';
import { ACTIONS, type Action } from './keys.ts';
import { useKeys } from './use-keys.ts';

export interface ActionsProps {
  readonly reasonAgainst: (action: Action) => string | null;
  /** PTS on screen now. */
  readonly sample: () => number | null;
  readonly onPress: (action: Action, mediaTime: number | null) => void;
  readonly onNext: () => void;
}

const HINTS: { readonly [action in Action]: string } = {
  open: 'O or Space',
  lock: 'L',
  reveal: 'R',
  cancel: 'C, twice',
};
const ASK_FOR_MS = 3000;

/** The four marks, by button and by key. Cancelling asks once more: nothing brings a question back. */
export function Actions({ reasonAgainst, sample, onPress, onNext }: ActionsProps) {
  const [asking, setAsking] = useState(false);

  useEffect(() => {
    if (!asking) return;
    const timer = setTimeout(() => setAsking(false), ASK_FOR_MS);
    return () => clearTimeout(timer);
  }, [asking]);

  const press = (action: Action, mediaTime: number | null): void => {
    if (action === 'cancel' && !asking && reasonAgainst('cancel') === null) {
      setAsking(true);
      return;
    }
    setAsking(false);
    onPress(action, mediaTime);
  };

  useKeys(sample, (command, mediaTime) => {
    if (command === 'next') onNext();
    else press(command, mediaTime);
  });

  return (
    <fieldset class="actions">
      <legend class="only-read">Marks</legend>
      {ACTIONS.map((action) => (
        <ActionButton
          key={action}
          action={action}
          hint={action === 'cancel' && asking ? 'C again, within 3 s' : HINTS[action]}
          against={reasonAgainst(action)}
          asks={action === 'cancel' && asking ? 'Sure?' : null}
          sample={sample}
          onPress={(mediaTime) => press(action, mediaTime)}
        />
      ))}
    </fieldset>
  );
}
