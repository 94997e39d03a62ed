import { useEffect, useMemo } from 'preact/hooks';
import { Icon } from '../design/icons.tsx';
import { Lost } from '../design/lost.tsx';
import { Chip, Fact, Head, Spinner } from '../design/parts.tsx';
import { failureWords } from '../shared/failure-words.ts';
import { formatClock, formatCount, plural } from '../shared/format.ts';
import { Boxes } from './boxes.tsx';
import { Draws } from './draws.tsx';
import { type Need, needsOf } from './needs.ts';
import { OutboxSection } from './outbox.tsx';
import { People } from './people.tsx';
import { Pools } from './pools.tsx';
import type { Rights } from './report.ts';
import { usePress, usePrizes } from './use-prizes.ts';

export interface PrizesViewProps {
  /** Base URL of the events process. */
  readonly events: string;
  readonly token: string;
  readonly onSignOut: (why: string | null) => void;
}

export function PrizesView({ events, token, onSignOut }: PrizesViewProps) {
  const { feed, ask } = usePrizes(events, token);
  const press = usePress(events, token);
  const { prizes, history, failure } = feed;
  const noRight = failure?.kind === 'refused' && (failure.status === 401 || failure.status === 403);
  useEffect(() => {
    if (noRight) onSignOut(failureWords(failure).text);
  }, [noRight, failure, onSignOut]);
  const needs = needsOf(prizes?.treasury ?? null, prizes?.outbox ?? null);
  const now = needs.filter(({ level }) => level === 'now').length;
  const lost = failure !== null && !noRight;
  useEffect(() => {
    document.title = `${lost ? 'No connection · ' : now > 0 ? `${now} to do · ` : ''}Prizes · framecue`;
  }, [lost, now]);
  const pools = prizes?.treasury.pools;
  const titles = useMemo(() => new Map((pools ?? []).map(({ id, title }) => [id, title])), [pools]);

  return (
    <>
      <Head title="Prizes">
        {prizes !== null && failure === null && (
          <Chip tone="good" icon="dot">
            Connected, {formatClock(prizes.treasury.at)}
          </Chip>
        )}
        {lost && (
          <Chip tone="bad" icon="broken">
            No connection
          </Chip>
        )}
        <button type="button" class="button button-quiet" onClick={() => onSignOut(null)}>
          Sign out
        </button>
      </Head>
      <div role="alert" class="lost">
        {lost && <Lost failure={failure} at={prizes?.treasury.at ?? null} onAsk={ask} />}
      </div>
      <main class={lost ? 'prizes prizes-old' : 'prizes'}>
        {prizes === null && failure === null && (
          <p class="soft">
            <Spinner /> Asking the server.
          </p>
        )}
        {prizes !== null && (
          <>
            <Needs needs={needs} />
            <RightsRow rights={prizes.treasury.rights} />
            <Pools pools={prizes.treasury.pools} history={history} press={press} onDone={ask} lost={lost} />
            <Draws
              draws={prizes.treasury.draws}
              now={prizes.treasury.at}
              press={press}
              onDone={ask}
              lost={lost}
            />
            <div class="prizes-columns">
              <OutboxSection
                outbox={prizes.outbox}
                dead={prizes.dead}
                history={history}
                titles={titles}
                press={press}
                onDone={ask}
                lost={lost}
              />
              <Boxes shows={prizes.treasury.shows} press={press} onDone={ask} lost={lost} />
            </div>
            <People people={prizes.people} now={prizes.treasury.at} />
          </>
        )}
      </main>
    </>
  );
}

/** What needs a person, before everything else. */
function Needs({ needs }: { readonly needs: readonly Need[] }) {
  return (
    <section class="needs" aria-labelledby="needs-title" aria-live="polite">
      <h2 id="needs-title" class="section-title">
        {needs.length === 0 ? 'Nothing needs you' : `${plural(needs.length, 'thing')} for you`}
      </h2>
      {needs.length === 0 ? (
        <p class="needs-none">
          <Icon name="check" /> Pools have pieces, and what is granted goes out.
        </p>
      ) : (
        <ul class="needs-list">
          {needs.map(({ key, level, text, advice, href }) => (
            <li key={key}>
              <a class={`need need-${level}`} href={href}>
                <Icon name={level === 'now' ? 'warning' : 'clock'} />
                <span>
                  <strong>
                    {level === 'now' ? 'Now' : 'Soon'}: {text}
                  </strong>{' '}
                  <span class="soft">{advice}</span>
                </span>
              </a>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

const RIGHT_NAMES: readonly (readonly [keyof Rights, string])[] = [
  ['earned', 'Earned, wait for the reveal'],
  ['reserved', 'Reserved'],
  ['released', 'Released'],
  ['granted', 'Granted'],
  ['reversed', 'Taken back'],
  ['voided', 'Voided'],
];

const RightsRow = ({ rights }: { readonly rights: Rights }) => (
  <section class="panel rights" aria-label="Rights by state">
    <h2 class="panel-title">Rights</h2>
    <dl class="facts">
      {RIGHT_NAMES.map(([state, name]) => (
        <Fact key={state} name={name}>
          {formatCount(rights[state])}
        </Fact>
      ))}
    </dl>
  </section>
);
