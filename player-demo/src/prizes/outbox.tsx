import { Chip } from '../design/parts.tsx';
import { formatClock, formatCount } from '../shared/format.ts';
import { beganWords, type Sample } from './history.ts';
import { Plot } from './plot.tsx';
import type { DeadLetter, Outbox, OutboxLane } from './report.ts';
import { TwoStep } from './two-step.tsx';
import type { Press } from './use-prizes.ts';
import { BREAKERS, deadWords, formatAge } from './words.ts';

export interface OutboxProps {
  readonly outbox: Outbox | null;
  readonly dead: readonly DeadLetter[] | null;
  readonly history: readonly Sample[];
  readonly titles: ReadonlyMap<string, string>;
  readonly press: Press;
  readonly onDone: () => void;
  /** Nobody can be asked. */
  readonly lost: boolean;
}

const BreakerChip = ({ state }: { readonly state: string }) => (
  <Chip tone={state === 'closed' ? 'good' : 'bad'} icon={state === 'closed' ? 'dot' : 'warning'}>
    {BREAKERS[state] ?? state}
  </Chip>
);

export function OutboxSection({ outbox, dead, history, titles, press, onDone, lost }: OutboxProps) {
  return (
    <section id="outbox" class="prizes-section panel" aria-labelledby="outbox-title">
      <header class="panel-head">
        <h2 id="outbox-title" class="panel-title">
          The way out
        </h2>
        {outbox !== null &&
          (outbox.sending ? <BreakerChip state={outbox.breaker} /> : <Chip icon="lock">Not sending</Chip>)}
      </header>
      <div class="panel-body outbox-body">
        {outbox === null ? (
          <p class="soft">This server tells nothing of its outbox.</p>
        ) : (
          <>
            <Lanes lanes={outbox.lanes} titles={titles} />
            {history.length > 1 && (
              <Plot
                x={history.map(({ at }) => at)}
                note={beganWords(history)}
                height={130}
                label={`Items that wait, and seconds behind; now ${formatCount(history.at(-1)!.waiting)} and ${formatAge(history.at(-1)!.lagS * 1000)}`}
                lines={[
                  { name: 'Waiting', values: history.map(({ waiting }) => waiting), colour: '--info' },
                  {
                    ...{ name: 'Seconds behind', colour: '--warn', dash: [8, 4] },
                    values: history.map(({ lagS }) => lagS),
                  },
                ]}
              />
            )}
          </>
        )}
        {dead !== null && <Dead dead={dead} titles={titles} press={press} onDone={onDone} lost={lost} />}
      </div>
    </section>
  );
}

function Lanes({
  lanes,
  titles,
}: {
  readonly lanes: readonly OutboxLane[];
  readonly titles: ReadonlyMap<string, string>;
}) {
  if (lanes.length === 0) return <p class="soft">Nothing has been granted yet.</p>;
  return (
    <div class="table-box">
      <table class="table">
        <thead>
          <tr>
            <th scope="col">Pool</th>
            <th scope="col">State</th>
            <th scope="col" class="number">
              Waiting
            </th>
            <th scope="col" class="number">
              Behind
            </th>
            <th scope="col" class="number">
              Delivered
            </th>
            <th scope="col" class="number">
              Declined
            </th>
            <th scope="col" class="number">
              Dead
            </th>
          </tr>
        </thead>
        <tbody>
          {lanes.map(({ lane, breaker, queued, lagMs, delivered, declined, dead, waitMs }) => (
            <tr key={lane}>
              <th scope="row">{titles.get(lane) ?? lane}</th>
              <td>
                <BreakerChip state={breaker} />
                {breaker !== 'closed' && waitMs > 0 && (
                  <span class="faint"> next probe in {formatAge(waitMs)}</span>
                )}
              </td>
              <td class="number">{formatCount(queued)}</td>
              <td class="number">{lagMs === null || queued === 0 ? '–' : formatAge(lagMs)}</td>
              <td class="number">{formatCount(delivered)}</td>
              <td class="number">{formatCount(declined)}</td>
              <td class="number">{formatCount(dead)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Dead({
  dead,
  titles,
  press,
  onDone,
  lost,
}: Pick<OutboxProps, 'titles' | 'press' | 'onDone' | 'lost'> & { readonly dead: readonly DeadLetter[] }) {
  return (
    <div id="dead">
      <h3 class="group-name">Dead letters</h3>
      {dead.length === 0 ? (
        <p class="soft">None.</p>
      ) : (
        <>
          {dead.length > 1 && (
            <TwoStep
              action="Send all again"
              label="Send all again: dead letters"
              consequence="All of them, of every pool, each with its own id."
              press={() => press('outbox/revive')}
              onDone={onDone}
              disabled={lost}
            />
          )}
          <ul class="rows">
            {dead.map(({ id, topic, lane, viewer, attempts, lastCode, lastStatus, lastAt }) => (
              <li key={id} class="row">
                <div>
                  <strong>{titles.get(lane) ?? lane}</strong>
                  {viewer !== null && ` for ${viewer}`}: {deadWords(lastCode, lastStatus)}
                  <span class="faint row-notes">
                    {topic} · {id} · {formatCount(attempts)} {attempts === 1 ? 'attempt' : 'attempts'}
                    {lastAt !== null && `, last ${formatClock(lastAt)}`}
                  </span>
                </div>
                <TwoStep
                  action="Send again"
                  label={`Send again: ${id}`}
                  consequence="It goes out with the same id: paid once, if the platform keeps ids."
                  press={() => press(`outbox/${encodeURIComponent(id)}/revive`)}
                  onDone={onDone}
                  disabled={lost}
                />
              </li>
            ))}
          </ul>
        </>
      )}
    </div>
  );
}
