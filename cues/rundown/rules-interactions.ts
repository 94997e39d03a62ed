import { interactionOf, isOpening } from './document.ts';
import type { PlacedItem } from './plan-times.ts';
import type { RuleContext } from './rule-context.ts';

/** Opening items name an interaction that exists, that is still to be opened, and that no other opens. */
export function checkInteractions(context: RuleContext): void {
  const { placed, isBroken, tell } = context;
  const openedBy = new Map<string, PlacedItem>();
  for (const one of placed) {
    const { item } = one;
    const named = item.data?.interaction;
    if (item.interaction !== undefined && named !== undefined && named !== item.interaction) {
      const problem = `interaction says "${item.interaction}", data.interaction says ${JSON.stringify(named)}: give it once.`;
      tell(one, 'interaction', 'interaction-differs', problem);
    }
    const interaction = interactionOf(item);
    if (interaction === null) {
      if (!isOpening(item) || isBroken(one, 'interaction', 'data')) continue;
      const problem = 'Give the id of the interaction that it opens; create it on events beforehand.';
      tell(one, 'interaction', 'interaction-missing', problem);
      continue;
    }
    if (isOpening(item)) {
      const first = openedBy.get(interaction);
      if (first !== undefined) {
        const problem = `"${first.item.id}" opens "${interaction}" already: create another interaction for this round.`;
        tell(one, 'interaction', 'interaction-twice', problem);
      } else openedBy.set(interaction, one);
    }
    checkWithEvents(context, one, interaction);
  }
}

function checkWithEvents({ facts, tell }: RuleContext, one: PlacedItem, interaction: string): void {
  const fact = facts.interactions?.get(interaction);
  if (fact === undefined || facts.done.has(one.item.id)) return;
  switch (fact.kind) {
    case 'unknown':
      tell(
        one,
        'interaction',
        'interaction-unknown',
        `Events has no interaction "${interaction}": create it, or correct the id.`,
      );
      return;
    case 'unchecked':
      tell(
        one,
        'interaction',
        'unchecked',
        `Nobody knows whether interaction "${interaction}" exists: ${fact.why}. Start events, or load with unchecked=1.`,
      );
      return;
    case 'known':
      break;
    default:
      fact satisfies never;
  }
  if (fact.kind !== 'known') return;
  if (fact.stream !== null && fact.stream !== facts.stream) {
    const problem = `Interaction "${interaction}" belongs to stream ${fact.stream}; this rundown is for ${facts.stream}.`;
    tell(one, 'interaction', 'interaction-stream', problem);
  }
  if (isOpening(one.item) && fact.state !== 'SCHEDULED') {
    const problem = `Interaction "${interaction}" is ${fact.state} and cannot be opened again: create another one.`;
    tell(one, 'interaction', 'interaction-over', problem);
  }
}
