import { useState } from 'preact/hooks';
import { useNow } from '../design/hooks.ts';
import { Icon, type IconName } from '../design/icons.tsx';
import { Notice } from '../design/parts.tsx';
import type { DemoConfig } from '../shared/config.ts';
import { failureWords } from '../shared/failure-words.ts';
import { formatClock, plural } from '../shared/format.ts';
import { SlateScreen } from '../slate/slate-screen.tsx';
import { FullScreen, toggleFullScreen } from './full-screen.tsx';
import { LineNotes } from './line-notes.tsx';
import { type Asked, keepView, keptView } from './screen-id.ts';
import { type StagePhase, stagePhase } from './state.ts';
import type { View } from './told.ts';
import { useRemote } from './use-remote.ts';
import { useScreenAwake } from './use-screen-awake.ts';
import { type Stage, useStage } from './use-stage.ts';
import { useStageKeys } from './use-stage-keys.ts';
import { CountdownView } from './views/countdown-view.tsx';
import { LeaveView, OutcomeCard } from './views/leave-view.tsx';
import { BlankView, QuestionView, ResultView } from './views/question-view.tsx';
import { TestView } from './views/test-view.tsx';

const SIGNS: { readonly [phase in StagePhase]: { readonly word: string; readonly icon: IconName } } = {
  waiting: { word: 'Waiting', icon: 'ring' },
  open: { word: 'Open', icon: 'dot' },
  locked: { word: 'Locked', icon: 'lock' },
  result: { word: 'Result', icon: 'bars' },
  cancelled: { word: 'Cancelled', icon: 'cross' },
};

export function App({ config, asked }: { readonly config: DemoConfig; readonly asked: Asked }) {
  const line = useRemote(config, asked);
  const stage = useStage(config);
  const [own, setOwn] = useState<View>(() => keptView(sessionStorage));
  const [testing, setTesting] = useState(false);
  useScreenAwake();
  const { state } = stage;
  // Only so that the window is seen to close on its own time.
  const now = useNow(200, state.current !== null) + (state.offsetMs ?? 0);
  const phase = stagePhase(state, now);

  const follows = line.link !== null && line.link.kind !== 'absent' && line.told !== null;
  const chosen = follows ? line.told!.view : own;
  const leave = follows ? line.told!.leave : null;
  const view = testing ? 'test' : chosen;
  const slate = view === 'slate' && leave === null;

  useStageKeys({
    onView(wanted) {
      setTesting(false);
      if (line.link?.kind === 'live') line.show(wanted);
      setOwn(wanted);
      keepView(sessionStorage, wanted);
    },
    onTest: () => (view === 'test' && !testing ? undefined : setTesting(!testing)),
    onTakeOver: line.takeOver,
    // The slate has this key of its own.
    onFullScreen: () => (slate ? undefined : toggleFullScreen()),
  });

  if (slate) return <SlateScreen config={config} />;
  if (view === 'test' && (testing || leave === null)) return <TestView />;
  const rehearsal = line.told?.rehearsal === true || state.current?.rehearsal === true;
  const isRound = leave === null && (view === 'question' || view === 'result');
  return (
    <div class={`stage stage-${phase} ${rehearsal ? 'stage-rehearsal' : ''}`}>
      {rehearsal && (
        <>
          <div class="stage-rehearsal-frame" aria-hidden="true" />
          <p class="stage-rehearsal-word" role="status">
            Rehearsal: nothing counts
          </p>
        </>
      )}
      <header class="stage-head">
        {isRound && (
          <span class="stage-sign" role="status">
            <Icon name={SIGNS[phase].icon} size={28} />
            {SIGNS[phase].word}
          </span>
        )}
        {isRound && phase !== 'waiting' && phase !== 'cancelled' && (
          <span class="stage-total">{plural(state.result?.total ?? 0, 'answer')}</span>
        )}
        <FullScreen />
      </header>
      <LineNotes line={line} />
      {isRound && <Lost stage={stage} />}
      {leave !== null ? (
        <LeaveView line={line} leave={leave} />
      ) : view === 'countdown' ? (
        <CountdownView line={line} behindMs={asked.behindMs} />
      ) : view === 'result' ? (
        <ResultView state={state} phase={phase} />
      ) : view === 'blank' ? (
        <BlankView text={line.told?.text ?? null} />
      ) : (
        <QuestionView state={state} phase={phase} />
      )}
      <OutcomeCard line={line} />
    </div>
  );
}

function Lost({ stage: { failure, heardAt } }: { readonly stage: Stage }) {
  if (failure === null) return null;
  const { code, text } = failureWords(failure);
  return (
    <div role="alert" class="stage-lost">
      <Notice icon="broken" tone="bad" code={code}>
        <strong>Connection lost.</strong> {text}{' '}
        {heardAt === null ? '' : `The numbers are as they were at ${formatClock(heardAt)}; `}
        the page comes back by itself.
      </Notice>
    </div>
  );
}
