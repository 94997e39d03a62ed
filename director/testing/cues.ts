import type { Cue } from '../../cues/cue.ts';
import { ms, unixMs } from '../../packet/time.ts';

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
