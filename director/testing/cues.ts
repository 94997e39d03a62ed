import type { Cue, Landing } from '../../cues/cue.ts';
import { ms, unixMs, unixUs } from '../../packet/time.ts';

/** A cue as the log holds it, for tests. */
export function sampleCue(id: string, given: Partial<Cue> = {}): Cue {
  return {
    id,
    rev: 0,
    stream: 'live/main',
    type: 'custom',
    state: 'accepted',
    data: { text: id },
    markedAt: unixMs(1_700_000_000_000),
    acceptedAt: unixMs(1_700_000_000_000),
    exp: unixMs(1_700_000_030_000),
    fire: { kind: 'next' },
    announceMs: ms(0),
    repeat: 4,
    by: 'director',
    landing: null,
    ...given,
  };
}

/** Its receipt, half a second later. */
export const LANDING: Landing = {
  ...{ epoch: 'e1', pts: ms(1_000), frame: 25, stampedAtUs: unixUs(1_700_000_000_480_000) },
  ...{
    fireAtUs: unixUs(1_700_000_000_480_000),
    markToStampMs: 3,
    errorMs: 2,
    choice: 'next-in-presentation',
  },
  outputs: {},
};
