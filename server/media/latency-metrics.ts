import { Gauge, type Registry } from 'prom-client';
import { streamKeyOf } from '../../packet/packet.ts';
import { looked, type Row } from './looked-metric.ts';
import type { LatencyBook } from './slate/latency-book.ts';
import type { StreamRegistry } from './stream-registry.ts';

/** The way from the lens to here: what holds, and what the slate says now. A stream without one has no row. */
export function latencyMetrics(registry: Registry, streams: StreamRegistry, book: LatencyBook): void {
  const gauge = (name: string, help: string, labels: readonly string[], rows: () => Iterable<Row>) =>
    looked(Gauge, [registry], name, help, labels, rows);
  const applied = (pick: (latency: { ms: number; errorMs: number }) => number) => () =>
    streams.all().flatMap(({ stream, productionLatency }): Row[] => {
      if (productionLatency === null) return [];
      const { source } = productionLatency;
      return [[{ stream: streamKeyOf(stream), source }, pick(productionLatency) / 1000]];
    });
  const labels = ['stream', 'source'];
  gauge(
    'framecue_production_latency_seconds',
    'From the lens to here, as it is used.',
    labels,
    applied((l) => l.ms),
  );
  gauge(
    'framecue_production_latency_error_seconds',
    'How far off that can be.',
    labels,
    applied((l) => l.errorMs),
  );
  const measured = (pick: (slate: ReturnType<LatencyBook['status']>['slate']) => number | null) => () =>
    streams.all().flatMap(({ stream }): Row[] => {
      const { slate } = book.status(streamKeyOf(stream));
      const value = slate.state === 'off' ? null : pick(slate);
      return value === null ? [] : [[{ stream: streamKeyOf(stream) }, value]];
    });
  const one = ['stream'];
  gauge(
    'framecue_slate_latency_seconds',
    'From the lens to here, as the slate measures it.',
    one,
    measured(({ latencyMs }) => (latencyMs === null ? null : latencyMs / 1000)),
  );
  gauge(
    'framecue_slate_readings',
    'Readings of the slate that the measurement rests on.',
    one,
    measured(({ readings }) => readings),
  );
}
