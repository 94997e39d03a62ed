import type { Cue } from '../../cues/cue.ts';
import type { System } from './system.ts';

/** A show of a few items, as a director would write it in a spreadsheet. */
export const SHOW_CSV = [
  'id,title,type,interaction,ref,durationMs,prize',
  'warm-up,Warm-up question,interaction.open,show-warm-up,,3000,',
  'card,The sponsor card,product.card,,,,',
  'grand,The grand prize,interaction.open,show-grand,,3000,yes',
  'second,Second card,product.card,,,,',
  'third,Third card,product.card,,,,',
  'fourth,Fourth card,product.card,,,,',
].join('\n');

/** What somebody writes in a hurry: three lines are wrong. */
export const WRONG_CSV = [
  'id,title,type,interaction,ref,durationMs,prize',
  'one,One,interaction.opens,show-warm-up,,3000,',
  'two,Two,interaction.lock,,nowhere,,',
  'two,Two again,product.card,,,soon,',
].join('\n');

/** A round that is locked and revealed by itself, long after a test presses the keys for it. */
export const KEYED_ROUND = {
  ...{ id: 'keyed-show', title: 'Keys' },
  items: [
    {
      ...{ id: 'keyed', title: 'The keyed round', type: 'interaction.open', interaction: 'show-keyed' },
      durationMs: 600_000,
    },
    {
      ...{ id: 'keyed-lock', type: 'interaction.lock', ref: 'keyed' },
      after: { item: 'keyed', ms: 500_000 },
    },
    {
      ...{ id: 'keyed-reveal', type: 'interaction.reveal', ref: 'keyed' },
      after: { item: 'keyed-lock', ms: 500_000 },
    },
  ],
};

/** One item, and nothing that happens by itself. */
export const LATE_CARD = {
  ...{ id: 'late-show', title: 'Late' },
  items: [{ id: 'late', title: 'The late card', type: 'product.card' }],
};

const SHOW_INTERACTIONS = ['show-warm-up', 'show-grand'];

export async function createInteractions(
  system: System,
  ids: readonly string[] = SHOW_INTERACTIONS,
): Promise<void> {
  for (const id of ids) {
    const config = { question: `Question of ${id}`, options: ['This', 'That'], correct: 1, durationMs: 3000 };
    const { status, body } = await system.api.events('POST', '/api/v1/interactions', {
      id,
      type: 'quiz',
      config,
    });
    if (status !== 201) throw new Error(`${status} ${JSON.stringify(body)}`);
  }
}

export async function cuesOf(system: System): Promise<readonly (Cue & { readonly item?: string })[]> {
  const { body } = await system.api.media<{ cues: (Cue & { item?: string })[] }>(
    'GET',
    `${system.api.streamPath}/cues?limit=100`,
  );
  return body.cues;
}

export interface ShownRundown {
  readonly next: string | null;
  readonly items: readonly { readonly id: string; readonly state: string; readonly cue: string | null }[];
}

export async function rundownOf(system: System): Promise<ShownRundown> {
  return (await system.api.media<ShownRundown>('GET', `${system.api.streamPath}/rundown`)).body;
}
