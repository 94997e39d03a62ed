import { z } from 'zod';
import { DELAY_MAX_MS } from './delay-histogram.ts';
import { PROTOCOLS } from './delay-window.ts';

/** A viewer's heartbeat: body of `POST /api/v1/streams/{app}/{name}/delays`. */
export const DelayClaim = z.object({
  app: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9 ._-]{0,31}$/, 'give 1 to 32 letters, digits, spaces, ".", "_" or "-"')
    .optional(),
  protocol: z.enum(PROTOCOLS),
  /** From the stamp of the picture on screen to its being presented, by the synchronised clock. */
  delayMs: z.number(),
  /** Bound of that clock's error. */
  errorMs: z.number().min(0),
  /** Unix milliseconds of that clock when this was sent. */
  sentAt: z.number(),
});
export type DelayClaim = z.infer<typeof DelayClaim>;

/** Why a claim is not believed. */
export type Disbelief =
  /** The viewer's clock may be further off than is of use. */
  | 'clock-unsure'
  /** The viewer's clock says what cannot be: its error is larger than it says. */
  | 'clock-wrong'
  /** Shown before it passed the injector. */
  | 'before-stamp'
  /** Further behind than any viewer of a live stream. */
  | 'too-far';

/** A clock that may be further off than this says nothing of a delay. */
const ERROR_MAX_MS = 500;
/** This machine's clock and media's, each kept by NTP. */
const SERVERS_ERROR_MS = 100;
/** Longest way of a heartbeat. */
const TRANSIT_MAX_MS = 10_000;

/**
 * Holds a claim against what the server knows: the claimed clock against the arrival, and the delay against what it
 * can be at all.
 * @param arrivedMs Unix milliseconds by this server's clock
 */
export function judgeClaim(
  { delayMs, errorMs, sentAt }: Pick<DelayClaim, 'delayMs' | 'errorMs' | 'sentAt'>,
  arrivedMs: number,
):
  | { readonly believed: true; readonly delayMs: number }
  | { readonly believed: false; readonly why: Disbelief } {
  const no = (why: Disbelief) => ({ believed: false, why }) as const;
  if (errorMs > ERROR_MAX_MS) return no('clock-unsure');
  const slackMs = errorMs + SERVERS_ERROR_MS;
  if (sentAt > arrivedMs + slackMs || sentAt < arrivedMs - TRANSIT_MAX_MS - slackMs) return no('clock-wrong');
  if (delayMs < -slackMs) return no('before-stamp');
  if (delayMs > DELAY_MAX_MS) return no('too-far');
  return { believed: true, delayMs: Math.max(0, delayMs) };
}
