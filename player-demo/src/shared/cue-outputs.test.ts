import { describe, expect, test } from 'vitest';
import { outputLook, outputName, readOutputs } from './cue-outputs.ts';

describe('outputs of a receipt', () => {
  test('stand in one order, the server’s own first; what is not understood is left out', () => {
    const outputs = readOutputs({
      zoo: { seen: 'unread', problem: 'ERR_TIMEOUT' },
      hls: { seen: 'sei', delayMs: 1_200 },
      'cdn/720p': { seen: 'missing', problem: 'CUE_LOST' },
      flv: { seen: 'sei', delayMs: 2 },
      odd: { seen: 'perhaps' },
      none: null,
    });
    expect(outputs.map(({ name, seen }) => `${outputName(name)} ${seen}`)).toEqual([
      ...['FLV sei', 'HLS sei', 'cdn/720p missing', 'zoo unread'],
    ]);
    expect(readOutputs(undefined)).toEqual([]);
    expect(readOutputs([])).toEqual([]);
  });

  test('need words only where something is not as it should be', () => {
    const look = (seen: 'sei' | 'carrier' | 'missing' | 'unread', problem: string | null) =>
      outputLook({ name: 'cdn', seen, delayMs: null, problem });
    expect(look('sei', null)).toEqual({ tone: 'good', words: null });
    expect(look('sei', 'FIRE_COPY_LOST')).toEqual({ tone: 'warn', words: 'its picture lost the stamp' });
    expect(look('sei', 'A_LATER_CODE')).toEqual({ tone: 'warn', words: 'A_LATER_CODE' });
    expect(look('carrier', 'SEI_LOST')).toEqual({ tone: 'warn', words: 'beside the video only' });
    expect(look('missing', 'CUE_LOST')).toEqual({ tone: 'bad', words: 'missing' });
    expect(look('missing', 'NO_STAMPS').words).toBe('missing: it carries no stamps');
    expect(look('unread', 'ERR_TIMEOUT')).toEqual({ tone: 'plain', words: 'not read' });
  });
});
