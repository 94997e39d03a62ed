import type { Interaction, Result } from '../shared/events-api.ts';
import type { DirectorApi } from './api.ts';
import type { Action } from './keys.ts';
import type { MarkRequest } from './marks.ts';
import type { Round } from './round.ts';

export interface MarkFacts {
  readonly action: Action;
  readonly interaction: Pick<Interaction, 'id' | 'question' | 'options' | 'correct' | 'durationMs'>;
  readonly round: Round;
  /** PTS on screen at the press; null while it is not known: the cue lands on the next frame then. */
  readonly mediaTime: number | null;
  /** For a reveal: what was counted. */
  readonly result: Result | null;
}

/** The request that an action is. Viewers are told neither the right answer nor the counts before the reveal. */
export function markRequestOf(facts: MarkFacts, paths: DirectorApi['paths']): MarkRequest {
  const { action, interaction, round, mediaTime, result } = facts;
  const { open } = round;
  const at = mediaTime === null ? {} : { mediaTime };
  const ref = open === null ? {} : { ref: open.id };
  const { id, question, options, durationMs, correct } = interaction;
  switch (action) {
    case 'open':
      return {
        path: paths.cues,
        body: {
          type: 'interaction.open',
          data: { interaction: id, question, options },
          ...(durationMs === null ? {} : { durationMs }),
          ...at,
        },
      };
    case 'lock':
      return {
        path: paths.cues,
        body: { type: 'interaction.lock', ...ref, data: { interaction: id }, ...at },
      };
    case 'reveal': {
      const right = result?.correct ?? correct;
      const data = {
        interaction: id,
        ...(right === null ? {} : { correct: right }),
        counts: result?.counts ?? options.map(() => 0),
      };
      return { path: paths.cues, body: { type: 'interaction.reveal', ...ref, data, ...at } };
    }
    case 'cancel':
      // On no frame yet: it is taken back. On its frame: everybody has to be told, by a cue of its own.
      return open !== null && open.landing === null
        ? { path: paths.cancelOf(open.id), body: {} }
        : {
            path: paths.cues,
            body: { type: 'interaction.cancel', ...ref, data: { interaction: id }, ...at },
          };
  }
}
