import { ServerClock } from '../src/net/clock.ts';
import type { ClockWay } from '../src/net/clock-ways.ts';
import { json, type Reply, VirtualNet } from './virtual-net.ts';

/** Numbers from a seed, so that a run can be had again (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

export interface WorldOptions {
  readonly seed: number;
  readonly way?: ClockWay;
  /** What each way takes beside what comes on top, milliseconds. */
  readonly upMs?: number;
  readonly downMs?: number;
  /** What comes on top of one way. */
  readonly jitterMs?: (random: () => number) => number;
  /** Share of exchanges that are never answered. */
  readonly loss?: number;
  readonly driftPpm?: number;
  /** False: the server has not noticed that its clock stepped. */
  readonly tellsSteps?: boolean;
  /** For how long a cache gives an answer out; ages as whole seconds, or none told. */
  readonly cache?: { readonly forMs: number; readonly tellsAge: boolean };
  readonly works?: (path: string) => boolean;
}

export const exponential =
  (meanMs: number) =>
  (random: () => number): number =>
    -meanMs * Math.log(1 - random());

/** A viewer's device, a network and a server, each with its own clock; all of it as the seed says. */
export class ClockWorld {
  readonly net = new VirtualNet();
  readonly clock: ServerClock;
  readonly problems: string[] = [];
  readonly #options: WorldOptions;
  readonly #random: () => number;
  #aheadMs: number;
  #steps = 0;
  #cached: { readonly madeAtMs: number; readonly text: object } | null = null;

  constructor(options: WorldOptions) {
    this.#options = options;
    this.#random = seeded(options.seed);
    this.net.random = this.#random;
    // performance.now() has fractions where it is fine.
    this.net.offsetMs = 0.1 + 0.8 * this.#random();
    this.#aheadMs = (this.#random() - 0.5) * 4000;
    this.net.reply = ({ url }) => this.#answer(new URL(url));
    this.clock = new ServerClock(this.net, {
      url: 'http://events/api/v1',
      way: options.way,
      onProblem: (code) => this.problems.push(code),
      onKnown: () => undefined,
    });
    this.clock.start();
  }

  /** The server's clock, Unix microseconds. */
  get serverUs(): number {
    const { driftPpm = 0 } = this.#options;
    return (this.net.unixZeroMs + this.#aheadMs + this.net.nowMs() * (1 + driftPpm * 1e-6)) * 1000;
  }

  /** How far off the client is, and what it says that it may be; milliseconds, null while it knows nothing. */
  look(): { readonly errorMs: number; readonly boundMs: number } | null {
    const now = this.clock.now();
    if (now === null) return null;
    return { errorMs: (now.unixUs - this.serverUs) / 1000, boundMs: now.errorUs / 1000 };
  }

  stepServer(byMs: number): void {
    this.#aheadMs += byMs;
    if (this.#options.tellsSteps !== false) this.#steps++;
    this.#cached = null;
  }

  /** The device's monotonic clock stands, everybody else's goes on. */
  sleep(forMs: number): void {
    this.net.unixZeroMs += forMs;
    if (this.#cached !== null) {
      this.#cached = { ...this.#cached, madeAtMs: this.#cached.madeAtMs - forMs };
    }
  }

  async #answer({ pathname, searchParams }: URL): Promise<Reply> {
    const { loss = 0, upMs = 50, downMs = 50, works = () => true } = this.#options;
    if (!works(pathname)) return null;
    if (this.#random() < loss) return 'hang';
    await this.#pass(upMs);
    const reply = pathname.endsWith('/cached')
      ? this.#fromCache()
      : json({
          t1: Number(searchParams.get('t1')),
          t2: Math.round(this.serverUs),
          t3: Math.round(this.serverUs),
          steps: this.#steps,
        });
    await this.#pass(downMs);
    return reply;
  }

  #fromCache(): Reply {
    const { cache = { forMs: 1000, tellsAge: true } } = this.#options;
    const nowMs = this.net.nowMs();
    if (this.#cached === null || nowMs - this.#cached.madeAtMs >= cache.forMs) {
      const text = { at: Math.round(this.serverUs), maxAgeMs: cache.forMs, steps: this.#steps };
      this.#cached = { madeAtMs: nowMs, text };
    }
    const age = Math.floor((nowMs - this.#cached.madeAtMs) / 1000);
    return json(this.#cached.text, 200, cache.tellsAge ? { age: String(age) } : {});
  }

  #pass(leastMs: number): Promise<void> {
    const { jitterMs = () => 0 } = this.#options;
    return new Promise((resolve) => {
      this.net.setTimeout(resolve, leastMs + jitterMs(this.#random));
    });
  }
}

export const percentile = (values: readonly number[], share: number): number =>
  values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * share))]!;
