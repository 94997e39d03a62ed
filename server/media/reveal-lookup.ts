import { z } from 'zod';
import type { JsonObject } from '../../cues/wire/index.ts';
import type { RevealFact, RevealLookup } from '../../director/reveals.ts';
import { askEvents } from './ask-events.ts';

const TIMEOUT_MS = 2_000;
const Reveal = z.object({ data: z.record(z.string(), z.json()) });

const away = (why: string): RevealFact => ({ kind: 'away', why });

/**
 * Asks events what the reveal of an interaction has to carry. Nothing of the answer is logged: it opens sealed results.
 * @param baseUrl of events, as it is now
 * @param token that the two processes share
 */
export const revealLookup =
  (baseUrl: () => string, token: string, timeoutMs = TIMEOUT_MS): RevealLookup =>
  async (interaction) => {
    const url = `${baseUrl()}/api/v1/interactions/${encodeURIComponent(interaction)}/reveal`;
    const answer = await askEvents(url, timeoutMs, token);
    if (answer.kind === 'away') return answer;
    const { status, body } = answer;
    if (status === 404) return { kind: 'unknown' };
    if (status === 401 || status === 403) {
      return away('events does not take the feed token of media (FRAMECUE_FEED_TOKEN has to be the same)');
    }
    const read = Reveal.safeParse(body);
    if (status !== 200 || !read.success) return away(`events answers with status ${status}`);
    return { kind: 'carries', data: read.data.data as JsonObject };
  };
