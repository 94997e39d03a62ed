import { useEffect, useMemo, useReducer, useRef, useState } from 'preact/hooks';
import type { FiredCue, FramecueStatus } from '../../../client/src/index.ts';
import { useLatest } from '../design/hooks.ts';
import { Icon } from '../design/icons.tsx';
import { FIRST_LINK, type LinkState } from '../players/link.ts';
import type { PlayPath } from '../players/player.ts';
import { Screen } from '../players/screen.tsx';
import type { DemoConfig } from '../shared/config.ts';
import { Card } from './card.tsx';
import { Delay } from './delay.tsx';
import { Landing } from './landing.tsx';
import { Log } from './log.tsx';
import { LotteryCard } from './lottery-card.tsx';
import type { SaleState } from './sale/desk.ts';
import { createKeptSale } from './sale/kept-sale.ts';
import { type Offer, saleIn } from './sale/offer.ts';
import { SaleCard } from './sale/sale-card.tsx';
import { type Session, startSession } from './session.ts';
import { FIRST_VIEWER, type LogEntry, nextViewer, unknownReveal, type ViewerEvent } from './state.ts';
import type { TestHooks } from './test-hooks.ts';
import { PLAYERS, typeName } from './words.ts';

export interface PhoneProps {
  readonly config: DemoConfig;
  readonly path: PlayPath;
  readonly hooks: TestHooks | null;
  /** One player at most is heard. */
  readonly heard: boolean;
  readonly onHear: (heard: boolean) => void;
  /** Told of all that happens here. */
  readonly watch?: PhoneWatch;
  /** Without the list of the last cues and the viewer's name. */
  readonly compact?: boolean;
}

/** For a page that shows more than its phones. */
export interface PhoneWatch {
  readonly onSession: (path: PlayPath, session: Session | null) => void;
  /** A cue is told of in the task in which its picture was presented. */
  readonly onEvent: (path: PlayPath, event: ViewerEvent, video: HTMLVideoElement) => void;
  readonly onLink: (path: PlayPath, link: LinkState) => void;
}

/** One app: its own player, its own framecue client, its own viewer. */
export function Phone({ config, path, hooks, heard, onHear, watch, compact = false }: PhoneProps) {
  const [state, dispatch] = useReducer(nextViewer, FIRST_VIEWER);
  const [link, setLink] = useState<LinkState>(FIRST_LINK);
  const [status, setStatus] = useState<FramecueStatus | null>(null);
  const [viewer, setViewer] = useState<string | null>(null);
  const video = useRef<HTMLVideoElement>(null);
  const session = useRef<Session | null>(null);
  const latest = useLatest({ state, watch });
  const kept = useMemo(() => createKeptSale(path, () => sessionStorage), [path]);
  const [had, setHad] = useState(() => kept.read());

  useEffect(() => {
    const element = video.current;
    if (element === null) return;
    // As a property: the attribute alone does not let a page play by itself.
    element.muted = true;
    session.current = startSession({
      config,
      path,
      video: element,
      hooks,
      onEvent(event) {
        const missing = event.kind === 'cue' ? unknownReveal(latest.current.state, event.cue) : null;
        dispatch(event);
        latest.current.watch?.onEvent(path, event, element);
        if (missing !== null) session.current?.recover(missing);
      },
      onLink(next) {
        setLink(next);
        latest.current.watch?.onLink(path, next);
      },
      onStatus: setStatus,
      onViewer: setViewer,
    });
    latest.current.watch?.onSession(path, session.current);
    return () => {
      session.current?.stop();
      latest.current.watch?.onSession(path, null);
    };
  }, [config, path, hooks, latest]);

  useEffect(() => {
    if (video.current !== null) video.current.muted = !heard;
  }, [heard]);

  const player = PLAYERS[path];
  const newest = state.log[0];
  const heed = (offer: Offer, standing: SaleState): void => {
    kept.heed(offer, standing);
    const now = kept.read();
    // What is over is shown where it ended, and is gone when the page is loaded anew.
    if (now !== null && now.interaction !== had?.interaction) setHad(now);
  };
  const sale = saleIn(state.log);
  const buying = session.current?.sales ?? null;
  const question =
    state.lottery === null ? (
      <Card round={state.round} onAnswer={(cue, choice, at) => session.current?.answer(cue, choice, at)} />
    ) : (
      <LotteryCard round={state.lottery} onEnter={(cue, at) => session.current?.enter(cue, at)} />
    );
  return (
    <article class="phone" aria-label={`Player by ${player.name}`}>
      <header class="phone-head">
        <h2 class="phone-name">{player.name}</h2>
        <span class="faint phone-by">{player.by}</span>
        <Delay read={() => session.current?.delayMs() ?? null} running={link.kind === 'playing'} />
      </header>
      <div class="phone-body">
        <div class="phone-picture">
          <Screen
            video={video}
            link={link}
            muted={!heard}
            label={player.name}
            onPlay={() => session.current?.play()}
            onMute={(muted) => onHear(!muted)}
          />
          {status?.mode === 'no-stamps' && (
            <p class="phone-mode">
              <Icon name="warning" size={16} /> No stamps here: questions open by the events path.
            </p>
          )}
          <Landing cue={(sale ?? state.lottery ?? state.round)?.cue ?? lastFired(state.log)} />
        </div>
        {sale !== null && buying !== null ? (
          <SaleCard key={sale.cue.id} framecue={buying} {...sale} onState={heed} />
        ) : had !== null && buying !== null ? (
          <SaleCard
            key={had.interaction}
            framecue={buying}
            cue={null}
            offer={had}
            onState={heed}
            isUnderWay={state.round !== null || state.lottery !== null}
          >
            {question}
          </SaleCard>
        ) : (
          question
        )}
        {!compact && <Log entries={state.log} />}
      </div>
      {!compact && (
        <footer class="phone-foot faint">
          <Icon name="person" size={14} />{' '}
          {viewer === null ? 'No viewer token yet' : `Viewer ${shortName(viewer)}`}
        </footer>
      )}
      <p class="only-read" aria-live="assertive">
        {newest?.kind === 'fired' ? `${typeName(newest.cue.type)} on ${player.name}` : ''}
      </p>
    </article>
  );
}

/** Where no question was opened here: whatever fired last. */
function lastFired(log: readonly LogEntry[]): FiredCue | null {
  const entry = log.find(({ kind }) => kind === 'fired');
  return entry?.kind === 'fired' ? entry.cue : null;
}

const shortName = (viewer: string): string => (viewer.length > 18 ? `${viewer.slice(0, 16)}…` : viewer);
