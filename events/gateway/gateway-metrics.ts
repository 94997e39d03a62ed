import { Counter, Gauge, type Registry } from 'prom-client';
import type { GatewayStatus } from './gateway.ts';

/** Looked up when the registry is asked: the gateway counts plain numbers. */
export function gatewayMetrics(registry: Registry, status: () => GatewayStatus): void {
  const registers = [registry];
  new Gauge({
    ...{ name: 'framecue_gateway_connections', help: 'Clients at the gateway now.', registers },
    collect() {
      this.set(status().connections);
    },
  });
  const total = (name: string, help: string, pick: (status: GatewayStatus) => number) =>
    new Counter({
      ...{ name: `framecue_gateway_${name}_total`, help, registers },
      collect() {
        this.reset();
        this.inc(pick(status()));
      },
    });
  total('clock_exchanges', 'Clock exchanges that were answered over the gateway.', (s) => s.exchanges);
  total('refused', 'Connections that the gateway did not take.', (s) => s.refused);
  total('closed', 'Connections that were closed for what they sent.', (s) => s.closed);
}
