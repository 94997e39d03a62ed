import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parsePlayPath } from './play-path.ts';

const stream = { app: 'live', name: 'main' };

describe('a play URL', () => {
  test.each([
    ['/live/main.flv', { kind: 'flv', stream }],
    ['/live/main.flv?token=a/b.flv', { kind: 'flv', stream }],
    ['/live/m%61in.flv', { kind: 'flv', stream }],
    ['/live/main/preview.flv?ticket=a.b', { kind: 'preview', stream, ticket: 'a.b' }],
    ['/live/main/preview.flv?x=1&ticket=a%2Eb', { kind: 'preview', stream, ticket: 'a.b' }],
    ['/live/main/preview.flv', { kind: 'preview', stream, ticket: null }],
    ['/live/preview.flv', { kind: 'flv', stream: { app: 'live', name: 'preview' } }],
    ['/live/main/index.m3u8', { kind: 'hls-playlist', stream }],
    ['/live/main/index.m3u8?_HLS_msn=3', { kind: 'hls-playlist', stream }],
    ['/live/main/init-mwq0gzi7-0.mp4', { kind: 'hls-file', stream, file: 'init-mwq0gzi7-0.mp4' }],
    [
      '/live/main/seg-mwq0gzi7-1795241557.m4s',
      { kind: 'hls-file', stream, file: 'seg-mwq0gzi7-1795241557.m4s' },
    ],
  ])('%s', (path, expected) => {
    expect(parsePlayPath(path)).toEqual(expected);
  });

  test.each([
    '/live/a.b.flv',
    '/live/%2e%2e.flv',
    '/live/..%2f..%2fetc.flv',
    '/live/main%00.flv',
    '/live/%E0%A4%A.flv',
    '/li%2Fve/main.flv',
    `/live/${'x'.repeat(65)}.flv`,
    '/..%2f/main/index.m3u8',
    '/live/ma%20in/index.m3u8',
    '/live/ma%20in/preview.flv?ticket=x',
  ])('%s is one, of no stream', (path) => {
    expect(parsePlayPath(path)).toEqual({ kind: 'malformed' });
  });

  test.each([
    '/',
    '',
    '*',
    '/live',
    '/main.flv',
    '/live/main',
    '/live/main.flv/',
    '/live/x/main.flv',
    '//main.flv',
    '/live/.flv',
    '/live/main/other.m3u8',
    '/live/main/seg-1.ts',
    '/live/main/seg-a-1.m4s.bak',
    '/live/main/seg-A-1.m4s',
    '/live/main/seg-a-..m4s',
    '/live/main/x/index.m3u8',
    '/api/v1/streams',
    'http://host/live/main.flv',
    `/live/${'x'.repeat(600)}.flv`,
  ])('%s is none', (path) => {
    expect(parsePlayPath(path)).toBeNull();
  });

  test('never throws and never lets a strange name through', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 60 }), (noise) => {
        for (const path of [noise, `/live/${noise}.flv`, `/${noise}/main/index.m3u8`]) {
          const target = parsePlayPath(path);
          if (target === null || target.kind === 'malformed') continue;
          expect(`${target.stream.app}/${target.stream.name}`).toMatch(/^[A-Za-z0-9_-]+\/[A-Za-z0-9_-]+$/);
        }
      }),
    );
  });
});
