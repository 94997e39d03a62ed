import { describe, expect, it } from 'vitest';
import { outputLine, readAudit } from './outputs.ts';

const READING = { output: 'hls', state: 'reading', problem: null, lastPictureAgeMs: 12, last: null };

describe('outputs that are read back', () => {
  it('are none where the server does not tell', () => {
    expect(readAudit(null)).toEqual([]);
    expect(readAudit({ outputs: 'all' })).toEqual([]);
  });

  it.each([
    [{}, { name: 'HLS', value: 'read', level: null }],
    [
      { last: { seen: 'sei', delayMs: 2 } },
      { name: 'HLS', value: expect.stringMatching(/^newest cue seen after 2\sms$/), level: null },
    ],
    [
      { last: { seen: 'missing', delayMs: null, problem: 'CUE_LOST' } },
      { name: 'HLS', value: 'newest cue missing', level: 'bad' },
    ],
    [
      { output: 'cdn/720p', state: 'waiting', problem: 'ERR_TIMEOUT' },
      { name: 'cdn/720p', value: 'not read (ERR_TIMEOUT)', level: 'warn' },
    ],
    [
      { last: { seen: 'carrier', delayMs: 9, problem: 'SEI_LOST' } },
      { name: 'HLS', value: 'newest cue beside the video only', level: 'warn' },
    ],
  ])('%j', (given, line) => {
    const [output] = readAudit({ outputs: [{ ...READING, ...given }] });
    expect(outputLine(output!)).toEqual(line);
  });
});
