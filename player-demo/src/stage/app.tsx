import { useEffect, useState } from 'preact/hooks';
import { useNow } from '../design/hooks.ts';
import { Brand, Icon, type IconName } from '../design/icons.tsx';
import { Bars, Notice } from '../design/parts.tsx';
import type { DemoConfig } from '../shared/config.ts';
import { failureWords } from '../shared/failure-words.ts';
import { plural } from '../shared/format.ts';
import { StageClock } from './stage-clock.tsx';
import { closesAtOf, type StagePhase, stagePhase } from './state.ts';
import { useScreenAwake } from './use-screen-awake.ts';
import { useStage } from './use-stage.ts';

const SIGNS: { readonly [phase in StagePhase]: { readonly word: string; readonly icon: IconName } } = {
  waiting: { word: 'Waiting', icon: 'ring' },
  open: { word: 'Open', icon: 'dot' },
  locked: { word: 'Locked', icon: 'lock' },
  result: { word: 'Result', icon: 'bars' },
  cancelled: { word: 'Cancelled', icon: 'cross' },
};

export function App({ config }: { readonly config: DemoConfig }) {
  const { state, failure } = useStage(config);
  useScreenAwake();
  const offset = state.offsetMs ?? 0;
  // Only so that the window is seen to close on its own time.
  const now = useNow(200, state.current !== null) + offset;
  const phase = stagePhase(state, now);
  const question = state.current?.question ?? null;
  const closesAt = closesAtOf(state);
  const counts = state.result?.counts ?? [];
  const total = state.result?.total ?? 0;
  return (
    <div class={`stage stage-${phase}`}>
      <header class="stage-head">
        <span class="stage-sign" role="status">
          <Icon name={SIGNS[phase].icon} size={28} />
          {SIGNS[phase].word}
        </span>
        {phase !== 'waiting' && phase !== 'cancelled' && (
          <span class="stage-total">{plural(total, 'answer')}</span>
        )}
        <FullScreen />
      </header>
      {failure !== null && (
        <div role="alert" class="stage-lost">
          <Notice icon="broken" tone="bad" code={failureWords(failure).code}>
            <strong>Connection lost.</strong> {failureWords(failure).text} The numbers stand still; the page
            comes back by itself.
          </Notice>
        </div>
      )}
      {question === null || phase === 'waiting' || phase === 'cancelled' ? (
        <main class="stage-rest">
          <Brand size={96} />
          <p class="stage-rest-title">
            {phase === 'cancelled' ? 'This question was cancelled' : 'The next question comes soon'}
          </p>
        </main>
      ) : (
        <main class={question.options.length > 4 ? 'stage-question stage-many' : 'stage-question'}>
          <div class="stage-top">
            <h1>{question.question}</h1>
            {phase === 'open' && closesAt !== null && (
              <StageClock
                closesAt={closesAt - offset}
                openedAt={(state.current?.since ?? closesAt) - offset}
              />
            )}
          </div>
          <Bars
            options={question.options}
            counts={counts}
            correct={phase === 'result' ? (state.result?.correct ?? null) : null}
          />
        </main>
      )}
    </div>
  );
}

function FullScreen() {
  const [full, setFull] = useState(document.fullscreenElement !== null);
  useEffect(() => {
    const onChange = (): void => setFull(document.fullscreenElement !== null);
    const onKey = (event: KeyboardEvent): void => {
      if (
        event.key.toLowerCase() === 'f' &&
        !event.repeat &&
        !event.ctrlKey &&
        !event.metaKey &&
        !event.altKey
      )
        toggle();
    };
    document.addEventListener('fullscreenchange', onChange);
    addEventListener('keydown', onKey);
    return () => {
      document.removeEventListener('fullscreenchange', onChange);
      removeEventListener('keydown', onKey);
    };
  }, []);
  if (full || !document.fullscreenEnabled) return null;
  return (
    <button type="button" class="button button-quiet stage-full" onClick={toggle}>
      <Icon name="expand" /> Full screen
    </button>
  );
}

function toggle(): void {
  // Refused without a touch, or where a frame does not allow it: the page stays as it is.
  if (document.fullscreenElement === null)
    document.documentElement.requestFullscreen().catch(() => undefined);
  else document.exitFullscreen().catch(() => undefined);
}
