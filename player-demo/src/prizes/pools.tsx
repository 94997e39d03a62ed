import { Icon } from '../design/icons.tsx';
import { Chip } from '../design/parts.tsx';
import { formatClock, formatCount } from '../shared/format.ts';
import { beganWords, type Sample } from './history.ts';
import { Plot } from './plot.tsx';
import type { Pool } from './report.ts';
import { TwoStep } from './two-step.tsx';
import type { Press } from './use-prizes.ts';
import { formatAmount, formatMoment, formatMoney } from './words.ts';

export interface PoolsProps {
  readonly pools: readonly Pool[];
  readonly history: readonly Sample[];
  readonly press: Press;
  readonly onDone: () => void;
  /** Nobody can be asked. */
  readonly lost: boolean;
}

export function Pools({ pools, ...rest }: PoolsProps) {
  return (
    <section class="prizes-section" aria-labelledby="pools-title">
      <h2 id="pools-title" class="section-title">
        Pools
      </h2>
      {pools.length === 0 && <p class="soft">No pool has been opened.</p>}
      <div class="pools">
        {pools.map((pool) => (
          <PoolCard key={pool.id} pool={pool} {...rest} />
        ))}
      </div>
    </section>
  );
}

/** In the order in which a piece goes through them. */
const PARTS = [
  { account: 'granted', name: 'Granted' },
  { account: 'reserved', name: 'Reserved' },
  { account: 'free', name: 'Free' },
  { account: 'sweptOut', name: 'Swept out' },
] as const;

interface PoolCardProps extends Omit<PoolsProps, 'pools'> {
  readonly pool: Pool;
}

function PoolCard({ pool, history, press, onDone, lost }: PoolCardProps) {
  const { id, title, tier, purpose, show, currency, balances, state, closedWhy, closesAt } = pool;
  const whole = balances.funded.pieces + balances.sweptIn.pieces;
  const wholeMinor = balances.funded.amountMinor + balances.sweptIn.amountMinor;
  const seen = history.filter(({ pools }) => pools.has(id));
  const valuesOf = (n: 0 | 1 | 2) => seen.map(({ pools }) => pools.get(id)![n]);
  const summary = PARTS.map(({ account, name }) => `${name} ${formatCount(balances[account].pieces)}`).join(
    ', ',
  );
  return (
    <article id={`pool-${id}`} class="panel pool" aria-label={`Pool ${title}`}>
      <header class="panel-head">
        <h3 class="pool-title">{title}</h3>
        <Chip>{tier === 'high' ? 'High' : 'Low'}</Chip>
        {purpose === 'stock' && <Chip>Stock</Chip>}
        {state === 'open' ? (
          <Chip tone="good" icon="dot">
            Open
          </Chip>
        ) : (
          <Chip icon="lock">Closed</Chip>
        )}
      </header>
      <div class="pool-body">
        <p class="pool-free">
          <strong>{formatCount(balances.free.pieces)}</strong> of {formatCount(whole)} free
          <span class="soft">
            {' '}
            · {formatMoney(balances.free.amountMinor, currency)} of {formatMoney(wholeMinor, currency)}
          </span>
        </p>
        <div class="budget" role="img" aria-label={`Of ${formatCount(whole)} pieces: ${summary}`}>
          {PARTS.map(({ account }) => (
            <span
              key={account}
              class={`budget-part budget-${account}`}
              style={{ flexGrow: whole === 0 ? 0 : balances[account].pieces / whole }}
            />
          ))}
        </div>
        <dl class="budget-key">
          {PARTS.map(({ account, name }) => (
            <div key={account}>
              <dt>
                <span class={`budget-sign budget-${account}`} aria-hidden="true" />
                {name}
              </dt>
              <dd>{formatAmount(balances[account], currency)}</dd>
            </div>
          ))}
        </dl>
        <p class="faint pool-notes">
          {id} · show {show}
          {closesAt !== null && ` · closes ${formatMoment(closesAt, history.at(-1)!.at * 1000)}`}
          {closedWhy !== null && ` · ${closedWhy}`}
        </p>
        <PoolActions pool={pool} press={press} onDone={onDone} lost={lost} />
        {seen.length > 1 ? (
          <Plot
            height={120}
            x={seen.map(({ at }) => at)}
            note={beganWords(seen)}
            label={`Pieces of ${title} since ${formatClock(seen[0]!.at * 1000)}: ${summary}`}
            lines={[
              { name: 'Free', values: valuesOf(0), colour: '--text-soft', dash: [2, 4] },
              { name: 'Reserved', values: valuesOf(1), colour: '--info', dash: [8, 4] },
              { name: 'Granted', values: valuesOf(2), colour: '--good' },
            ]}
          />
        ) : (
          <p class="faint plot-wait">
            <Icon name="bars" size={14} /> The plot begins now: it shows what this page sees while it is open.
          </p>
        )}
      </div>
    </article>
  );
}

/** What is left is swept only where no right can be earned any more. */
function PoolActions({ pool, press, onDone, lost }: Omit<PoolCardProps, 'history'>) {
  const { id, title, state, balances } = pool;
  const path = (what: string): string => `pools/${encodeURIComponent(id)}/${what}`;
  const step = (action: string, consequence: string, what: string) => (
    <TwoStep
      {...{ action, consequence, onDone, disabled: lost }}
      label={`${action}: ${title}`}
      press={() => press(path(what))}
    />
  );
  if (state === 'open') {
    return (
      <div class="pool-actions">{step('Close', 'No right is earned from it from then on.', 'close')}</div>
    );
  }
  return (
    <div class="pool-actions">
      {step('Reopen', 'Rights can be earned from it again.', 'reopen')}
      {balances.free.pieces > 0 &&
        step('Sweep', `${formatCount(balances.free.pieces)} go where its rule says.`, 'sweep')}
    </div>
  );
}
