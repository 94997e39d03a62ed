import { DelayHistogram } from './delay-histogram.ts';

/** How one cue came to viewers by one way, as those say who report. */
export interface PresentationGroup {
  /** `flv`, `ws`, `hls`; `events` for those whose player lost it. */
  readonly path: string;
  /** By what it came: `sei`, `script`, ...; null: not said. */
  readonly carrier: string | null;
  readonly fired: number;
  /** Opened later than its frame or its common moment. */
  readonly late: number;
  /** Never opened. */
  readonly missed: number;
  /** It was over when it came. */
  readonly closed: number;
  /** From the fire frame (or the common moment) to the frame that was shown, milliseconds; null: nobody opened it. */
  readonly lateMs: { readonly p50: number; readonly p99: number; readonly most: number } | null;
  /** Why it was late or never opened; the most frequent first. */
  readonly reasons: readonly { readonly reason: string; readonly viewers: number }[];
}

export interface PresentationReport {
  readonly path: string;
  readonly carrier: string | null;
  readonly outcome: Outcome;
  readonly lateMs: number | null;
  readonly reason: string | null;
}

const MAX_CUES = 200;
/** More ways than there are; whoever makes up others is counted in none. */
const MAX_GROUPS = 24;
const MAX_REASONS = 8;

type Outcome = 'fired' | 'late' | 'missed' | 'closed';

interface Group {
  readonly counts: Record<Outcome, number>;
  readonly late: DelayHistogram;
  readonly reasons: Map<string, number>;
  most: number;
}

/** Viewers' reports of the newest cues, cue by cue. Bounded; in memory, and nothing is decided by it. */
export class Presentations {
  readonly #cues = new Map<string, Map<string, Group>>();

  note(cue: string, { path, carrier, outcome, lateMs, reason }: PresentationReport): void {
    const groups = this.#cues.get(cue) ?? this.#make(cue);
    const key = `${path} ${carrier ?? ''}`;
    let group = groups.get(key);
    if (group === undefined) {
      if (groups.size >= MAX_GROUPS) return;
      const counts = { fired: 0, late: 0, missed: 0, closed: 0 };
      group = { counts, late: new DelayHistogram(), reasons: new Map(), most: 0 };
      groups.set(key, group);
    }
    group.counts[outcome]++;
    if (lateMs !== null && (outcome === 'fired' || outcome === 'late')) {
      group.late.add(lateMs);
      group.most = Math.max(group.most, lateMs);
    }
    if (reason !== null && (group.reasons.has(reason) || group.reasons.size < MAX_REASONS))
      group.reasons.set(reason, (group.reasons.get(reason) ?? 0) + 1);
  }

  /** Empty where nobody has reported, or it is forgotten. */
  of(cue: string): readonly PresentationGroup[] {
    return Array.from(this.#cues.get(cue) ?? [], ([key, { counts, late, most, reasons }]) => {
      const [path, carrier] = key.split(' ') as [string, string];
      const [p50, p99] = [late.quantile(0.5), late.quantile(0.99)];
      return {
        path,
        carrier: carrier === '' ? null : carrier,
        ...counts,
        lateMs: p50 === null || p99 === null ? null : { p50, p99, most },
        reasons: Array.from(reasons, ([reason, viewers]) => ({ reason, viewers })).sort(
          (a, b) => b.viewers - a.viewers,
        ),
      };
    });
  }

  #make(cue: string): Map<string, Group> {
    if (this.#cues.size >= MAX_CUES) this.#cues.delete(this.#cues.keys().next().value!);
    const groups = new Map<string, Group>();
    this.#cues.set(cue, groups);
    return groups;
  }
}
