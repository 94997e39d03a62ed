import { type ClosingType, isClosing, isOpening } from './document.ts';
import type { PlacedItem } from './plan-times.ts';
import type { RuleContext } from './rule-context.ts';

/** Unique ids. */
export function checkIds({ placed, byId, tell }: RuleContext): void {
  for (const one of placed) {
    const { id } = one.item;
    if (byId.get(id) === one) continue;
    const first = byId.get(id)!.index + 1;
    tell(one, 'id', 'duplicate-id', `Item ${first} is called "${id}" already: give this one another id.`);
  }
}

/** What of the same round, before it in the order, stands in the way of a closing item. */
const IN_THE_WAY: Readonly<Record<ClosingType, readonly ClosingType[]>> = {
  'interaction.lock': ['interaction.lock', 'interaction.reveal', 'interaction.cancel'],
  'interaction.reveal': ['interaction.reveal', 'interaction.cancel'],
  'interaction.cancel': ['interaction.reveal', 'interaction.cancel'],
};

const PAST: Readonly<Record<ClosingType, string>> = {
  'interaction.lock': 'locked',
  'interaction.reveal': 'revealed',
  'interaction.cancel': 'cancelled',
};

/** Every `ref` leads to an opening item before it, and a round is closed in an order that can be. */
export function checkReferences({ placed, byId, unread, isBroken, tell }: RuleContext): void {
  const closedBy = new Map<string, PlacedItem[]>();
  for (const one of placed) {
    const { ref, type, id } = one.item;
    if (!isClosing(type)) {
      if (ref === undefined) continue;
      tell(one, 'ref', 'ref-needless', `An item of type ${type} refers to no other: take ref out.`);
      continue;
    }
    if (ref === undefined) {
      if (isBroken(one, 'ref')) continue;
      tell(one, 'ref', 'ref-missing', `Give the id of the opening item that this ${type} belongs to.`);
      continue;
    }
    const opening = byId.get(ref);
    if (opening === undefined) {
      if (unread.has(ref)) continue;
      tell(
        one,
        'ref',
        'ref-unknown',
        `There is no item "${ref}": give the id of an item of type interaction.open.`,
      );
      continue;
    }
    if (!isOpening(opening.item)) {
      const problem = `"${ref}" is of type ${opening.item.type} and opens nothing: refer to an interaction.open.`;
      tell(one, 'ref', 'ref-not-open', problem);
      continue;
    }
    if (opening.index > one.index) {
      tell(
        one,
        'ref',
        'ref-later',
        `"${ref}" stands behind "${id}": move it before, or this item behind it.`,
      );
    }
    const before = closedBy.get(ref) ?? [];
    const other = before.find(({ item }) => IN_THE_WAY[type].includes(item.type as ClosingType));
    if (other !== undefined) {
      const past = PAST[other.item.type as ClosingType];
      const problem = `The round of "${ref}" is ${past} by "${other.item.id}" before: take one of the two out.`;
      tell(one, 'ref', 'round-closed', problem);
    }
    closedBy.set(ref, [...before, one]);
  }
}

/** Every `after` leads to an item, and none waits for itself. */
export function checkAfters({ placed, byId, unread, isBroken, tell }: RuleContext): void {
  for (const one of placed) {
    const { after, at, id } = one.item;
    if (after === undefined || at !== undefined || isBroken(one, 'at')) continue;
    if (!byId.has(after.item)) {
      if (unread.has(after.item)) continue;
      tell(
        one,
        'after',
        'after-unknown',
        `There is no item "${after.item}": give the id of the item to wait for.`,
      );
      continue;
    }
    const way = wayBackTo(one, byId);
    if (way === null) continue;
    const problem =
      way.length === 1
        ? 'It waits for itself: give the id of another item.'
        : `It waits for itself, by way of ${way.slice(0, -1).join(', ')}: one of them has to run by "at" or by hand.`;
    if (byId.get(id) === one) tell(one, 'after', 'after-cycle', problem);
  }
}

/** The ids on the way along `after` from an item back to itself; null where it does not lead there. */
function wayBackTo({ item }: PlacedItem, byId: RuleContext['byId']): string[] | null {
  const way: string[] = [];
  const seen = new Set<string>();
  let next = item.after?.item;
  while (next !== undefined && !seen.has(next)) {
    seen.add(next);
    way.push(next);
    if (next === item.id) return way;
    const other = byId.get(next)?.item;
    next = other?.at === undefined ? other?.after?.item : undefined;
  }
  return null;
}
