/** What everybody can see of the draw: once it was seen, it stays. */
export interface LotteryModel {
  /** The commitment as JSON. */
  commitment: string | null;
  /** Entrant and prize of each place, as JSON. */
  winners: string | null;
}

export const newLotteryModel = (): LotteryModel => ({ commitment: null, winners: null });
