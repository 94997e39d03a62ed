import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type CueSpec, FRAME_MS, Rig, UNIX_ZERO_MS } from '../../test/scheduler-rig.ts';
import { BY_SEI } from '../carriers/told.ts';
import type { PlayerTimeline } from './timeline.ts';

/** A viewer's session as it may go: everything in stream time; the player counts from a base of its own. */
interface Cue {
  readonly id: string;
  readonly fire: number;
  readonly durationMs: number | undefined;
}

type Step =
  | { readonly kind: 'play'; readonly frames: number; readonly skip: number }
  | {
      readonly kind: 'stamp';
      readonly cue: number;
      readonly named: boolean;
      readonly sealed: boolean;
      readonly by: 'sei' | 'script' | 'emsg' | 'daterange';
      /** How far off a copy beside SEI places it, where SEI has placed it already. */
      readonly offMs: number;
    }
  | { readonly kind: 'feed'; readonly cue: number }
  | { readonly kind: 'pause' | 'resume' }
  | { readonly kind: 'seek'; readonly to: number }
  | { readonly kind: 'reconnect' | 'reload'; readonly base: number }
  | { readonly kind: 'hide'; readonly ms: number }
  | { readonly kind: 'wait'; readonly ms: number }
  | { readonly kind: 'sync' };

const LENGTH_MS = 20_000;
const frameAt = (value: number): number => Math.floor(value / FRAME_MS) * FRAME_MS;

const cues = fc.array(
  fc.record({
    fire: fc.integer({ min: 0, max: LENGTH_MS }).map(frameAt),
    durationMs: fc.option(fc.integer({ min: 40, max: 8000 }), { nil: undefined }),
  }),
  { minLength: 1, maxLength: 5 },
);

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('play' as const),
      frames: fc.integer({ min: 1, max: 40 }),
      skip: fc.integer({ min: 0, max: 4 }),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('stamp' as const),
      cue: fc.nat(4),
      named: fc.boolean(),
      sealed: fc.boolean(),
      by: fc.constantFrom('sei' as const, 'script' as const, 'emsg' as const, 'daterange' as const),
      offMs: fc.integer({ min: -200, max: 200 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('feed' as const), cue: fc.nat(4) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('pause' as const, 'resume' as const) }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('seek' as const), to: fc.nat(LENGTH_MS).map(frameAt) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constantFrom('reconnect' as const, 'reload' as const),
      base: fc.nat(LENGTH_MS),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('hide' as const), ms: fc.integer({ min: 40, max: 3000 }) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 7000 }) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('sync' as const) }) },
);

/** Plays the steps, and holds the promises after each of them. */
class Session {
  readonly rig = new Rig({ maxDelayMs: Number.MAX_SAFE_INTEGER });
  readonly cues: readonly Cue[];
  /** Known with its data, by whatever way. */
  readonly known = new Set<string>();
  readonly ended = new Set<string>();
  #player: PlayerTimeline;
  #base = 0;
  #at = 0;
  #paused = false;
  /** The player in use knows where this cue is. */
  #placed = new Set<string>();
  /** Its SEI told where. */
  #bySei = new Set<string>();

