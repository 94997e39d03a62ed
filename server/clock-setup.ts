import type { Registry } from 'prom-client';
import { systemClock } from '../packet/clock.ts';
import { ClockHealth } from '../service/clock-health/clock-health.ts';
import { clockHealthMetrics } from '../service/clock-health/routes.ts';
import type { Log } from '../service/log.ts';
import type { Settings } from '../service/settings.ts';

/** Watches this process's clock; the same on media and events, which may run on two machines. */
export function openClockHealth(options: {
  readonly settings: Pick<Settings, 'clockPeers'>;
  readonly log: Log;
  readonly registry: Registry;
}): ClockHealth {
  const { settings, log, registry } = options;
  const health = new ClockHealth({ clock: systemClock, log, peers: settings.clockPeers ?? [] });
  clockHealthMetrics(registry, health);
  health.start();
  return health;
}
