import type { InspectedUnit } from './unit-reader.ts';

/** What the publisher's own clocks in the stream say: MISB precision time stamps, OBS BPM. */
export interface ClockSummary {
  readonly source: 'MISB ST 0604' | 'OBS BPM';
  readonly stamps: number;
  /** Unix microseconds. */
  readonly firstUs: number;
  readonly lastUs: number;
  /** How far the clock ran from the PTS between the first stamp and the last; null where there are no times. */
  readonly driftMs: number | null;
  /** Farthest from a straight line through the first stamp, milliseconds. */
  readonly jitterMs: number | null;
  /** Frames that the encoder says it dropped or skipped (BPM). */
  readonly dropped: number | null;
}

interface Track {
  stamps: number;
  firstUs: number;
  lastUs: number;
  firstPts: number | null;
  lastPts: number | null;
  worstMs: number;
}

const COMPOSITED = 1;

export class EncoderClocks {
  readonly #tracks = new Map<ClockSummary['source'], Track>();
  #dropped: number | null = null;

  note({ sei, pts }: InspectedUnit): void {
    for (const { decoded } of sei) {
      if (decoded.kind === 'precisionTimeStamp') this.#stamp('MISB ST 0604', Number(decoded.time), pts);
      if (decoded.kind !== 'broadcastPerformanceMetrics') continue;
      for (const { counter, delta } of decoded.counters) {
        if (counter === 'dropped' || counter === 'skipped') this.#dropped = (this.#dropped ?? 0) + delta;
      }
      if (decoded.metrics !== 'TS') continue;
      const composited = decoded.times.find((time) => time.event === COMPOSITED);
      if (composited === undefined || composited.type === 'deltaNanoseconds') continue;
      if (composited.unixMicroseconds !== null) this.#stamp('OBS BPM', composited.unixMicroseconds, pts);
    }
  }

  /** Of the clock that stamped most pictures; null without one. */
  summary(): ClockSummary | null {
    const [best] = [...this.#tracks].sort(([, a], [, b]) => b.stamps - a.stamps);
    if (best === undefined) return null;
    const [source, { stamps, firstUs, lastUs, firstPts, lastPts, worstMs }] = best;
    const isTimed = firstPts !== null && lastPts !== null;
    return {
      ...{ source, stamps, firstUs, lastUs },
      driftMs: isTimed ? (lastUs - firstUs) / 1000 - (lastPts - firstPts) : null,
      jitterMs: isTimed ? worstMs : null,
      dropped: this.#dropped,
    };
  }

  #stamp(source: ClockSummary['source'], us: number, pts: number | null): void {
    const track = this.#tracks.get(source);
    if (track === undefined) {
      const first = { firstUs: us, lastUs: us, firstPts: pts, lastPts: pts };
      this.#tracks.set(source, { stamps: 1, ...first, worstMs: 0 });
      return;
    }
    track.stamps++;
    track.lastUs = us;
    track.lastPts = pts;
    if (pts === null || track.firstPts === null) return;
    track.worstMs = Math.max(track.worstMs, Math.abs((us - track.firstUs) / 1000 - (pts - track.firstPts)));
  }
}
