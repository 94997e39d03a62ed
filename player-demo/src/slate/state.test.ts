import { describe, expect, it } from 'vitest';
import { timeOf } from './draw.ts';
import { contentOf, type ReaderState, readReader, type SlateNow, wordsOf } from './state.ts';

const READER: ReaderState = { on: true, state: 'reading', session: 77, problem: null };
const KNOWN: SlateNow = {
  clock: { unixUs: 1_795_000_000_123_000, errorUs: 4_000 },
  reader: READER,
  isLost: false,
};

describe('what the slate shows', () => {
  it('is the server clock and the session that the reader expects', () => {
    expect(contentOf(KNOWN, 5)).toEqual({ unixMs: 1_795_000_000_123, session: 77, valid: true });
    expect(wordsOf(KNOWN).tone).toBe('good');
  });

  it.each([
    ['CLOCK NOT SYNCHRONISED', { ...KNOWN, clock: null }],
    ['CLOCK NOT SYNCHRONISED', { ...KNOWN, clock: { unixUs: 1e15, errorUs: 40_000 } }],
    ['CONNECTION LOST', { ...KNOWN, isLost: true }],
    ['ASKING THE SERVER', { ...KNOWN, reader: null }],
    ['READER IS OFF', { ...KNOWN, reader: { ...READER, on: false, state: 'off', session: null } }],
  ] as const)('is not valid, and says %s', (title, now) => {
    expect(contentOf(now, 5_000).valid).toBe(false);
    expect(wordsOf(now).title).toBe(title);
  });

  it('says why it cannot be read', () => {
    const reader: ReaderState = { ...READER, state: 'unreadable', problem: 'Too small.' };
    expect(wordsOf({ ...KNOWN, reader })).toMatchObject({ tone: 'bad', more: 'Too small.' });
  });

  it('reads what the server says, and nothing else', () => {
    const answer = {
      on: true,
      state: 'searching',
      session: 12,
      until: 5,
      unreadable: { code: 'x', text: 'Why.' },
    };
    expect(readReader(answer)).toEqual({ on: true, state: 'searching', session: 12, problem: 'Why.' });
    expect(readReader({ ...answer, session: 4_000 })).toMatchObject({ session: null });
    expect(readReader({ ...answer, state: 'odd' })).toBeNull();
    expect(readReader('no')).toBeNull();
  });

  it('is the time of UTC for people', () => {
    expect(timeOf(Date.UTC(2026, 1, 3, 4, 5, 6, 7))).toBe('04:05:06.007');
  });
});
