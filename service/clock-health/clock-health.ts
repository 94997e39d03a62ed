import type { Clock } from '../../packet/clock.ts';
import type { UnixMilliseconds } from '../../packet/time.ts';
import type { Log } from '../log.ts';
import { type ClockGrade, type Graded, gradeClock } from './grade.ts';
import { type AskPeer, ClockPeers, type PeerStatus } from './peers.ts';
import { type ClockStep, StepWatch } from './step-watch.ts';
import { askTools, CLOCK_TOOLS, type ClockTool, type RunTool, runTool } from './tools.ts';

export type { ClockGrade } from './grade.ts';
export type { ClockStep } from './step-watch.ts';

/** How well this machine's clock is synchronised, as `GET /api/v1/clock/health` gives it. */
export interface ClockHealthStatus extends Graded {
  /** Null before the first look. */
  readonly checkedAt: UnixMilliseconds | null;
  /** Jumps of the wall clock since the start: the newest 20, oldest first. */
  readonly steps: readonly ClockStep[];
  readonly stepCount: number;
  readonly peers: readonly PeerStatus[];
}

export interface ClockHealthOptions {
  readonly clock: Clock;
  readonly log: Log;
  /** `ntp://`, `http://` and `https://`. */
  readonly peers: readonly string[];
  readonly run?: RunTool;
  readonly tools?: readonly ClockTool[];
  readonly askPeer?: AskPeer;
}

/** Public time servers do not like to be asked more often. */
const CHECK_MS = 64_000;
/** After the start and after a step, so that a daemon that has just begun is seen soon. */
const SOON_MS = 8000;
const SOON_CHECKS = 4;
const LOOK_MS = 250;

/** Looks at the clock now and then, by itself, and never in anybody's way. */
export class ClockHealth {
  readonly #options: ClockHealthOptions;
  readonly #watch: StepWatch;
  readonly #peers: ClockPeers;
  readonly #onGrade = new Set<(grade: ClockGrade) => void>();
  #tool: Awaited<ReturnType<typeof askTools>> = null;
  #checkedAt: UnixMilliseconds | null = null;
  #told: ClockGrade | null = null;
  #soon = SOON_CHECKS;
  #looking: NodeJS.Timeout | null = null;
  #next: NodeJS.Timeout | null = null;
  #checking: Promise<void> | null = null;

  constructor(options: ClockHealthOptions) {
    this.#options = options;
    this.#watch = new StepWatch(options.clock);
    this.#peers = new ClockPeers(options.peers, options.clock, options.askPeer);
  }

  start(): void {
    if (this.#looking !== null) return;
    this.#looking = setInterval(() => this.look(), LOOK_MS).unref();
    this.#checkAfter(0);
  }

  stop(): void {
    if (this.#looking !== null) clearInterval(this.#looking);
    if (this.#next !== null) clearTimeout(this.#next);
    this.#looking = null;
    this.#next = null;
  }

  /** How often the clock has stepped since the start. */
  get stepCount(): number {
    return this.#watch.count;
  }

  get grade(): ClockGrade {
    return this.status().grade;
  }

  /** The clock has jumped; by then it shows the new time. What throws is logged. @returns a function that ends it */
  onStep(listener: (step: ClockStep) => void): () => void {
    return this.#watch.onStep((step) => this.#guarded(() => listener(step)));
  }

  /** Told at once, and when it changes. */
  onGrade(listener: (grade: ClockGrade) => void): () => void {
    this.#onGrade.add(listener);
    this.#guarded(() => listener(this.grade));
    return () => this.#onGrade.delete(listener);
  }

  status(): ClockHealthStatus {
    const { clock } = this.#options;
    const steps = this.#watch.recent;
    const last = steps.at(-1);
    const checked = this.#checkedAt !== null;
    const graded = gradeClock({
      tool: this.#tool,
      peers: this.#peers.configured === 0 ? null : this.#peers.verdict(),
      sinceStepMs: last === undefined ? null : Math.max(0, clock.unixMs() - last.at),
    });
    return {
      ...graded,
      advice: checked ? graded.advice : 'The clock has not been looked at yet.',
      checkedAt: this.#checkedAt,
      steps,
      stepCount: this.#watch.count,
      peers: this.#peers.status(),
    };
  }

  /** Whether the clock has stepped; by itself every quarter of a second. */
  look(): void {
    const step = this.#watch.look();
    if (step === null) return;
    this.#options.log.warn({ byMs: Math.round(step.byMs), at: step.at }, 'the wall clock stepped');
    this.#peers.forget();
    this.#tellGrade();
    this.#soon = SOON_CHECKS;
    if (this.#looking !== null) this.#checkAfter(SOON_MS);
  }

  /** Asks tools and peers; by itself every minute. Never rejects. */
  check(): Promise<void> {
    this.#checking ??= this.#check().finally(() => {
      this.#checking = null;
    });
    return this.#checking;
  }

  async #check(): Promise<void> {
    const { run = runTool, tools = CLOCK_TOOLS, clock, log } = this.#options;
    try {
      const [tool] = await Promise.all([askTools(run, tools), this.#peers.ask()]);
      this.#tool = tool;
      this.#checkedAt = clock.unixMs();
    } catch (error) {
      log.error({ err: error }, 'looking at the clock failed for a reason that nobody expected');
    }
    this.#tellGrade();
  }

  #tellGrade(): void {
    const { grade, source, errorMs, advice } = this.status();
    if (grade === this.#told) return;
    const before = this.#told;
    this.#told = grade;
    if (before !== null || this.#checkedAt !== null) {
      const isWorse = grade === 'poor' || (grade === 'unknown' && before !== null);
      const at = isWorse ? 'warn' : 'info';
      this.#options.log[at]({ grade, before, source, errorMs, advice }, 'how well the clock is synchronised');
    }
    for (const listener of this.#onGrade) this.#guarded(() => listener(grade));
  }

  #checkAfter(spanMs: number): void {
    if (this.#next !== null) clearTimeout(this.#next);
    this.#next = setTimeout(async () => {
      await this.check();
      if (this.#looking === null) return;
      this.#checkAfter(this.#soon-- > 0 ? SOON_MS : CHECK_MS);
    }, spanMs).unref();
  }

  #guarded(tell: () => void): void {
    try {
      tell();
    } catch (error) {
      this.#options.log.error({ err: error }, 'somebody who is told of the clock failed');
    }
  }
}
