import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Cue } from '../cues/cue.ts';
import { FlvReader } from '../packet/flv-reader.ts';
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
/** The injector's wall clock and ours are one, read in whole milliseconds here. */
const READING_MS = 5;

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

/** A publisher, and how late its pictures are. */
interface Published {
  readonly publish: BpmPublish;
  /** The most that a picture came behind the moment at which it was to be sent: what the machine added. */
  latestMs(): number;
  readonly close: () => void;
}

let system: System;
const published = new Map<string, Published>();
beforeAll(async () => {
  system = await startSystem({
    FRAMECUE_PRODUCTION_LATENCY_MS: String(CAPTURE_TO_SEND_MS + DECLARED_ERROR_MS / 2),
    FRAMECUE_PRODUCTION_LATENCY_ERROR_MS: String(DECLARED_ERROR_MS),
  });
  const { rtmpUrl, streamKey, outputs } = await system.run();
  for (const { name, clockAheadMs } of CASES) {
    const publish = await publishWithBpm({
      stream: 'bframes-25',
      url: `${rtmpUrl}/${streamKey.replace(/^[^?]+/, name)}`,
      captureToSendMs: CAPTURE_TO_SEND_MS,
      dropped: 0,
      clockAheadMs,
    });
    const flv = outputs.flv.replace(/main(?=\.flv$)/, name);
    const seen = await until('it can be watched', LOCKED_MS, () => watch(flv, publish));
    published.set(name, { publish, ...seen });
  }
});
afterAll(async () => {
  for (const { close } of published.values()) close();
  await Promise.all([...published.values()].map(({ publish }) => publish.stop()));
  await system?.stop();
});

/** Sees each frame behind the injector: none came later there than here. */
async function watch(url: string, publish: BpmPublish): Promise<Omit<Published, 'publish'>> {
  const reader = new FlvReader();
  let latestMs = 0;
  const request = get(url, { headers: { connection: 'close' } });
  const timeout = AbortSignal.timeout(LOCKED_MS);
  const [response] = (await once(request, 'response', { signal: timeout })) as [IncomingMessage];
  // Cut at the end of the test, or where there is nothing yet.
  response.on('error', () => undefined);
  if (response.statusCode !== 200) {
    request.destroy();
    throw new Error(`${url}: ${response.statusCode}`);
  }
  response.on('data', (chunk: Buffer) => {
    for (const item of reader.read(chunk)) {
      if (item.kind === 'packet' && item.packet.kind === 'avc-frame')
        latestMs = Math.max(latestMs, Date.now() - publish.dueAt(item.packet.dts));
    }
  });
  return { latestMs: () => latestMs, close: () => request.destroy() };
}

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
    const offMs = aheadMs - clockAheadMs;
    const toleranceMs = Math.max(boundMs, DECLARED_ERROR_MS);
    expect(offMs).toBeLessThanOrEqual(toleranceMs);
    // What comes late looks like a clock that is behind.
    expect(offMs).toBeGreaterThanOrEqual(-Math.max(toleranceMs, published.get(name)!.latestMs()));
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
    const { publish, latestMs } = published.get(name)!;
    const { timingErrorMs, pts, fireAtUs } = landing;
    const offMs = publish.captureOf(pts) - at;
    console.info(`${name}: off by ${offMs} of ${timingErrorMs} ms, frames up to ${latestMs()} ms late`);
    if (check === 'contradicted') {
      // What is declared, and how far arrival strays: not the two seconds that the clock is off.
      expect(timingErrorMs).toBeGreaterThanOrEqual(DECLARED_ERROR_MS);
      expect(timingErrorMs).toBeLessThanOrEqual(DECLARED_ERROR_MS + latestMs());
      // Declared was more by this than what is simulated; a machine that is slow takes longer than either.
      const declaredMoreMs = DECLARED_ERROR_MS / 2;
      expect(offMs).toBeLessThanOrEqual(declaredMoreMs + FRAME_MS);
      expect(offMs).toBeGreaterThanOrEqual(declaredMoreMs - latestMs() - FRAME_MS);
    } else {
      expect(timingErrorMs).toBeLessThan(100);
      expect(Math.abs(offMs)).toBeLessThanOrEqual(timingErrorMs! + FRAME_MS);
    }
    // It passed no sooner than it was sent, and no later than it was seen here.
    const lateMs = fireAtUs / 1000 - CAPTURE_TO_SEND_MS - publish.captureOf(pts);
    expect(lateMs).toBeGreaterThanOrEqual(-READING_MS);
    expect(lateMs).toBeLessThanOrEqual(latestMs() + READING_MS);
  });
});
