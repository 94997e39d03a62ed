import type {
  FiredCue,
  Framecue,
  FramecueClientError,
  Reservation,
  SubmitWait,
} from '../../../../client/src/index.ts';

/** Where this viewer stands in one sale. Moments are on the monotonic clock, milliseconds. */
export type SaleState =
  /** A piece is looked for that an earlier page had; there is none. */
  | { readonly kind: 'none' }
  | { readonly kind: 'open' }
  | { readonly kind: 'asking' }
  | { readonly kind: 'waiting'; readonly position: number; readonly readyAt: number; readonly waitMs: number }
  /** Their turn has come and every piece is reserved: one may come back. */
  | { readonly kind: 'hoping' }
  | { readonly kind: 'reserved'; readonly endsAt: number; readonly spanMs: number }
  | { readonly kind: 'ordering' }
  | { readonly kind: 'ordered' | 'confirmed' | 'declined' | 'over'; readonly state: string }
  | { readonly kind: 'rehearsed' }
  | { readonly kind: 'refused'; readonly code: string; readonly message: string; readonly mayRetry: boolean };

export interface SaleDeskOptions {
  readonly framecue: Pick<Framecue, 'submit' | 'reservation' | 'order' | 'giveBack'>;
  readonly interaction: string;
  /** Null behind the window, where a piece can be ordered and none be wished for. */
  readonly cue: FiredCue | null;
  readonly onState: (state: SaleState) => void;
  /** Monotonic milliseconds. */
  readonly now?: () => number;
}

/** Buying one piece: wish, wait, order. */
export interface SaleDesk {
  /** Goes on where an earlier page of this viewer was. */
  readonly look: () => Promise<void>;
  readonly want: () => Promise<void>;
  readonly order: () => Promise<void>;
  readonly giveBack: () => Promise<void>;
  readonly stop: () => void;
}

const SETTLE_MS = 1_500;
const LOOK_AGAIN_MS = 5_000;
/** Behind the end of a reservation. */
const END_MS = 200;

export function createSaleDesk(options: SaleDeskOptions): SaleDesk {
  const { framecue, interaction, cue, onState, now = () => performance.now() } = options;
  const end = new AbortController();
  let busy: 'looking' | 'asking' | null = null;
  let underWay: Promise<void> = Promise.resolve();
  let shown: SaleState | null = null;
  /** The wish is the first press: who tries again behind the window has wished within it. */
  let actedAt: number | undefined;

  const show = (state: SaleState): void => {
    if (end.signal.aborted) return;
    shown = state;
    onState(state);
  };
  const pause = (ms: number): Promise<void> =>
    new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      end.signal.addEventListener('abort', () => {
        clearTimeout(timer);
        resolve();
      });
    });

  /** Shows it, and follows an order until the payment has answered. */
  const follow = async (first: Reservation | null): Promise<void> => {
    let own = first;
    for (;;) {
      if (own === null) return show({ kind: cue === null ? 'none' : 'open' });
      const state = stateOf(own);
      show(state);
      if (state.kind === 'reserved') lookAtEnd(state);
      if (state.kind !== 'ordered' || end.signal.aborted) return;
      await pause(SETTLE_MS);
      if (end.signal.aborted) return;
      const next = await framecue.reservation(interaction);
      if (next.ok) own = next.reservation;
    }
  };
  /** A reservation ends by itself; the server says how. */
  const lookAtEnd = (state: SaleState & { readonly kind: 'reserved' }): void => {
    void pause(state.endsAt - now() + END_MS).then(() => (shown === state ? desk.look() : undefined));
  };
  /** One thing at a time: a press while one is under way is that one, and one while it looks comes behind it. */
  const once = async (what: 'looking' | 'asking', work: () => Promise<void>): Promise<void> => {
    if (busy === 'asking' || busy === what) return;
    const before = underWay;
    busy = what;
    const own = before.then(work);
    underWay = own.catch(() => undefined);
    const last = underWay;
    try {
      await own;
    } finally {
      if (underWay === last) busy = null;
    }
  };

  /** Behind the window: there is a piece, or there is none; nothing else can be done about it. */
  const lookBehind = async (): Promise<void> => {
    while (!end.signal.aborted) {
      const own = await framecue.reservation(interaction);
      if (own.ok) return follow(own.reservation);
      if (!own.error.retryable) return show({ kind: 'none' });
      await pause(LOOK_AGAIN_MS);
    }
  };
  const want = async (): Promise<void> => {
    if (cue === null) return lookBehind();
    show({ kind: 'asking' });
    actedAt ??= now();
    const wish = await framecue.submit(
      cue,
      { actedAt },
      { onWait: (wait) => show(waitingBy(wait)), signal: end.signal },
    );
    if (!wish.ok) return show(refusedBy(wish.error));
    if (wish.receipt.status === 'rehearsal') return show({ kind: 'rehearsed' });
    const own = await framecue.reservation(interaction);
    return own.ok ? follow(own.reservation) : show(refusedBy(own.error));
  };
  const change = async (what: 'order' | 'giveBack'): Promise<void> => {
    show({ kind: 'ordering' });
    const outcome = await framecue[what](interaction);
    if (outcome.ok) return follow(outcome.reservation);
    // It may be over, ordered elsewhere, or never have been.
    const own = await framecue.reservation(interaction);
    if (own.ok && own.reservation?.state !== 'reserved') return follow(own.reservation);
    show(refusedBy(outcome.error));
  };

  const desk: SaleDesk = {
    look: () =>
      once('looking', async () => {
        if (cue === null) return lookBehind();
        const own = await framecue.reservation(interaction);
        if (!own.ok) return;
        if (own.reservation !== null) await follow(own.reservation);
        // Whoever had a place in the line when the page was reloaded is still in it.
        else if (own.place !== null && now() < own.place.openUntil) await want();
      }),
    want: () => once('asking', want),
    order: () => once('asking', () => change('order')),
    giveBack: () => once('asking', () => change('giveBack')),
    stop: () => end.abort(),
  };
  return desk;
}

const waitingBy = (wait: SubmitWait): SaleState =>
  wait.kind === 'line'
    ? { kind: 'waiting', position: wait.position, waitMs: wait.waitMs, readyAt: wait.turnAt }
    : { kind: 'hoping' };

function stateOf({ state, reservedAt, expiresAt }: Reservation): SaleState {
  switch (state) {
    case 'reserved':
      return { kind: 'reserved', endsAt: expiresAt, spanMs: expiresAt - reservedAt };
    case 'ordered':
    case 'confirmed':
    case 'declined':
      return { kind: state, state };
    default:
      return { kind: 'over', state };
  }
}

function refusedBy({ code, message, retryable }: FramecueClientError): SaleState {
  if (code !== 'ERR_CLIENT_NETWORK') return { kind: 'refused', code, message, mayRetry: retryable };
  const uncertain = 'The server could not be reached. Whether it has your request is not known: try again.';
  return { kind: 'refused', code, message: uncertain, mayRetry: true };
}
