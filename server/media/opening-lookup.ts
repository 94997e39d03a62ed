import { z } from 'zod';
import type { JsonObject } from '../../cues/wire/index.ts';
import type { OpeningLookup } from '../../director/openings.ts';
import { ms } from '../../packet/time.ts';
import type { Log } from '../../service/log.ts';
import { askEvents } from './ask-events.ts';

/** An opening that somebody takes now waits for it. */
const TIMEOUT_MS = 1_000;
const Opening = z.object({
  data: z.record(z.string(), z.json()),
  durationMs: z.int().positive().optional(),
});

/** Asks events what viewers read when an interaction opens. @param baseUrl of events, as it is now. */
export const openingLookup =
  (baseUrl: () => string, log: Log, timeoutMs = TIMEOUT_MS): OpeningLookup =>
  async (interaction) => {
    const url = `${baseUrl()}/api/v1/interactions/${encodeURIComponent(interaction)}/opening`;
    const answer = await askEvents(url, timeoutMs);
    if (answer.kind === 'answered') {
      if (answer.status === 404) return { kind: 'unknown' };
      const read = Opening.safeParse(answer.body);
      if (answer.status === 200 && read.success) {
        const { data, durationMs } = read.data;
        const window = durationMs === undefined ? {} : { durationMs: ms(durationMs) };
        return { kind: 'shows', data: data as JsonObject, ...window };
      }
    }
    const why = answer.kind === 'away' ? answer.why : `events answers with status ${answer.status}`;
    log.warn(
      { interaction, why },
      'what viewers read at its opening is not known: the cue says the interaction alone',
    );
    return { kind: 'unknown' };
  };
