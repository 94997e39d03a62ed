import { describe, expect, it } from 'vitest';
import type { Landing } from '../shared/media-api.ts';
import { howWords } from './words.ts';

const landing = (more: Partial<Landing>): Landing => ({
  pts: 1000,
  frame: 25,
  fireAtMs: null,
  markToStampMs: 12,
  errorMs: 0,
  choice: 'scheduled',
  ...more,
});

describe('howWords', () => {
  it.each([
    [{}, 'Picture that was asked for'],
    [{ timing: 'capture', timingErrorMs: 4.2 }, 'Picture that was asked for, by capture time ± 5\u202fms'],
    [{ timing: 'capture' }, 'Picture that was asked for, by capture time'],
    [
      { timing: 'stamp', choice: 'next-in-presentation' },
      'Next picture that had not passed, by arrival at the server',
    ],
    [{ choice: 'of-tomorrow', timing: 'new' }, 'of-tomorrow'],
    [{ choice: null, timing: 'capture' }, null],
  ] as const)('%o', (more, words) => expect(howWords(landing(more))).toBe(words));
});
