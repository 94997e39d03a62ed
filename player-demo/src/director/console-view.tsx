import { useCallback, useEffect, useState } from 'preact/hooks';
import { Chip, Head } from '../design/parts.tsx';
import { Screen } from '../players/screen.tsx';
import { type DemoConfig, streamPath } from '../shared/config.ts';
import { Actions } from './actions.tsx';
import type { DirectorApi } from './api.ts';
import { createChime } from './chime.ts';
import { Connection, tokenTrouble } from './connection.tsx';
import { CueList } from './cue-list.tsx';
import { DeckPanel } from './deck-panel.tsx';
import { HealthStrip } from './health-strip.tsx';
import { rowsOf } from './marks.ts';
import { NewQuestion } from './new-question.tsx';
import { PtsReadout } from './pts-readout.tsx';
import { SoundButton } from './sound-button.tsx';
import { StatusLine } from './status-line.tsx';
import { useConsole } from './use-console.ts';
import { usePreview } from './use-preview.ts';

export interface ConsoleViewProps {
  readonly config: DemoConfig;
  readonly api: DirectorApi;
  readonly onSignOut: (why: string | null) => void;
}

const chime = createChime(localStorage);

export function ConsoleView({ config, api, onSignOut }: ConsoleViewProps) {
  const preview = usePreview(config);
  const serverNow = useCallback(() => preview.session()?.serverNow() ?? Date.now(), [preview.session]);
  const console_ = useConsole(api, chime, serverNow);
  const [creating, setCreating] = useState(false);
  const [muted, setMuted] = useState(true);
  const { feeds } = console_;
  const rows = rowsOf(console_.marks);

  const trouble = tokenTrouble(feeds);
  useEffect(() => {
    if (trouble !== null) onSignOut(trouble);
  }, [trouble, onSignOut]);

  const streamTime = useCallback(() => preview.session()?.streamTime() ?? null, [preview.session]);
  const sample = (): number | null => streamTime()?.pts ?? null;

  return (
    <>
      <Head title="Director">
        <Chip icon="dot">{streamPath(config)}</Chip>
        <SoundButton chime={chime} />
        <button type="button" class="button button-quiet" onClick={() => onSignOut(null)}>
          Sign out
        </button>
      </Head>
      <Connection feeds={feeds} />
      <main class="console">
        <div class="console-main">
          <section class="panel preview" aria-label="Preview">
            <Screen
              video={preview.video}
              link={preview.link}
              muted={muted}
              label="the preview"
              onPlay={() => preview.session()?.play()}
              onMute={(value) => {
                setMuted(value);
                if (preview.video.current !== null) preview.video.current.muted = value;
              }}
            >
              <PtsReadout read={streamTime} />
            </Screen>
            <HealthStrip
              health={feeds.stream.value}
              failure={feeds.stream.failure}
              switchOn={() => api.setStamping(true)}
              delayMs={preview.link.kind === 'playing' ? (preview.session()?.delayMs() ?? null) : null}
            />
          </section>
          <StatusLine row={rows[0] ?? null} hint={console_.hint} fresh={console_.fresh} />
          <Actions
            reasonAgainst={console_.reasonAgainst}
            sample={sample}
            onPress={console_.press}
            onNext={console_.next}
          />
        </div>
        <div class="console-side">
          <DeckPanel
            deck={console_.deck}
            phase={console_.phase}
            round={console_.round}
            result={feeds.result.value}
            interactions={console_.interactions}
            serverNow={serverNow}
            onNew={() => setCreating(true)}
            onNext={console_.next}
            onChoose={console_.choose}
          />
          <section class="panel list" aria-label="Cues">
            <header class="panel-head">
              <h2 class="panel-title">Cues</h2>
            </header>
            <CueList
              rows={rows}
              fresh={console_.fresh}
              onSendAgain={console_.sendAgain}
              onDismiss={console_.dismiss}
            />
          </section>
        </div>
      </main>
      {creating && <NewQuestion onCreate={console_.create} onClose={() => setCreating(false)} />}
    </>
  );
}
