import type { Taken, Told } from './told.ts';

/** What became of this screen's own touch on the leave of that id. */
export type Touch =
  | { readonly kind: 'idle' }
  | { readonly kind: 'sent'; readonly leave: string }
  /** No answer came: what the server tells next says whether it took anything. */
  | { readonly kind: 'unknown'; readonly leave: string }
  | { readonly kind: 'refused'; readonly leave: string; readonly text: string };

export type TouchEvent =
  | { readonly kind: 'touched'; readonly leave: string }
  | { readonly kind: 'refused'; readonly leave: string; readonly text: string }
  | { readonly kind: 'no-answer'; readonly leave: string }
  /** `fresh`: the first that is told on a connection, and so said after whatever was sent before it. */
  | { readonly kind: 'told'; readonly told: Told; readonly fresh: boolean };

export const IDLE: Touch = { kind: 'idle' };

/** One touch on one leave sends once; it is free again only when the server has said that nothing was taken. */
export function nextTouch(touch: Touch, event: TouchEvent): Touch {
  switch (event.kind) {
    case 'touched':
      return maySend(touch, event.leave) ? { kind: 'sent', leave: event.leave } : touch;
    case 'refused':
      return isOn(touch, event.leave) ? { kind: 'refused', leave: event.leave, text: event.text } : touch;
    case 'no-answer':
      return isOn(touch, event.leave) ? { kind: 'unknown', leave: event.leave } : touch;
    case 'told': {
      if (touch.kind === 'idle') return touch;
      const { leave, taken } = event.told;
      if (taken?.leave === touch.leave) return IDLE;
      // Another leave, or another thing: what this one came to does not matter any more.
      if (leave !== null && leave.id !== touch.leave) return IDLE;
      if (touch.kind === 'unknown' && event.fresh) {
        if (leave?.id === touch.leave) return IDLE;
        return { kind: 'refused', leave: touch.leave, text: 'Nothing was taken by this touch.' };
      }
      return touch;
    }
  }
}

export const maySend = (touch: Touch, leave: string): boolean =>
  touch.kind === 'idle' || touch.leave !== leave || touch.kind === 'refused';

const isOn = (touch: Touch, leave: string): boolean =>
  (touch.kind === 'sent' || touch.kind === 'unknown') && touch.leave === leave;

export interface Outcome {
  readonly tone: 'wait' | 'good' | 'bad';
  readonly title: string;
  readonly more: string;
}

/** What became of what was taken, in words for a hall and for the person who touched. */
export function outcomeOf(taken: Taken, clock: (unixMs: number) => string): Outcome {
  switch (taken.state) {
    case 'landed':
    case 'ended': {
      const at = taken.landedAt === null ? '' : ` at ${clock(taken.landedAt)}`;
      const frame = taken.frame === null ? '' : `on frame ${taken.frame}`;
      return { tone: 'good', title: 'It is on air', more: `Landed ${frame}${at}.`.replace('  ', ' ') };
    }
    case 'missed':
      return { tone: 'bad', title: 'It did not come', more: taken.reason ?? 'Its picture has passed.' };
    case 'cancelled':
    case 'voided':
      return { tone: 'bad', title: 'Taken back', more: 'The director has taken it back.' };
    case 'uncertain':
      return { tone: 'bad', title: 'Not certain', more: 'Nobody knows yet whether it landed.' };
    default:
      return { tone: 'wait', title: 'Taken', more: 'It is on its way to its frame.' };
  }
}
