import { Notice } from '../../design/parts.tsx';
import { failureWords } from '../../shared/failure-words.ts';
import { formatClock } from '../../shared/format.ts';
import type { Order } from '../model/orders.ts';
import type { Show } from '../use-show.ts';

const SHOWN = 3;

/** Presses that did not come to what they were meant to. */
export function OrdersBar({ show }: { readonly show: Show }) {
  const shown = show.state.orders.filter(isTold).slice(0, SHOWN);
  return (
    <div role="status" class="orders">
      {shown.map((order) => (
        <Notice
          key={order.key}
          icon={order.outcome.kind === 'looking' ? 'clock' : 'warning'}
          tone={order.outcome.kind === 'looking' ? 'plain' : 'bad'}
          code={codeOf(order)}
          action={
            order.outcome.kind === 'looking' ? null : (
              <button
                type="button"
                class="button button-quiet"
                onClick={() => show.runner?.putAside(order.key)}
              >
                Put aside
              </button>
            )
          }
        >
          <strong>
            {order.title}, {formatClock(order.pressedAt)}:
          </strong>{' '}
          {wordsOf(order)}
        </Notice>
      ))}
    </div>
  );
}

const isTold = ({ outcome }: Order): boolean =>
  outcome.kind === 'refused' || outcome.kind === 'never-arrived' || outcome.kind === 'looking';

function wordsOf({ outcome }: Order): string {
  switch (outcome.kind) {
    case 'looking':
      return outcome.why === 'reload'
        ? 'pressed before this page was loaded anew. The server is asked what became of it; it is not sent again.'
        : 'no answer. The server is asked what became of it; it is not sent again.';
    case 'never-arrived':
      return 'it never reached the server, and nothing came of it. Press again if it is still wanted.';
    case 'refused':
      return failureWords(outcome.failure).text;
    default:
      return '';
  }
}

const codeOf = ({ outcome }: Order): string | null =>
  outcome.kind === 'refused' ? failureWords(outcome.failure).code : null;
