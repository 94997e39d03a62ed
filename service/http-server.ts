import {
  createServer as createPlainServer,
  type IncomingMessage,
  type Server,
  type ServerResponse,
  STATUS_CODES,
} from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { Duplex } from 'node:stream';
import { FramecueError } from '../packet/errors.ts';
import { errorBodyOf, sendError } from './http-errors.ts';
import type { Log } from './log.ts';
import type { TlsFiles } from './tls.ts';

/** Takes the request and returns true, or returns false and has not touched it. */
export type HotHandler = (req: IncomingMessage, res: ServerResponse) => boolean;
export type UpgradeHandler = (req: IncomingMessage, socket: Duplex, head: Buffer) => boolean;

export interface HttpServerOptions {
  /** Asked first, in this order, before Express sees a request: the paths that every frame or answer takes. */
  readonly hot?: readonly HotHandler[];
  readonly upgrade?: UpgradeHandler;
  readonly app: (req: IncomingMessage, res: ServerResponse) => void;
  readonly log: Log;
  readonly tls?: TlsFiles | null;
}

/** A request must be here whole within this time; answers may take as long as they like. */
const REQUEST_TIMEOUT_MS = 30_000;
const HEADERS_TIMEOUT_MS = 10_000;
/** Above what proxies keep idle connections for (60 s), so that it is they who close them. */
const KEEP_ALIVE_MS = 65_000;

export function createHttpServer({ hot = [], upgrade, app, log, tls }: HttpServerOptions): Server {
  const onRequest = (req: IncomingMessage, res: ServerResponse): void => {
    try {
      for (const handler of hot) if (handler(req, res)) return;
    } catch (error) {
      sendError(res, error, log);
      return;
    }
    app(req, res);
  };
  const options = {
    requestTimeout: REQUEST_TIMEOUT_MS,
    headersTimeout: HEADERS_TIMEOUT_MS,
    keepAliveTimeout: KEEP_ALIVE_MS,
    noDelay: true,
    // Others may be passed over, and must be: Java's and curl's clients offer h2c with any request.
    shouldUpgradeCallback: (req: IncomingMessage) => req.headers.upgrade?.toLowerCase() === 'websocket',
  };
  const server = tls
    ? createTlsServer({ ...options, ...tls.read() }, onRequest)
    : createPlainServer(options, onRequest);
  if (tls) {
    const secure = server as ReturnType<typeof createTlsServer>;
    server.once(
      'close',
      tls.watch((files) => secure.setSecureContext(files), log),
    );
  }
  server.on('upgrade', (req, socket, head) => {
    // An error on a socket that nobody listens to would end the process.
    socket.on('error', (error) => log.debug({ err: error }, 'an upgraded connection broke'));
    try {
      if (upgrade?.(req, socket, head) === true) return;
      refuse(socket, new FramecueError('ERR_NOT_FOUND'));
    } catch (error) {
      log.error({ err: error }, 'an upgrade failed for a reason that nobody expected');
      refuse(socket, new FramecueError('ERR_INTERNAL'));
    }
  });
  server.on('clientError', (error, socket) => {
    if (!socket.writable || ('code' in error && error.code === 'ECONNRESET')) {
      socket.destroy();
      return;
    }
    refuse(
      socket,
      new FramecueError('ERR_REQUEST_MALFORMED', 'This is not an HTTP request that can be read.'),
    );
  });
  return server;
}

/** Answers on the socket itself, where there is no response object, and closes it. */
export function refuse(socket: Duplex, error: FramecueError): void {
  const body = JSON.stringify(errorBodyOf(error));
  const head = [
    `HTTP/1.1 ${error.status} ${STATUS_CODES[error.status]}`,
    'Content-Type: application/json; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`, () => socket.destroy());
}
