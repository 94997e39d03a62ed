import { describe, expect, it } from 'vitest';
import type { CueOutcome } from '../../../client/src/index.ts';
import { cueOf as cue } from '../demo/testing.ts';
import { latenessWords, neverWords, pathWords, verdictOf, verdictWords } from './words.ts';

describe('how exactly a cue fired, in words', () => {
  it.each([
    ['Opened on its frame', 'exact', {}],
    ['Opened 1 frame late', 'late', { frames: 1, lateMs: 40 }],
    ['Opened 3 frames late', 'late', { frames: 3, lateMs: 120, outcome: 'late', reason: 'skipped' }],
    [
      'Revealed 4.2\u202fs late',
      'late',
      { type: 'interaction.reveal', frames: 105, lateMs: 4200, outcome: 'late' },
    ],
    ['Opened 250\u202fms late', 'late', { frames: null, lateMs: 250, outcome: 'late', reason: 'hidden' }],
    ['Opened without its frame', 'no-frame', { trigger: 'clock', frames: null, outcome: 'late' }],
    ['Locked on its frame', 'exact', { type: 'interaction.lock' }],
    ['Fired on its frame', 'exact', { type: 'custom.fireworks' }],
  ] as const)('%s', (words, verdict, over) => {
    expect(verdictWords(cue(over))).toBe(words);
    expect(verdictOf(cue(over))).toBe(verdict);
  });

  it('counts an aligned opening by the clock as opened with all others', () => {
    expect(verdictOf(cue({ trigger: 'clock', alignAt: 1, frames: null }))).toBe('exact');
  });

  it('names frames only where they say something', () => {
    expect(latenessWords(cue({ lateMs: 34 }))).toBe('34\u202fms, 0 frames');
    expect(latenessWords(cue({ lateMs: 4100, frames: 123 }))).toBe('4.1\u202fs');
    expect(latenessWords(cue({ lateMs: 20, frames: null }))).toBe('20\u202fms');
  });

  it.each([
    ['HTTP-FLV', {}],
    ['Events', { path: 'events', carrier: 'feed', accuracyMs: null }],
    ['script data', { path: 'ws', carrier: 'script' }],
    ['emsg', { path: 'hls', carrier: 'emsg' }],
    ['DATERANGE \u00b138\u202fms', { path: 'hls', carrier: 'daterange', accuracyMs: 38 }],
  ] as const)('names the path %s', (words, over) => {
    expect(pathWords(cue(over))).toBe(words);
  });

  it('says why one never fired', () => {
    const outcome: CueOutcome = {
      cue: 'c',
      rev: 0,
      type: 'interaction.open',
      path: 'flv',
      carrier: 'sei',
      accuracyMs: 1,
      outcome: 'closed',
      reason: 'over',
      lateMs: null,
      frames: null,
      shownPts: null,
      aligned: false,
      alignErrorMs: null,
    };
    expect(neverWords(outcome)).toBe('closed: its time was over');
    expect(neverWords({ ...outcome, reason: null })).toBe('closed');
  });
});
