import { isClosing } from './document.ts';
import { MAX_ISSUES, type RundownIssue } from './issues.ts';
import { PlanTimes, roundsOf } from './plan-times.ts';
import type { RundownReading } from './reading.ts';
import type { RuleContext, RundownFacts } from './rule-context.ts';
import { checkInteractions } from './rules-interactions.ts';
import { checkAfters, checkIds, checkReferences } from './rules-order.ts';
import { checkApart, checkRounds } from './rules-rounds.ts';
import { checkMoments, checkSizes } from './rules-times.ts';

/** Everything that is wrong with a rundown at once, by line; empty: it can be run. */
export function validateRundown(reading: RundownReading, facts: RundownFacts): RundownIssue[] {
  const { document, lineOf, unread, brokenIn } = reading;
  const issues = [...reading.issues];
  const placed = document.items.map((item, index) => ({ item, index }));
  // Of two items with one id, the first is meant by others.
  const byId = new Map(placed.toReversed().map((one) => [one.item.id, one]));
  const isBroken: RuleContext['isBroken'] = ({ index }, ...fields) =>
    fields.some((field) => brokenIn(index).has(field));
  const times = new PlanTimes(byId, isBroken);
  const hidesClosings =
    reading.hasUnread || placed.some((one) => isClosing(one.item.type) && isBroken(one, 'ref'));
  const context: RuleContext = {
    ...{ placed, byId, unread, times, facts, isBroken, hidesClosings },
    tell({ item, index }, field, code, problem) {
      const line = (field === null ? null : lineOf(index, field.split('.')[0])) ?? lineOf(index);
      issues.push({ item: item.id, line, field, code, problem });
    },
  };
  checkIds(context);
  checkReferences(context);
  checkAfters(context);
  checkInteractions(context);
  checkMoments(context);
  const rounds = roundsOf(placed, times);
  checkRounds(context, rounds);
  checkApart(context, rounds);
  checkSizes(context, document.show);
  // Stable: what is about the whole first, then by line, and within a line in the order of the rules.
  return issues.sort((a, b) => (a.line ?? 0) - (b.line ?? 0)).slice(0, MAX_ISSUES);
}
