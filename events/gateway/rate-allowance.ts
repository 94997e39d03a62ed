/** So many at once, and so many a second after that. */
export class RateAllowance {
  readonly #most: number;
  readonly #perUs: number;
  #left: number;
  #atUs: number;

  constructor(most: number, perSecond: number, nowUs: number) {
    this.#most = most;
    this.#perUs = perSecond / 1e6;
    this.#left = most;
    this.#atUs = nowUs;
  }

  /** False: one too many. */
  take(nowUs: number): boolean {
    this.#left = Math.min(this.#most, this.#left + (nowUs - this.#atUs) * this.#perUs);
    this.#atUs = nowUs;
    if (this.#left < 1) return false;
    this.#left--;
    return true;
  }
}
