import { Fact } from '../../design/parts.tsx';
import { formatCount, formatSpan } from '../../shared/format.ts';
import type { Show } from '../use-show.ts';
import { keepOffset, keptOffset } from '../wire/kept.ts';
import type { ShowApi } from '../wire/show-api.ts';

/** Each person's press delay, from the marks of rehearsals, and whether this console takes it off. */
export function AlignerTable({
  show,
  api,
  onAlign,
}: {
  readonly show: Show;
  readonly api: ShowApi;
  readonly onAlign: () => void;
}) {
  const people = show.latency.value?.aligner ?? [];
  const taken = keptOffset(localStorage);
  const take = (person: string | null, ms: number): void => {
    keepOffset(localStorage, person === null ? null : { person, ms });
    show.setOffset();
  };
  return (
    <section class="timing-box" aria-label="Press delay">
      <h3 class="panel-title">Press delay</h3>
      {people.length === 0 && <p class="faint">Nobody has marked yet: mark the same moment a few times.</p>}
      {people.map(({ person, marks, medianMs, spreadMs, offeredMs }) => (
        <div key={person} class="clock-line">
          <strong>{person}</strong>
          <dl class="facts">
            <Fact name="Marks">{formatCount(marks)}</Fact>
            <Fact name="Median">{medianMs === null ? '–' : formatSpan(medianMs)}</Fact>
            <Fact name="Spread">{spreadMs === null ? '–' : formatSpan(spreadMs)}</Fact>
          </dl>
          {taken?.person === person ? (
            <button type="button" class="button" onClick={() => take(null, 0)}>
              Stop taking {formatSpan(taken.ms)} off
            </button>
          ) : (
            <button
              type="button"
              class="button"
              disabled={offeredMs === null}
              onClick={() => offeredMs !== null && take(person, offeredMs)}
            >
              {offeredMs === null ? 'Mark more' : `Take ${formatSpan(offeredMs)} off my presses`}
            </button>
          )}
          <button
            type="button"
            class="button button-quiet"
            onClick={() => void api.changeLatency({ do: 'forget', person })}
          >
            Forget
          </button>
        </div>
      ))}
      <div class="timing-tools">
        <button type="button" class="button" onClick={onAlign}>
          Mark a moment <kbd>B</kbd>
        </button>
      </div>
    </section>
  );
}