  constructor(specs: readonly Omit<Cue, 'id'>[]) {
    this.cues = specs.map((spec, i) => ({ ...spec, id: `c${i}` }));
    this.#player = this.rig.player();
    this.rig.onFired = (cue) => {
      const spec = this.cues.find(({ id }) => id === cue.id)!;
      if (cue.trigger === 'clock') {
        expect(UNIX_ZERO_MS + this.rig.nowMs).toBeGreaterThanOrEqual(UNIX_ZERO_MS + spec.fire);
      } else {
        expect(this.#paused).toBe(false);
        expect(this.#at).toBeGreaterThanOrEqual(spec.fire - (cue.trigger === 'frame' ? 2 : 0.01));
        expect(cue.playerShownPts! + this.#base).toBeCloseTo(this.#at, 6);
        if (this.#bySei.has(cue.id)) expect(cue).toMatchObject({ carrier: 'sei', accuracyMs: 1 });
      }
      if (spec.durationMs !== undefined) expect(cue.remainingMs).toBeGreaterThan(0);
    };
  }

  run(step: Step): void {
    switch (step.kind) {
      case 'play':
        for (let i = 0; i < step.frames && !this.#paused; i += 1 + step.skip) {
          this.rig.nowMs += FRAME_MS * (1 + step.skip);
          this.#show(this.#at + FRAME_MS * (1 + step.skip));
        }
        break;
      case 'stamp':
        this.#stamp(this.cues[step.cue % this.cues.length]!, step);
        break;
      case 'feed': {
        const cue = this.cues[step.cue % this.cues.length]!;
        // The server lists what is due by its clock, which is the rig's.
        if (this.rig.nowMs < cue.fire) break;
        this.known.add(cue.id);
        this.rig.feed(
          { ...this.#spec(cue), fire: cue.fire, streamFire: cue.fire },
          this.rig.nowMs - cue.fire,
        );
        break;
      }
      case 'pause':
        this.#paused = true;
        this.#player.paused = true;
        break;
      case 'resume':
        this.#paused = false;
        this.#player.resumed(this.rig.nowMs);
        break;
      case 'seek':
        this.rig.nowMs += 100;
        if (!this.#paused) this.#show(step.to);
        break;
      case 'reconnect':
        this.rig.scheduler.removeTimeline(this.#player);
        this.#player = this.rig.player('ws');
        this.#player.paused = this.#paused;
        this.#anew(step.base);
        break;
      case 'reload':
        this.#player.reset(this.rig.nowMs);
        this.#anew(step.base);
        break;
      case 'hide':
        this.rig.nowMs += step.ms;
        if (this.#paused) break;
        this.#at += step.ms;
        this.#player.positioned(this.#at - this.#base, this.rig.nowMs);
        this.rig.scheduler.pictureShown();
        this.#promises();
        break;
      case 'wait':
        this.rig.wait(step.ms);
        break;
      case 'sync':
        this.rig.synced = !this.rig.synced;
        break;
    }
    this.#once();
  }

  #spec(cue: Cue): CueSpec {
    return { id: cue.id, fire: cue.fire, durationMs: cue.durationMs, epoch: 'e' } as CueSpec;
  }

  #anew(base: number): void {
    this.#base = base;
    this.#placed = new Set();
    this.#bySei = new Set();
  }

  #show(at: number): void {
    this.#at = at;
    this.rig.frame(this.#player, at - this.#base);
    this.#promises();
  }

  #stamp(cue: Cue, { named, sealed, by, offMs }: Extract<Step, { kind: 'stamp' }>): void {
    const player = this.#player;
    const isBeside = by !== 'sei' && this.#bySei.has(cue.id);
    const fire = cue.fire - this.#base + (isBeside ? offMs : 0);
    if (by === 'sei') this.#bySei.add(cue.id);
    const at = (UNIX_ZERO_MS + this.rig.nowMs) * 1000;
    const copy = this.#at - this.#base;
    player.stamped(copy, { epoch: 'e', at, ...(named ? { pts: this.#at } : {}) }, this.rig.nowMs);
    this.#placed.add(cue.id);
    if (!sealed) this.known.add(cue.id);
    this.rig.scheduler.learn({
      ...this.rig.known(
        {
          ...this.#spec(cue),
          streamFire: named ? cue.fire : null,
          data: sealed ? null : { interaction: 'q' },
        },
        {
          kind: 'stamp',
          timeline: player,
          generation: player.generation,
          playerFireMs: fire,
          told: by === 'sei' ? BY_SEI : { by, accuracyMs: 100 },
          stamp: null,
        },
      ),
      fireAtUs: (UNIX_ZERO_MS + cue.fire) * 1000,
    });
    this.#promises();
  }

  /** Open, its place known, its picture on screen and moving: then it has fired. */
  #promises(): void {
    if (this.#paused || this.#player.shown === null) return;
    for (const cue of this.cues) {
      const elapsed = this.#at - cue.fire;
      const window = cue.durationMs ?? Number.POSITIVE_INFINITY;
      if (elapsed < 0 || elapsed >= window || !this.known.has(cue.id) || !this.#placed.has(cue.id)) continue;
      const { fired, outcomes } = this.rig;
      const hasEnded = outcomes.some(
        (o) => o.cue === cue.id && o.outcome !== 'fired' && o.outcome !== 'late',
      );
      expect(hasEnded || fired.some(({ id }) => id === cue.id), `${cue.id} at ${this.#at}`).toBe(true);
    }
  }

  #once(): void {
    const ids = this.rig.firedIds;
    expect(new Set(ids).size).toBe(ids.length);
    const ends = this.rig.outcomes.map(({ cue }) => cue);
    expect(new Set(ends).size).toBe(ends.length);
    const closed = this.rig.closed.map(({ id }) => id);
    expect(new Set(closed).size).toBe(closed.length);
    for (const id of closed) expect(ids).toContain(id);
  }
}

test('whatever a viewer does: never early, never twice, and always when it is open and shown', () => {
  fc.assert(
    fc.property(cues, fc.array(step, { maxLength: 60 }), (specs, steps) => {
      const session = new Session(specs);
      for (const next of steps) session.run(next);
      // In the end everything with a window is closed, and nothing waits for its closing.
      session.rig.nowMs += 3_600_000;
      session.rig.scheduler.tick();
      for (const cue of session.rig.fired) {
        expect(session.rig.closed.some(({ id }) => id === cue.id)).toBe(true);
      }
    }),
    { numRuns: 800 },
  );
});
