import type { IconName } from '../design/icons.tsx';
import { Chip, type Tone } from '../design/parts.tsx';
import { formatCount } from '../shared/format.ts';
import type { Draw } from './report.ts';
import { TwoStep } from './two-step.tsx';
import type { Press } from './use-prizes.ts';
import { DRAW_PROBLEMS, DRAW_STATES, formatMoment } from './words.ts';

export interface DrawsProps {
  readonly draws: readonly Draw[];
  /** By the server's clock, Unix ms. */
  readonly now: number;
  readonly press: Press;
  readonly onDone: () => void;
  /** Nobody can be asked. */
  readonly lost: boolean;
}

/** Draws, the newest first: how far each is, who lacks what, and what to do next. */
export function Draws({ draws, ...rest }: DrawsProps) {
  return (
    <section id="draws" class="prizes-section panel" aria-labelledby="draws-title">
      <header class="panel-head">
        <h2 id="draws-title" class="panel-title">
          Draws
        </h2>
      </header>
      <div class="panel-body">
        {draws.length === 0 && <p class="soft">No list has been closed yet.</p>}
        {draws.length > 0 && (
          // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by the keyboard
          <section class="table-box draws-box" tabIndex={0} aria-label="Draws, the newest first">
            <table class="table">
              <thead>
                <tr>
                  <th scope="col">Draw</th>
                  <th scope="col">State</th>
                  <th scope="col" class="number">
                    Entrants
                  </th>
                  <th scope="col" class="number">
                    Winners
                  </th>
                  <th scope="col" class="number">
                    No right yet
                  </th>
                  <th scope="col" class="number">
                    Excluded
                  </th>
                  <th scope="col">Next</th>
                </tr>
              </thead>
              <tbody>
                {draws.map((draw) => (
                  <DrawRow key={draw.interaction} draw={draw} {...rest} />
                ))}
              </tbody>
            </table>
          </section>
        )}
      </div>
    </section>
  );
}

function DrawRow({ draw, now, press, onDone, lost }: Omit<DrawsProps, 'draws'> & { readonly draw: Draw }) {
  const { interaction, title, show, shadow, entrants, winners, short, excluded, next, state, since } = draw;
  const owed = short > 0 && (state === 'drawn' || state === 'revealed') && !shadow;
  return (
    <tr id={`draw-${interaction}`}>
      <th scope="row">
        {title}
        <span class="faint row-notes">
          {interaction}
          {show !== null && ` · show ${show}`}
          {shadow && ' · load test'}
        </span>
      </th>
      <td>
        <StateChip draw={draw} />
        <span class="faint row-notes">since {formatMoment(since, now)}</span>
        {draw.problem !== null && (
          <span class="faint row-notes">stuck since {formatMoment(draw.problem.since, now)}</span>
        )}
        {state === 'committed' && draw.problem === null && draw.roundAt !== null && (
          <span class="faint row-notes">round at {formatMoment(draw.roundAt, now)}</span>
        )}
      </td>
      <td class="number">{entrants === null ? '–' : formatCount(entrants)}</td>
      <td class="number">{formatCount(winners)}</td>
      <td class="number">{owed ? <strong>{formatCount(short)}</strong> : formatCount(short)}</td>
      <td class="number">{formatCount(excluded)}</td>
      <td class="draws-next">
        {next ?? 'Nothing: all is done.'}
        {owed && (
          <TwoStep
            action="Ask again"
            label={`Ask again: ${title}`}
            consequence={`Rights for ${formatCount(short)}, from the pools as they are now.`}
            press={() => press(`interactions/${encodeURIComponent(interaction)}/draw/rebook`)}
            onDone={onDone}
            disabled={lost}
          />
        )}
      </td>
    </tr>
  );
}

function StateChip({ draw: { state, problem, short, shadow } }: { readonly draw: Draw }) {
  const [tone, icon, text]: readonly [Tone, IconName, string] =
    problem !== null
      ? ['bad', 'warning', DRAW_PROBLEMS[problem.code] ?? problem.code]
      : short > 0 && !shadow && state !== 'void'
        ? ['bad', 'warning', DRAW_STATES[state] ?? state]
        : state === 'void'
          ? ['plain', 'cross', DRAW_STATES.void ?? state]
          : state === 'revealed'
            ? ['good', 'check', DRAW_STATES.revealed ?? state]
            : ['info', 'clock', DRAW_STATES[state] ?? state];
  return (
    <Chip tone={tone} icon={icon}>
      {text}
    </Chip>
  );
}
