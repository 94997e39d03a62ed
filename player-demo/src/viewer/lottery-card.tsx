import type { ComponentChildren } from 'preact';
import type { CloseReason, FiredCue, OwnPrize } from '../../../client/src/index.ts';
import { Countdown } from '../design/countdown.tsx';
import { Icon } from '../design/icons.tsx';
import { Chip, Fact, Notice, Spinner } from '../design/parts.tsx';
import { codeWords } from '../shared/failure-words.ts';
import { formatCount, plural } from '../shared/format.ts';
import { canEnter, type LotteryRound, wonIn } from './lottery-state.ts';
import './lottery.css';

export interface LotteryCardProps {
  readonly round: LotteryRound;
  readonly onEnter: (cue: FiredCue, actedAt: number) => void;
}

/** A lottery, from its opening to what has become of a prize. */
export function LotteryCard({ round, onEnter }: LotteryCardProps) {
  const { cue, lottery, phase, entering } = round;
  return (
    <div class={`card lottery card-${phase.kind}`} key={cue?.id ?? lottery.interaction}>
      <PhaseLine round={round} />
      <h3 class="card-question">{lottery.title}</h3>
      {phase.kind === 'revealed' ? (
        <div class="lottery-result" role="status">
          <Verdict round={round} />
        </div>
      ) : (
        <ul class="lottery-prizes" aria-label="Prizes">
          {lottery.prizes.map(({ title, pieces }) => (
            <li key={title} class="lottery-prize">
              <Icon name="gift" />
              <span class="lottery-prize-title">{title}</span>
              {pieces > 1 && <span class="soft">{formatCount(pieces)} pieces</span>}
            </li>
          ))}
        </ul>
      )}
      {phase.kind === 'open' && entering.kind !== 'in' && (
        <button
          type="button"
          class="lottery-enter"
          disabled={!canEnter(round)}
          onClick={(event) => cue !== null && onEnter(cue, event.timeStamp)}
        >
          {entering.kind === 'sending' ? <Spinner /> : <Icon name="plus" />}
          {entering.kind === 'sending' ? 'Entering' : 'Enter'}
        </button>
      )}
      <div class="card-note" aria-live="polite">
        <Note round={round} />
      </div>
    </div>
  );
}

function PhaseLine({ round }: { readonly round: LotteryRound }) {
  const { phase, cue, own } = round;
  const rehearsal = round.rehearsal && <Chip icon="flag">Rehearsal</Chip>;
  switch (phase.kind) {
    case 'open':
      return (
        <div class="card-phase">
          {rehearsal}
          {cue?.closesAt != null && cue.durationMs !== null ? (
            <Countdown closesAt={cue.closesAt} durationMs={cue.durationMs} label="left to enter" />
          ) : (
            <Chip tone="cue" icon="dot">
              Open
            </Chip>
          )}
        </div>
      );
    case 'closed':
      return (
        <p class="card-phase">
          {rehearsal}
          <Chip icon="lock">{CLOSED_WORDS[phase.why]}</Chip>
          <span class="soft">
            {own.kind === 'checked' && own.isDrawn
              ? 'Drawn, and sealed until the picture.'
              : 'The winners come with the picture.'}
          </span>
        </p>
      );
    case 'cancelled':
      return (
        <p class="card-phase">
          {rehearsal}
          <Chip icon="cross">Cancelled</Chip>
          <span class="soft">Nothing is drawn.</span>
        </p>
      );
    case 'revealed':
      return (
        <p class="card-phase">
          {rehearsal}
          <Chip tone="info" icon="gift">
            Drawn
          </Chip>
          {round.result.kind === 'shown' && (
            <span class="soft">
              {plural(round.result.result.winners.length, 'winner')} among{' '}
              {plural(round.result.result.total, 'entrant')}
            </span>
          )}
        </p>
      );
  }
}

function Verdict({ round }: { readonly round: LotteryRound }) {
  const { lottery, result, rehearsal, own } = round;
  const won = wonIn(round);
  if (rehearsal) return <p class="note soft">A rehearsal draws nothing.</p>;
  if (won === undefined) {
    if (result.kind === 'failed' || own.kind === 'failed') return null;
    return (
      <p class="note">
        <Spinner /> Opening the result
      </p>
    );
  }
  if (won !== null) {
    return (
      <div class="lottery-won">
        <p class="verdict verdict-right">
          <Icon name="gift" size={22} /> You have won
        </p>
        <p class="lottery-won-title">{won}</p>
      </div>
    );
  }
  return (
    <>
      <p class="verdict">{own.kind === 'not-on-it' ? 'You were not in this draw.' : 'Not this time.'}</p>
      {own.kind !== 'not-on-it' && lottery.consolation !== null && <p class="soft">{lottery.consolation}</p>}
    </>
  );
}

