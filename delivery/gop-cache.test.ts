import { describe, expect, test } from 'vitest';
import { Batch } from './batch.ts';
import { GopCache } from './gop-cache.ts';
import { configsAfter, NO_CONFIGS } from './stream-configs.ts';
import { tagOf } from './tag.ts';
import { packetsOf } from './testing/flv-check.ts';
import { aacConfig, avcConfig, frame, metadata, sound } from './testing/packets.ts';

const configs = [metadata(), avcConfig(), aacConfig()].reduce(configsAfter, NO_CONFIGS);
const batch = (...packets: Parameters<typeof tagOf>[0][]) =>
  new Batch(
    packets.map((packet) => tagOf(packet)),
    configs,
  );
const roomy = { maxBytes: 1_000_000, maxPackets: 1000 };

describe('the GOP cache', () => {
  test('holds the newest GOP from its keyframe on', () => {
    const cache = new GopCache(roomy);
    cache.add(batch(frame(0, 0, false)));
    expect(cache.gop).toBeNull();
    const first = batch(frame(40, 1, true));
    const second = batch(sound(60), frame(80, 2, false));
    cache.add(first);
    cache.add(second);
    expect(cache.gop!.batches).toEqual([first, second]);
    expect(cache.gop!.packets).toBe(3);
    const third = batch(frame(120, 3, true));
    cache.add(third);
    expect(cache.gop!.batches).toEqual([third]);
    expect(cache.gopBytes).toBe(first.byteLength + second.byteLength);
    cache.clear();
    expect(cache.gop).toBeNull();
  });

  test.each([
    ['bytes', { maxBytes: 500, maxPackets: 1000 }],
    ['packets', { maxBytes: 1_000_000, maxPackets: 4 }],
  ])('past its limit of %s it is empty until the next keyframe, and takes no deltas', (_, limits) => {
    const cache = new GopCache(limits);
    cache.add(batch(frame(0, 0, true, 100)));
    for (let id = 1; id < 10; id++) cache.add(batch(frame(id * 40, id, false, 100)));
    expect(cache.gop).toBeNull();
    expect(cache.overflows).toBe(1);
    expect(cache.gopBytes).toBe(limits.maxBytes);
    cache.add(batch(frame(400, 10, true, 100)));
    expect(cache.gop!.batches).toHaveLength(1);
  });
});

describe('how a viewer begins', () => {
  const leadTimes = (audio: readonly number[], keyframe: number, clear?: 'configs') => {
    const cache = new GopCache(roomy);
    for (const dts of audio) cache.noteAudio(tagOf(sound(dts)));
    if (clear) cache.clearAudio();
    cache.add(batch(frame(keyframe, 0, true)));
    return cache.gop!.lead.map((tag) => tag.dts);
  };

  test('with the last audio before the keyframe', () => {
    expect(leadTimes([0, 21, 43, 64], 80)).toEqual([64]);
    expect(leadTimes([0, 21, 43, 64], 64)).toEqual([64]);
  });

  test('and what came after it, so that no sound is missing', () => {
    expect(leadTimes([0, 21, 43, 64], 50)).toEqual([43, 64]);
  });

  test('without audio where none belongs to the keyframe', () => {
    expect(leadTimes([], 50)).toEqual([]);
    expect(leadTimes([60, 81], 50)).toEqual([]);
    expect(leadTimes([0, 21], 5000)).toEqual([]);
    expect(leadTimes([0, 21, 43, 64], 80, 'configs')).toEqual([]);
  });

  test('its opening names what is in the stream, at the time of what follows', () => {
    const cache = new GopCache(roomy);
    cache.noteAudio(tagOf(sound(960)));
    cache.add(batch(frame(1000, 0, true)));
    const { gop } = cache;
    const opening = gop!.opening('flv');
    expect(opening[4]).toBe(5);
    expect(packetsOf(opening).map(({ kind, dts }) => [kind, dts])).toEqual([
      ['script', 960],
      ['avc-config', 960],
      ['aac-config', 960],
    ]);
    expect(gop!.opening('flv')).toBe(opening);
    expect(gop!.opening('ws').length).toBe(opening.length + 4 * 2);
    expect(gop!.leadBytes('ws')!.length).toBe(gop!.leadBytes('flv')!.length + 2);
  });
});

describe('configs', () => {
  test('stay the same object while they say the same', () => {
    expect(configsAfter(configs, avcConfig(500))).toBe(configs);
    expect(configsAfter(configs, aacConfig(500))).toBe(configs);
    expect(configsAfter(configs, metadata(500))).toBe(configs);
    expect(configsAfter(configs, frame(0, 0, true))).toBe(configs);
  });

  test('are new where they change', () => {
    expect(configsAfter(configs, avcConfig(0, 0x21)).avc).toEqual(avcConfig(0, 0x21));
    expect(configsAfter(configs, aacConfig(0, 44_100)).aac).toEqual(aacConfig(0, 44_100));
    expect(configsAfter(configs, metadata(0, 2)).metadata).toEqual(metadata(0, 2));
  });

  test('do not keep script data that describes a moment', () => {
    const cuePoint = { ...metadata(), data: new Uint8Array(Buffer.from('\x02\x00\x0aonCuePoint', 'latin1')) };
    expect(configsAfter(configs, cuePoint)).toBe(configs);
  });
});
