import { backoffMs } from '../shared/backoff.ts';

/**
 * A player's link to its stream. A live player is never mended, it is thrown away and made again: so every
 * trouble leads to `waiting`, and from there to `connecting`.
 */
export type LinkState =
  /** `attempt` 1 is the first try, or the first one after the picture ran. */
  | { readonly kind: 'connecting'; readonly attempt: number }
  /** Loaded, but the browser wants a touch before it plays. */
  | { readonly kind: 'blocked' }
  | { readonly kind: 'playing' }
  /** Connected, and the picture stands still. */
  | { readonly kind: 'stalled' }
  /** Lost; made again at `retryAt` (the monotonic clock, milliseconds). */
  | { readonly kind: 'waiting'; readonly attempt: number; readonly retryAt: number; readonly why: LossReason }
  /** This browser cannot play it at all. */
  | { readonly kind: 'unsupported' };

export type LossReason =
  /** The stream is not there: not live, or an address that is not known. */
  | 'not-live'
  /** The server ended it. */
  | 'ended'
  | 'network'
  /** The decoder or the buffers gave up. */
  | 'media'
  /** Nothing arrived, or nothing was shown, for too long. */
  | 'silent';

export type LinkEvent =
  | { readonly kind: 'playing' }
  | { readonly kind: 'blocked' }
  | { readonly kind: 'stalled' }
  | { readonly kind: 'lost'; readonly why: LossReason; readonly now: number; readonly random: number }
  | { readonly kind: 'retry' }
  | { readonly kind: 'unsupported' };

const BACKOFF = { firstMs: 500, mostMs: 5000 } as const;

export const FIRST_LINK: LinkState = { kind: 'connecting', attempt: 1 };

export function nextLink(state: LinkState, event: LinkEvent): LinkState {
  // What belongs to a player that was thrown away changes nothing.
  if (state.kind === 'unsupported') return state;
  if (state.kind === 'waiting') {
    return event.kind === 'retry' ? { kind: 'connecting', attempt: state.attempt + 1 } : state;
  }
  switch (event.kind) {
    case 'playing':
      return state.kind === 'playing' ? state : { kind: 'playing' };
    case 'blocked':
      return { kind: 'blocked' };
    case 'stalled':
      return state.kind === 'playing' ? { kind: 'stalled' } : state;
    case 'unsupported':
      return { kind: 'unsupported' };
    case 'lost': {
      const attempt = state.kind === 'connecting' ? state.attempt : 1;
      const retryAt = event.now + backoffMs(attempt, BACKOFF, event.random);
      return { kind: 'waiting', attempt, retryAt, why: event.why };
    }
    case 'retry':
      return state;
  }
}

/** What the page says under the picture's place. */
export function linkWords(
  state: LinkState,
  now: number,
): { readonly title: string; readonly text: string } | null {
  switch (state.kind) {
    case 'playing':
      return null;
    case 'connecting':
      return state.attempt === 1
        ? { title: 'Connecting', text: 'Waiting for the first picture.' }
        : { title: 'Connecting again', text: `Try ${state.attempt}. The page goes on by itself.` };
    case 'blocked':
      return { title: 'Tap to start', text: 'Your browser waits for a touch before it plays.' };
    case 'stalled':
      return { title: 'Waiting for data', text: 'The picture stands still; more is on its way.' };
    case 'unsupported':
      return {
        title: 'Not playable here',
        text: 'This browser has no Media Source Extensions. Questions still open, without their frame.',
      };
    case 'waiting': {
      const seconds = Math.max(1, Math.ceil((state.retryAt - now) / 1000));
      return { title: LOSS_TITLES[state.why], text: `Trying again in ${seconds} s, by itself.` };
    }
  }
}

const LOSS_TITLES: { readonly [why in LossReason]: string } = {
  'not-live': 'Stream not live',
  ended: 'Stream ended',
  network: 'Stream lost',
  media: 'Picture could not be decoded',
  silent: 'Nothing arrives',
};
