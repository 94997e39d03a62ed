import { type InteractionFact, interactionOf, type RundownDocument } from '../../cues/rundown/index.ts';

/** Asks events for one interaction; `server/` gives it. Bounded in time, and never rejects. */
export type InteractionLookup = (id: string) => Promise<InteractionFact>;

const AT_A_TIME = 8;

/** What events says of all interactions that a rundown names. Where it does not answer, it is not asked again. */
export async function lookUpAll(
  document: RundownDocument,
  lookUp: InteractionLookup,
): Promise<ReadonlyMap<string, InteractionFact>> {
  const ids = [...new Set(document.items.map(interactionOf).filter((id) => id !== null))];
  const facts = new Map<string, InteractionFact>();
  let away: InteractionFact | null = null;
  const waiting = [...ids];
  const askOn = async (): Promise<void> => {
    for (let id = waiting.shift(); id !== undefined; id = waiting.shift()) {
      const fact: InteractionFact = away ?? (await lookUp(id));
      if (fact.kind === 'unchecked') away = fact;
      facts.set(id, fact);
    }
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, askOn));
  return facts;
}
