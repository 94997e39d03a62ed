import { Chip, Fact } from '../design/parts.tsx';
import { formatClock, formatCount } from '../shared/format.ts';
import { Plot } from './plot.tsx';
import type { Measure, Show } from './report.ts';
import { TwoStep } from './two-step.tsx';
import type { Press } from './use-prizes.ts';
import { doWords, MEASURE_STATES, nextOf, percentOfPpm, whenWords } from './words.ts';

export interface BoxesProps {
  readonly shows: readonly Show[];
  readonly press: Press;
  readonly onDone: () => void;
  /** Nobody can be asked. */
  readonly lost: boolean;
}

export const Boxes = ({ shows, press, onDone, lost }: BoxesProps) => (
  <>
    {shows.map((show) => (
      <ShowSection key={show.show} show={show} press={press} onDone={onDone} lost={lost} />
    ))}
  </>
);

function ShowSection({ show, press, onDone, lost }: Omit<BoxesProps, 'shows'> & { readonly show: Show }) {
  const { levels, threshold, dropPpm, boxes, viewers, high, measures } = show;
  const last = levels.at(-1)?.n ?? 0;
  const high100 = viewers === 0 ? 0 : (high / viewers) * 100;
  const heading = `show-${show.show}-title`;
  return (
    <section id={`show-${show.show}`} class="prizes-section panel" aria-labelledby={heading}>
      <header class="panel-head">
        <h2 id={heading} class="panel-title">
          Boxes of {show.show}
        </h2>
      </header>
      <div class="panel-body boxes-body">
        <dl class="facts">
          <Fact name="Dropped">{formatCount(boxes)}</Fact>
          <Fact name="Viewers with boxes">{formatCount(viewers)}</Fact>
          <Fact name="Drop rate">{percentOfPpm(dropPpm)} of answers</Fact>
          <Fact name="High pools from">
            {threshold === 0 ? 'everybody' : `${formatCount(threshold)} boxes`}
          </Fact>
          <Fact name="Draw from high pools">
            {formatCount(high)} ({high100.toFixed(1)} %)
          </Fact>
        </dl>
        {levels.length > 0 && (
          <figure class="distribution">
            <figcaption class="soft">Viewers by number of boxes</figcaption>
            <Plot
              kind="bars"
              x={levels.map(({ n }) => n)}
              label={`Viewers by boxes: ${levels.map(({ n, viewers: who }) => `${n === last ? `${n} or more` : n}: ${formatCount(who)}`).join(', ')}`}
              lines={[{ name: 'Viewers', values: levels.map(({ viewers: who }) => who), colour: '--info' }]}
              {...(threshold > 0 ? { mark: { at: threshold - 0.5, text: 'high pools' } } : {})}
            />
          </figure>
        )}
        <div class="measures">
          <h3 class="group-name">Measures</h3>
          {measures.length === 0 && <p class="soft">None is prepared.</p>}
          <ul class="rows">
            {measures.map((measure) => (
              <MeasureRow
                key={measure.id}
                measure={{ ...measure, show: show.show }}
                press={press}
                onDone={onDone}
                lost={lost}
              />
            ))}
          </ul>
        </div>
      </div>
    </section>
  );
}

function MeasureRow({
  measure,
  press,
  onDone,
  lost,
}: Omit<BoxesProps, 'shows'> & { readonly measure: Measure & { readonly show: string } }) {
  const { id, show, title, state, auto, due, when, appliedAt } = measure;
  const path = `shows/${encodeURIComponent(show)}/measures/${encodeURIComponent(id)}`;
  const next = nextOf(measure);
  const what = doWords(measure.do);
  return (
    <li class="row">
      <div>
        <strong>{title}</strong>{' '}
        <Chip
          tone={state === 'applied' ? 'info' : 'plain'}
          {...(state === 'applied' ? { icon: 'check' as const } : {})}
        >
          {MEASURE_STATES[state] ?? state}
          {state === 'applied' && appliedAt !== null && ` ${formatClock(appliedAt)}`}
        </Chip>{' '}
        {state === 'prepared' && due === true && (
          <Chip tone="bad" icon="warning">
            Due
          </Chip>
        )}
        <span class="faint row-notes">
          {whenWords(when)}
          {when !== null && (auto ? ', by itself' : ', by hand')}: {what}
        </span>
      </div>
      <TwoStep
        action={next === 'apply' ? 'Apply' : 'Revert'}
        label={`${next === 'apply' ? 'Apply' : 'Revert'}: ${title}`}
        consequence={next === 'apply' ? `Apply at once: ${what}?` : `Put back what it changed (${what})?`}
        press={() => press(`${path}/${next}`)}
        onDone={onDone}
        disabled={lost}
      />
    </li>
  );
}
