import type { LateReason } from '../types.ts';
import type { CueEntry, Due } from './cue-entry.ts';
import { type PlayerTimeline, POSITION_TOLERANCE_MS, STARTING_MS, TOLERANCE_MS } from './timeline.ts';

/** Both clocks, injected. */
export interface SchedulerTime {
  /** Never goes back. */
  monotonicMs(): number;
  /** The server's clock where it is known (`synced`, with its error), else this device's. */
  unix(): { readonly ms: number; readonly errorMs: number; readonly synced: boolean };
}

/** Where only the usual delay is known, and not the own frame: this much more, so that it is not before it. */
const UNPLACED_MARGIN_MS = 500;
/** Beyond this (and three frames) after the fire PTS, frames were passed over. */
const SKIPPED_MS = 100;

/** The players of a page, and which cue's moment each of them has reached. */
export class DueFinder {
  readonly timelines: PlayerTimeline[] = [];
  readonly #time: SchedulerTime;
  readonly #createdAtMs: number;

  constructor(time: SchedulerTime) {
    this.#time = time;
    this.#createdAtMs = time.monotonicMs();
  }

  /** By a picture of its own, else by the clock; null while it has to wait. */
  find(entry: CueEntry): Due | null {
    for (const timeline of this.timelines) {
      const due = this.findByPicture(entry, timeline);
      if (due !== null) return due;
    }
    return this.#findByClock(entry);
  }

  findByPicture(entry: CueEntry, timeline: PlayerTimeline): Due | null {
    const { shown } = timeline;
    if (shown === null || timeline.paused) return null;
    const fireMs = playerFireMs(entry, timeline);
    const toleranceMs = shown.by === 'frame' ? TOLERANCE_MS : POSITION_TOLERANCE_MS;
    if (fireMs === null || shown.ptsMs < fireMs - toleranceMs) return null;
    const elapsedMs = Math.max(0, shown.ptsMs - fireMs);
    return {
      by: shown.by,
      timeline,
      playerFireMs: fireMs,
      playerShownMs: shown.ptsMs,
      elapsedMs,
      dueAtMs: shown.atMs - elapsedMs / timeline.rate,
    };
  }

  /** For viewers whose own frame will not come, or cannot be told. */
  #findByClock(entry: CueEntry): Due | null {
    const waitMs = this.#clockWaitMs(entry);
    if (waitMs === null) return null;
    const nowMs = this.#time.monotonicMs();
    const { ms, errorMs, synced } = this.#time.unix();
    let elapsedMs: number;
    if (synced) {
      elapsedMs = ms - entry.fireAtUs / 1000 - waitMs;
      // What the feed lists is due, whatever our clock's error.
      if (elapsedMs < (entry.fed === null ? errorMs : 0)) return null;
    } else if (entry.fed !== null) {
      elapsedMs = entry.fed.elapsedMs + (nowMs - entry.fed.atMs) - waitMs;
      if (elapsedMs < 0) return null;
    } else {
      return null;
    }
    return {
      by: 'clock',
      timeline: null,
      playerFireMs: null,
      playerShownMs: null,
      elapsedMs,
      dueAtMs: nowMs - elapsedMs,
    };
  }

  /** How long after `fireAt` the clock may fire it; null while its own frame is to be waited for. */
  #clockWaitMs(entry: CueEntry): number | null {
    const nowMs = this.#time.monotonicMs();
    const states = this.timelines.map((timeline) => timeline.state(nowMs));
    const running = this.timelines.filter((_, i) => states[i] === 'running');
    if (running.length === 0) {
      if (states.includes('starting') || states.includes('paused')) return null;
      // A page without any player may be setting one up.
      return states.length > 0 || nowMs - this.#createdAtMs >= STARTING_MS ? 0 : null;
    }
    let waitMs: number | null = null;
    for (const timeline of running) {
      if (playerFireMs(entry, timeline) !== null) return null;
      if (!timeline.stampsRunning(nowMs)) {
        waitMs ??= 0;
        continue;
      }
      // Stamps come, but none of this cue's epoch: by the delay that this viewer usually has.
      const delayMs = this.delayMsOf(timeline);
      if (delayMs === null) return null;
      waitMs = Math.max(waitMs ?? 0, delayMs + UNPLACED_MARGIN_MS);
    }
    return waitMs;
  }

  /** How far a player's picture is behind the injector, by the synchronised clock; null while it is not known. */
  delayMsOf(timeline: PlayerTimeline): number | null {
    const { ms, synced } = this.#time.unix();
    if (!synced) return null;
    const nowMs = this.#time.monotonicMs();
    return timeline.delayMs((atMs) => ms - (nowMs - atMs));
  }

  /** Why a cue that becomes known now is late from the start; null where its frame is still to come. */
  knownLate(entry: CueEntry): LateReason | null {
    for (const timeline of this.timelines) {
      const fireMs = playerFireMs(entry, timeline);
      if (fireMs === null || timeline.shown === null) continue;
      if (timeline.shown.ptsMs < fireMs - TOLERANCE_MS) continue;
      return wasNeverShown(fireMs, timeline) ? 'joined' : 'stamp-late';
    }
    return null;
  }

  /** Why it fires late; null where it fires on its frame. */
  lateReason(entry: CueEntry, due: Due): LateReason | null {
    if (due.timeline === null) return 'no-frame';
    if (entry.knownLate !== null) return entry.knownLate;
    if (wasNeverShown(due.playerFireMs!, due.timeline)) return 'joined';
    if (due.timeline.hidden) return 'hidden';
    return due.elapsedMs > Math.max(SKIPPED_MS, 3 * (due.timeline.frameMs ?? 0)) ? 'skipped' : null;
  }
}

const wasNeverShown = (fireMs: number, timeline: PlayerTimeline): boolean =>
  timeline.firstShownMs !== null && fireMs < timeline.firstShownMs - TOLERANCE_MS;

/** Fire PTS in a player's time: from its own stamps, or from the stream PTS; null where neither tells it. */
function playerFireMs(entry: CueEntry, timeline: PlayerTimeline): number | null {
  const placed = entry.placed.get(timeline);
  if (placed !== undefined && placed.generation === timeline.generation) return placed.fireMs;
  return entry.streamFireMs === null ? null : timeline.toPlayer(entry.streamFireMs, entry.epoch);
}
