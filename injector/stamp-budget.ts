/** Something that wants to be in an access unit: the lower its rank, the sooner it is let in. */
export interface Wish {
  /** With its length field. */
  readonly bytes: number;
  readonly rank: number;
}

/**
 * Whose wish is met within the bytes that an access unit may carry: by rank, then as they stand. The first of all is
 * always let in, so that nothing waits for ever however large it is. The answer keeps the order of the question.
 */
export function chooseWithin<T extends Wish>(wishes: readonly T[], budget: number): readonly T[] {
  let total = 0;
  for (const { bytes } of wishes) total += bytes;
  if (total <= budget || wishes.length <= 1) return wishes;
  const byRank = wishes.map((wish, index) => ({ wish, index }));
  byRank.sort((a, b) => a.wish.rank - b.wish.rank || a.index - b.index);
  const chosen = new Set<T>();
  let left = budget;
  for (const { wish } of byRank) {
    if (chosen.size > 0 && wish.bytes > left) continue;
    chosen.add(wish);
    left -= wish.bytes;
  }
  return wishes.filter((wish) => chosen.has(wish));
}
