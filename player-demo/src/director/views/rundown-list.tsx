import { useEffect, useRef } from 'preact/hooks';
import { Icon, type IconName } from '../../design/icons.tsx';
import { Chip, type Tone } from '../../design/parts.tsx';
import { type Item, type ItemState, itemAtHand } from '../model/rundown.ts';
import type { Show } from '../use-show.ts';
import { cueName } from '../words.ts';
import { startsWords } from './lines.ts';

interface Look {
  readonly word: string;
  readonly tone: Tone;
  readonly icon: IconName;
}

const LOOKS: { readonly [state in ItemState]: Look } = {
  pending: { word: 'Waits', tone: 'plain', icon: 'ring' },
  armed: { word: 'Armed', tone: 'cue', icon: 'warning' },
  taken: { word: 'Taken', tone: 'info', icon: 'arrow' },
  announced: { word: 'Announced', tone: 'info', icon: 'arrow' },
  landed: { word: 'On air', tone: 'cue', icon: 'dot' },
  ended: { word: 'Over', tone: 'plain', icon: 'check' },
  missed: { word: 'Missed', tone: 'bad', icon: 'warning' },
  uncertain: { word: 'Uncertain', tone: 'bad', icon: 'warning' },
  cancelled: { word: 'Cancelled', tone: 'plain', icon: 'cross' },
  skipped: { word: 'Skipped', tone: 'plain', icon: 'arrow' },
};

/** The running order; arrows step through it. */
export function RundownList({ show, onLoad }: { readonly show: Show; readonly onLoad: () => void }) {
  const { rundown, chosen } = show.state;
  const hand = itemAtHand(rundown, chosen)?.id ?? null;
  const at = useRef<HTMLLIElement>(null);
  useEffect(() => at.current?.scrollIntoView({ block: 'nearest' }), [hand]);
  return (
    <section class="panel rundown" aria-label="Rundown">
      <header class="panel-head">
        <h2 class="panel-title">{rundown === null ? 'Rundown' : rundown.title}</h2>
        {rundown !== null && (
          <span class="faint rundown-count">
            {rundown.items.filter(({ state }) => state !== 'pending' && state !== 'armed').length} of{' '}
            {rundown.items.length}
          </span>
        )}
        <span class="head-tools">
          <button type="button" class="button" onClick={onLoad}>
            Load <kbd>U</kbd>
          </button>
        </span>
      </header>
      {rundown === null ? (
        <p class="faint rundown-none">
          No rundown is loaded. Load one (JSON or CSV), or open questions one by one.
        </p>
      ) : (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a list that scrolls is reached by key
        <ol class="rundown-list" tabIndex={0} aria-label="Items of the rundown">
          {rundown.items.map((item, index) => (
            <li
              key={item.id}
              ref={item.id === hand ? at : null}
              class={`row ${item.id === hand ? 'row-hand' : ''} row-${item.state}`}
              aria-current={item.id === hand ? 'step' : undefined}
            >
              <button type="button" class="row-button" onClick={() => show.runner?.choose(item.id)}>
                <span class="row-number">{index + 1}</span>
                <span class="row-what">
                  <span class="row-title">{item.title}</span>
                  <span class="row-kind">{kindOf(item)}</span>
                </span>
                {item.prize && (
                  <span class="row-prize">
                    <Icon name="warning" size={14} /> prize
                  </span>
                )}
                <Chip tone={LOOKS[item.state].tone} icon={LOOKS[item.state].icon}>
                  {LOOKS[item.state].word}
                </Chip>
              </button>
            </li>
          ))}
        </ol>
      )}
    </section>
  );
}

function kindOf(item: Item): string {
  const parts = [cueName(item.type), startsWords(item), item.private ? 'private' : null, item.reason];
  return parts.filter((part) => part !== null).join(' · ');
}
