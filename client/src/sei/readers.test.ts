import { EventEmitter } from 'node:events';
import { describe, expect, test } from 'vitest';
import { STAMP_UUID_TEXT } from '../../../cues/wire/index.ts';
import { uuidFromText } from '../../../h264-sei-parser/src/index.ts';
import { FakeVideo } from '../../test/fake-video.ts';
import { readHls } from './hls.ts';
import { mpegtsPath, readMpegts } from './mpegts.ts';
import type { SeiSample } from './sample.ts';

const uuid = uuidFromText(STAMP_UUID_TEXT);
const otherUuid = uuidFromText('464d4c47-5241-494e-434f-4c4f-55524201');
const text = new TextEncoder().encode('{"v":1}');

const noVideo = () => new FakeVideo();

function rig() {
  const samples: SeiSample[] = [];
  const problems: string[] = [];
  const state = { gone: 0 };
  const listener = {
    sample: (sample: SeiSample) => samples.push(sample),
    problem: (code: string) => problems.push(code),
    gone: () => state.gone++,
  };
  return { player: new EventEmitter(), samples, problems, state, listener };
}

describe('mpegts.js', () => {
  test('gives our messages with their time, and leaves nothing behind', () => {
    const { player, samples, state, listener } = rig();
    const stop = readMpegts(
      player,
      { Events: { SEI_ARRIVED: 'sei', DESTROYING: 'end' } },
      listener,
      noVideo(),
    );
    player.emit('sei', { type: 5, size: 23, uuid, user_data: text, pts: 1234 });
    expect(samples).toEqual([{ ptsMs: 1234, data: text }]);
    player.emit('end');
    expect(state.gone).toBe(1);
    stop();
    expect(player.eventNames()).toEqual([]);
  });

  test('knows the events’ names by itself', () => {
    const { player, samples, listener } = rig();
    readMpegts(player, undefined, listener, noVideo());
    player.emit('sei_arrived', { type: 5, uuid, user_data: text, pts: 0 });
    expect(samples).toHaveLength(1);
  });

  test.each([
    ['another UUID', { type: 5, uuid: otherUuid, user_data: text, pts: 1 }, []],
    ['another payload type', { type: 4, uuid, user_data: text, pts: 1 }, []],
    ['no UUID', { type: 5, size: 3, pts: 1 }, []],
    ['a short UUID', { type: 5, uuid: uuid.subarray(0, 15), user_data: text, pts: 1 }, []],
    ['nothing', null, []],
    ['no time', { type: 5, uuid, user_data: text }, ['ERR_STAMP_FORMAT']],
    ['a time that is none', { type: 5, uuid, user_data: text, pts: Number.NaN }, ['ERR_STAMP_FORMAT']],
    ['no data', { type: 5, uuid, pts: 1 }, ['ERR_STAMP_FORMAT']],
  ])('%s is passed over', (_, sei, expected) => {
    const { player, samples, problems, listener } = rig();
    readMpegts(player, undefined, listener, noVideo());
    player.emit('sei_arrived', sei);
    expect([samples, problems]).toEqual([[], expected]);
  });

  test.each([
    ['ws://host/live/main.flv', 'ws'],
    ['WSS://host/live/main.flv', 'ws'],
    ['http://host/live/main.flv', 'flv'],
    [undefined, 'flv'],
  ])('the way of %s', (url, path) => {
    const player = Object.assign(new EventEmitter(), {
      statisticsInfo: url === undefined ? undefined : { url },
    });
    expect(mpegtsPath(player)).toBe(path);
  });
});

describe('hls.js', () => {
  const sample = (changes: object = {}) => ({
    payloadType: 5,
    uuid: STAMP_UUID_TEXT,
    userData: '',
    userDataBytes: text,
    pts: 1.5,
    ...changes,
  });

  test('gives our messages of a fragment, in milliseconds, and leaves nothing behind', () => {
    const { player, samples, state, listener } = rig();
    const stop = readHls(player, { Events: { FRAG_PARSING_USERDATA: 'data', DESTROYING: 'end' } }, listener);
    player.emit('data', 'data', {
      samples: [sample(), sample({ uuid: 'x' }), sample({ payloadType: 4 }), sample({ pts: 2 })],
    });
    expect(samples).toEqual([
      { ptsMs: 1500, data: text },
      { ptsMs: 2000, data: text },
    ]);
    player.emit('end');
    expect(state.gone).toBe(1);
    stop();
    expect(player.eventNames()).toEqual([]);
  });

  test('passes over what it cannot use', () => {
    const { player, samples, problems, listener } = rig();
    readHls(player, undefined, listener);
    player.emit('hlsFragParsingUserdata', 'e', {
      samples: [sample({ userDataBytes: undefined }), sample({ pts: undefined })],
    });
    player.emit('hlsFragParsingUserdata', 'e', {});
    player.emit('hlsFragParsingUserdata', 'e', null);
    expect(samples).toEqual([]);
    expect(problems).toEqual(['ERR_STAMP_FORMAT', 'ERR_STAMP_FORMAT']);
  });
});
