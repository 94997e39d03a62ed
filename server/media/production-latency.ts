import type { ProductionLatency } from '../../cues/production-latency.ts';
import type { Settings } from '../../service/settings.ts';

/** What the settings declare; null where they do not. */
export const declaredLatencyOf = ({
  productionLatencyMs: ms,
  productionLatencyErrorMs: errorMs,
}: Pick<Settings, 'productionLatencyMs' | 'productionLatencyErrorMs'>): ProductionLatency | null =>
  ms === null ? null : { ms, errorMs, source: 'declared' };
