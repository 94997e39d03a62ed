import { Notice } from '../design/parts.tsx';
import { failureWords } from '../shared/failure-words.ts';
import type { ApiFailure } from '../shared/http.ts';
import type { Feeds } from './use-feeds.ts';

/** Says at once when one of the two processes is away, and what that means for the director. */
export function Connection({ feeds }: { readonly feeds: Feeds }) {
  const media = feeds.cues.failure ?? feeds.stream.failure;
  const events = feeds.interactions.failure ?? feeds.result.failure;
  return (
    <div role="status" class="connection">
      {media !== null && isTrouble(media) && (
        <Notice icon="broken" tone="bad" code={failureWords(media).code}>
          <strong>Cue server lost.</strong> {failureWords(media).text} What stands here is as it was. It comes
          back by itself; a mark pressed now is tried once and never sent again by itself.
        </Notice>
      )}
      {events !== null && isTrouble(events) && (
        <Notice icon="broken" tone="bad" code={failureWords(events).code}>
          <strong>Events server lost.</strong> {failureWords(events).text} Cues still land; counts stand still
          until it is back.
        </Notice>
      )}
    </div>
  );
}

/** A stream that never was published is no lost connection: the health strip says so. */
const isTrouble = (failure: ApiFailure): boolean => !(failure.kind === 'refused' && failure.status === 404);

/** The token is no good: nothing here can work. */
export function tokenTrouble(feeds: Feeds): string | null {
  for (const { failure } of [feeds.cues, feeds.stream, feeds.interactions]) {
    if (failure?.kind === 'refused' && (failure.status === 401 || failure.status === 403)) {
      return failureWords(failure).text;
    }
  }
  return null;
}
