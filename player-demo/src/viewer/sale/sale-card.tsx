import type { ComponentChildren, JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { FiredCue } from '../../../../client/src/index.ts';
import { Countdown } from '../../design/countdown.tsx';
import { useLatest } from '../../design/hooks.ts';
import { Chip, Notice, Spinner } from '../../design/parts.tsx';
import { createSaleDesk, type SaleDesk, type SaleDeskOptions, type SaleState } from './desk.ts';
import { mayHaveBegun, type Offer, priceWords } from './offer.ts';
import './sale.css';

export interface SaleCardProps {
  readonly framecue: SaleDeskOptions['framecue'];
  /** Null behind the window. */
  readonly cue: FiredCue | null;
  readonly offer: Offer;
  /** Told where the viewer stands. */
  readonly onState?: (offer: Offer, state: SaleState) => void;
  /** What stands here where there is nothing to tell of a piece. */
  readonly children?: ComponentChildren;
  /** It is under way: it stands above a piece, which has minutes, and alone where nothing is left to do about that. */
  readonly isUnderWay?: boolean;
}

/** A flash sale, from its opening to the viewer's own piece. */
export function SaleCard({ framecue, cue, offer, onState, children, isUnderWay = false }: SaleCardProps) {
  const [state, setState] = useState<SaleState>(firstOf(cue));
  const desk = useRef<SaleDesk | null>(null);
  const { interaction } = offer;
  const latest = useLatest({ offer, onState });
  useEffect(() => {
    const made = createSaleDesk({
      ...{ framecue, interaction, cue },
      onState(next) {
        setState(next);
        latest.current.onState?.(latest.current.offer, next);
      },
    });
    desk.current = made;
    setState(firstOf(cue));
    if (cue === null || mayHaveBegun(cue)) void made.look();
    return made.stop;
  }, [framecue, interaction, cue, latest]);

  if (state.kind === 'none' || (isUnderWay && isDone(state))) return <>{children}</>;
  const isOpen = state.kind === 'open' || state.kind === 'asking';
  const card = (
    <div class="card card-open sale" data-sale={state.kind}>
      <div class="card-phase">
        {isOpen && cue !== null && cue.closesAt !== null && cue.durationMs !== null ? (
          <Countdown closesAt={cue.closesAt} durationMs={cue.durationMs} />
        ) : (
          <Chip tone="cue" icon="dot">
            Flash sale
          </Chip>
        )}
      </div>
      <h3 class="card-question">{offer.title}</h3>
      <p class="sale-price">
        {priceWords(offer)} <span class="faint">one for each viewer</span>
      </p>
      <div class="sale-standing" aria-live="polite">
        <Standing
          state={state}
          onWant={() => void desk.current?.want()}
          onOrder={() => void desk.current?.order()}
          onGiveBack={() => void desk.current?.giveBack()}
        />
      </div>
    </div>
  );
  if (!isUnderWay) return card;
  return (
    <div class="cards">
      {children}
      {card}
    </div>
  );
}

const isDone = ({ kind }: SaleState): boolean =>
  kind === 'confirmed' || kind === 'declined' || kind === 'over';

const firstOf = (cue: FiredCue | null): SaleState => ({ kind: cue === null ? 'none' : 'open' });

interface StandingProps {
  readonly state: SaleState;
  readonly onWant: () => void;
  readonly onOrder: () => void;
  readonly onGiveBack: () => void;
}

function Standing({ state, onWant, onOrder, onGiveBack }: StandingProps) {
  switch (state.kind) {
    case 'none':
      return null;
    case 'open':
    case 'asking':
      return (
        <button
          type="button"
          class="button button-main sale-button"
          disabled={state.kind === 'asking'}
          onClick={onWant}
        >
          {state.kind === 'asking' ? 'Asking for one' : 'Reserve one'}
        </button>
      );
    case 'waiting':
      return (
        <div class="sale-standing">
          <Countdown
            key={state.readyAt}
            closesAt={state.readyAt}
            durationMs={state.waitMs}
            label="until your turn"
          />
          <p>
            You are <strong>number {state.position}</strong> in the line. Stay here: your place is kept, and
            nobody gets in before you.
          </p>
        </div>
      );
    case 'hoping':
      return (
        <p class="sale-busy">
          <Spinner />
          <span>It is your turn, and every piece is reserved. If one comes back, it may be yours.</span>
        </p>
      );
    case 'reserved':
      return (
        <div class="sale-standing">
          <Countdown closesAt={state.endsAt} durationMs={state.spanMs} label="to order it" />
          <Notice icon="check" tone="good">
            <strong>One is reserved for you.</strong>
          </Notice>
          <div class="sale-buttons">
            <button type="button" class="button button-main sale-button" onClick={onOrder}>
              Order and pay
            </button>
            <button type="button" class="button" onClick={onGiveBack}>
              Give it back
            </button>
          </div>
        </div>
      );
    case 'ordering':
      return (
        <p class="sale-busy">
          <Spinner /> Sending
        </p>
      );
    case 'ordered':
      return (
        <Notice icon="flag" tone="cue">
          <strong>Ordered.</strong> The payment is under way.
        </Notice>
      );
    case 'confirmed':
      return (
        <Notice icon="check" tone="good">
          <strong>It is yours.</strong> The payment went through.
        </Notice>
      );
    case 'declined':
      return (
        <Notice icon="cross" tone="bad">
          <strong>The payment was declined.</strong> The piece is for sale again.
        </Notice>
      );
    case 'over':
      return <Notice icon="cross">{OVER_WORDS[state.state] ?? 'Your reservation is over.'}</Notice>;
    case 'rehearsed':
      return <Notice icon="flag">A rehearsal: nothing is reserved and nothing is sold.</Notice>;
    case 'refused':
      return (
        <Notice
          icon="warning"
          tone="bad"
          code={state.code}
          action={
            state.mayRetry && (
              <button type="button" class="button" onClick={onWant}>
                Try again
              </button>
            )
          }
        >
          {REFUSAL_WORDS[state.code] ?? state.message}
        </Notice>
      );
  }
}

const REFUSAL_WORDS: { readonly [code: string]: JSX.Element | undefined } = {
  ERR_SOLD_OUT: <strong>Sold out.</strong>,
  ERR_CLIENT_CLOSED: <strong>The sale is over.</strong>,
};

const OVER_WORDS: { readonly [state: string]: string | undefined } = {
  expired: 'The time to order is over; the piece is for sale again.',
  'given-back': 'You gave it back.',
  'taken-back': 'The order was taken back. The shop will tell you why.',
  cancelled: 'The sale was cancelled.',
};
