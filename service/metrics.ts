import type { RequestHandler } from 'express';
import { collectDefaultMetrics, Registry } from 'prom-client';
import type { ProcessName } from './settings.ts';

/** The metrics of one process: its own registry, so that tests and two processes in one never share one. */
export function createMetricsRegistry(processName: ProcessName): Registry {
  const registry = new Registry();
  registry.setDefaultLabels({ process: processName });
  // Event loop lag, garbage collection, memory, handles.
  collectDefaultMetrics({ register: registry });
  return registry;
}

/** Prometheus text format. Holds counts only, no names of viewers and no secrets. */
export const metricsRoute =
  (registry: Registry): RequestHandler =>
  async (_req, res) => {
    const text = await registry.metrics();
    res.set('Content-Type', registry.contentType).set('Cache-Control', 'no-store').send(text);
  };
