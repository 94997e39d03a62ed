import { useEffect, useRef } from 'preact/hooks';
import { useNow } from '../../design/hooks.ts';
import { Icon } from '../../design/icons.tsx';
import { secondsLeft } from '../../shared/format.ts';
import { AIR_WORDS } from '../model/headline.ts';
import { itemAtHand } from '../model/rundown.ts';
import type { Show } from '../use-show.ts';
import { controlWords, countdownOf, landingLine, nextLine } from './lines.ts';
import { AIR_ICONS } from './status-strip.tsx';

/** Made to be read at two metres: one word a line, nothing to press but the way out. */
export function FullStatus({ show, onClose }: { readonly show: Show; readonly onClose: () => void }) {
  useNow(250);
  const root = useRef<HTMLElement>(null);
  const { state, air, serverNow, self, rounds } = show;
  const countdown = countdownOf(show, serverNow());
  const next = nextLine(show);
  const item = itemAtHand(state.rundown, state.chosen);
  const armed = item !== null && (item.state === 'armed' || state.guard?.kind === 'prize');
  const round = rounds[0];

  useEffect(() => {
    // A refusal leaves it as large as the window, which is what most control rooms run anyway.
    root.current?.requestFullscreen?.().catch(() => undefined);
    return () => {
      if (document.fullscreenElement !== null) document.exitFullscreen().catch(() => undefined);
    };
  }, []);

  return (
    <section class={`wide wide-${air}`} ref={root} aria-label="Full-screen status">
      <p class={`wide-air air-${air}`} role="status">
        <Icon name={AIR_ICONS[air]} size={120} />
        {AIR_WORDS[air]}
      </p>
      <dl class="wide-cells">
        <div class="wide-cell wide-next">
          <dt>
            Next
            {armed && (
              <span class="wide-armed">
                <Icon name="warning" size={40} /> Armed
              </span>
            )}
          </dt>
          <dd>{next.title}</dd>
          <dd class="wide-kind">{next.kind}</dd>
        </div>
        <div class="wide-cell">
          <dt>{countdown?.what ?? 'On air'}</dt>
          <dd>
            <span role="timer">
              {countdown !== null
                ? `${secondsLeft(countdown.leftMs)} s`
                : round === undefined
                  ? 'Nothing'
                  : round.phase === 'open'
                    ? 'Open'
                    : round.phase === 'locked'
                      ? 'Locked'
                      : 'On its way'}
            </span>
          </dd>
          <dd class="wide-kind">{round?.title ?? ''}</dd>
        </div>
        <div class="wide-cell">
          <dt>Control</dt>
          <dd>{controlWords(state.control, self)}</dd>
        </div>
        <div class="wide-cell wide-landed">
          <dt>Last landing</dt>
          <dd>{landingLine(state, serverNow())}</dd>
        </div>
      </dl>
      <button type="button" class="button wide-close" onClick={onClose}>
        Back to the console <kbd>F</kbd>
      </button>
    </section>
  );
}
