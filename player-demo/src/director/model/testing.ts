import type { Cue, CueState } from '../../shared/media-api.ts';
import type { Order } from './orders.ts';
import type { Item, ItemState, Rundown } from './rundown.ts';
import { FIRST_SHOW, type ShowState } from './state.ts';

/** Made-up parts of a show, for tests. */
export const item = (id: string, more: Partial<Item> = {}): Item => ({
  ...{ id, title: `Item ${id}`, type: 'interaction.open', state: 'pending' as ItemState, cue: null },
  ...{ landedPts: null, reason: null, prize: false, starts: { kind: 'hand' as const }, ref: null },
  ...{ runsAt: null, notBefore: null },
  ...{ interaction: null, durationMs: null, alignInMs: null, private: false, notes: null },
  ...more,
});

export const rundown = (items: readonly Item[], next: string | null = items[0]?.id ?? null): Rundown => ({
  ...{ id: 'show', title: 'The show', rev: 1, next, items },
});

export const cue = (id: string, state: CueState, more: Partial<Cue> = {}): Cue => ({
  ...{ id, type: 'interaction.open', state, ref: null, reason: null, interaction: null, question: null },
  ...{ durationMs: null, markedAt: 1_000, askedPts: null, landing: null },
  ...more,
});

export const landing = (pts = 4_000): NonNullable<Cue['landing']> => ({
  ...{ pts, frame: 100, fireAtMs: 1_500, markToStampMs: 10, errorMs: 0, choice: 'scheduled' },
});

export const order = (more: Partial<Order> = {}): Order => ({
  ...{ key: 'k1', kind: 'take', target: 'a', cue: null, title: 'Item a', pressedAt: 1_000, mediaTime: null },
  outcome: { kind: 'sending' },
  ...more,
});

export const showWith = (more: Partial<ShowState> = {}): ShowState => ({ ...FIRST_SHOW, ...more });
