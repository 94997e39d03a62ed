import { randomUUID } from 'node:crypto';
import type { Cue } from '../../cues/cue.ts';
import type { JsonObject } from '../../cues/wire/index.ts';
import { type Milliseconds, ms, unixMs, unixUs } from '../../packet/time.ts';
import type { CueMoment, InteractionRecord, NewSubmission, Transition } from './facts.ts';

/** Facts for tests: whole and plausible, with what a test cares about put in place. */

const T0_US = unixUs(1_700_000_000_000_000);

export const anInteraction = (over: Partial<InteractionRecord> = {}): InteractionRecord => ({
  id: 'q1',
  type: 'quiz',
  config: { question: 'Who?', options: ['a', 'b', 'c', 'd'], correct: 1, durationMs: 10_000 },
  createdAtUs: T0_US,
  ...over,
});

export const aSubmission = (over: Partial<NewSubmission> = {}): NewSubmission => ({
  id: randomUUID(),
  interaction: 'q1',
  viewer: 'ann',
  answer: { choice: 0 },
  bucket: '0',
  status: 'accepted',
  arrivedAtUs: T0_US,
  claims: { cue: 'c1', rev: 0, epoch: 'e1', firePts: 1_000, actedPts: 2_000, answerMs: 1_000, path: 'flv' },
  ...over,
});

export const aMoment = (over: Partial<CueMoment> = {}): CueMoment => ({
  cue: 'c1',
  rev: 0,
  stream: 'live/main',
  epoch: 'e1',
  pts: ms(1_000),
  fireAtUs: T0_US,
  ...over,
});

export const openedBy = (
  interaction: string,
  over: Partial<CueMoment>,
  durationMs: Milliseconds | null = ms(10_000),
) => ({ kind: 'opened', interaction, moment: aMoment(over), durationMs }) as const satisfies Transition;

export const lockedBy = (interaction: string, over: Partial<CueMoment>) =>
  ({ kind: 'locked', interaction, moment: aMoment(over) }) as const satisfies Transition;

export const revealedBy = (interaction: string, over: Partial<CueMoment>, data: JsonObject) =>
  ({ kind: 'revealed', interaction, moment: aMoment(over), data }) as const satisfies Transition;

export const canceledBy = (interaction: string) =>
  ({ kind: 'canceled', interaction, cue: 'c9', atUs: T0_US }) as const satisfies Transition;

export const aCue = (over: Partial<Cue> = {}): Cue => ({
  id: 'c1',
  rev: 0,
  stream: 'live/main',
  type: 'interaction.open',
  state: 'accepted',
  data: { interaction: 'q1', question: 'Who?', options: ['a', 'b', 'c', 'd'] },
  markedAt: unixMs(T0_US / 1000),
  acceptedAt: unixMs(T0_US / 1000),
  exp: unixMs(T0_US / 1000 + 60_000),
  fire: { kind: 'next' },
  announceMs: ms(0),
  repeat: 4,
  by: 'director',
  landing: null,
  ...over,
});
