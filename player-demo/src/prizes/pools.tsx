import { Icon } from '../design/icons.tsx';
import { Chip } from '../design/parts.tsx';
import { formatClock, formatCount } from '../shared/format.ts';
import type { Sample } from './history.ts';
import { Plot } from './plot.tsx';
import type { Pool } from './report.ts';
import { formatAmount, formatMoment, formatMoney } from './words.ts';

export function Pools({
  pools,
  history,
}: {
  readonly pools: readonly Pool[];
  readonly history: readonly Sample[];
}) {
  return (
    <section class="prizes-section" aria-labelledby="pools-title">
      <h2 id="pools-title" class="section-title">
        Pools
      </h2>
      {pools.length === 0 && <p class="soft">No pool has been opened.</p>}
      <div class="pools">
        {pools.map((pool) => (
          <PoolCard key={pool.id} pool={pool} history={history} />
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

function PoolCard({ pool, history }: { readonly pool: Pool; readonly history: readonly Sample[] }) {
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
        {seen.length > 1 ? (
          <Plot
            height={120}
            x={seen.map(({ at }) => at)}
            label={`Pieces of ${title} since ${formatClock(seen[0]!.at * 1000)}: ${summary}`}
            lines={[
              { name: 'Free', values: valuesOf(0), colour: '--text-soft', dash: [2, 4] },
              { name: 'Reserved', values: valuesOf(1), colour: '--info', dash: [8, 4] },
              { name: 'Granted', values: valuesOf(2), colour: '--good' },
            ]}
          />
        ) : (
          <p class="faint plot-wait">
            <Icon name="bars" size={14} /> The plot begins when this page was opened.
          </p>
        )}
      </div>
    </article>
  );
}
