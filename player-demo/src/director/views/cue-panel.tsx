import { Chip } from '../../design/parts.tsx';
import { formatClock, formatCount, formatSpan } from '../../shared/format.ts';
import type { Cue } from '../../shared/media-api.ts';
import { CueOutputs } from '../cue-outputs.tsx';
import type { Show } from '../use-show.ts';
import { cueName, howWords, STATE_LOOKS, signedMs } from '../words.ts';
import { cueTitle } from './lines.ts';

const SHOWN = 40;

/** Every cue with its receipt, newest first, whoever marked it. */
export function CuePanel({ show }: { readonly show: Show }) {
  const cues = show.state.cues ?? [];
  if (cues.length === 0) return <p class="faint tab-none">Cues and their receipts stand here.</p>;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a list that scrolls is reached by key
    <ol class="receipts" tabIndex={0} aria-label="Cues, newest first">
      {cues.slice(0, SHOWN).map((cue) => (
        <li key={cue.id} class="receipt">
          <Receipt cue={cue} />
        </li>
      ))}
    </ol>
  );
}

function Receipt({ cue }: { readonly cue: Cue }) {
  const { landing, voided } = cue;
  const look = STATE_LOOKS[cue.state];
  return (
    <>
      <div class="receipt-head">
        <time class="faint">{formatClock(cue.markedAt)}</time>
        <strong>{cueName(cue.type)}</strong>
        <span class="receipt-about soft">{cueTitle(cue)}</span>
        {cue.rehearsal === true && <Chip icon="flag">Rehearsal</Chip>}
        {voided !== undefined ? (
          <Chip tone="bad" icon="cross">
            {voided.told ? 'Voided' : 'Voiding'}
          </Chip>
        ) : (
          <Chip tone={look.tone} icon={look.icon}>
            {look.word}
          </Chip>
        )}
      </div>
      {landing !== null && (
        <p class="receipt-facts">
          {landing.frame !== null && <span>frame {formatCount(landing.frame)}</span>}
          <span>PTS {formatCount(landing.pts)}</span>
          <span>off by {signedMs(landing.errorMs)}</span>
          {landing.markToStampMs !== null && <span>{formatSpan(landing.markToStampMs)} after the mark</span>}
          {howWords(landing) !== null && <span class="faint">{howWords(landing)}</span>}
        </p>
      )}
      {landing?.outputs !== undefined && <CueOutputs outputs={landing.outputs} />}
      {cue.reason !== null && (
        <p class="soft">
          {cue.reason.text} <span class="faint">{cue.reason.code}</span>
        </p>
      )}
    </>
  );
}
