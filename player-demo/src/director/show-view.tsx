import { useCallback, useEffect, useMemo, useState } from 'preact/hooks';
import { type DemoConfig, streamPath } from '../shared/config.ts';
import type { DirectorApi } from './api.ts';
import { createChime } from './chime.ts';
import type { Command } from './model/commands.ts';
import { NewQuestion } from './new-question.tsx';
import { useAligner } from './use-aligner.ts';
import { useQuestions } from './use-questions.ts';
import { useShow } from './use-show.ts';
import { useShowKeys } from './use-show-keys.ts';
import { Aligner } from './views/aligner.tsx';
import { AtHand } from './views/at-hand.tsx';
import { Banners } from './views/banners.tsx';
import { DeckCard } from './views/deck-card.tsx';
import { FullStatus } from './views/full-status.tsx';
import { GuardBar } from './views/guard-bar.tsx';
import { Help } from './views/help.tsx';
import { LandingCard } from './views/landing-card.tsx';
import { LoadRundown } from './views/load-rundown.tsx';
import { OnAirPanel } from './views/on-air-panel.tsx';
import { OrdersBar } from './views/orders-bar.tsx';
import { Panels, type Tab, tabOf } from './views/panels.tsx';
import { PreviewPanel } from './views/preview-panel.tsx';
import { RehearsalFrame } from './views/rehearsal-frame.tsx';
import { RundownList } from './views/rundown-list.tsx';
import { StatusStrip } from './views/status-strip.tsx';
import { Tools } from './views/tools.tsx';
import { keptName } from './wire/kept.ts';
import { createShowApi } from './wire/show-api.ts';

export interface ShowViewProps {
  readonly config: DemoConfig;
  readonly token: string;
  readonly director: DirectorApi;
  /** This console's id. */
  readonly self: string;
  readonly onSignOut: (why: string | null) => void;
}

type Open = 'nothing' | 'status' | 'help' | 'load' | 'question';

const chime = createChime(localStorage);

/** The console of a live show. */
export function ShowView({ config, token, director, self, onSignOut }: ShowViewProps) {
  const api = useMemo(() => createShowApi(config, token, self), [config, token, self]);
  const show = useShow(config, director, api, self, chime);
  const questions = useQuestions(director, show);
  const [open, setOpen] = useState<Open>('nothing');
  const [tab, setTab] = useState<Tab>('cues');
  const aligner = useAligner(show);
  const { marked } = aligner;
  const { failure, state } = show;
  const stream = streamPath(config);

  useEffect(() => {
    if (failure?.kind === 'refused' && (failure.status === 401 || failure.status === 403)) {
      onSignOut('This token is not valid here.');
    }
  }, [failure, onSignOut]);

  const onCommand = (command: Command, mediaTime: number | null): void => {
    const chosen = tabOf(command);
    if (chosen !== null) setTab(chosen);
    else if (command === 'open' || command === 'lock' || command === 'reveal')
      questions.mark(command, mediaTime);
    else if (command === 'next-question') questions.next();
    else if (command === 'help') setOpen('help');
    else if (command === 'load') setOpen('load');
    else if (command === 'status') setOpen((now) => (now === 'status' ? 'nothing' : 'status'));
    else if (command === 'align') aligner.mark(mediaTime);
    else if (command === 'leave' && open === 'status' && state.guard === null) setOpen('nothing');
    else if (command === 'take' && state.rundown === null) questions.mark('open', mediaTime);
    else show.press(command, mediaTime);
  };

  useShowKeys({
    sample: show.sample,
    guarded: state.guard !== null && state.guard.kind !== 'prize' && state.guard.kind !== 'panic',
    onCommand,
    onLetGo: () => show.runner?.letGo(),
  });

  const readTime = useCallback(() => show.preview.session()?.streamTime() ?? null, [show.preview.session]);
  const close = (): void => setOpen('nothing');
  const rehearsing = state.rehearsal === true;

  return (
    <div class={`show ${rehearsing ? 'show-rehearsal' : ''}`}>
      {rehearsing && <RehearsalFrame />}
      <h1 class="only-read">Director</h1>
      <StatusStrip show={show} onControl={() => show.press('control', null)} />
      <Banners show={show} />
      <main class="board">
        <div class="board-left">
          <PreviewPanel show={show} readTime={readTime} />
          <LandingCard show={show} />
          <Panels
            {...{ show, api, director, stream, tab }}
            onTab={setTab}
            onAlign={() => aligner.mark(show.sample())}
          />
        </div>
        <div class="board-right">
          <OrdersBar show={show} />
          {state.rundown === null ? (
            <DeckCard show={show} questions={questions} onNew={() => setOpen('question')} />
          ) : (
            <AtHand show={show} />
          )}
          <OnAirPanel show={show} questions={questions} />
          <RundownList show={show} onLoad={() => setOpen('load')} />
        </div>
      </main>
      <Tools
        {...{ show, chime, stream }}
        onStatus={() => setOpen('status')}
        onHelp={() => setOpen('help')}
        onSignOut={() => onSignOut(null)}
      />
      {open === 'status' && <FullStatus show={show} onClose={close} />}
      <GuardBar show={show} />
      {open === 'help' && <Help onClose={close} />}
      {open === 'load' && <LoadRundown api={api} onClose={close} onLoaded={() => show.runner?.refresh()} />}
      {open === 'question' && <NewQuestion onCreate={questions.create} onClose={close} />}
      {marked !== null && (
        <Aligner
          key={marked.nth}
          {...{ api, person: keptName(localStorage), ...marked }}
          onClose={() => aligner.close(marked)}
        />
      )}
    </div>
  );
}
