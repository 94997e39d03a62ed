import { describe, expect, it } from 'vitest';
import { factsOf, headlinesOf } from './facts.ts';
import { report, streamWith } from './fixtures.ts';
import type { Problem, StreamReport } from './report.ts';

const { at } = report();
const problem = (code: string, level: Problem['level'] = 'warn'): Problem => ({ code, level, text: '' });

function linesOf(stream: StreamReport, problems: readonly Problem[] = []) {
  const lines = factsOf(stream, problems, at).flatMap(({ facts }) => facts);
  return new Map(lines.map(({ name, value, level }) => [name, { value, level }]));
}

describe('headlinesOf', () => {
  it('has the four figures that are looked for first', () => {
    expect(headlinesOf(streamWith(), [])).toEqual({
      bitRate: { value: '418\u202fkbit/s', note: '640 × 360, H.264 High', level: null },
      pictures: { value: '25 fps', note: '25 declared, B-frames, no gaps', level: null },
      keyframes: { value: '1.0\u202fs', note: 'longest 1.0\u202fs, 26 pictures', level: null },
      sound: { value: '128\u202fkbit/s', note: 'AAC, 48\u202fkHz, stereo', level: null },
    });
  });

  it('says plainly that there is no sound', () => {
    const audio = { codec: null, sampleRate: null, channels: null, bitsPerSecond: 0, frames: 0 };
    expect(headlinesOf(streamWith({}, { audio }), [problem('no-audio')])?.sound).toEqual({
      value: 'No sound',
      note: 'the encoder sends none',
      level: 'warn',
    });
  });

  it('counts the first GOP while it has no end', () => {
    const nothing = { last: null, max: null };
    const video = { keyframeIntervalMs: nothing, gopFrames: nothing, sinceKeyframeMs: 6000 };
    const stream = streamWith({}, { video });
    expect(headlinesOf(stream, [])?.keyframes).toMatchObject({
      value: 'over 6.0\u202fs',
      note: 'no second keyframe yet',
    });
    expect(linesOf(stream).get('Keyframe interval')?.value).toBe('over 6.0\u202fs');
  });

  it('marks a figure by the worst that is about it', () => {
    const problems = [problem('gaps'), problem('frame-rate-low', 'bad'), problem('keyframe-interval')];
    const headlines = headlinesOf(streamWith(), problems);
    expect(headlines?.pictures.level).toBe('bad');
    expect(headlines?.keyframes.level).toBe('warn');
    expect(headlines?.bitRate.level).toBeNull();
  });

  it('does not go on telling the rate of a stream that stands still', () => {
    expect(headlinesOf(streamWith(), [problem('video-stalled', 'bad')])?.pictures).toMatchObject({
      value: '0 fps',
      level: 'bad',
    });
  });

  it('has none while nobody publishes', () => {
    expect(headlinesOf(streamWith({ publisher: null, health: null }), [])).toBeNull();
  });
});

describe('factsOf', () => {
  it('tells all that is measured of a healthy stream', () => {
    const values = [...linesOf(streamWith())].map(([name, { value }]) => `${name}: ${value}`);
    const connected = values.find((text) => text.startsWith('Connected: '));
    expect(connected).toMatch(/^Connected: \d\d:\d\d:\d\d, for 9 s$/);
    expect(values.filter((text) => text !== connected)).toEqual([
      'Size: 640 × 360',
      'Codec: H.264 High, level 3.0',
      'B-frames: yes',
      'Reorder depth: 1',
      'Keyframe interval: 1.0\u202fs, 25 pictures',
      'Speed: 1.01 × real time',
      'Jitter: 110\u202fms',
      'Picture and sound: together',
      'Gaps in time stamps: none',
      'Jumps in time stamps: none',
      'Corrupt packets: none',
      'Encoder: Lavf59.27.100',
      'Address: 127.0.0.1:40618, RTMP',
      'Received: 509\u202fkB',
      'Dropped at the start: 2 before the keyframe',
      'Stamping: on',
      'Stamps written: 10 clock, 4 cue',
      'Epoch: mwq1jo2z-ea2ae4',
      'Frames in the epoch: 229',
      'Viewers: 2 FLV, 1 WS, 1\u202f200 HLS',
    ]);
  });

  it.each([
    ['av-skew', 'Picture and sound'],
    ['jitter', 'Jitter'],
    ['arrives-slowly', 'Speed'],
    ['arrives-fast', 'Speed'],
    ['video-stalled', 'Speed'],
    ['gaps', 'Gaps in time stamps'],
    ['jumps', 'Jumps in time stamps'],
    ['corrupt', 'Corrupt packets'],
    ['keyframe-interval', 'Keyframe interval'],
    ['profile', 'Codec'],
    ['comes-and-goes', 'Connected'],
    ['stamping-off', 'Stamping'],
  ])('marks for %s the line %s and no other', (code, name) => {
    const marked = [...linesOf(streamWith(), [problem(code, 'bad')])].filter(
      ([, { level }]) => level !== null,
    );
    expect(marked.map(([line]) => line)).toEqual([name]);
  });

  it('tells what is rare only where it is', () => {
    const stream = streamWith();
    const stamps = { ...stream.stamps, heldCues: 2, passedUntouched: 5, foreignRemoved: 7 };
    const lines = linesOf({ ...stream, stamps }, [problem('stamping-failed')]);
    expect(lines.get('Cues in work')?.value).toBe('2');
    expect(lines.get('Stamping failed on')).toEqual({ value: '5', level: 'warn' });
    expect(lines.get('Foreign stamps removed')?.value).toBe('7');
  });

  it('says what is not known as such', () => {
    const stream = streamWith(
      { epoch: null, frame: null, stampingOn: null },
      { timing: { jitterMs: null, avSkewMs: null, gaps: null }, video: { hasBFrames: null, width: null } },
    );
    const lines = linesOf(stream);
    for (const name of [
      'Size',
      'B-frames',
      'Jitter',
      'Picture and sound',
      'Gaps in time stamps',
      'Stamping',
      'Epoch',
      'Frames in the epoch',
    ]) {
      expect(lines.get(name)?.value, name).toBe('–');
    }
  });

  it('keeps stamps and viewers while the publisher is away', () => {
    const titles = factsOf(streamWith({ publisher: null, health: null }), [], at).map(({ title }) => title);
    expect(titles).toEqual(['Stamps and viewers']);
  });
});
