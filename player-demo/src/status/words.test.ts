import { describe, expect, it } from 'vitest';
import { eventOf, streamWith } from './fixtures.ts';
import {
  countWords,
  eventWord,
  formatAge,
  formatBytes,
  formatInterval,
  formatMoment,
  intervalWords,
  profileWords,
  sizeWords,
  skewWords,
  soundWords,
  videoWords,
} from './words.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const { video, audio } = streamWith().health!;

describe('words', () => {
  it.each([
    [-5, '0 s'],
    [59_999, '59 s'],
    [MINUTE, '1 min'],
    [HOUR - 1, '59 min'],
    [2 * HOUR + 5 * MINUTE, '2 h 5 min'],
    [3 * HOUR, '3 h'],
    [75 * HOUR + MINUTE, '3 d 3 h'],
  ])('age of %d ms', (ageMs, text) => expect(formatAge(ageMs)).toBe(text));

  it('names the day only where it is another', () => {
    const noon = new Date(2026, 10, 21, 12, 0, 5).getTime();
    expect(formatMoment(noon, noon + HOUR)).toBe('12:00:05');
    expect(formatMoment(noon, noon + 24 * HOUR)).toBe('21 Nov 12:00:05');
    // the same day of another month
    expect(formatMoment(noon, new Date(2026, 11, 21, 12).getTime())).toBe('21 Nov 12:00:05');
  });

  it.each([
    [0, '0\u202fB'],
    [999, '999\u202fB'],
    [1000, '1.00\u202fkB'],
    [509_368, '509\u202fkB'],
    [999_600, '1.00\u202fMB'],
    [12_345_678, '12.3\u202fMB'],
    [4.2e12, '4.20\u202fTB'],
  ])('%d bytes', (bytes, text) => expect(formatBytes(bytes)).toBe(text));

  it('sound', () => {
    expect(soundWords(audio)).toBe('AAC, 48\u202fkHz, stereo');
    expect(soundWords({ ...audio, sampleRate: 44_100, channels: 1 })).toBe('AAC, 44.1\u202fkHz, mono');
    expect(soundWords({ ...audio, codec: 'mp4a.40.29', channels: 6 })).toBe(
      'HE-AAC v2, 48\u202fkHz, 6 channels',
    );
    expect(soundWords({ ...audio, codec: 'mp4a.40.99', sampleRate: null, channels: null })).toBe(
      'mp4a.40.99',
    );
    expect(soundWords({ ...audio, codec: null })).toBeNull();
  });

  it('picture', () => {
    expect(sizeWords(video)).toBe('640 × 360');
    expect(sizeWords({ ...video, height: null })).toBeNull();
    expect(profileWords(video)).toBe('H.264 High');
    expect(videoWords(video)).toBe('H.264 High, level 3.0');
    expect(videoWords({ ...video, profile: null, level: null })).toBe('H.264');
    expect(videoWords({ ...video, codec: null, profile: null })).toBeNull();
  });

  it('keyframe intervals', () => {
    expect(formatInterval(12_040)).toBe('12.0\u202fs');
    expect(intervalWords(2000, 50)).toBe('2.0\u202fs, 50 pictures');
    expect(intervalWords(40, 1)).toBe('0.0\u202fs, 1 picture');
    expect(intervalWords(2000, null)).toBe('2.0\u202fs');
    expect(intervalWords(null, 50)).toBeNull();
  });

  it('says which of picture and sound is late, and nothing where nobody could tell', () => {
    expect(skewWords(19.9)).toBe('together');
    expect(skewWords(-19.9)).toBe('together');
    expect(skewWords(120)).toBe('picture 120\u202fms later');
    expect(skewWords(-1500)).toBe('sound 1.5\u202fs later');
  });

  it('counts', () => {
    expect(countWords(0, 'longest', 0)).toBe('none');
    expect(countWords(3, 'longest', 400)).toBe('3, longest 400\u202fms');
    expect(countWords(1200, '', null)).toBe('1\u202f200');
  });

  it('tells a refusal, a cut and an end apart', () => {
    expect(eventWord(eventOf({ kind: 'refused', code: 'ERR_PUBLISH_KEY' }))).toBe('Refused');
    expect(eventWord(eventOf({ code: 'ERR_PUBLISH_SILENT' }))).toBe('Cut off');
    expect(eventWord(eventOf())).toBe('Ended');
  });
});
