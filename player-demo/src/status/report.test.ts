import { describe, expect, it } from 'vitest';
import { HEALTHY_JSON, report } from './fixtures.ts';
import { readReport } from './report.ts';

const without = (name: string): unknown => {
  const copy: { [name: string]: unknown } = { ...HEALTHY_JSON };
  delete copy[name];
  return copy;
};

const withStream = (changes: object): unknown => ({
  ...HEALTHY_JSON,
  streams: [{ ...HEALTHY_JSON.streams[0], ...changes }],
});

describe('readReport', () => {
  it('reads what the server says', () => {
    const [stream] = report().streams;
    expect(stream).toMatchObject({
      name: 'live/main',
      live: true,
      frame: 229,
      stampingOn: true,
      publisher: { encoder: 'Lavf59.27.100', beforeStart: 2, corrupt: 0 },
      viewers: { flv: 2, ws: 1, hls: 1200, total: 1203 },
      stamps: { clock: 10, cue: 4, passedUntouched: 0 },
    });
    expect(stream?.health?.video.keyframeIntervalMs).toEqual({ last: 1000, max: 1040 });
    expect(report().events).toEqual([
      {
        at: 1_795_243_363_753,
        kind: 'refused',
        stream: 'live/other',
        remote: '127.0.0.1:40630',
        code: 'ERR_PUBLISH_KEY',
        text: 'The stream key is wrong.',
        times: 3,
      },
    ]);
  });

  it.each([
    ['another program', '<html>'],
    ['no streams', without('streams')],
    ['no time', without('at')],
    ['a stream without a name', withStream({ stream: undefined })],
    ['a stream that does not say whether it is live', withStream({ live: 'yes' })],
  ])('refuses %s', (_what, value) => expect(readReport(value)).toBeNull());

  it('takes what is missing for not known, never for zero', () => {
    const [stream] = readReport(withStream({ health: {}, injector: null, viewers: undefined }))!.streams;
    expect(stream?.health?.video).toMatchObject({ frames: null, hasBFrames: null, bitsPerSecond: null });
    expect(stream?.health?.timing.gaps).toBeNull();
    expect(stream?.stamps.clock).toBeNull();
    expect(stream?.viewers.total).toBeNull();
  });

  it('has no publisher and no health where the server has none', () => {
    const [stream] = readReport(withStream({ live: false, publisher: null, health: null }))!.streams;
    expect(stream).toMatchObject({ live: false, publisher: null, health: null });
  });

  it('takes a level that it does not know for the worse one', () => {
    const problems = [{ level: 'fatal', code: 'new', text: 'Something new.' }];
    const [stream] = readReport(withStream({ health: { problems } }))!.streams;
    expect(stream?.health?.problems).toEqual([{ level: 'bad', code: 'new', text: 'Something new.' }]);
  });
});