/** Where this viewer stands: in, on the list, and what becomes of a prize. */
function Note({ round }: { readonly round: LotteryRound }) {
  const { phase, entering, own } = round;
  const receipt = entering.kind === 'in' ? entering.receipt : null;
  const facts = (
    <dl class="facts lottery-facts">
      {own.kind === 'checked' && (
        <Fact name="Entrant">
          {formatCount(own.place.number)} of {formatCount(own.place.count)}, checked
        </Fact>
      )}
      {receipt !== null && (
        <Fact name="Receipt">
          <span class="lottery-receipt">{receipt.id}</span>
        </Fact>
      )}
    </dl>
  );
  if (phase.kind === 'cancelled') {
    return receipt === null ? null : (
      <Told icon="cross">The round was cancelled. Your entry counts for nothing.{facts}</Told>
    );
  }
  if (entering.kind === 'refused' && own.kind !== 'checked') {
    const { code, message } = entering.error;
    return (
      <Notice icon="warning" tone="bad" code={code}>
        {codeWords(code, message)}
      </Notice>
    );
  }
  if (own.kind === 'failed') {
    const { code, message, retryable } = own.error;
    return (
      <Notice icon="warning" tone="bad" code={code}>
        {retryable ? `${codeWords(code, message)} Your place is looked up again.` : message}
        {facts}
      </Notice>
    );
  }
  if (phase.kind === 'revealed') return <AfterReveal round={round} facts={facts} />;
  if (receipt?.status === 'rehearsal') return <Told icon="flag">Taken. A rehearsal counts for nothing.</Told>;
  if (own.kind === 'checked') {
    return (
      <Told icon="check" tone="good">
        <strong>You are on the published list.</strong>{' '}
        {own.isDrawn ? 'The draw is made.' : 'The draw is to come.'}
        {facts}
      </Told>
    );
  }
  if (receipt !== null) {
    return (
      <Told icon="check" tone="good">
        <strong>You are in.</strong>{' '}
        {receipt.repeated
          ? 'You had entered before; that counts.'
          : phase.kind === 'closed'
            ? 'The list is being closed.'
            : 'Keep this page open.'}
        {facts}
      </Told>
    );
  }
  if (phase.kind === 'closed' && entering.kind === 'none')
    return <p class="note faint">You did not enter.</p>;
  return null;
}

function AfterReveal({ round, facts }: { readonly round: LotteryRound; readonly facts: ComponentChildren }) {
  const { result, prize, own } = round;
  if (result.kind === 'failed' && prize === null && own.kind !== 'not-on-it') {
    const { code, message, retryable } = result.error;
    const again = retryable ? ' It is asked for again.' : '';
    return (
      <Notice icon="warning" code={code}>
        {codeWords(code, message)}
        {again}
        {facts}
      </Notice>
    );
  }
  if (typeof wonIn(round) !== 'string') return own.kind === 'checked' ? facts : null;
  const { icon, text, tone } = grantWords(prize);
  return (
    <Told icon={icon} tone={tone}>
      {text}
      {facts}
    </Told>
  );
}

type Standing = {
  readonly icon: 'check' | 'clock' | 'cross' | 'warning';
  readonly tone: 'plain' | 'good';
  readonly text: ComponentChildren;
};

function grantWords(prize: OwnPrize | null): Standing {
  const standing = (
    icon: Standing['icon'],
    strong: string,
    rest: string,
    tone: Standing['tone'] = 'plain',
  ) => ({
    ...{ icon, tone },
    text: (
      <>
        <strong>{strong}</strong> {rest}
      </>
    ),
  });
  if (prize?.grant?.reversed === true || prize?.right === 'voided')
    return standing('cross', 'Taken back.', 'Ask whoever runs the draw, with your receipt.');
  if (prize?.grant?.delivered === true)
    return standing('check', 'Delivered.', 'The prize is booked to you.', 'good');
  if (prize !== null && prize.right === null)
    return standing('warning', 'Waiting for the operator.', 'The prize is yours; it is not booked yet.');
  return standing('clock', 'On its way.', 'The prize is being booked to you.');
}

function Told({
  icon,
  tone = 'plain',
  children,
}: {
  readonly icon: 'check' | 'clock' | 'cross' | 'warning' | 'flag';
  readonly tone?: 'plain' | 'good';
  readonly children: ComponentChildren;
}) {
  return (
    <Notice icon={icon} tone={tone}>
      {children}
    </Notice>
  );
}

const CLOSED_WORDS: { readonly [why in CloseReason]: string } = {
  ended: 'Entries closed',
  locked: 'Entries closed',
  revealed: 'Closed',
  canceled: 'Cancelled',
  expired: 'Closed',
};
