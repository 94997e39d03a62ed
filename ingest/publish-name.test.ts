import { describe, expect, test } from 'vitest';
import { parsePublishTarget, shownName } from './publish-name.ts';

describe('the stream and key that a publisher names', () => {
  test.each([
    ['live', 'main?key=s3cret', { app: 'live', name: 'main' }, 's3cret'],
    ['live/', '/main/?key=s3cret', { app: 'live', name: 'main' }, 's3cret'],
    ['live', 'main', { app: 'live', name: 'main' }, null],
    ['live', 'main?', { app: 'live', name: 'main' }, null],
    ['live', 'main?key=', { app: 'live', name: 'main' }, ''],
    ['live', 'main?a=1&key=a%2Bb', { app: 'live', name: 'main' }, 'a+b'],
    ['live', 'main?key=a+b/c==', { app: 'live', name: 'main' }, 'a+b/c=='],
    ['live', 'main?key=100%', { app: 'live', name: 'main' }, '100%'],
    ['live', 'main?key=a?b', { app: 'live', name: 'main' }, 'a?b'],
    ['live?key=s3cret', 'main', { app: 'live', name: 'main' }, 's3cret'],
    ['live?key=other', 'main?key=s3cret', { app: 'live', name: 'main' }, 's3cret'],
    ['live', `main?key=${'x'.repeat(513)}`, { app: 'live', name: 'main' }, null],
  ])('%s + %s', (app, name, stream, key) => {
    expect(parsePublishTarget(app, name)).toEqual({ stream, key });
  });

  test.each([
    ['', 'main'],
    ['live', ''],
    ['live', '?key=s3cret'],
    ['live/extra', 'main'],
    ['live', 'main&key=s3cret'],
    ['live', '../main'],
    ['live', 'ma in'],
    ['live', 'main\n'],
    ['live', 'm\u00e4in'],
    ['live', 'x'.repeat(65)],
  ])('unsafe: %j + %j', (app, name) => {
    expect(parsePublishTarget(app, name)).toBeNull();
  });

  test('a key pasted where the name belongs is not shown', () => {
    const pasted = parsePublishTarget('live', 'Zk3v9xQ1rT8bLw2mPq')!;
    expect(shownName(pasted)).toBe('live/Zk3v...');
    expect(shownName(parsePublishTarget('live', 'main?key=x')!)).toBe('live/main');
  });
});
