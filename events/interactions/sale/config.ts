import { z } from 'zod';
import { ID_PATTERN } from '../../../cues/wire/index.ts';

/** Beyond this a line makes no difference to anybody. */
export const MOST_ADMITTED_PER_SECOND = 10_000;

/** `config` of a flash sale. */
export const FlashSaleConfig = z.strictObject({
  title: z.string().min(1).max(200),
  /** Of purpose `stock`: its pieces are what is sold. */
  pool: z.string().regex(ID_PATTERN),
  /** What one piece costs, minor units of `currency`; the pool gives as much of its money with each piece. */
  priceMinor: z.int().min(0).max(1_000_000_000_000),
  /** ISO 4217; the pool's. */
  currency: z.string().regex(/^[A-Z]{3}$/),
  /** How long a piece is kept for a viewer before they have to have ordered it. */
  reservationMs: z.int().min(1_000).max(3_600_000),
  perViewer: z.literal(1).optional(),
  /** Length of the window where the opening cue says none. */
  durationMs: z.int().min(1_000).max(3_600_000),
  /** How many viewers come to a reservation each second: what the payment takes. Absent: all at once. */
  admitPerSecond: z.int().min(1).max(MOST_ADMITTED_PER_SECOND).optional(),
});

export type FlashSaleConfig = z.infer<typeof FlashSaleConfig>;
