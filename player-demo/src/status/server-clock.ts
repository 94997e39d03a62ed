import { formatSpan } from '../shared/format.ts';
import { isObject, listOf, numberOf, textOf } from '../shared/json.ts';
import { formatMoment } from './words.ts';

export const SERVER_CLOCK_GRADES = ['good', 'fair', 'poor', 'unknown'] as const;
export type ServerClockGrade = (typeof SERVER_CLOCK_GRADES)[number];

/** How well the server's own clock is synchronised (`clock` of `GET /api/v1/status`). Milliseconds. */
export interface ServerClockReport {
  readonly grade: ServerClockGrade;
  readonly errorMs: number | null;
  readonly source: string;
  readonly advice: string;
  readonly steps: readonly { readonly at: number; readonly byMs: number }[];
}

export function readServerClock(value: unknown): ServerClockReport | null {
  if (!isObject(value)) return null;
  const grade = SERVER_CLOCK_GRADES.find((known) => known === value.grade);
  if (grade === undefined) return null;
  const steps = listOf(value.steps, (step) => {
    if (!isObject(step)) return null;
    const at = numberOf(step.at);
    const byMs = numberOf(step.byMs);
    return at === null || byMs === null ? null : { at, byMs };
  });
  return {
    grade,
    errorMs: numberOf(value.errorMs),
    source: textOf(value.source) ?? 'none',
    advice: textOf(value.advice) ?? '',
    steps: steps ?? [],
  };
}

export const GRADE_WORDS: { readonly [grade in ServerClockGrade]: string } = {
  good: 'Good',
  fair: 'Fair',
  poor: 'Poor',
  unknown: 'Not known',
};

const SOURCE_WORDS: { readonly [source: string]: string | undefined } = {
  chrony: 'by chrony',
  ntp: 'by ntpd',
  timesyncd: 'by systemd-timesyncd',
  kernel: 'by the kernel',
  peers: 'by its peers',
};

/** `within 3 ms, by chrony`; null where there is nothing to say. */
export function errorWords({ errorMs, source }: ServerClockReport): string | null {
  const by = SOURCE_WORDS[source] ?? null;
  if (errorMs === null) return by;
  const within = errorMs < 1 ? 'within 1 ms' : `within ${formatSpan(errorMs)}`;
  return by === null ? within : `${within}, ${by}`;
}

/** The newest step in words; null where none was seen. @param now the server's clock, Unix milliseconds */
export function stepWords({ steps }: ServerClockReport, now: number): string | null {
  const last = steps.at(-1);
  if (last === undefined) return null;
  const way = last.byMs > 0 ? 'forward' : 'back';
  const others = steps.length === 1 ? '' : ` ${steps.length} steps since the start.`;
  return `It was set ${way} by ${formatSpan(Math.abs(last.byMs))} at ${formatMoment(last.at, now)}. Cues that had been announced stayed where they were.${others}`;
}
