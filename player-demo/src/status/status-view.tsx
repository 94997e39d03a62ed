import { useEffect } from 'preact/hooks';
import { Icon } from '../design/icons.tsx';
import { Lost } from '../design/lost.tsx';
import { Chip, Head, Spinner } from '../design/parts.tsx';
import { type DemoConfig, streamPath } from '../shared/config.ts';
import { failureWords } from '../shared/failure-words.ts';
import { formatClock } from '../shared/format.ts';
import type { ApiFailure } from '../shared/http.ts';
import { EventList } from './event-list.tsx';
import { HowToPublish } from './how-to-publish.tsx';
import { remarksOnNobody } from './remarks.ts';
import type { MediaReport, StreamReport } from './report.ts';
import { ServerClockSection } from './server-clock-section.tsx';
import { anchorOf, StreamCard, VerdictBanner } from './stream-card.tsx';
import { useStatus } from './use-status.ts';
import { judge, VERDICT_WORDS, type Verdict, worstOf } from './verdict.ts';
import { VerdictSign } from './verdict-sign.tsx';

export interface StatusViewProps {
  readonly config: DemoConfig;
  readonly token: string;
  readonly onSignOut: (why: string | null) => void;
}

interface Judged {
  readonly stream: StreamReport;
  readonly verdict: Verdict;
}

export function StatusView({ config, token, onSignOut }: StatusViewProps) {
  const { feed, ask } = useStatus(config.media, token);
  const { report, history, failure } = feed;
  const noRight = failure?.kind === 'refused' && (failure.status === 401 || failure.status === 403);
  useEffect(() => {
    if (noRight) onSignOut(failureWords(failure).text);
  }, [noRight, failure, onSignOut]);

  const judged: readonly Judged[] = (report?.streams ?? []).map((stream) => ({
    stream,
    verdict: judge(stream, {
      connected: failure === null,
      at: report!.at,
      samples: history.get(stream.name) ?? [],
      events: report!.events,
    }),
  }));
  useTitle(report === null && failure === null ? 'Status · framecue' : titleOf(judged, failure));

  return (
    <>
      <Head title="Status">
        {report !== null && failure === null && (
          <Chip tone="good" icon="dot">
            Connected, {formatClock(report.at)}
          </Chip>
        )}
        {failure !== null && (
          <Chip tone="bad" icon="broken">
            No connection
          </Chip>
        )}
        <button type="button" class="button button-quiet" onClick={() => onSignOut(null)}>
          Sign out
        </button>
      </Head>
      <div role="alert" class="lost">
        {failure !== null && !noRight && <Lost failure={failure} at={report?.at ?? null} onAsk={ask} />}
      </div>
      <p class="only-read" role="status">
        {judged.map(({ stream, verdict }) => `${stream.name}: ${VERDICT_WORDS[verdict.kind]}.`).join(' ')}
      </p>
      <main
        class={`status-page ${judged.length > 1 ? 'status-several' : ''} ${failure === null ? '' : 'status-old'}`}
      >
        {report === null && failure === null && (
          <p class="status-wait soft">
            <Spinner /> Asking the server.
          </p>
        )}
        {judged.length > 1 && <Overview judged={judged} />}
        {judged.length > 0 && (
          <div class="streams">
            {judged.map(({ stream, verdict }) => (
              <StreamCard
                key={stream.name}
                stream={stream}
                verdict={verdict}
                samples={history.get(stream.name) ?? []}
                report={report!}
                alone={judged.length === 1}
              />
            ))}
          </div>
        )}
        {report !== null && judged.length === 0 && (
          <Nobody stream={streamPath(config)} report={report} connected={failure === null} />
        )}
        {report?.serverClock && <ServerClockSection clock={report.serverClock} at={report.at} />}
        {report !== null && <EventList report={report} />}
      </main>
    </>
  );
}

/** Several streams: the verdict of each in one line, as a way to its card. */
function Overview({ judged }: { readonly judged: readonly Judged[] }) {
  return (
    <nav aria-label="Streams">
      <ul class="overview">
        {judged.map(({ stream, verdict }) => (
          <li key={stream.name}>
            <a class={`overview-link verdict-${verdict.kind}`} href={`#${anchorOf(stream.name)}`}>
              <VerdictSign kind={verdict.kind} size={18} />
              <span>
                {stream.name} <strong>{VERDICT_WORDS[verdict.kind]}</strong>
              </span>
            </a>
          </li>
        ))}
      </ul>
    </nav>
  );
}

function Nobody({
  stream,
  report,
  connected,
}: {
  readonly stream: string;
  readonly report: MediaReport;
  readonly connected: boolean;
}) {
  const kind = connected ? 'off-air' : 'unknown';
  return (
    <section class={`panel stream verdict-${kind}`}>
      <VerdictBanner kind={kind} remarks={connected ? remarksOnNobody(report) : []}>
        <span class="soft">Nobody has published since the server started.</span>
      </VerdictBanner>
      <div class="nobody">
        <h3 class="nobody-title">
          <Icon name="flag" /> How to publish
        </h3>
        <HowToPublish stream={stream} />
      </div>
    </section>
  );
}

function titleOf(judged: readonly Judged[], failure: ApiFailure | null): string {
  const worst = failure === null ? worstOf(judged.map(({ verdict }) => verdict.kind)) : 'unknown';
  const [only] = judged;
  const what = judged.length === 1 && only !== undefined ? only.stream.name : 'Status';
  return `${VERDICT_WORDS[worst]} · ${what} · framecue`;
}

function useTitle(title: string): void {
  useEffect(() => {
    document.title = title;
  }, [title]);
}
