import { describe, expect, test } from 'vitest';
import { labelOf, outputUrl, placeOf, readNamedOutput, renditionNames } from './named-outputs.ts';

describe('an item of FRAMECUE_AUDIT_URLS', () => {
  test.each([
    ['https://cdn.example/a/main.m3u8?token=s', 'live/main', 'cdn.example/a/main.m3u8'],
    ['live/two=https://cdn.example/x', 'live/two', 'cdn.example/x'],
    ['live/two@cdn=wss://cdn.example/x.flv?a=b@c', 'live/two', 'cdn'],
    ['@edge=http://user:secret@10.0.0.1:8080/x.flv', 'live/main', 'edge'],
  ])('%s', (item, stream, label) => {
    expect(readNamedOutput(item, 'live/main')).toMatchObject({ stream, label });
  });

  test.each([
    'file:///etc/passwd',
    'cdn.example/x',
    'live/two=',
    '@flv=https://a/x',
    'a b=https://a/x',
    'rtmp://a/b',
  ])('%s is none', (item) => expect(readNamedOutput(item, 'live/main')).toBeNull());
});

describe('what is told of an address', () => {
  const url = outputUrl('https://user:secret@cdn.example:8443/live/a.m3u8?token=hidden#part')!;
  test('is host and path alone', () => {
    expect(placeOf(url)).toBe('cdn.example:8443/live/a.m3u8');
    expect(labelOf(url)).toBe('cdn.example:8443/live/a.m3u8');
  });
  test('is short and plain', () => {
    const label = labelOf(outputUrl(`https://cdn.example/${'é'.repeat(100)}`)!);
    expect(label.length).toBe(64);
    expect(label).toMatch(/^[A-Za-z0-9._:/-]+$/);
  });
});

describe('names of renditions', () => {
  test('are heights, with the bit rate where one is not enough, and each stands once', () => {
    const facts = [
      [720, 1_800_000],
      [720, 3_000_000],
      [360, 800_000],
      [null, 500_000],
      [null, 500_000],
    ].map(([height, bandwidth]) => ({ height: height!, bandwidth: bandwidth! }));
    expect(renditionNames(facts)).toEqual(['720p-1800k', '720p-3000k', '360p', '500k', '500k-2']);
  });
});
