import { isClosing, isOpening, momentOf, type RundownItem } from './document.ts';

/**
 * A moment as far as a plan knows it: so long after the wall clock's zero (`root` null), or after an item that
 * somebody takes by hand (its id). Two moments of one root can be compared; others cannot.
 */
export interface PlannedTime {
  readonly root: string | null;
  readonly ms: number;
}

/** `a` less `b`, milliseconds; null: nobody can know. */
export const spanBetween = (a: PlannedTime | null, b: PlannedTime | null): number | null =>
  a === null || b === null || a.root !== b.root ? null : a.ms - b.ms;

/** An item at its place in the order. */
export interface PlacedItem {
  readonly item: RundownItem;
  readonly index: number;
}

type TimeField = 'at' | 'after' | 'alignAt' | 'alignInMs';

/** When the items of a rundown run. */
export class PlanTimes {
  readonly #byId: ReadonlyMap<string, PlacedItem>;
  readonly #starts = new Map<string, PlannedTime | null>();

  readonly #isBroken: (at: PlacedItem, ...fields: readonly TimeField[]) => boolean;

  /** @param isBroken one of these fields could not be read */
  constructor(
    byId: ReadonlyMap<string, PlacedItem>,
    isBroken: (at: PlacedItem, ...fields: readonly TimeField[]) => boolean,
  ) {
    this.#byId = byId;
    this.#isBroken = isBroken;
  }

  /** The moment of an item's picture; null: its `after` leads nowhere, or what says it could not be read. */
  startOf(placed: PlacedItem): PlannedTime | null {
    const { item } = placed;
    const known = this.#starts.get(item.id);
    if (known !== undefined) return known;
    // Along the chain, and back: it may be as long as the rundown.
    const chain: RundownItem[] = [];
    const seen = new Set<string>();
    let next: PlacedItem | undefined = placed;
    let time: PlannedTime | null = null;
    while (next !== undefined && !seen.has(next.item.id)) {
      const at: RundownItem = next.item;
      const found = this.#starts.get(at.id);
      if (found === undefined && this.#isBroken(next, 'at', 'after')) {
        this.#starts.set(at.id, null);
        break;
      }
      if (found !== undefined || at.after === undefined || at.at !== undefined) {
        time = found ?? rootOf(at);
        this.#starts.set(at.id, time);
        break;
      }
      seen.add(at.id);
      chain.push(at);
      next = this.#byId.get(at.after.item);
    }
    for (const one of chain.reverse()) {
      time = time === null ? null : { root: time.root, ms: time.ms + one.after!.ms };
      this.#starts.set(one.id, time);
    }
    return this.#starts.get(item.id) ?? null;
  }

  /** The moment at which a round opens: its picture, or the common moment behind it. */
  opensAt(placed: PlacedItem): PlannedTime | null {
    const { item } = placed;
    if (this.#isBroken(placed, 'alignAt', 'alignInMs')) return null;
    if (item.alignAt !== undefined) return { root: null, ms: momentOf(item.alignAt) };
    const start = this.startOf(placed);
    return start === null ? null : { root: start.root, ms: start.ms + (item.alignInMs ?? 0) };
  }
}

const rootOf = (item: RundownItem): PlannedTime | null => {
  if (item.at !== undefined) return { root: null, ms: momentOf(item.at) };
  return item.after === undefined ? { root: item.id, ms: 0 } : null;
};

/** What an opening item opens, with the items that close it, in their order. */
export interface Round {
  readonly opening: PlacedItem;
  readonly closing: readonly PlacedItem[];
  readonly opensAt: PlannedTime | null;
  /** The first end that is known to be comparable with its opening. */
  readonly endsAt: PlannedTime | null;
}

export function roundsOf(placed: readonly PlacedItem[], times: PlanTimes): Round[] {
  const closing = new Map<string, PlacedItem[]>();
  for (const one of placed) {
    const { ref, type } = one.item;
    if (ref === undefined || !isClosing(type)) continue;
    closing.set(ref, [...(closing.get(ref) ?? []), one]);
  }
  return placed
    .filter(({ item }) => isOpening(item))
    .map((opening) => {
      const own = closing.get(opening.item.id) ?? [];
      const opensAt = times.opensAt(opening);
      const ends = own.map((one) => times.startOf(one));
      const { durationMs } = opening.item;
      if (opensAt !== null && durationMs !== undefined) {
        ends.push({ root: opensAt.root, ms: opensAt.ms + durationMs });
      }
      const known = ends.filter((end): end is PlannedTime => spanBetween(end, opensAt) !== null);
      const endsAt = known.length === 0 ? null : known.reduce((a, b) => (b.ms < a.ms ? b : a));
      return { opening, closing: own, opensAt, endsAt };
    });
}
