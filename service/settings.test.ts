import { describe, expect, expectTypeOf, test } from 'vitest';
import { FramecueError } from '../packet/errors.ts';
import { isStreamAllowed, loadSettings, SETTINGS, type Setting, type Settings } from './settings.ts';

const entries = Object.entries(SETTINGS) as [string, Setting][];

const errorOf = (env: Record<string, string>): FramecueError => {
  try {
    loadSettings(env);
  } catch (error) {
    if (error instanceof FramecueError) return error;
    throw error;
  }
  throw new Error('the settings were taken');
};

describe('the table', () => {
  test('has a name of its own for every setting, and a meaning in one sentence', () => {
    expect(new Set(entries.map(([, entry]) => entry.name)).size).toBe(entries.length);
    for (const [, entry] of entries) {
      expect(entry.name).toMatch(/^FRAMECUE_[A-Z0-9]+(_[A-Z0-9]+)*$/);
      expect(entry.meaning).toMatch(/^[A-Z].*[^.]\.$/);
      expect(entry.meaning, entry.name).not.toContain('|');
      expect(entry.processes.length).toBeGreaterThan(0);
    }
  });

  test('says for every span and size which unit it has', () => {
    for (const [, { name, meaning }] of entries) {
      if (name.endsWith('_MS')) expect(meaning).toContain('milliseconds');
      if (name.endsWith('_BYTES')) expect(meaning).toContain('bytes');
    }
  });

  test('says what an unset setting means wherever there is no default', () => {
    for (const [, entry] of entries) {
      if (entry.default === null) expect(entry.meaning).toMatch(/unset means|where it differs|TLS_/);
    }
  });
});

describe('loading', () => {
  test('an empty environment gives the defaults, typed', () => {
    const { settings, warnings } = loadSettings({});
    expect(warnings).toEqual([]);
    expect(settings).toMatchObject({
      host: '127.0.0.1',
      rtmpPort: 1935,
      mediaPort: 8080,
      eventsPort: 8081,
      streams: ['live/*'],
      demo: false,
      streamKey: null,
      stampTextLimit: 1024,
    });
    expectTypeOf(settings.rtmpPort).toEqualTypeOf<number>();
    expectTypeOf(settings.streamKey).toEqualTypeOf<string | null>();
    expectTypeOf(settings.clockStamps).toEqualTypeOf<'keyframe' | 'frame'>();
    expectTypeOf<Settings['streams']>().toEqualTypeOf<string[]>();
  });

  test('an empty variable counts as unset', () => {
    expect(loadSettings({ FRAMECUE_RTMP_PORT: '', FRAMECUE_STREAM_KEY: '' }).settings).toMatchObject({
      rtmpPort: 1935,
      streamKey: null,
    });
  });

  test('values are read as their type', () => {
    const { settings } = loadSettings({
      FRAMECUE_MEDIA_PORT: '0',
      FRAMECUE_DEMO: '1',
      FRAMECUE_STREAMS: 'live/main, studio/*',
      FRAMECUE_MEDIA_URL: 'https://media.example/base//',
    });
    expect(settings).toMatchObject({
      mediaPort: 0,
      demo: true,
      streams: ['live/main', 'studio/*'],
      mediaUrl: 'https://media.example/base',
    });
  });

  test.each([
    ['FRAMECUE_MEDIA_PORT', '65536'],
    ['FRAMECUE_MEDIA_PORT', '-1'],
    ['FRAMECUE_MEDIA_PORT', '80.5'],
    ['FRAMECUE_MEDIA_PORT', '0x50'],
    ['FRAMECUE_DEMO', 'yes'],
    ['FRAMECUE_STAMP_TEXT_LIMIT', '4001'],
    ['FRAMECUE_STREAMS', 'live'],
    ['FRAMECUE_STREAMS', 'live/main,'],
    ['FRAMECUE_MEDIA_URL', 'media.example'],
    ['FRAMECUE_MEDIA_URL', 'http://user:pass@media.example'],
    ['FRAMECUE_RTMP_URL', 'http://media.example'],
    ['FRAMECUE_CORS_ORIGINS', 'app.example'],
    ['FRAMECUE_LOG_LEVEL', 'loud'],
    ['FRAMECUE_DIRECTOR_TOKEN', 'short'],
    ['FRAMECUE_DIRECTOR_TOKEN', 'with spaces it is not a token'],
  ])('%s=%j is refused by name', (name, value) => {
    const error = errorOf({ [name]: value });
    expect(error.code).toBe('ERR_SETTING');
    expect(error.message).toContain(name);
    expect(error.details).toMatchObject({ setting: name });
  });

  test('the value of a secret is not repeated in the error', () => {
    expect(errorOf({ FRAMECUE_DIRECTOR_TOKEN: 'hunter2' }).message).not.toContain('hunter2');
  });

  test('all settings that are wrong are named at once', () => {
    const error = errorOf({ FRAMECUE_DEMO: 'x', FRAMECUE_RTMP_PORT: 'x' });
    expect(error.message).toContain('FRAMECUE_DEMO');
    expect(error.message).toContain('FRAMECUE_RTMP_PORT');
  });

  test.each([
    [{ FRAMECUE_TLS_CERT: 'a.pem' }, 'FRAMECUE_TLS_KEY'],
    [{ FRAMECUE_TLS_KEY: 'a.pem' }, 'FRAMECUE_TLS_CERT'],
    [{ FRAMECUE_RTMPS_PORT: '1936' }, 'FRAMECUE_TLS_CERT'],
  ])('settings that need each other are asked for: %j', (env, missing) => {
    expect(errorOf(env).details).toMatchObject({ setting: missing });
  });

  test('an unknown name is reported with the nearest known one', () => {
    const { warnings } = loadSettings({
      FRAMECUE_MEDIA_PROT: '1',
      FRAMECUE_COMPLETELY_OTHER_THING: '1',
      PATH: '',
    });
    expect(warnings).toEqual([
      'There is no setting FRAMECUE_MEDIA_PROT; it has no effect. Is FRAMECUE_MEDIA_PORT meant?',
      'There is no setting FRAMECUE_COMPLETELY_OTHER_THING; it has no effect.',
    ]);
  });
});

test('the allow list takes names and whole apps', () => {
  const allowed = ['live/*', 'studio/one'];
  expect(isStreamAllowed(allowed, 'live/anything')).toBe(true);
  expect(isStreamAllowed(allowed, 'studio/one')).toBe(true);
  expect(isStreamAllowed(allowed, 'studio/two')).toBe(false);
  expect(isStreamAllowed(allowed, 'live2/anything')).toBe(false);
});
