import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createLog } from '../service/log.ts';
import { KeysMirror } from './keys-mirror.ts';
import { newSigningKey } from './test-support/cues.ts';
import { ManualTime } from './test-support/manual-time.ts';
import { MediaServer } from './test-support/media-server.ts';
import { until } from './test-support/until.ts';

let time: ManualTime;
let media: MediaServer;
let mirror: KeysMirror;
const [first, second] = [newSigningKey(), newSigningKey()];
const known = () => mirror.current().keys.map(({ kid }) => kid);

beforeEach(async () => {
  time = new ManualTime();
  media = new MediaServer(time.clock);
  media.keys = [first];
  await media.listen();
  const log = createLog('events', { logLevel: 'silent' });
  mirror = new KeysMirror({ url: () => media.url, timers: time, clock: time.clock, log, random: () => 0 });
  mirror.start();
  await until(() => expect(known()).toEqual([first.id]));
});
afterEach(async () => {
  await mirror.stop();
  await media.close();
});

describe('the mirror of stamp keys', () => {
  test('looks every minute whether keys have come or gone', async () => {
    media.keys = [second];
    await until(() => expect(time.waiting).toBe(1));
    time.advance(59_999);
    expect(media.keyRequests).toBe(1);
    time.advance(1);
    await until(() => expect(known()).toEqual([second.id]));
  });

  test('keeps the last known ones while media is away, and comes back to it', async () => {
    const { port } = new URL(media.url);
    await media.close();
    await until(() => {
      time.advance(60_000);
      expect(known()).toEqual([first.id]);
    });
    media = new MediaServer(time.clock);
    media.keys = [first, second];
    await media.listen(Number(port));
    await until(() => {
      time.advance(60_000);
      expect(known()).toEqual([first.id, second.id]);
    });
  });

  test('takes nothing that is no key set', async () => {
    const broken = { ...first, publicJwk: { ...first.publicJwk, x: 'short' } };
    media.keys = [broken];
    await until(() => {
      time.advance(60_000);
      expect(media.keyRequests).toBeGreaterThan(2);
    });
    expect(known()).toEqual([first.id]);
  });

  test('asks for an unknown key once for all who ask at the same time', async () => {
    time.advance(5_000);
    media.keys = [first, second];
    const sets = await Promise.all([mirror.refreshFor(second.id), mirror.refreshFor(second.id)]);
    for (const { keys } of sets) expect(keys).toHaveLength(2);
    expect(media.keyRequests).toBe(2);
    await mirror.refreshFor(second.id);
    expect(media.keyRequests).toBe(2);
  });
});
