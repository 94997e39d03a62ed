import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import { OUTPUT_VERDICTS, type OutputReceipt } from '../../cues/output-receipt.ts';
import type { OutputHealth } from '../../qa/audit/messages.ts';

/** From a player beside the server to an HLS viewer at the far end of a CDN. */
const DELAY_SECONDS = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 40, 80];
/** A cue that an output lost is alerted on for so long. */
export const MISSING_SHOWN_MS = 300_000;
const MAX_MISSING_KEPT = 10_000;
/** Outputs can be named and unnamed at run time for ever; a metric's labels cannot. */
const MAX_LABELS = 200;

export interface AuditMetrics {
  settled(stream: string, output: string, receipt: OutputReceipt): void;
  uncertainSettled(result: 'landed' | 'missed'): void;
}

export interface AuditMetricsSources {
  readonly outputs: () => readonly OutputHealth[];
  readonly restarts: () => number;
  readonly dropped: () => number;
  readonly nowMs: () => number;
}

/** Labels are outputs: those of the server, and as many as FRAMECUE_AUDIT_OUTPUTS allows. Never an address. */
export function createAuditMetrics(registry: Registry, sources: AuditMetricsSources): AuditMetrics {
  const registers = [registry];
  const cues = new Counter({
    name: 'framecue_audit_cues_total',
    help: 'Cues looked for in an output, by what was found: sei, carrier, missing, unread.',
    labelNames: ['output', 'result'],
    registers,
  });
  const delay = new Histogram({
    name: 'framecue_audit_delay_seconds',
    help: "From the stamp to its arrival at the output's reader.",
    labelNames: ['output'],
    buckets: DELAY_SECONDS,
    registers,
  });
  const uncertain = new Counter({
    name: 'framecue_audit_uncertain_total',
    help: 'Uncertain cues that reading outputs has settled, by what they became.',
    labelNames: ['result'],
    registers,
  });
  const labels = new Set<string>();
  const labelOf = (output: string): string => {
    if (labels.has(output)) return output;
    if (labels.size >= MAX_LABELS) return 'other';
    labels.add(output);
    return output;
  };
  let missing: { readonly stream: string; readonly output: string; readonly atMs: number }[] = [];
  gauge(
    registers,
    'framecue_audit_missing',
    'Cues of the last five minutes that an output lost: alert on any.',
    () => {
      missing = missing.filter(({ atMs }) => atMs > sources.nowMs() - MISSING_SHOWN_MS);
      const known = sources.outputs().map(({ stream, output }) => ({ stream, output, value: 0 }));
      return [...known, ...missing.map(({ stream, output }) => ({ stream, output, value: 1 }))];
    },
  );
  const perOutput = (pick: (health: OutputHealth) => number | null) => () =>
    sources.outputs().flatMap((health) => {
      const value = pick(health);
      return value === null ? [] : [{ stream: health.stream, output: health.output, value }];
    });
  gauge(
    registers,
    'framecue_audit_connected',
    '1 while an output is read.',
    perOutput(({ state }) => Number(state === 'reading')),
  );
  gauge(
    registers,
    'framecue_audit_last_frame_age_seconds',
    'How long ago the last picture came from an output.',
    perOutput(({ lastPictureAgeMs: age }) => (age === null ? null : age / 1000)),
  );
  gauge(
    registers,
    'framecue_audit_reconnects',
    'How often reading an output began anew.',
    perOutput(({ reconnects }) => reconnects),
  );
  gauge(
    registers,
    'framecue_audit_read_bytes',
    'Bytes read of an output so far.',
    perOutput(({ bytes }) => bytes),
  );
  total(
    registers,
    'framecue_audit_restarts_total',
    'Times that the reader of outputs was started again.',
    () => sources.restarts(),
  );
  total(
    registers,
    'framecue_audit_dropped_total',
    'Landings that were not looked for because too many waited.',
    () => sources.dropped(),
  );
  return {
    settled(stream, name, { seen, delayMs }) {
      const output = labelOf(name);
      for (const result of OUTPUT_VERDICTS) cues.inc({ output, result }, result === seen ? 1 : 0);
      if (delayMs !== null) delay.observe({ output }, delayMs / 1000);
      if (seen === 'missing' && missing.length < MAX_MISSING_KEPT) {
        missing.push({ stream, output, atMs: sources.nowMs() });
      }
    },
    uncertainSettled: (result) => uncertain.inc({ result }),
  };
}

function gauge(
  registers: Registry[],
  name: string,
  help: string,
  rows: () => readonly { readonly stream: string; readonly output: string; readonly value: number }[],
): void {
  new Gauge({
    name,
    help,
    labelNames: ['stream', 'output'],
    registers,
    collect() {
      this.reset();
      for (const { stream, output, value } of rows()) this.inc({ stream, output }, value);
    },
  });
}

function total(registers: Registry[], name: string, help: string, value: () => number): void {
  new Counter({
    name,
    help,
    registers,
    collect() {
      this.reset();
      this.inc(value());
    },
  });
}
