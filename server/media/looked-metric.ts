import type { Counter, Gauge, Registry } from 'prom-client';

/** One value of a metric, with its labels. */
export type Row = readonly [labels: Record<string, string>, value: number];

/** A gauge or counter whose values are looked up when they are asked for. */
export function looked(
  kind: typeof Gauge | typeof Counter,
  registers: Registry[],
  name: string,
  help: string,
  labelNames: readonly string[],
  rows: () => Iterable<Row>,
): void {
  new kind({
    name,
    help,
    labelNames: [...labelNames],
    registers,
    collect() {
      this.reset();
      for (const [labels, value] of rows()) this.inc(labels, value);
    },
  });
}
