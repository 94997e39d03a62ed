/** Cues as players tell of them, for tests. */
import type { FiredCue } from '../../../client/src/index.ts';
import type { PlayPath } from '../players/player.ts';
import type { Reached } from './opening.ts';

export const STAMPED_AT = 1_800_000_000_000;

export const cueOf = (over: Partial<FiredCue> = {}): FiredCue => ({
  id: 'c1',
  rev: 0,
  type: 'interaction.open',
  ref: null,
  show: null,
  audience: null,
  rehearsal: false,
  data: {},
  durationMs: null,
  remainingMs: null,
  presentedAt: 0,
  closesAt: null,
  alignAt: null,
  alignErrorMs: null,
  firePts: 1000,
  shownPts: 1000,
  playerFirePts: 0,
  playerShownPts: 0,
  frames: 0,
  lateMs: 4,
  outcome: 'fired',
  reason: null,
  path: 'flv',
  carrier: 'sei',
  accuracyMs: 1,
  trigger: 'frame',
  epoch: 'e',
  fireAtUs: STAMPED_AT * 1000,
  stamp: null,
  ...over,
});

export const openedOn = (path: PlayPath, afterMs: number, over: Partial<FiredCue> = {}) =>
  ({
    kind: 'opened',
    path,
    cue: cueOf(over),
    openedAt: cueOf(over).fireAtUs / 1000 + afterMs,
    snapshot: null,
  }) as const satisfies Reached;

export const neverOn = (path: PlayPath, cue = 'c1') =>
  ({
    kind: 'never',
    path,
    outcome: {
      cue,
      rev: 0,
      type: 'interaction.open',
      path,
      carrier: 'sei',
      accuracyMs: 1,
      outcome: 'closed',
      reason: 'behind',
      lateMs: null,
      frames: null,
      shownPts: null,
      aligned: false,
      alignErrorMs: null,
    },
  }) as const satisfies Reached;
