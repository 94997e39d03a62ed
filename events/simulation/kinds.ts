/** The rounds of the simulation by what they are: quizzes, a lottery and a flash sale, on the same pools. */

export const LOTTERY = 'l1';
export const SALE = 's1';

export const CONFIG_OF = {
  quiz: { question: 'Who?', options: ['a', 'b', 'c'], durationMs: 20_000 },
  lottery: {
    title: 'Something for some',
    prizes: [
      { prize: 'star', pool: 'stars', pieces: 1, amountMinor: 50 },
      { prize: 'bag', pool: 'small', pieces: 2, amountMinor: 50 },
    ],
    durationMs: 5_000,
    randomness: { kind: 'commit-reveal' },
  },
  'flash-sale': {
    title: 'jacket',
    pool: 'stock',
    priceMinor: 50,
    currency: 'EUR',
    reservationMs: 5_000,
    durationMs: 120_000,
  },
} as const;

/** A right of the sale, as it must be. */
export const SALE_TERMS = {
  pool: CONFIG_OF['flash-sale'].pool,
  amountMinor: CONFIG_OF['flash-sale'].priceMinor,
  prize: CONFIG_OF['flash-sale'].title,
} as const;

/** Type and config of a round. */
export const kindOf = (round: string) => {
  const type = round === LOTTERY ? 'lottery' : round === SALE ? 'flash-sale' : 'quiz';
  return { type, config: structuredClone(CONFIG_OF[type]) };
};
