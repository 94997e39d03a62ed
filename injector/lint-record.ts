import type { Milliseconds, UnixMilliseconds } from '../packet/time.ts';
import { LINT_CODES, type LintCode, type LintFinding, type LintSeverity } from './lint-codes.ts';

/** What was found of one code so far. */
export interface LintCount {
  readonly code: LintCode;
  readonly severity: LintSeverity;
  readonly text: string;
  readonly clause: string;
  /** Access units, or configurations, that it was found in. */
  readonly count: number;
  readonly firstAt: UnixMilliseconds;
  readonly lastAt: UnixMilliseconds;
  /** Of the last one; null for a configuration. */
  readonly lastPts: Milliseconds | null;
  readonly lastFrame: number | null;
  /** Byte offset in the last one. */
  readonly lastOffset: number;
}

interface Kept {
  count: number;
  readonly firstAt: UnixMilliseconds;
  lastAt: UnixMilliseconds;
  lastPts: Milliseconds | null;
  lastFrame: number | null;
  lastOffset: number;
}

const SEVERITY_ORDER: Readonly<Record<LintSeverity, number>> = { bad: 0, warn: 1, info: 2 };

/** Where and when something was found. */
export interface LintPlace {
  readonly at: UnixMilliseconds;
  readonly pts: Milliseconds | null;
  readonly frame: number | null;
}

/** Findings of one stream, counted by code: its size is bounded by the table of codes. */
export class LintRecord {
  readonly #kept = new Map<LintCode, Kept>();
  readonly #putRight: ReadonlySet<LintCode>;

  /** @param putRight codes of what is put right on the spot: shown as `info`. */
  constructor(putRight: ReadonlySet<LintCode> = new Set()) {
    this.#putRight = putRight;
  }

  note(findings: readonly LintFinding[], place: LintPlace): void {
    for (const { code, offset } of findings) {
      const kept = this.#kept.get(code);
      if (kept === undefined) {
        const { at, pts, frame } = place;
        this.#kept.set(code, {
          count: 1,
          firstAt: at,
          lastAt: at,
          lastPts: pts,
          lastFrame: frame,
          lastOffset: offset,
        });
      } else {
        kept.count++;
        kept.lastAt = place.at;
        kept.lastPts = place.pts;
        kept.lastFrame = place.frame;
        kept.lastOffset = offset;
      }
    }
  }

  countOf(code: LintCode): number {
    return this.#kept.get(code)?.count ?? 0;
  }

  /** The worst first, then the most recent. */
  all(): LintCount[] {
    return Array.from(this.#kept, ([code, kept]): LintCount => {
      const { text, clause } = LINT_CODES[code];
      const severity = this.#putRight.has(code) ? 'info' : LINT_CODES[code].severity;
      return { code, severity, text, clause, ...kept };
    }).sort((a, b) => SEVERITY_ORDER[a.severity] - SEVERITY_ORDER[b.severity] || b.lastAt - a.lastAt);
  }
}
