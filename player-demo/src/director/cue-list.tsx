import { Chip } from '../design/parts.tsx';
import { failureWords } from '../shared/failure-words.ts';
import { formatClock, formatCount, formatSpan } from '../shared/format.ts';
import type { Cue } from '../shared/media-api.ts';
import { CueOutputs } from './cue-outputs.tsx';
import type { Mark, Row } from './marks.ts';
import { ACTION_NAMES, cueName, howWords, STATE_LOOKS, signedMs } from './words.ts';

export interface CueListProps {
  readonly rows: readonly Row[];
  readonly fresh: string | null;
  readonly onSendAgain: (mark: Mark) => void;
  readonly onDismiss: (mark: Mark) => void;
}

/** Every cue with its state and receipt, newest first; presses that are no cue yet among them. */
export function CueList({ rows, fresh, onSendAgain, onDismiss }: CueListProps) {
  if (rows.length === 0) return <p class="faint list-empty">Marks and their receipts stand here.</p>;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a list that scrolls is reached by key
    <ol class="cues" tabIndex={0} aria-label="Cues, newest first">
      {rows.map((row) => (
        <li key={row.key} class={row.key === fresh ? 'cue cue-fresh' : 'cue'}>
          {row.kind === 'cue' ? (
            <CueRow cue={row.cue} />
          ) : (
            <MarkRow mark={row.mark} onSendAgain={onSendAgain} onDismiss={onDismiss} />
          )}
        </li>
      ))}
    </ol>
  );
}

function CueRow({ cue }: { readonly cue: Cue }) {
  const look = STATE_LOOKS[cue.state];
  return (
    <>
      <div class="cue-head">
        <time class="faint">{formatClock(cue.markedAt)}</time>
        <strong>{cueName(cue.type)}</strong>
        <span class="cue-about soft">{cue.question?.question ?? ''}</span>
        <Chip tone={look.tone} icon={look.icon}>
          {look.word}
        </Chip>
      </div>
      {cue.landing !== null && (
        <dl class="facts cue-facts">
          <div class="fact">
            <dt>Frame</dt>
            <dd>{cue.landing.frame === null ? '–' : formatCount(cue.landing.frame)}</dd>
          </div>
          <div class="fact">
            <dt>PTS</dt>
            <dd>{formatCount(cue.landing.pts)}</dd>
          </div>
          <div class="fact">
            <dt>Mark to stamp</dt>
            <dd>{cue.landing.markToStampMs === null ? '–' : formatSpan(cue.landing.markToStampMs)}</dd>
          </div>
          <div class="fact">
            <dt>Off by</dt>
            <dd>{signedMs(cue.landing.errorMs)}</dd>
          </div>
        </dl>
      )}
      {cue.landing !== null && cue.landing.choice !== null && (
        <p class="cue-how faint">{howWords(cue.landing)}</p>
      )}
      {cue.landing?.outputs !== undefined && <CueOutputs outputs={cue.landing.outputs} />}
      {cue.reason !== null && (
        <p class="cue-why soft">
          {cue.reason.text} <span class="faint">{cue.reason.code}</span>
        </p>
      )}
    </>
  );
}

function MarkRow({
  mark,
  onSendAgain,
  onDismiss,
}: { readonly mark: Mark } & Pick<CueListProps, 'onSendAgain' | 'onDismiss'>) {
  const { outcome } = mark;
  const failure =
    outcome.kind === 'refused' || outcome.kind === 'unknown' ? failureWords(outcome.failure) : null;
  return (
    <>
      <div class="cue-head">
        <time class="faint">{formatClock(mark.pressedAt)}</time>
        <strong>{ACTION_NAMES[mark.action]}</strong>
        <span class="cue-about" />
        {outcome.kind === 'refused' ? (
          <Chip tone="bad" icon="cross">
            Refused
          </Chip>
        ) : outcome.kind === 'unknown' ? (
          <Chip tone="bad" icon="broken">
            No answer
          </Chip>
        ) : (
          <Chip tone="info" icon="ring">
            Sending
          </Chip>
        )}
      </div>
      {failure !== null && (
        <p class="cue-why soft">
          {failure.text} {failure.code !== null && <span class="faint">{failure.code}</span>}
        </p>
      )}
      {outcome.kind === 'unknown' && (
        <div class="cue-tools">
          <button type="button" class="button" onClick={() => onSendAgain(mark)}>
            Send again
          </button>
          <button type="button" class="button button-quiet" onClick={() => onDismiss(mark)}>
            Put aside
          </button>
          <span class="faint">The same mark: it never counts twice.</span>
        </div>
      )}
    </>
  );
}
