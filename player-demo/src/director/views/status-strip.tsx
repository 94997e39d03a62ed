import { useNow } from '../../design/hooks.ts';
import { Brand, Icon, type IconName } from '../../design/icons.tsx';
import { secondsLeft } from '../../shared/format.ts';
import { AIR_WORDS, type Air } from '../model/headline.ts';
import { standingOf } from '../model/together.ts';
import type { Show } from '../use-show.ts';
import { controlWords, countdownOf, landingLine, nextLine } from './lines.ts';

export const AIR_ICONS: { readonly [air in Air]: IconName } = {
  lost: 'broken',
  connecting: 'ring',
  'off-air': 'ring',
  rehearsal: 'flag',
  'on-air': 'dot',
};

/** The show in one line: what must be seen without looking for it. */
export function StatusStrip({ show, onControl }: { readonly show: Show; readonly onControl: () => void }) {
  useNow(250);
  const { state, air, serverNow, self } = show;
  const next = nextLine(show);
  const landing = landingLine(state, serverNow());
  const countdown = countdownOf(show, serverNow());
  const standing = standingOf(state.control, self);
  return (
    <section class="strip" aria-label="Status of the show">
      <a class="strip-brand" href="/index.html" aria-label="framecue, all pages">
        <Brand size={30} />
      </a>
      <p class={`strip-air air-${air}`} role="status">
        <Icon name={AIR_ICONS[air]} size={26} />
        {AIR_WORDS[air]}
      </p>
      <dl class="strip-cells">
        <div class="strip-cell strip-next">
          <dt>Next</dt>
          <dd>{next.title}</dd>
        </div>
        <div class="strip-cell strip-count">
          <dt>{countdown?.what ?? 'Countdown'}</dt>
          <dd>
            <span role="timer">{countdown === null ? '–' : `${secondsLeft(countdown.leftMs)} s`}</span>
          </dd>
        </div>
        <div class="strip-cell strip-landed">
          <dt>Last landing</dt>
          <dd>{landing}</dd>
        </div>
      </dl>
      <button type="button" class={`strip-control control-${standing}`} onClick={onControl}>
        <Icon name={standing === 'standby' ? 'lock' : 'person'} size={20} />
        <span class="strip-control-words">
          <span class="strip-control-name">{seatsWords(state.presence.length)}</span>
          <strong>{controlWords(state.control, self)}</strong>
        </span>
        <kbd>G</kbd>
      </button>
    </section>
  );
}

const seatsWords = (consoles: number): string =>
  consoles > 1 ? `Control · ${consoles} consoles` : 'Control';
