import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Landing, StampEvent } from '../cues/cue.ts';
import type { ProductionLatency } from '../cues/production-latency.ts';
import { bpmMessage, precisionTimeStampMessage, writeSeiNal } from '../h264-sei-parser/src/index.ts';
import { ManualClock } from '../packet/clock.ts';
import type { AvcFramePacket } from '../packet/packet.ts';
import { ms, unixMs, us } from '../packet/time.ts';
import { DEFAULT_ENCODER_CLOCK_SETTINGS, type EncoderClockSettings } from './encoder-clock/encoder-clock.ts';
import { DEFAULT_INJECTOR_SETTINGS, StreamInjector } from './injector.ts';
import { newKey, preparedCue } from './test-support/cues.ts';

const TAKEN_MS = 1_795_000_000_000;
const FRAME_MS = 40;
const GOP = 25;
const key = newKey();

interface Scene {
  /** From the lens to arrival. */
  readonly wayMs?: number;
  /** From arrival to the injector. */
  readonly delayMs?: number;
  /** What is declared or measured of the way. */
  readonly latency?: Partial<ProductionLatency> | null;
  /** The encoder's clock less ours; null: it sends none. */
  readonly aheadMs?: number | null;
  readonly misb?: boolean;
  readonly settings?: Partial<EncoderClockSettings>;
  readonly jitterMs?: () => number;
}

/** Pictures of 25 fps without reordering: PTS 0 was taken at TAKEN_MS. */
class Play {
  readonly clock: ManualClock;
  readonly injector: StreamInjector;
  readonly events: StampEvent[] = [];
  readonly #scene: Scene;
  #index = 0;

  constructor(scene: Scene) {
    this.#scene = scene;
    const { wayMs = 3_000, delayMs = 0, settings, latency = null } = scene;
    this.clock = new ManualClock((TAKEN_MS + wayMs + delayMs) * 1000, 5_000_000);
    this.injector = new StreamInjector(
      'e1',
      this.clock,
      { ...DEFAULT_INJECTOR_SETTINGS, encoderClock: { ...DEFAULT_ENCODER_CLOCK_SETTINGS, ...settings } },
      (event) => this.events.push(event),
    );
    if (latency !== null) {
      this.injector.productionLatency = { ms: wayMs, errorMs: 10, source: 'declared', ...latency };
    }
  }

  pictures(count: number): AvcFramePacket[] {
    const out: AvcFramePacket[] = [];
    for (const end = this.#index + count; this.#index < end; this.#index++) out.push(this.#picture());
    return out;
  }

  at(pts: number, more: { readonly announceMs?: number } = {}): Landing {
    const id = `c${this.events.length}`;
    const fire = { kind: 'at', at: unixMs(TAKEN_MS + pts) } as const;
    const exp = TAKEN_MS + 3_600_000;
    this.injector.add(preparedCue(id, key, { fire, exp, announceMs: ms(more.announceMs ?? 0) }));
    for (let left = 600; left > 0; left--) {
      this.pictures(1);
      for (const event of this.events) if (event.kind === 'landed' && event.id === id) return event.landing;
    }
    throw new Error('it has not landed');
  }

  #picture(): AvcFramePacket {
    const { aheadMs = null, misb = false, delayMs = 0, jitterMs = () => 0 } = this.#scene;
    const pts = this.#index * FRAME_MS;
    const isKeyframe = this.#index % GOP === 0;
    const says = aheadMs !== null && isKeyframe ? [saysTaken(TAKEN_MS + pts + aheadMs, misb)] : [];
    const nals = [
      ...says.map((message) => writeSeiNal([message])),
      Uint8Array.from([isKeyframe ? 0x65 : 0x41, 0x88]),
    ];
    const data = new Uint8Array(nals.flatMap((nal) => [0, 0, nal.length >> 8, nal.length & 0xff, ...nal]));
    const late = jitterMs();
    this.clock.advanceMs(late);
    const packet = { kind: 'avc-frame', dts: ms(pts), compositionOffset: ms(0), isKeyframe, data } as const;
    const arrivedUs = delayMs === 0 ? undefined : us(this.clock.monotonicUs() - delayMs * 1000);
    const out = this.injector.process(packet, arrivedUs) as AvcFramePacket;
    this.clock.advanceMs(FRAME_MS - late);
    return out;
  }
}

