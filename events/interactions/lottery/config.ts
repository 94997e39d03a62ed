import { z } from 'zod';
import { ID_PATTERN } from '../../../cues/wire/index.ts';

/** Pieces of all prizes of one lottery together: the sealed result is fetched by every viewer. */
export const MOST_PIECES = 10_000;
const MOST_PRIZES = 50;

const id = z.string().regex(ID_PATTERN);

export const LotteryPrize = z.strictObject({
  /** One name for each kind of prize. */
  prize: id,
  /** What viewers read; absent: the name. */
  title: z.string().min(1).max(120).optional(),
  /** The pool that each piece comes from. */
  pool: id,
  pieces: z.int().min(1).max(MOST_PIECES),
  /** What each piece is worth, minor units of the pool's currency. */
  amountMinor: z.int().min(0).max(Number.MAX_SAFE_INTEGER),
  /** Who may win it: those with enough treasure boxes when the list is closed, the others, or all (default). */
  tier: z.enum(['high', 'low', 'any']).optional(),
});

/** `config` of a lottery. Prizes are drawn in this order. */
export const LotteryConfig = z
  .strictObject({
    title: z.string().min(1).max(200),
    prizes: z.array(LotteryPrize).min(1).max(MOST_PRIZES),
    /** Length of the window where the opening cue says none. */
    durationMs: z.int().min(1_000).max(3_600_000),
    randomness: z.discriminatedUnion('kind', [
      z.strictObject({
        kind: z.literal('drand'),
        /** From the commitment to the round of drand that is named in it, at least. */
        settleMs: z.int().min(1_000).max(3_600_000).optional(),
      }),
      z.strictObject({ kind: z.literal('commit-reveal') }),
    ]),
    /** What those who win nothing read. */
    consolation: z.string().min(1).max(200).optional(),
  })
  .refine(({ prizes }) => new Set(prizes.map(({ prize }) => prize)).size === prizes.length, {
    path: ['prizes'],
    error: 'two prizes have one name',
  })
  .refine(({ prizes }) => prizes.reduce((sum, { pieces }) => sum + pieces, 0) <= MOST_PIECES, {
    path: ['prizes'],
    error: `at most ${MOST_PIECES} pieces together`,
  });

export type LotteryConfig = z.infer<typeof LotteryConfig>;
