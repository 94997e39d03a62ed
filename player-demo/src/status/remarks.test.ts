import { describe, expect, it } from 'vitest';
import { eventOf, report, streamWith } from './fixtures.ts';
import { remarksOffAir, remarksOn, remarksOnNobody } from './remarks.ts';
import type { PublisherEvent } from './report.ts';

const withEvents = (...events: readonly PublisherEvent[]) => ({ ...report(), events });
const refusal = eventOf({
  kind: 'refused',
  code: 'ERR_PUBLISH_KEY',
  text: 'The stream key is wrong.',
  at: report().at - 2000,
});

describe('remarksOn', () => {
  it('says what is wrong in the words of the server, and what to set', () => {
    const text = '12.0 s from keyframe to keyframe.';
    const problems = [{ level: 'bad', code: 'keyframe-interval', text }] as const;
    const [remark] = remarksOn(streamWith({}, { video: { declaredFrameRate: 29.97 } }), problems);
    expect(remark).toMatchObject({ level: 'bad', text });
    expect(remark?.advice).toContain('-g 60');
  });

  it('measures the GOP by the rate at hand where none is declared', () => {
    const problems = [{ level: 'warn', code: 'keyframe-interval', text: '' }] as const;
    const advice = (video: object) => remarksOn(streamWith({}, { video }), problems)[0]?.advice;
    expect(advice({ declaredFrameRate: null, frameRate: 50 })).toContain('-g 100');
    expect(advice({ declaredFrameRate: null, frameRate: null })).toContain('twice the frame rate');
  });

  it('keeps a problem that it has no advice on', () => {
    const problems = [{ level: 'warn', code: 'of-tomorrow', text: 'Something new.' }] as const;
    expect(remarksOn(streamWith(), problems)).toEqual([
      { key: 'of-tomorrow', level: 'warn', text: 'Something new.', advice: null },
    ]);
  });
});

describe('remarksOffAir', () => {
  it('says how the publish ended', () => {
    expect(remarksOffAir('live/main', withEvents(eventOf()))).toMatchObject([
      { level: null, text: 'The encoder stopped.', advice: expect.stringContaining('30 s ago') },
    ]);
  });

  it('says that the server cut it, and why', () => {
    const cut = eventOf({ code: 'ERR_PUBLISH_CODEC', text: 'Publish H.264 video and AAC audio.' });
    expect(remarksOffAir('live/main', withEvents(cut))).toMatchObject([
      { level: 'bad', text: 'Cut off: Publish H.264 video and AAC audio.' },
    ]);
  });

  it('puts a try that was refused since then first', () => {
    expect(remarksOffAir('live/main', withEvents(refusal, eventOf()))).toMatchObject([
      { key: 'refused', level: 'bad', text: 'Refused 2 s ago: The stream key is wrong.' },
      { key: 'end' },
    ]);
  });

  it('forgets a refusal that came before', () => {
    expect(remarksOffAir('live/main', withEvents(eventOf({ at: report().at }), refusal))).toMatchObject([
      { key: 'end' },
    ]);
  });

  it('says nothing about other streams', () => {
    expect(remarksOffAir('live/other', withEvents(refusal, eventOf()))).toEqual([]);
  });
});

describe('remarksOnNobody', () => {
  it('names the newest refusal, whatever it named', () => {
    const anonymous = eventOf({ ...refusal, stream: null, remote: null, times: 4 });
    expect(remarksOnNobody(withEvents(anonymous, refusal))).toMatchObject([
      { level: 'bad', advice: 'An encoder at an unknown address tried to publish, 4 times.' },
    ]);
    expect(remarksOnNobody(withEvents())).toEqual([]);
  });
});
