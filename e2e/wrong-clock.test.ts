import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Cue } from '../cues/cue.ts';
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

interface Case {
  readonly what: string;
  readonly name: string;
  readonly clockAheadMs: number;
  readonly check: 'confirmed' | 'contradicted';
  readonly by: 'arrival' | 'latency' | null;
}

const CASES: readonly Case[] = [
  { what: 'right', name: 'right', clockAheadMs: 0, check: 'confirmed', by: null },
  // OBS says when it sent them: they come before that.
  { what: 'two seconds ahead', name: 'ahead', clockAheadMs: 2_000, check: 'contradicted', by: 'arrival' },
  // Looks like two seconds more on the way: only the latency tells.
  { what: 'two seconds behind', name: 'behind', clockAheadMs: -2_000, check: 'contradicted', by: 'latency' },
];

let system: System;
const publishes: BpmPublish[] = [];
beforeAll(async () => {
  system = await startSystem({
    FRAMECUE_PRODUCTION_LATENCY_MS: String(CAPTURE_TO_SEND_MS + DECLARED_ERROR_MS / 2),
    FRAMECUE_PRODUCTION_LATENCY_ERROR_MS: String(DECLARED_ERROR_MS),
  });
  const { rtmpUrl, streamKey } = await system.run();
  for (const { name, clockAheadMs } of CASES) {
    publishes.push(
      await publishWithBpm({
        stream: 'bframes-25',
        url: `${rtmpUrl}/${streamKey.replace(/^[^?]+/, name)}`,
        captureToSendMs: CAPTURE_TO_SEND_MS,
        dropped: 0,
        clockAheadMs,
      }),
    );
  }
});
afterAll(async () => {
  await Promise.all(publishes.map((publish) => publish.stop()));
  await system?.stop();
});

describe.each(CASES)('a publisher 3 s behind whose clock is $what', ({ name, clockAheadMs, check, by }) => {
  const path = `/api/v1/streams/live/${name}`;
  const status = async () => (await system.api.media<StreamStatus>('GET', path)).body;
  const metric = async (of: string, labels: string): Promise<number> => {
    const { body } = await system.api.media<string>('GET', '/metrics');
    const line = body.split('\n').find((text) => text.startsWith(`${of}{stream="live/${name}",${labels},`));
    return Number(line?.split(' ').at(-1));
  };

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
    const marked = await system.api.media<Cue>('POST', `${path}/cues`, { type: 'custom.test', at });
    expect(marked.status).toBe(202);
    const landing = await until('it has landed', LOCKED_MS, async () => {
      const { body } = await system.api.media<Cue>('GET', `${path}/cues/${marked.body.id}`);
      return body.landing;
    });
    expect(landing).toMatchObject({
      encoderClock: check,
      timing: check === 'contradicted' ? 'latency' : 'capture',
    });
    if (check === 'contradicted') {
      expect(landing.timingErrorMs).toBeGreaterThanOrEqual(DECLARED_ERROR_MS);
      // Not the two seconds that the clock is off.
      expect(landing.timingErrorMs).toBeLessThan(1_500);
    } else expect(landing.timingErrorMs).toBeLessThan(100);
    const lateMs = landing.fireAtUs / 1000 - CAPTURE_TO_SEND_MS - at;
    expect(lateMs).toBeGreaterThan(-landing.timingErrorMs! - FRAME_MS);
    expect(lateMs).toBeLessThan(landing.timingErrorMs! + FRAME_MS + DECLARED_ERROR_MS);
  });
});
