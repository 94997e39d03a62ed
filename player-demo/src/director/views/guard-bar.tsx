import { useNow } from '../../design/hooks.ts';
import { Icon } from '../../design/icons.tsx';
import { earlyWords } from '../model/early.ts';
import { type Guard, HOLD_MS } from '../model/guard.ts';
import type { ShowState } from '../model/state.ts';
import type { Show } from '../use-show.ts';

/** What is asked twice, over the page: what it would do, and the two keys. */
export function GuardBar({ show }: { readonly show: Show }) {
  const now = useNow(50, show.state.guard !== null);
  const { guard } = show.state;
  if (guard === null || guard.kind === 'prize') return null;
  const words = wordsOf(guard, show.state, show.serverNow());
  const share = guard.kind === 'panic' && guard.held ? (now - guard.since) / HOLD_MS : 0;
  return (
    <div class={`guard guard-${guard.kind}`} role="alertdialog" aria-label={words.title}>
      <div class="guard-box">
        <Icon name="warning" size={44} />
        <div class="guard-words">
          <strong class="guard-title">{words.title}</strong>
          <span>{words.text}</span>
          {guard.kind === 'panic' && (
            <span class="guard-track" aria-hidden="true">
              <span class="guard-fill" style={{ transform: `scaleX(${Math.min(1, share)})` }} />
            </span>
          )}
        </div>
        <div class="guard-buttons">
          <button
            type="button"
            class="button guard-yes"
            onClick={() => show.press(guard.kind === 'panic' ? 'panic' : 'confirm', null)}
          >
            {words.yes} <kbd>{guard.kind === 'panic' ? 'Shift Backspace' : 'Enter'}</kbd>
          </button>
          <button type="button" class="button" onClick={() => show.press('leave', null)}>
            Leave it <kbd>Esc</kbd>
          </button>
        </div>
      </div>
    </div>
  );
}

interface Words {
  readonly title: string;
  readonly text: string;
  readonly yes: string;
}

function wordsOf(
  guard: Exclude<Guard, { readonly kind: 'prize' }>,
  state: ShowState,
  serverNow: number,
): Words {
  switch (guard.kind) {
    case 'panic':
      return {
        title: 'Close everything?',
        text: 'Press again, or hold on for a second: all that waits is taken back, all that is open is voided.',
        yes: 'Close everything',
      };
    case 'void': {
      const cue = state.cues?.find(({ id }) => id === guard.cue);
      const title = cue?.title ?? cue?.question?.question ?? guard.cue;
      return {
        title: cue?.landing == null ? `Take back “${title}”?` : `Void “${title}”?`,
        text:
          cue?.landing == null
            ? 'No picture has carried it to its moment yet.'
            : 'Players close it on the next picture, and its answers do not count. This cannot be undone.',
        yes: cue?.landing == null ? 'Take back' : 'Void it',
      };
    }
    case 'early':
      return {
        title: `“${guard.wanted.title}” comes early. All the same?`,
        text: earlyWords(guard.notBefore, serverNow),
        yes: 'All the same',
      };
    case 'control':
      return {
        title: `Take over from ${state.control?.holder?.name ?? 'the other console'}?`,
        text: 'They see it at once, and can change nothing from then on.',
        yes: 'Take over',
      };
    case 'mode':
      return guard.rehearsal
        ? {
            title: 'Begin a rehearsal?',
            text: 'Cues are marked as rehearsal from now on: players show them, nothing counts, nothing is granted.',
            yes: 'Rehearse',
          }
        : {
            title: 'End the rehearsal?',
            text: 'From now on everything counts, and prizes are granted.',
            yes: 'Go to the show',
          };
  }
}
