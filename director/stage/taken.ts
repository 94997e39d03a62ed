import type { Cue } from '../../cues/cue.ts';
import type { ScreenState, StageTaken } from './shapes.ts';

/** What became of a touch, as far as its cue now says. */
export function takenWith(
  touch: Pick<StageTaken, 'leave' | 'screen' | 'at' | 'cue' | 'item'>,
  { state, landing, reason, voided }: Cue,
): StageTaken {
  const { leave, screen, at, cue, item } = touch;
  return {
    ...{ leave, screen, at, cue, item },
    state: voided === undefined ? state : 'voided',
    pts: landing?.pts ?? null,
    frame: landing?.frame ?? null,
    landedAt: landing === null ? null : Math.round(landing.fireAtUs / 1000),
    reason: reason ?? null,
  };
}

/** Without what is nobody's in a hall. */
export function takenForScreens(taken: StageTaken | null): ScreenState['taken'] {
  if (taken === null) return null;
  const { cue: _cue, item: _item, ...rest } = taken;
  return rest;
}
