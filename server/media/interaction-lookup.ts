import { z } from 'zod';
import type { InteractionFact } from '../../cues/rundown/index.ts';
import type { InteractionLookup } from '../../director/rundown/interactions.ts';
import { askEvents } from './ask-events.ts';

const TIMEOUT_MS = 2_000;
/** What is read of events' answer; all else of it is passed over. */
const Interaction = z.object({ state: z.string(), stream: z.string().optional() });

const unchecked = (why: string): InteractionFact => ({ kind: 'unchecked', why });

/** Asks events for interactions, as everybody may see them. @param baseUrl of events, as it is now. */
export const interactionLookup =
  (baseUrl: () => string, timeoutMs = TIMEOUT_MS): InteractionLookup =>
  async (id) => {
    const answer = await askEvents(`${baseUrl()}/api/v1/interactions/${encodeURIComponent(id)}`, timeoutMs);
    if (answer.kind === 'away') return unchecked(answer.why);
    const { status, body } = answer;
    if (status === 404) return { kind: 'unknown' };
    const read = Interaction.safeParse(body);
    if (status !== 200 || !read.success) return unchecked(`events answers with status ${status}`);
    return { kind: 'known', state: read.data.state, stream: read.data.stream ?? null };
  };
