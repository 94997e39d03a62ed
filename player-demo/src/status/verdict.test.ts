import { describe, expect, it } from 'vitest';
import { eventOf, outputOf, report, streamWith } from './fixtures.ts';
import type { Sample } from './history.ts';
import type { Problem } from './report.ts';
import { type Evidence, judge, worstOf } from './verdict.ts';

const { at } = report();
const evidence = (changes: Partial<Evidence> = {}): Evidence => ({
  connected: true,
  at,
  samples: [],
  events: [],
  ...changes,
});
const warn: Problem = { level: 'warn', code: 'no-audio', text: 'There is no sound track.' };
const bad: Problem = { level: 'bad', code: 'video-stalled', text: 'No picture for 4.0 s.' };
const codesOf = (problems: readonly Problem[]): readonly string[] => problems.map(({ code }) => code);

describe('judge', () => {
  it('finds the healthy stream healthy', () => {
    expect(judge(streamWith(), evidence())).toEqual({ kind: 'healthy', problems: [] });
  });

  it('asks to look at what viewers may notice', () => {
    expect(judge(streamWith({}, { problems: [warn] }), evidence()).kind).toBe('look');
  });

  it('says trouble for what viewers notice, the worst first', () => {
    const verdict = judge(streamWith({}, { problems: [warn, bad] }), evidence());
    expect(verdict.kind).toBe('trouble');
    expect(codesOf(verdict.problems)).toEqual(['video-stalled', 'no-audio']);
  });

  it('says off air without a publisher', () => {
    const stream = streamWith({ live: false, publisher: null, health: null });
    expect(judge(stream, evidence())).toEqual({ kind: 'off-air', problems: [] });
  });

  it('never says healthy before the rates are measured', () => {
    expect(judge(streamWith({}, { ageMs: 4999 }), evidence()).kind).toBe('starting');
    expect(judge(streamWith({ live: false }), evidence()).kind).toBe('starting');
  });

  it('says trouble at once, also while it starts', () => {
    const stream = streamWith({ live: false }, { ageMs: 3500, problems: [bad] });
    expect(judge(stream, evidence()).kind).toBe('trouble');
  });

  it('knows nothing once the connection is lost', () => {
    for (const stream of [
      streamWith(),
      streamWith({ publisher: null }),
      streamWith({}, { problems: [bad] }),
    ]) {
      expect(judge(stream, evidence({ connected: false }))).toEqual({ kind: 'unknown', problems: [] });
    }
  });

  it('warns when stamping is off, and not when that is not told', () => {
    expect(codesOf(judge(streamWith({ stampingOn: false }), evidence()).problems)).toEqual(['stamping-off']);
    expect(judge(streamWith({ stampingOn: null }), evidence()).kind).toBe('healthy');
  });

  it('warns while stamping fails, and not for what failed long ago', () => {
    const sample = (passedUntouched: number): Sample => ({
      at: 0,
      serverAt: 0,
      videoKbitPerS: null,
      framesPerS: null,
      delayMs: null,
      since: null,
      frames: null,
      passedUntouched,
    });
    const growing = judge(streamWith(), evidence({ samples: [sample(7), sample(7), sample(8)] }));
    expect(growing.kind).toBe('look');
    expect(growing.problems[0]?.text).toContain('1 picture ');
    expect(judge(streamWith(), evidence({ samples: [sample(7), sample(7)] })).kind).toBe('healthy');
  });

  it.each(['High 10', 'High 4:2:2', 'High 4:4:4 Predictive'])('says trouble for H.264 %s', (profile) => {
    const verdict = judge(streamWith({}, { video: { profile } }), evidence());
    expect(verdict.kind).toBe('trouble');
    expect(codesOf(verdict.problems)).toEqual(['profile']);
  });

  describe('by what reading the outputs back has shown', () => {
    const last = { since: at - 60_000, delayMs: null } as const;
    const judged = (seen: 'sei' | 'carrier' | 'missing' | 'unread', problem: string | null) => {
      const outputs = [outputOf('flv'), outputOf('cdn/720p', { last: { ...last, seen, problem } })];
      return judge(streamWith({ outputs }), evidence());
    };

    it('says trouble where an output loses every cue', () => {
      const verdict = judged('missing', 'NO_STAMPS');
      expect(verdict.kind).toBe('trouble');
      expect(codesOf(verdict.problems)).toEqual(['output-no-stamps']);
      expect(verdict.problems[0]?.text).toContain('cdn/720p keeps no stamps');
    });

    it('asks to look where cues come beside the video only', () => {
      expect(judged('carrier', 'SEI_LOST').kind).toBe('look');
    });

    it('stays healthy where a cue is there, or where nobody could read', () => {
      expect(judged('sei', null)).toEqual({ kind: 'healthy', problems: [] });
      expect(judged('unread', 'ERR_TIMEOUT')).toEqual({ kind: 'healthy', problems: [] });
    });

    it('says nothing of it off air', () => {
      const outputs = [outputOf('cdn', { last: { ...last, seen: 'missing', problem: 'NO_STAMPS' } })];
      expect(judge(streamWith({ publisher: null, outputs }), evidence()).problems).toEqual([]);
    });
  });

  it('warns about a publisher that comes and goes, and about that stream alone', () => {
    const ends = [eventOf(), eventOf({ at: at - 599_000 })];
    expect(codesOf(judge(streamWith(), evidence({ events: ends })).problems)).toEqual(['comes-and-goes']);
    const others = [
      eventOf(),
      eventOf({ stream: 'live/other' }),
      eventOf({ kind: 'refused' }),
      eventOf({ at: at - 601_000 }),
    ];
    expect(judge(streamWith(), evidence({ events: others })).kind).toBe('healthy');
  });
});

describe('worstOf', () => {
  it('lets a lost connection outweigh all, and trouble what is only off air', () => {
    expect(worstOf(['healthy', 'trouble', 'unknown'])).toBe('unknown');
    expect(worstOf(['off-air', 'trouble', 'look'])).toBe('trouble');
    expect(worstOf(['healthy', 'off-air'])).toBe('off-air');
    expect(worstOf(['healthy', 'healthy'])).toBe('healthy');
  });

  it('is off air where there is no stream', () => expect(worstOf([])).toBe('off-air'));
});
