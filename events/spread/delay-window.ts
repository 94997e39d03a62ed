/** How a viewer gets the stream. */
export const PROTOCOLS = ['flv', 'ws', 'hls'] as const;
export type Protocol = (typeof PROTOCOLS)[number];

/** What one viewer said last. */
export interface DelayReport {
  /** `app/name`. */
  readonly stream: string;
  /** What the page calls itself; null where it says nothing. */
  readonly app: string | null;
  readonly protocol: Protocol;
  /** From passing the injector to being presented; 0 and more. */
  readonly delayMs: number;
  /** Bound of the error of the clock that it was measured by. */
  readonly errorMs: number;
}

interface Kept extends DelayReport {
  /** Monotonic milliseconds. */
  readonly atMs: number;
  /** `viewerPlaceOf`, `[0, 1)`. */
  readonly place: number;
}

export interface WindowLimits {
  /** A viewer counts for this long after their last report. */
  readonly windowMs: number;
  /** Two reports of one viewer are at least this far apart. */
  readonly apartMs: number;
  readonly maxViewers: number;
}

export type PutOutcome =
  | { readonly kind: 'taken' }
  | { readonly kind: 'too-soon'; readonly retryAfterMs: number }
  | { readonly kind: 'full' };

/**
 * The last report of each viewer who reported within the window. A viewer is one entry, on one stream, under one app,
 * whatever they send; so neither many reports nor many names weigh more.
 */
export class DelayWindow {
  readonly #limits: WindowLimits;
  /** Oldest report first. */
  readonly #byViewer = new Map<string, Kept>();

  constructor(limits: WindowLimits) {
    this.#limits = limits;
  }

  get size(): number {
    return this.#byViewer.size;
  }

  put(viewer: string, place: number, report: DelayReport, nowMs: number): PutOutcome {
    this.prune(nowMs);
    const { apartMs, maxViewers } = this.#limits;
    const before = this.#byViewer.get(viewer);
    if (before !== undefined && nowMs - before.atMs < apartMs) {
      return { kind: 'too-soon', retryAfterMs: Math.ceil(before.atMs + apartMs - nowMs) };
    }
    if (before === undefined && this.#byViewer.size >= maxViewers) return { kind: 'full' };
    this.#byViewer.delete(viewer);
    this.#byViewer.set(viewer, { ...report, atMs: nowMs, place });
    return { kind: 'taken' };
  }

  /** Forgets who has not reported for the window's length. */
  prune(nowMs: number): void {
    for (const [viewer, { atMs }] of this.#byViewer) {
      if (nowMs - atMs <= this.#limits.windowMs) return;
      this.#byViewer.delete(viewer);
    }
  }

  /** The share of viewers who report has become smaller: the others would stand for more viewers than there are. */
  keepBelow(share: number): void {
    for (const [viewer, { place }] of this.#byViewer) if (place >= share) this.#byViewer.delete(viewer);
  }

  *of(stream: string): Generator<DelayReport> {
    for (const kept of this.#byViewer.values()) if (kept.stream === stream) yield kept;
  }
}
