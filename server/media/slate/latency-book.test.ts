import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ProductionLatency } from '../../../cues/production-latency.ts';
import { ManualClock } from '../../../packet/clock.ts';
import { ms } from '../../../packet/time.ts';
import { createLog } from '../../../service/log.ts';
import type { LiveStream } from '../live-stream.ts';
import { KEPT_LATENCY_FILE, KeptLatencies } from './kept-latency.ts';
import { LatencyBook } from './latency-book.ts';
import type { SlateOutcome } from './messages.ts';
import { RUN_MS } from './slate-measure.ts';

const STREAM = 'live/main';
const LATENCY_MS = 1_840;
const log = createLog('test', { logLevel: 'silent' });

class Rig {
  readonly clock = new ManualClock();
  readonly applied: (ProductionLatency | null)[] = [];
  readonly live: Pick<LiveStream, 'onKeyframe' | 'setProductionLatency'> = {
    onKeyframe: null,
    setProductionLatency: (latency) => this.applied.push(latency),
  };
  /** What the reader makes of a picture that came then. */
  outcome = (arrivedAt: number): SlateOutcome => ({
    ...{ ok: true, drawnAt: arrivedAt - LATENCY_MS, errorMs: 12, session: 7, module: 9 },
  });
  rests = 0;
  readonly book: LatencyBook;

  constructor(folder: string, declared: ProductionLatency | null = null) {
    this.book = new LatencyBook({
      ...{ clock: this.clock, declared },
      reader: {
        read: async ({ arrivedAt }) => this.outcome(arrivedAt),
        rest: async () => {
          this.rests++;
        },
      },
      kept: new KeptLatencies(folder, log),
      find: () => ({ live: this.live, ahead: this.live }),
      randomSession: () => 7,
      onFault: (error) => {
        throw error;
      },
    });
  }

