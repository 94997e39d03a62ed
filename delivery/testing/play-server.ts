import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { systemClock } from '../../packet/clock.ts';
import type { StreamName } from '../../packet/packet.ts';
import { createHttpServer } from '../../service/http-server.ts';
import { createLog } from '../../service/log.ts';
import { createDelivery, type Delivery, type DeliveryOptions } from '../delivery.ts';
import type { DeliverySettings } from '../settings.ts';
import { StreamHub } from '../stream-hub.ts';

export interface PlayServer {
  readonly hub: StreamHub;
  readonly delivery: Delivery;
  readonly port: number;
  /** `http://127.0.0.1:PORT` */
  readonly base: string;
  close(): Promise<void>;
}

export interface PlayServerOptions {
  readonly settings?: Partial<DeliverySettings>;
  readonly delivery?: Partial<DeliveryOptions>;
}

/** A real server on a port of its own, with the stream `live/main`. */
export async function startPlayServer(options: PlayServerOptions = {}): Promise<PlayServer> {
  const stream: StreamName = { app: 'live', name: 'main' };
  const hub = new StreamHub({ stream, clock: systemClock, settings: options.settings ?? {} });
  hub.startEpoch('one');
  const log = createLog('test', { logLevel: 'silent' });
  const delivery = createDelivery({
    findHub: ({ app, name }) => (app === stream.app && name === stream.name ? hub : undefined),
    log,
    limits: { viewers: 100 },
    ...options.delivery,
  });
  const server = createHttpServer({
    hot: [delivery.handleRequest],
    upgrade: delivery.handleUpgrade,
    app: (_req, res) => {
      res.statusCode = 404;
      res.end('elsewhere');
    },
    log,
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    hub,
    delivery,
    port,
    base: `http://127.0.0.1:${port}`,
    close: () => closeAll(server, hub, delivery),
  };
}

async function closeAll(server: Server, hub: StreamHub, delivery: Delivery): Promise<void> {
  hub.end('server-closing');
  delivery.close();
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeAllConnections();
  await closed;
}
