import { interactionOf, momentOf } from './document.ts';
import { spanBetween } from './plan-times.ts';
import type { RuleContext } from './rule-context.ts';
import { stampBytesOf } from './stamp-size.ts';

/** Each item says once when it runs and when it opens, and both can still be. */
export function checkMoments({ placed, times, facts, tell }: RuleContext): void {
  for (const one of placed) {
    const { item } = one;
    if (item.at !== undefined && item.after !== undefined) {
      tell(
        one,
        'after',
        'time-twice',
        'Give at or after, not both; leave both out for an item that is taken by hand.',
      );
    }
    if (item.alignAt !== undefined && item.alignInMs !== undefined) {
      tell(one, 'alignInMs', 'time-twice', 'Give alignAt or alignInMs, not both.');
    }
    const start = times.startOf(one);
    if (item.alignAt !== undefined) {
      const early = spanBetween(start, { root: null, ms: momentOf(item.alignAt) });
      if (early !== null && early > 0) {
        const problem = `Everybody would open ${early} ms before the picture: give a moment at or after it.`;
        tell(one, 'alignAt', 'align-early', problem);
      }
    }
    if (facts.done.has(item.id)) continue;
    for (const field of ['at', 'alignAt'] as const) {
      const moment = item[field];
      if (moment === undefined || momentOf(moment) >= facts.now) continue;
      const ago = `${Math.ceil((facts.now - momentOf(moment)) / 1_000)} s ago`;
      const problem = `${field}: the moment passed ${ago}; give one that is ahead, or take the item by hand.`;
      tell(one, field, 'at-passed', problem);
    }
  }
}

/** Every item's cue fits into a stamp. */
export function checkSizes({ placed, byId, facts, tell }: RuleContext, show: string | undefined): void {
  for (const one of placed) {
    const opening = one.item.ref === undefined ? undefined : byId.get(one.item.ref);
    const reveals = opening === undefined ? null : interactionOf(opening.item);
    const bytes = stampBytesOf(one.item, { ...facts, show, reveals });
    if (bytes <= facts.stampTextLimit) continue;
    const problem = `It needs a stamp of up to ${bytes} bytes; ${facts.stampTextLimit} are taken: shorten data by about ${Math.ceil(((bytes - facts.stampTextLimit) * 3) / 4)} bytes.`;
    tell(one, 'data', 'too-large', problem);
  }
}
