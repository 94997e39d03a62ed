import type { Server as NetServer, Socket } from 'node:net';
import { FramecueError } from '../packet/errors.ts';
import { SETTINGS } from './settings.ts';

export interface ListenOptions {
  readonly host: string;
  readonly port: number;
  /** The setting that the port comes from: errors name it. */
  readonly settingName: string;
}

export interface Listening {
  /** The port in use, also where 0 was asked for. */
  readonly port: number;
  /**
   * Takes no more connections, closes the idle ones, and the busy ones after `graceMs`, upgraded ones among them.
   * Resolves when all are closed; can be called again.
   */
  close(graceMs?: number): Promise<void>;
}

const IDLE_SWEEP_MS = 25;

/**
 * Binds a server: of HTTP, HTTPS, or plain TCP.
 * @throws {FramecueError} ERR_PORT_TAKEN, or ERR_SETTING when the address or port cannot be bound at all.
 */
export async function listen(server: NetServer, options: ListenOptions): Promise<Listening> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve, reject) => {
    const onError = (cause: NodeJS.ErrnoException) => reject(listenError(cause, options));
    server.once('error', onError);
    server.listen({ host: options.host, port: options.port, backlog: 1024 }, () => {
      server.off('error', onError);
      resolve();
    });
  });
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : options.port;
  let closing: Promise<void> | null = null;
  return {
    port,
    close(graceMs = 0) {
      closing ??= closeAll(server, sockets, graceMs);
      return closing;
    },
  };
}

async function closeAll(server: NetServer, sockets: ReadonlySet<Socket>, graceMs: number): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  const closeIdle = () => {
    if ('closeIdleConnections' in server) (server.closeIdleConnections as () => void)();
  };
  closeIdle();
  // A connection whose answer ends now would be kept for its next request.
  const sweep = setInterval(closeIdle, IDLE_SWEEP_MS);
  const cut = setTimeout(() => {
    for (const socket of sockets) socket.destroy();
  }, graceMs);
  await closed;
  clearInterval(sweep);
  clearTimeout(cut);
}

function listenError(
  cause: NodeJS.ErrnoException,
  { host, port, settingName }: ListenOptions,
): FramecueError {
  const details = { host, port, setting: settingName };
  if (cause.code === 'EADDRINUSE') {
    return new FramecueError(
      'ERR_PORT_TAKEN',
      `Port ${port} on ${host} is taken by another program; set ${settingName} to another port (0 takes any free one).`,
      { cause, details },
    );
  }
  if (cause.code === 'EACCES') {
    return new FramecueError(
      'ERR_SETTING',
      `${settingName}: this user may not listen on port ${port}; take one above 1023.`,
      { cause, details },
    );
  }
  return new FramecueError(
    'ERR_SETTING',
    `${SETTINGS.host.name}: ${host} cannot be listened on (${cause.code ?? 'unknown error'}).`,
    { cause, details: { ...details, setting: SETTINGS.host.name } },
  );
}
