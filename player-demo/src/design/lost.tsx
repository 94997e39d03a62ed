import { failureWords } from '../shared/failure-words.ts';
import { formatClock } from '../shared/format.ts';
import type { ApiFailure } from '../shared/http.ts';
import { Notice } from './parts.tsx';

/** The time is fixed, so that those who hear the page are told once. */
export function Lost({
  failure,
  at,
  onAsk,
}: {
  readonly failure: ApiFailure;
  readonly at: number | null;
  readonly onAsk: () => void;
}) {
  const words = failureWords(failure);
  return (
    <Notice
      icon="broken"
      tone="bad"
      code={words.code}
      action={
        <button type="button" class="button" onClick={onAsk}>
          Ask again now
        </button>
      }
    >
      <strong>Connection to the server lost.</strong> {words.text}{' '}
      {at !== null && `What stands here is as it was at ${formatClock(at)}.`} The page comes back by itself.
    </Notice>
  );
}