const saysTaken = (unix: number, misb: boolean) =>
  misb
    ? precisionTimeStampMessage({ time: unix * 1000, locked: true })
    : bpmMessage({
        kind: 'TS',
        times: [1, 2, 3, 4].map((event) => ({
          type: 'rfc3339' as const,
          event,
          text: new Date(unix + 5 * (event - 1)).toISOString(),
        })),
      });

/** Park and Miller's. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 48_271) % 0x7fff_ffff;
    return state / 0x7fff_ffff;
  };
}

const played = (scene: Scene, count = 300): Play => {
  const play = new Play(scene);
  play.pictures(count);
  return play;
};

describe('a moment of the wall clock, where the encoder sends no clock', () => {
  it('is the picture that was taken then, by arrival and the production latency', () => {
    const landing = played({ latency: {} }).at(13_000);
    expect(landing).toMatchObject({ pts: 13_000, timing: 'latency', errorMs: 0, choice: 'scheduled' });
    expect(landing.timingErrorMs).toBeCloseTo(10, 3);
    expect(landing).not.toHaveProperty('encoderClock');
  });

  it('is the picture that passes then, where no latency is known', () => {
    const landing = played({}).at(16_000);
    expect(landing).toMatchObject({ timing: 'stamp', pts: 13_000 });
    expect(landing).not.toHaveProperty('timingErrorMs');
  });

  it.each<[string, Scene, string]>([
    ['a latency that is worse known than it is long', { wayMs: 150, latency: { errorMs: 200 } }, 'stamp'],
    [
      '... asked for all the same',
      { wayMs: 150, latency: { errorMs: 200 }, settings: { at: 'capture' } },
      'latency',
    ],
    ['arrival asked for', { latency: {}, settings: { at: 'arrival' } }, 'stamp'],
    [
      'a delay that makes it the better of the two',
      { wayMs: 150, delayMs: 2_000, latency: { errorMs: 200 } },
      'latency',
    ],
  ])('%s: by %s', (_what, scene, timing) => {
    const play = played(scene);
    expect(play.injector.timing).toBe(timing);
    expect(play.at(20_000).timing).toBe(timing);
  });

  it('goes by the latency that holds when it is announced', () => {
    const play = played({ latency: {} });
    play.injector.productionLatency = { ms: 2_000, errorMs: 5, source: 'measured' };
    expect(play.at(13_000)).toMatchObject({ pts: 12_000, timing: 'latency' });
  });

  it('is known within the error that is stated, whatever the network does', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 60 }),
        fc.integer({ min: 1, max: 0x7fff_fffe }),
        fc.integer({ min: -50, max: 50 }),
        fc.integer({ min: 12_500, max: 16_000 }),
        (jitterMs, seed, offMs, pts) => {
          const noise = randomFrom(seed);
          const next = () => noise() * Math.min(jitterMs, FRAME_MS - 1);
          // What is declared is off by so much, and says so; half the jitter is part of the way.
          const latency = { ms: 3_000 + offMs, errorMs: Math.abs(offMs) + jitterMs / 2 };
          const landing = played({ latency, jitterMs: next }).at(pts);
          expect(landing.timing).toBe('latency');
          // The nearest picture: rounding down to it takes up to half a picture more.
          expect(landing.pts - pts).toBeGreaterThanOrEqual(-landing.timingErrorMs! - FRAME_MS / 2 - 3);
          expect(landing.pts - pts).toBeLessThanOrEqual(FRAME_MS + landing.timingErrorMs! + 3);
        },
      ),
      { numRuns: 60 },
    );
  });
});

describe("an encoder's clock", () => {
  const seen = (scene: Scene) => {
    const play = played({ aheadMs: 0, ...scene });
    return { play, status: play.injector.encoderClock.status, landing: play.at(13_000) };
  };

  it('that the latency confirms is used, and the receipt says that it was', () => {
    const { status, landing } = seen({ latency: { errorMs: 50 } });
    expect(status).toMatchObject({ state: 'locked', check: 'confirmed', contradiction: null });
    expect(landing).toMatchObject({ timing: 'capture', encoderClock: 'confirmed', pts: 13_000 });
  });

  it.each([
    ['ahead', 2_000],
    ['behind', -2_000],
  ])('that is two seconds %s of what the latency says is not believed', (_way, aheadMs) => {
    const { status, landing } = seen({ aheadMs, latency: { errorMs: 50 } });
    expect(status).toMatchObject({
      state: 'contradicted',
      check: 'contradicted',
      contradiction: { by: 'latency' },
    });
    expect(status.contradiction!.aheadMs).toBeCloseTo(aheadMs, -1);
    expect(status.contradiction!.boundMs).toBeLessThan(100);
    expect(landing).toMatchObject({ timing: 'latency', encoderClock: 'contradicted', pts: 13_000 });
  });

  it('is contradicted at once when a latency is measured, and believed again when that is taken back', () => {
    const play = played({ aheadMs: -2_000 });
    const { encoderClock } = play.injector;
    expect(encoderClock.check).toBe('unconfirmed');
    play.injector.productionLatency = { ms: 3_000, errorMs: 20, source: 'measured' };
    expect(encoderClock.check).toBe('contradicted');
    play.injector.productionLatency = null;
    expect(encoderClock.check).toBe('unconfirmed');
  });

  it('that is two seconds behind looks like a longer way: without a latency it is unconfirmed, and that is said', () => {
    const { status, landing } = seen({ aheadMs: -2_000 });
    expect(status).toMatchObject({ state: 'locked', check: 'unconfirmed', contradiction: null });
    expect(status.captureToArrivalMs!.least).toBeGreaterThan(4_900);
    expect(landing).toMatchObject({ timing: 'capture', encoderClock: 'unconfirmed' });
  });

  it('that is two seconds ahead is contradicted by arrival alone where pictures come before they were taken', () => {
    const { status, landing } = seen({ aheadMs: 2_000, wayMs: 400 });
    expect(status).toMatchObject({ state: 'contradicted', contradiction: { by: 'arrival' } });
    expect(status.contradiction!.aheadMs).toBeGreaterThan(1_500);
    expect(status.contradiction!.aheadMs).toBeLessThan(2_000);
    expect(landing).toMatchObject({ timing: 'stamp', encoderClock: 'contradicted' });
  });

  it('that is contradicted is not used where capture time is asked for either, and makes no MISB time', () => {
    const { play, landing, status } = seen({
      aheadMs: 2_000,
      latency: {},
      settings: { at: 'capture', writeMisb: 'frame' },
    });
    expect(landing.timing).toBe('latency');
    const written = play.injector.encoderClock.status.misbWritten;
    expect(written).toBe(status.misbWritten);
  });

  it('is that of MISB where BPM is contradicted: it is the same one, and tested the same', () => {
    const { status } = seen({ aheadMs: 2_000, misb: true, latency: {} });
    expect(status).toMatchObject({ source: 'misb', check: 'contradicted' });
  });

  it('is absurd, and nothing else, where it is a year off', () => {
    const { status } = seen({ aheadMs: 31_536_000_000 });
    expect(status).toMatchObject({ state: 'absurd', contradiction: null });
  });

  it('is judged by arrival, however long pictures wait after it', () => {
    const { play, status, landing } = seen({ delayMs: 10_000, latency: { errorMs: 50 } });
    expect(status).toMatchObject({ state: 'locked', check: 'confirmed' });
    expect(status.captureToArrivalMs!.least).toBeCloseTo(3_000, -1);
    expect(landing).toMatchObject({ timing: 'capture', pts: 13_000 });
    expect(play.injector.arrivalOf(ms(13_000))).toBeCloseTo((TAKEN_MS + 16_000) * 1000, -4);
  });
});

describe('an injector that goes on where another was', () => {
  it('lands by latency on the same picture, with pictures that have waited', () => {
    const play = played({ delayMs: 2_000, latency: {} });
    const other = new Play({ delayMs: 2_000, latency: {} });
    const state = structuredClone(play.injector.state);
    other.clock.advanceMs((play.clock.monotonicUs() - other.clock.monotonicUs()) / 1000);
    other.injector.resume(state);
    expect(other.injector.arrivalOf(ms(15_000))).toBe(play.injector.arrivalOf(ms(15_000)));
    expect(other.injector.timing).toBe('latency');
  });
});
