import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { StreamStatus } from '../server/media/status.ts';
import { until } from './lib/api.ts';
import { type BpmPublish, publishWithBpm } from './lib/bpm-publisher.ts';
import { type System, startSystem } from './lib/system.ts';

const CAPTURE_TO_SEND_MS = 3_000;
/** What ffmpeg in between, and a busy machine, may add. */
const DECLARED_ERROR_MS = 600;
const FRAME_MS = 40;
/** Four keyframes, one a second, and the start of ffmpeg. */
const LOCKED_MS = 30_000;

let system: System;
beforeAll(async () => {
  system = await startSystem({
    FRAMECUE_PRODUCTION_LATENCY_MS: String(CAPTURE_TO_SEND_MS + DECLARED_ERROR_MS / 2),
    FRAMECUE_PRODUCTION_LATENCY_ERROR_MS: String(DECLARED_ERROR_MS),
  });
});
afterAll(() => system?.stop());

const status = async (): Promise<StreamStatus> =>
  (await system.api.media<StreamStatus>('GET', system.api.streamPath)).body;

async function metric(name: string, labels: string): Promise<number> {
  const { body } = await system.api.media<string>('GET', '/metrics');
  const line = body.split('\n').find((text) => text.startsWith(`${name}{stream="live/main",${labels},`));
  return Number(line?.split(' ').at(-1));
}

describe.each([
  ['right', 0, 'confirmed', null],
  // OBS says when it sent them: they come before that.
  ['two seconds ahead', 2_000, 'contradicted', 'arrival'],
  // Looks like two seconds more on the way: only the latency tells.
  ['two seconds behind', -2_000, 'contradicted', 'latency'],
] as const)('a publisher 3 s behind whose clock is %s', (_what, clockAheadMs, check, by) => {
  let publish: BpmPublish;
  beforeAll(async () => {
    const { rtmpUrl, streamKey } = await system.run();
    publish = await publishWithBpm({
      stream: 'bframes-25',
      url: `${rtmpUrl}/${streamKey}`,
      captureToSendMs: CAPTURE_TO_SEND_MS,
      dropped: 0,
      clockAheadMs,
    });
    await system.api.untilLive(LOCKED_MS);
  });
  afterAll(async () => {
    await publish?.stop();
    await until('the publish has ended', LOCKED_MS, async () => ((await status()).live ? null : true));
  });

  it('is found out, and said in status and metrics', async () => {
    const { encoderClock, productionLatency } = await until('it is judged', LOCKED_MS, async () => {
      const now = await status();
      return now.encoderClock?.check === check ? now : null;
    });
    expect(productionLatency).toMatchObject({ source: 'declared', errorMs: DECLARED_ERROR_MS });
    expect(encoderClock).toMatchObject({
      state: check === 'contradicted' ? 'contradicted' : 'locked',
      timing: check === 'contradicted' ? 'latency' : 'capture',
    });
    expect(await metric('framecue_encoder_clock_check', `check="${check}"`)).toBe(1);
    if (check !== 'contradicted') return;
    const { aheadMs, boundMs } = encoderClock!.contradiction!;
    expect(encoderClock!.contradiction!.by).toBe(by);
    expect(Math.abs(aheadMs - clockAheadMs)).toBeLessThanOrEqual(Math.max(boundMs, DECLARED_ERROR_MS));
    expect(await metric('framecue_encoder_clock_state', 'state="contradicted"')).toBe(1);
    expect(await metric('framecue_encoder_clock_state', 'state="locked"')).toBe(0);
  });

  it('does not move a cue from the picture that was taken at its moment', async () => {
    const at = Date.now();
    const { id } = await system.api.mark({ type: 'custom.test', at });
    const { landing } = await system.api.landed(id);
    expect(landing).toMatchObject({
      encoderClock: check,
      timing: check === 'contradicted' ? 'latency' : 'capture',
    });
    if (check === 'contradicted') {
      expect(landing!.timingErrorMs).toBeGreaterThanOrEqual(DECLARED_ERROR_MS);
      // Not the two seconds that the clock is off.
      expect(landing!.timingErrorMs).toBeLessThan(1_500);
    } else expect(landing!.timingErrorMs).toBeLessThan(100);
    const begins = landing!.epoch;
    expect(begins).toBe((await status()).epoch);
    const lateMs = landing!.fireAtUs / 1000 - CAPTURE_TO_SEND_MS - at;
    expect(lateMs).toBeGreaterThan(-landing!.timingErrorMs! - FRAME_MS);
    expect(lateMs).toBeLessThan(landing!.timingErrorMs! + FRAME_MS + DECLARED_ERROR_MS);
  });
});
