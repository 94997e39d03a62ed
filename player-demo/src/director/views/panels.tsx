import type { DirectorApi } from '../api.ts';
import type { Command } from '../model/commands.ts';
import type { Show } from '../use-show.ts';
import type { ShowApi } from '../wire/show-api.ts';
import { CuePanel } from './cue-panel.tsx';
import { LogPanel } from './log-panel.tsx';
import { SpreadPanel } from './spread-panel.tsx';
import { StagePanel } from './stage-panel.tsx';
import { TimingPanel } from './timing-panel.tsx';

export const TABS = ['cues', 'spread', 'timing', 'log', 'stage'] as const;
export type Tab = (typeof TABS)[number];

const NAMES: { readonly [tab in Tab]: string } = {
  cues: 'Cues',
  spread: 'Spread',
  timing: 'Timing',
  log: 'Log',
  stage: 'Stage',
};

export const tabOf = (command: Command): Tab | null => TABS.find((tab) => command === `panel-${tab}`) ?? null;

export interface PanelsProps {
  readonly show: Show;
  readonly api: ShowApi;
  readonly director: DirectorApi;
  readonly stream: string;
  readonly tab: Tab;
  readonly onTab: (tab: Tab) => void;
  readonly onAlign: () => void;
}

/** What is looked up rather than watched, one at a time. */
export function Panels({ show, api, director, stream, tab, onTab, onAlign }: PanelsProps) {
  return (
    <section class="panel tabs" aria-label="Details">
      <div class="tab-list" role="tablist" aria-label="Details">
        {TABS.map((name, index) => (
          <button
            key={name}
            type="button"
            role="tab"
            id={`tab-${name}`}
            aria-selected={name === tab}
            aria-controls="tab-panel"
            class="tab"
            onClick={() => onTab(name)}
          >
            {NAMES[name]} <kbd>{index + 1}</kbd>
          </button>
        ))}
      </div>
      <div class="tab-panel" role="tabpanel" id="tab-panel" aria-labelledby={`tab-${tab}`}>
        {tab === 'cues' && <CuePanel show={show} />}
        {tab === 'spread' && <SpreadPanel show={show} />}
        {tab === 'timing' && <TimingPanel show={show} api={api} director={director} onAlign={onAlign} />}
        {tab === 'stage' && <StagePanel show={show} api={api} />}
        {tab === 'log' && <LogPanel show={show} api={api} stream={stream} />}
      </div>
    </section>
  );
}