  async keyframes(count: number): Promise<void> {
    for (let i = 0; i < count; i++) {
      this.clock.advanceMs(2_000);
      const { clock } = this;
      const at = { pts: ms(i * 2_000), arrivedAt: clock.unixMs(), arrivedUs: clock.monotonicUs() };
      this.live.onKeyframe?.({ ...at, record: new Uint8Array(), data: new Uint8Array() });
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
}

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'framecue-latency-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('production latencies', () => {
  it('decode nothing until the reader is switched on, and nothing after its time', async () => {
    const rig = new Rig(folder);
    rig.book.publishBegins(STREAM);
    await rig.keyframes(3);
    expect(rig.book.status(STREAM).slate).toMatchObject({ state: 'off', pictures: 0, session: null });
    await rig.book.setSlate(STREAM, { on: true });
    await rig.keyframes(10);
    expect(rig.book.status(STREAM).slate).toMatchObject({ state: 'reading', pictures: 10, session: 7 });
    rig.clock.advanceMs(RUN_MS);
    await rig.keyframes(3);
    expect(rig.book.status(STREAM).slate).toMatchObject({ state: 'off', pictures: 10, session: null });
  });

  it('are measured, less what the screen takes, with its error', async () => {
    const rig = new Rig(folder);
    await rig.book.setSlate(STREAM, { on: true, screenLatencyMs: 40, screenErrorMs: 10 });
    expect(rig.book.status(STREAM).slate.state).toBe('searching');
    await rig.keyframes(10);
    const { slate } = rig.book.status(STREAM);
    expect(slate).toMatchObject({ state: 'reading', latencyMs: LATENCY_MS - 40, spreadMs: 0, confidence: 1 });
    // The reader's 12, the screen's 10, the page's clock.
    expect(slate.errorMs).toBe(37);
  });

  it.each([
    ['stale-session', { session: 8 }],
    ['implausible', { drawnAt: 0 }],
  ] as const)('are not taken from a slate that is %s', async (code, wrong) => {
    const rig = new Rig(folder);
    const right = rig.outcome;
    rig.outcome = (arrivedAt) => ({ ...right(arrivedAt), ...wrong }) as SlateOutcome;
    await rig.book.setSlate(STREAM, { on: true });
    await rig.keyframes(5);
    const { slate } = rig.book.status(STREAM);
    expect(slate).toMatchObject({ state: 'unreadable', latencyMs: null, readings: 0, unreadable: { code } });
    await expect(rig.book.apply(STREAM, { source: 'measured', pin: true }, 'ada')).rejects.toMatchObject({
      code: 'ERR_LATENCY_UNKNOWN',
    });
  });

  it('say what to do where there is no ffmpeg', async () => {
    const rig = new Rig(folder);
    rig.outcome = () => ({ ok: false, reason: 'no-ffmpeg' });
    await rig.book.setSlate(STREAM, { on: true });
    await rig.keyframes(1);
    const { slate } = rig.book.status(STREAM);
    expect(slate).toMatchObject({ state: 'unreadable', unreadable: { code: 'no-ffmpeg' } });
    expect(slate.unreadable?.text).toContain('FRAMECUE_FFMPEG');
  });

  it('are applied, follow what is read until they are pinned, and are cleared', async () => {
    const rig = new Rig(folder);
    await rig.book.setSlate(STREAM, { on: true, screenLatencyMs: 0, screenErrorMs: 0 });
    await rig.keyframes(8);
    const { applied } = await rig.book.apply(STREAM, { source: 'measured', pin: false }, 'ada');
    expect(applied).toMatchObject({
      ms: LATENCY_MS,
      errorMs: 27,
      source: 'measured',
      pinned: false,
      by: 'ada',
    });
    rig.outcome = (arrivedAt) => ({
      ok: true,
      drawnAt: arrivedAt - 3_000,
      errorMs: 12,
      session: 7,
      module: 9,
    });
    await rig.keyframes(8);
    expect(rig.book.status(STREAM).applied).toMatchObject({ ms: 3_000, source: 'measured' });
    await rig.book.apply(STREAM, { source: 'manual', ms: 2_500, pin: true }, 'ada');
    await rig.keyframes(8);
    expect(rig.book.status(STREAM).applied).toMatchObject({ ms: 2_500, errorMs: 100, pinned: true });
    await rig.book.clear(STREAM);
    expect(rig.applied.map((latency) => latency && [latency.ms, latency.source])).toEqual([
      [LATENCY_MS, 'measured'],
      [3_000, 'measured'],
      [2_500, 'pinned'],
      null,
    ]);
    await rig.book.close();
  });

  it('are there after a restart, for the next publish, with the marks of the aligner', async () => {
    const first = new Rig(folder);
    await first.book.setSlate(STREAM, { on: true, screenLatencyMs: 31, screenErrorMs: 4 });
    await first.book.apply(STREAM, { source: 'manual', ms: 900, errorMs: 50, pin: true }, 'ada');
    for (const delay of [240, 250, 260, 255, 245]) {
      await first.book.mark(STREAM, 'Ada', { picturePts: 1_000, pressedPts: 1_000 + delay });
    }
    await first.book.close();

    const second = new Rig(folder);
    second.book.publishBegins(STREAM);
    expect(second.applied).toEqual([{ ms: 900, errorMs: 50, source: 'pinned' }]);
    const status = second.book.status(STREAM);
    expect(status.slate).toMatchObject({ state: 'off', screenLatencyMs: 31, screenErrorMs: 4 });
    expect(status.aligner).toMatchObject([{ person: 'Ada', marks: 5, offeredMs: 250 }]);
    expect(await second.book.forget(STREAM, 'Ada')).toBe(true);
    expect(await second.book.forget(STREAM, 'Ada')).toBe(false);
  });

  it('refuse what cannot be', async () => {
    const { book } = new Rig(folder);
    const code = (wanted: string) => expect.objectContaining({ code: wanted });
    await expect(book.apply(STREAM, { source: 'manual', pin: true }, 'a')).rejects.toEqual(
      code('ERR_REQUEST_INVALID'),
    );
    await expect(book.apply(STREAM, { source: 'declared', pin: true }, 'a')).rejects.toEqual(
      code('ERR_LATENCY_UNKNOWN'),
    );
    await expect(book.mark(STREAM, 'A', { picturePts: 0, pressedPts: 60_000 })).rejects.toEqual(
      code('ERR_REQUEST_INVALID'),
    );
  });

  it('start without a file that is broken, and keep it for a person to mend', () => {
    writeFileSync(join(folder, KEPT_LATENCY_FILE), '{"version":1,');
    const rig = new Rig(folder);
    expect(rig.book.status(STREAM).applied).toBeNull();
    expect(readFileSync(join(folder, `${KEPT_LATENCY_FILE}.unusable`), 'utf8')).toBe('{"version":1,');
  });

  it('apply what is declared', async () => {
    const rig = new Rig(folder, { ms: 700, errorMs: 80, source: 'declared' });
    expect(rig.book.status(STREAM).declared).toEqual({ ms: 700, errorMs: 80 });
    await rig.book.apply(STREAM, { source: 'declared', pin: true }, 'ada');
    expect(rig.applied).toEqual([{ ms: 700, errorMs: 80, source: 'pinned' }]);
  });
});
