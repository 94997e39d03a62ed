import { booleanOf, isObject, listOf, momentOf, numberOf, textOf } from '../../shared/json.ts';

export const GRADES = ['good', 'fair', 'poor', 'unknown'] as const;
export type Grade = (typeof GRADES)[number];

/** How well a server's clock is synchronised. */
export interface ClockHealth {
  readonly grade: Grade;
  readonly offsetMs: number | null;
  readonly errorMs: number | null;
  readonly source: string;
  readonly steps: readonly { readonly at: number; readonly byMs: number }[];
  readonly advice: string | null;
}

export function readClockHealth(value: unknown): ClockHealth | null {
  if (!isObject(value)) return null;
  const grade = GRADES.find((known) => known === value.grade);
  if (grade === undefined) return null;
  return {
    grade,
    offsetMs: numberOf(value.offsetMs),
    errorMs: numberOf(value.errorMs),
    source: textOf(value.source) ?? 'none',
    steps: listOf(value.steps, readStep) ?? [],
    advice: textOf(value.advice),
  };
}

function readStep(value: unknown): ClockHealth['steps'][number] | null {
  if (!isObject(value)) return null;
  const at = momentOf(value.at);
  const byMs = numberOf(value.byMs);
  return at === null || byMs === null ? null : { at, byMs };
}

/** The longest delay line between timeline and injector. */
export interface ProgrammeDelay {
  readonly setMs: number;
  readonly nowMs: number | null;
  /** Access units that had to leave early, for want of room. */
  readonly early: number;
}

export function readProgrammeDelay(stream: unknown): ProgrammeDelay | null {
  if (!isObject(stream) || !isObject(stream.programmeDelay)) return null;
  const { setMs, nowMs, early } = stream.programmeDelay;
  const set = numberOf(setMs);
  if (set === null || set === 0) return null;
  return { setMs: set, nowMs: numberOf(nowMs), early: numberOf(early) ?? 0 };
}

/** From lens to ingest. Spans are milliseconds. */
export interface LatencyReport {
  readonly slate: {
    readonly state: 'off' | 'searching' | 'reading' | 'unreadable';
    readonly latencyMs: number | null;
    /** Half of what the readings vary by, and how far off the figure can be. */
    readonly spreadMs: number | null;
    readonly errorMs: number | null;
    readonly driftPpm: number | null;
    /** From 0 to 1. */
    readonly confidence: number | null;
    readonly readings: number;
    readonly screenLatencyMs: number | null;
  };
  readonly declared: { readonly ms: number; readonly errorMs: number | null } | null;
  readonly applied: {
    readonly ms: number;
    readonly errorMs: number | null;
    readonly source: string;
    readonly pinned: boolean;
    readonly by: string | null;
  } | null;
  readonly aligner: readonly Aligned[];
}

/** One person's press delay: from the picture to the key. */
export interface Aligned {
  readonly person: string;
  readonly marks: number;
  readonly medianMs: number | null;
  readonly spreadMs: number | null;
  /** Null until enough was marked. */
  readonly offeredMs: number | null;
}

const SLATE_STATES = ['off', 'searching', 'reading', 'unreadable'] as const;

export function readLatency(value: unknown): LatencyReport | null {
  if (!isObject(value) || !isObject(value.slate)) return null;
  const { slate, declared, applied } = value;
  const state = SLATE_STATES.find((known) => known === slate.state);
  if (state === undefined) return null;
  const declaredMs = isObject(declared) ? numberOf(declared.ms) : null;
  const appliedMs = isObject(applied) ? numberOf(applied.ms) : null;
  return {
    slate: {
      state,
      latencyMs: numberOf(slate.latencyMs),
      spreadMs: numberOf(slate.spreadMs),
      errorMs: numberOf(slate.errorMs),
      driftPpm: numberOf(slate.driftPpm),
      confidence: numberOf(slate.confidence),
      readings: numberOf(slate.readings) ?? 0,
      screenLatencyMs: numberOf(slate.screenLatencyMs),
    },
    declared:
      declaredMs !== null && isObject(declared)
        ? { ms: declaredMs, errorMs: numberOf(declared.errorMs) }
        : null,
    applied:
      appliedMs !== null && isObject(applied)
        ? {
            ms: appliedMs,
            errorMs: numberOf(applied.errorMs),
            source: textOf(applied.source) ?? '',
            pinned: booleanOf(applied.pinned) ?? false,
            by: textOf(applied.by),
          }
        : null,
    aligner: listOf(value.aligner, readAligned) ?? [],
  };
}

function readAligned(value: unknown): Aligned | null {
  if (!isObject(value)) return null;
  const person = textOf(value.person);
  if (person === null) return null;
  return {
    person,
    marks: numberOf(value.marks) ?? 0,
    medianMs: numberOf(value.medianMs),
    spreadMs: numberOf(value.spreadMs),
    offeredMs: numberOf(value.offeredMs),
  };
}

/** The picture that a press meant: the one on screen, less the person's own delay where they have taken it. */
export const meantPts = (pts: number | null, offsetMs: number | null): number | null =>
  pts === null ? null : Math.max(0, pts - (offsetMs ?? 0));
