import { Notice } from '../../design/parts.tsx';
import { failureWords } from '../../shared/failure-words.ts';
import { isOpenOrder } from '../model/orders.ts';
import { standingOf } from '../model/together.ts';
import type { Show } from '../use-show.ts';

/** What the director must know before the next press. */
export function Banners({ show }: { readonly show: Show }) {
  const { state, failure, self, interactions } = show;
  const { link } = state;
  const lost = link.kind === 'lost' || (link.kind === 'absent' && failure !== null);
  const events = interactions.failure;
  const standing = standingOf(state.control, self);
  const open = state.orders.filter(isOpenOrder).length;
  return (
    <div class="banners" role="status">
      {lost && (
        <Notice icon="broken" tone="bad" code={failure === null ? null : failureWords(failure).code}>
          <strong>Connection lost.</strong> What stands here is as it was. It comes back by itself.
          {open > 0 && ' The last press is looked up then; it is never sent again.'}
        </Notice>
      )}
      {!lost && events !== null && !(events.kind === 'refused' && events.status === 404) && (
        <Notice icon="broken" tone="bad" code={failureWords(events).code}>
          <strong>Events server lost.</strong> Cues still land. Counts and the spread stand still until it is
          back.
        </Notice>
      )}
      {standing === 'standby' && (
        <Notice icon="lock">
          <strong>Standby: {state.control!.holder!.name} is in control.</strong> You see everything. Press G,
          then Enter, to take over; panic works from here too.
        </Notice>
      )}
      {standing === 'nobody' && !lost && (
        <Notice icon="person">
          <strong>Nobody is in control.</strong> Press G to take it.
        </Notice>
      )}
    </div>
  );
}
