import { describe, expect, it } from 'vitest';
import { readConfig, streamPath } from './config.ts';

const GOOD = {
  media: 'http://127.0.0.1:8080/',
  events: 'http://127.0.0.1:8081',
  stream: { app: 'live', name: 'main' },
  flv: 'http://127.0.0.1:8080/live/main.flv',
  ws: 'ws://127.0.0.1:8080/live/main.flv',
  hls: 'http://127.0.0.1:8080/live/main/index.m3u8',
};

describe('readConfig', () => {
  it('takes slashes off the end of base URLs', () => {
    const config = readConfig(GOOD);
    expect(config?.media).toBe('http://127.0.0.1:8080');
    expect(config && streamPath(config)).toBe('live/main');
  });

  it.each([
    ['nothing', undefined],
    ['a list', []],
    ['no stream', { ...GOOD, stream: undefined }],
    ['a relative URL', { ...GOOD, media: '/media' }],
    ['a script as URL', { ...GOOD, flv: 'javascript:alert(1)' }],
    ['HTTP where a WebSocket belongs', { ...GOOD, ws: GOOD.flv }],
    ['a number as name', { ...GOOD, stream: { app: 'live', name: 1 } }],
  ])('refuses %s', (_what, value) => expect(readConfig(value)).toBeNull());
});
