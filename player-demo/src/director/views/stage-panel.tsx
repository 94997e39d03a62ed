import { useState } from 'preact/hooks';
import { failureWords } from '../../shared/failure-words.ts';
import { formatClock } from '../../shared/format.ts';
import type { ApiOutcome } from '../../shared/http.ts';
import { itemAtHand } from '../model/rundown.ts';
import { useFeed } from '../use-feeds.ts';
import type { Show } from '../use-show.ts';
import type { ShowApi } from '../wire/show-api.ts';
import { STAGE_VIEWS } from '../wire/stage-api.ts';

const EVERY_MS = 1_000;

/** What the stage screens show, which one is shown, and leave for one touch on it. */
export function StagePanel({ show, api }: { readonly show: Show; readonly api: ShowApi }) {
  const { value: stage, failure } = useFeed(api.stage.state, EVERY_MS, api);
  const [said, setSaid] = useState<string | null>(null);
  const [link, setLink] = useState<string | null>(null);
  const item = itemAtHand(show.state.rundown, show.state.chosen);
  const armed = show.state.cues?.find(({ state, item: of }) => state === 'armed' && of === undefined) ?? null;
  const target = item !== null ? { item: item.id } : armed !== null ? { cue: armed.id } : null;
  const name = item?.title ?? armed?.title ?? armed?.id ?? null;

  const run = async (what: Promise<ApiOutcome<unknown>>): Promise<void> => {
    const outcome = await what;
    setSaid(outcome.ok ? null : failureWords(outcome.failure).text);
  };
  const makeLink = async (): Promise<void> => {
    const outcome = await api.stage.makeTicket();
    if (outcome.ok) setLink(`${location.origin}/stage.html#ticket=${outcome.value}`);
    setSaid(outcome.ok ? null : failureWords(outcome.failure).text);
  };

  if (stage === null) {
    return (
      <p class="faint tab-none">{failure === null ? 'Asking.' : 'The stage cannot be asked for now.'}</p>
    );
  }
  return (
    <div class="timing">
      <p class="soft">
        {stage.screens.length === 0
          ? 'No stage screen is there.'
          : stage.screens
              .map((one) => {
                const role = one.screen === stage.shown ? 'shown' : 'standby';
                return `${one.name}: ${role}${one.lost ? `, silent since ${formatClock(one.heardAt)}` : ''}`;
              })
              .join(' · ')}
      </p>
      <fieldset class="log-tools" aria-label="What the stage shows">
        {STAGE_VIEWS.map((view) => (
          <button
            key={view}
            type="button"
            class="button"
            aria-pressed={stage.view === view}
            onClick={() => void run(api.stage.show(view))}
          >
            {view[0]!.toUpperCase() + view.slice(1)}
          </button>
        ))}
      </fieldset>
      <div class="log-tools">
        {stage.leave === null ? (
          <button
            type="button"
            class="button"
            aria-disabled={target === null || show.standby}
            onClick={() => target !== null && !show.standby && void run(api.stage.leave(target))}
          >
            {name === null ? 'Nothing to give leave for' : `Let the stage take “${name}” by touch`}
          </button>
        ) : (
          <>
            <strong>
              The stage may take “{stage.leave.name}” until {formatClock(stage.leave.until)}.
            </strong>
            <button type="button" class="button" onClick={() => void run(api.stage.leave({ item: null }))}>
              Take leave back
            </button>
          </>
        )}
      </div>
      <div class="log-tools">
        <button type="button" class="button" onClick={() => void makeLink()}>
          Make a link for a stage machine
        </button>
        {link !== null && (
          <input
            class="input"
            type="text"
            readOnly
            aria-label="Link with its ticket, shown this once"
            value={link}
            onFocus={(event) => event.currentTarget.select()}
          />
        )}
      </div>
      {said !== null && (
        <p role="alert">
          <strong>Not done.</strong> {said}
        </p>
      )}
    </div>
  );
}
