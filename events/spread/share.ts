export interface ShareLimits {
  /** About so many reports a second, whatever the audience; 0: none at all. */
  readonly reportsPerSecond: number;
  /** Each viewer of the share reports this often. */
  readonly everyMs: number;
  /** Of all viewers, before anything is known of how many there are. */
  readonly firstShare: number;
  /** After a larger share was told: all who are meant have heard of it and have reported by then. */
  readonly settleMs: number;
}

/** More than was planned for by this factor makes the share smaller at once. */
const TOO_MANY = 1.25;
/** Not worth telling everybody. */
const WORTH_GROWING = 1.25;
/** Over so many milliseconds the rate of reports is counted. */
const RATE_SPAN_MS = 2_000;

/**
 * Which share of viewers reports, so that reports stay at about the planned rate from three viewers to fifty million.
 * It starts small, grows only by what the reports so far allow to be sure of, and shrinks at once.
 */
export class ShareControl {
  readonly #limits: ShareLimits;
  #share: number;
  #settledAtMs: number;
  #rateSinceMs: number;
  #arrived = 0;

  constructor(limits: ShareLimits, nowMs: number) {
    this.#limits = limits;
    this.#share = limits.reportsPerSecond === 0 ? 0 : limits.firstShare;
    this.#settledAtMs = nowMs + limits.settleMs;
    this.#rateSinceMs = nowMs;
  }

  get share(): number {
    return this.#share;
  }

  /** Viewers who report, when the rate is as planned. */
  get plannedReporters(): number {
    return (this.#limits.reportsPerSecond * this.#limits.everyMs) / 1_000;
  }

  /** A viewer below the share reported, and not sooner than is asked for: nobody's flood silences the others. */
  arrived(): void {
    this.#arrived++;
  }

  /**
   * @param reporters viewers below the share who reported within the window
   * @returns true where the share has changed
   */
  update(nowMs: number, reporters: number): boolean {
    if (this.#share === 0) return false;
    const planned = this.plannedReporters;
    const busy = Math.max(reporters, this.#reportersByRate(nowMs));
    if (busy > planned * TOO_MANY) {
      this.#set(this.#share * (planned / busy), nowMs);
      return true;
    }
    if (nowMs < this.#settledAtMs) return false;
    // With n seen, more than this many (of the share) is as good as ruled out: 3 for none (rule of three).
    const atMost = reporters + 2 * Math.sqrt(reporters) + 3;
    const wanted = Math.min(1, (this.#share * planned) / atMost);
    const grows = wanted > this.#share * WORTH_GROWING || (wanted === 1 && this.#share < 1);
    if (grows) this.#set(wanted, nowMs);
    return grows;
  }

  #reportersByRate(nowMs: number): number {
    const spanMs = nowMs - this.#rateSinceMs;
    // Part of a span is no rate yet, unless it has brought more already than all of it should.
    if (spanMs < RATE_SPAN_MS && this.#arrived <= (2 * this.#limits.reportsPerSecond * RATE_SPAN_MS) / 1_000)
      return 0;
    const rate = this.#arrived / (Math.max(spanMs, RATE_SPAN_MS) / 1_000);
    this.#arrived = 0;
    this.#rateSinceMs = nowMs;
    return (rate * this.#limits.everyMs) / 1_000;
  }

  #set(share: number, nowMs: number): void {
    this.#share = share;
    this.#settledAtMs = nowMs + this.#limits.settleMs;
  }
}
