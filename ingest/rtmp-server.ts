import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { FramecueError } from '../packet/errors.ts';
import { listen } from '../service/listen.ts';
import { IngestDoor } from './ingest-door.ts';
import type { RtmpIngest, RtmpIngestOptions } from './ingest-types.ts';

export type { IngestEvent } from './event-log.ts';
export type { PublisherHealth } from './health.ts';
export type { HealthProblem } from './health-problems.ts';
export * from './ingest-types.ts';
export type { RtmpEnd } from './rtmp-connection.ts';

/**
 * Takes RTMP (and RTMPS) publishers: one per stream, H.264 and AAC.
 * @throws {FramecueError} ERR_PORT_TAKEN or ERR_SETTING.
 */
export async function createRtmpIngest(options: RtmpIngestOptions): Promise<RtmpIngest> {
  const { host, port, portSetting = 'FRAMECUE_RTMP_PORT', tls } = options;
  const door = new IngestDoor(options);
  const servers: Server[] = [];
  const open = async (server: Server, target: { port: number; settingName: string }): Promise<number> => {
    servers.push(server);
    return (await listen(server, { host, ...target })).port;
  };
  const shut = async (): Promise<void> => {
    const listeners = servers.map((server) => new Promise((resolve) => server.close(resolve)));
    await door.close();
    await Promise.all(listeners);
  };
  let openPort: number;
  let tlsPort: number | null = null;
  try {
    const plain = createServer((socket) => door.admit(socket, false));
    openPort = await open(plain, { port, settingName: portSetting });
    if (tls !== undefined) {
      const settingName = tls.portSetting ?? 'FRAMECUE_RTMPS_PORT';
      tlsPort = await open(tlsServer(tls, door), { port: tls.port, settingName });
    }
  } catch (error) {
    await shut();
    throw error;
  }
  for (const server of servers) {
    server.on('error', (error) => options.log.error({ err: error }, 'an RTMP listener failed'));
  }
  let closing: Promise<void> | null = null;
  return {
    port: openPort,
    tlsPort,
    publishers: () => door.publishers(),
    recentEvents: () => door.events.list(),
    counts: () => door.counts(),
    disconnect: (stream, text) => door.disconnect(stream, text),
    close: () => {
      closing ??= shut();
      return closing;
    },
  };
}

function tlsServer(tls: NonNullable<RtmpIngestOptions['tls']>, door: IngestDoor): Server {
  let server: ReturnType<typeof createTlsServer>;
  try {
    server = createTlsServer({
      cert: tls.cert,
      key: tls.key,
      handshakeTimeout: door.settings.handshakeMs,
      noDelay: true,
    });
  } catch (error) {
    throw new FramecueError('ERR_SETTING', 'The TLS certificate or key cannot be used.', { cause: error });
  }
  server.on('connection', (socket: Socket) => door.admitHandshake(socket));
  server.on('secureConnection', (socket) => door.admit(socket, true));
  server.on('tlsClientError', (error, socket) => door.failedHandshake(socket, error));
  return server;
}
