import { describe, expect, test } from 'vitest';
import { FakeVideo } from '../../test/fake-video.ts';
import type { SeiSample } from '../sei/sample.ts';
import { ScriptReader } from './script.ts';

const CLOCK = '{"v":1}';
const CUE = '{"v":1}\nbody\nsignature';

/** @param base what the player says when it is asked; undefined: it cannot be asked. */
function rig(base?: number | (() => unknown)) {
  const video = new FakeVideo();
  const samples: { readonly ptsMs: number; readonly accuracyMs: number; readonly text: string }[] = [];
  const problems: string[] = [];
  const getTimestampBase = typeof base === 'function' ? base : () => base;
  const player =
    base === undefined
      ? {}
      : { _player_engine: { _transmuxer: { _controller: { _remuxer: { getTimestampBase } } } } };
  const reader = new ScriptReader(player, video, {
    sample: ({ ptsMs, data, told }: SeiSample) =>
      samples.push({ ptsMs, accuracyMs: told!.accuracyMs, text: new TextDecoder().decode(data) }),
    problem: (code) => problems.push(code),
    gone: () => undefined,
  });
  const tag = (pts: number, text = CUE) => reader.take({ onFramecue: { v: 1, pts, text } });
  return { video, samples, problems, reader, tag };
}

describe('where a script tag belongs', () => {
  test('by the base that the player gives, once there is something in the buffer', () => {
    const { video, samples, tag } = rig(100_000);
    tag(100_080, CLOCK);
    tag(100_400);
    expect(samples).toEqual([]);
    video.buffer(80, 300);
    expect(samples).toEqual([
      { ptsMs: 80, accuracyMs: 1, text: CLOCK },
      { ptsMs: 400, accuracyMs: 1, text: CUE },
    ]);
    tag(100_900);
    expect(samples[2]).toMatchObject({ ptsMs: 900 });
  });

  test.each([
    ['cannot be asked', undefined],
    ['does not know yet', () => undefined],
    [
      'is another version inside',
      () => {
        throw new TypeError('no');
      },
    ],
    // A server on the way wrote time stamps of its own.
    ['counts in other time stamps', 7],
  ])('by the first picture in the buffer, where the player %s', (_, base) => {
    const { video, samples, tag } = rig(base);
    tag(100_080, CLOCK);
    video.buffer(80, 300);
    tag(100_400);
    expect(samples).toEqual([
      { ptsMs: 80, accuracyMs: 40, text: CLOCK },
      { ptsMs: 400, accuracyMs: 40, text: CUE },
    ]);
  });

  test('is not guessed where nothing fits the buffer: such a cue is left to the events path', () => {
    const { video, samples, problems, tag } = rig();
    video.buffer(0, 500);
    // Joined behind a server that forwards script data, but not that of the first picture.
    tag(100_400);
    expect(samples).toEqual([]);
    for (let n = 0; n < 64; n++) tag(100_440 + n);
    expect(samples).toEqual([]);
    expect(problems).toEqual(['ERR_CLIENT_CARRIER_TIME']);
  });

  test('waits for the buffer where a burst is read ahead of it', () => {
    const { video, samples, tag } = rig(0);
    video.buffer(0, 100);
    tag(3000);
    expect(samples).toEqual([]);
    video.buffer(0, 2500);
    expect(samples).toMatchObject([{ ptsMs: 3000 }]);
  });

  test('is told anew after a reload', () => {
    const { video, samples, tag } = rig();
    tag(100_000, CLOCK);
    video.buffer(0, 300);
    video.reload();
    tag(200_000, CLOCK);
    video.buffer(40, 300);
    expect(samples.map(({ ptsMs }) => ptsMs)).toEqual([0, 40]);
  });

  test('nothing is read after it was stopped', () => {
    const { video, samples, reader, tag } = rig(0);
    tag(100);
    reader.stop();
    video.buffer(0, 300);
    expect(samples).toEqual([]);
  });
});

test.each([
  ['other script data', { onMetaData: { v: 1 } }, []],
  ['nothing', null, []],
  ['a value that is none', { onFramecue: 'text' }, ['ERR_STAMP_FORMAT']],
])('%s is passed over', (_, data, expected) => {
  const { reader, samples, problems } = rig(0);
  reader.take(data);
  expect([samples, problems]).toEqual([[], expected]);
});

test('a tag by another name brings nothing along', () => {
  const { video, samples, reader } = rig(0);
  video.buffer(0, 300);
  // As mpegts.js makes it of a tag that is named `__proto__`.
  reader.take(Object.create({ onFramecue: { v: 1, pts: 100, text: CUE } }));
  expect(samples).toEqual([]);
});
