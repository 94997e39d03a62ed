import { useNow } from '../design/hooks.ts';
import { Notice } from '../design/parts.tsx';
import { formatClock } from '../shared/format.ts';
import type { StageLine } from './use-remote.ts';

/** What is wrong with this screen's line to the director, and what it is to others. */
export function LineNotes({ line }: { readonly line: StageLine }) {
  const { link, told, toldAt, isShown, refusal } = line;
  const lost = link?.kind === 'lost';
  useNow(1000, lost);
  const shown = told?.screens.find(({ screen }) => screen === told.shown);
  return (
    <div class="stage-notes">
      {lost && (
        <div role="alert">
          <Notice icon="broken" tone="bad">
            <strong>Connection lost.</strong>{' '}
            {toldAt === null
              ? 'The director cannot be reached.'
              : `What stands here is as it was at ${formatClock(toldAt)}.`}{' '}
            It comes back by itself.
          </Notice>
        </div>
      )}
      {link?.kind === 'absent' && (
        <div role="alert">
          <Notice icon="lock" tone="bad">
            <strong>This screen's ticket is not valid.</strong> It shows questions and results; ask the
            director for a new ticket.
          </Notice>
        </div>
      )}
      {link?.kind === 'live' && told !== null && !isShown && (
        <Notice
          icon={shown?.lost === true ? 'warning' : 'ring'}
          tone={shown?.lost === true ? 'bad' : 'plain'}
        >
          <strong>Standby.</strong>{' '}
          {shown === undefined
            ? 'No screen is shown.'
            : shown.lost
              ? `${shown.name} is silent since ${formatClock(shown.heardAt)}.`
              : `It mirrors ${shown.name}.`}{' '}
          <kbd>Shift Enter</kbd> takes over.
        </Notice>
      )}
      {refusal !== null && (
        <div role="alert">
          <Notice icon="warning" tone="bad">
            {refusal}
          </Notice>
        </div>
      )}
    </div>
  );
}
