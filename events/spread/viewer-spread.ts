import { DELAY_REPORTS, viewerPlaceOf } from '../../cues/wire/index.ts';
import type { Clock } from '../../packet/clock.ts';
import type { EventsObserver } from '../observer.ts';
import { type DelayClaim, type Disbelief, judgeClaim } from './claim.ts';
import { DelayWindow } from './delay-window.ts';
import { previewOf, type SpreadPreview } from './preview.ts';
import { ShareControl } from './share.ts';

export interface ViewerSpreadOptions {
  readonly clock: Clock;
  readonly observer: EventsObserver;
  /** About so many reports a second, of all streams together; 0: none. */
  readonly reportsPerSecond: number;
  /** `FRAMECUE_VIEWER_SPREAD_CAP_MS`. */
  readonly capMs: number;
  /** Share of viewers who report before anything is known of the audience. */
  readonly firstShare: number;
}

/** Who reports, and how often: in the answers to sessions, to heartbeats and to polls of what is due. */
export interface ReportPlan {
  /** Viewers whose place (`viewerPlaceOf`, use `delay`) is below this. */
  readonly share: number;
  readonly everyMs: number;
}

export type ReportOutcome =
  | { readonly kind: 'taken' }
  | { readonly kind: 'passed-over'; readonly why: 'not-chosen' | 'full' | Disbelief }
  | { readonly kind: 'too-soon'; readonly retryAfterMs: number };

const EVERY_MS = 10_000;
/** Three reports, of which two may be lost. */
const WINDOW_MS = 30_000;
/** A poll of what is due (20 s), a wait for the session and one for the first report (10 s each), and some more. */
const SETTLE_MS = 45_000;
/** Of fifty million viewers, all there at once, five thousand reports a second until the first of them are counted. */
export const FIRST_SHARE = 0.001;

/** How far behind the stream its viewers are, from the reports of a share of them. */
export class ViewerSpread {
  readonly #options: ViewerSpreadOptions;
  readonly #window: DelayWindow;
  readonly #share: ShareControl;

  constructor(options: ViewerSpreadOptions) {
    this.#options = options;
    const { reportsPerSecond, firstShare, clock, observer } = options;
    this.#share = new ShareControl(
      { reportsPerSecond, everyMs: EVERY_MS, firstShare, settleMs: SETTLE_MS },
      this.#nowMs(clock),
    );
    this.#window = new DelayWindow({
      windowMs: WINDOW_MS,
      apartMs: EVERY_MS / 2,
      // Each of those planned for reports within a third of the window; as many again while the share shrinks.
      maxViewers: Math.ceil(this.#share.plannedReporters * 4),
    });
    observer.delayShare(this.#share.share);
  }

  /** What clients are told; the same for all of them. */
  plan(): ReportPlan {
    this.#update();
    return { share: this.#share.share, everyMs: EVERY_MS };
  }

  report(viewer: string, stream: string, claim: DelayClaim): ReportOutcome {
    const outcome = this.#take(viewer, stream, claim);
    const { observer } = this.#options;
    observer.delayReport(outcome.kind === 'passed-over' ? outcome.why : outcome.kind);
    return outcome;
  }

  /** @param holdMs null: the one that would open 99 % together. */
  preview(stream: string, holdMs: number | null): SpreadPreview {
    this.#update();
    const { clock, capMs } = this.#options;
    return previewOf(this.#window.of(stream), {
      ...{ at: clock.unixMs(), windowMs: WINDOW_MS, share: this.#share.share },
      ...{ capMs, holdMs },
    });
  }

  #take(viewer: string, stream: string, claim: DelayClaim): ReportOutcome {
    const place = viewerPlaceOf(viewer, DELAY_REPORTS);
    // Whoever is not asked cannot push those aside who are, however many tokens they have.
    if (place >= this.#share.share) return { kind: 'passed-over', why: 'not-chosen' };
    const { clock, observer } = this.#options;
    const verdict = judgeClaim(claim, clock.unixMs());
    if (!verdict.believed) return { kind: 'passed-over', why: verdict.why };
    const { app = null, protocol, errorMs } = claim;
    const { delayMs } = verdict;
    const report = { stream, app, protocol, delayMs, errorMs };
    const put = this.#window.put(viewer, place, report, this.#nowMs(clock));
    if (put.kind === 'too-soon') return put;
    this.#share.arrived();
    this.#update();
    if (put.kind === 'full') return { kind: 'passed-over', why: 'full' };
    observer.viewerDelay(protocol, delayMs);
    return put;
  }

  #update(): void {
    const nowMs = this.#nowMs(this.#options.clock);
    this.#window.prune(nowMs);
    if (!this.#share.update(nowMs, this.#window.size)) return;
    this.#window.keepBelow(this.#share.share);
    this.#options.observer.delayShare(this.#share.share);
  }

  #nowMs(clock: Clock): number {
    return clock.monotonicUs() / 1_000;
  }
}
