import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type RawData, type WebSocket, WebSocketServer } from 'ws';
import type { Clock } from '../../packet/clock.ts';
import { FramecueError } from '../../packet/errors.ts';
import type { Cors } from '../../service/cors.ts';
import { refuse } from '../../service/http-server.ts';
import type { Log } from '../../service/log.ts';
import type { Timers } from '../timers.ts';
import { RateAllowance } from './rate-allowance.ts';

const GATEWAY_PATH = '/api/v1/gateway';

export interface GatewayOptions {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly cors: Cors;
  readonly log: Log;
  /** Connections at a time. */
  readonly limit: number;
  /** How often this clock has stepped: exchanges from before a step say nothing of it now. */
  readonly steps: () => number;
}

export interface GatewayStatus {
  readonly connections: number;
  readonly exchanges: number;
  /** Connections that were not taken, and those that were closed for what they sent. */
  readonly refused: number;
  readonly closed: number;
}

/** The viewers' WebSocket. Today it tells the time. */
export interface Gateway {
  /** False for what is none of its addresses, untouched. */
  handleUpgrade(req: IncomingMessage, socket: Duplex, head: Buffer): boolean;
  status(): GatewayStatus;
  close(): void;
}

const MAX_MESSAGE_BYTES = 512;
/** Longer than a client pauses between two rounds of exchanges. */
const IDLE_MS = 180_000;
/** A burst of exchanges, then two a second. */
const BURST = 40;
const PER_SECOND = 2;
/** A client that does not read its answers is none. */
const MAX_QUEUED_BYTES = 16_384;
const POLICY_VIOLATION = 1008;
const GOING_AWAY = 1001;

export function createGateway({ clock, timers, cors, log, limit, steps }: GatewayOptions): Gateway {
  const server = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    clientTracking: true,
    maxPayload: MAX_MESSAGE_BYTES,
  });
  const counts = { exchanges: 0, refused: 0, closed: 0 };
  let taken = 0;

  const cut = (webSocket: WebSocket, why: string) => {
    counts.closed++;
    webSocket.close(POLICY_VIOLATION, why);
    // Whoever does not answer the closing is not waited for.
    webSocket.terminate();
  };

  const serve = (webSocket: WebSocket): void => {
    taken++;
    const allowance = new RateAllowance(BURST, PER_SECOND, clock.monotonicUs());
    let cancelIdle: () => void = () => undefined;
    const rest = () => {
      cancelIdle();
      cancelIdle = timers.after(IDLE_MS, () => webSocket.terminate());
    };
    rest();
    webSocket.on('message', (data, isBinary) => {
      // Before anything else: every microsecond of ours would count as the way.
      const t2 = clock.unixUs();
      // What came in the same packet as that for which it was closed.
      if (webSocket.readyState !== webSocket.OPEN) return;
      if (!allowance.take(clock.monotonicUs())) return cut(webSocket, 'too many messages');
      const t1 = isBinary ? null : clockQuestionOf(data);
      if (t1 === null) return cut(webSocket, 'not a message of this gateway');
      if (webSocket.bufferedAmount > MAX_QUEUED_BYTES) return cut(webSocket, 'answers are not read');
      rest();
      counts.exchanges++;
      webSocket.send(`{"t":"clock","t1":${t1},"t2":${t2},"t3":${clock.unixUs()},"steps":${steps()}}`);
    });
    webSocket.on('ping', () => {
      if (webSocket.readyState === webSocket.OPEN && !allowance.take(clock.monotonicUs())) {
        cut(webSocket, 'too many pings');
      }
    });
    webSocket.on('error', (error) => log.debug({ err: error }, 'a gateway connection broke'));
    webSocket.once('close', () => {
      taken--;
      cancelIdle();
    });
  };

  return {
    handleUpgrade(req, socket, head) {
      const path = req.url ?? '';
      if (path !== GATEWAY_PATH && !path.startsWith(`${GATEWAY_PATH}?`)) return false;
      const error = refusalOf(req, cors, taken >= limit);
      if (error !== null) {
        counts.refused++;
        refuse(socket, error);
        return true;
      }
      server.handleUpgrade(req, socket, head, serve);
      return true;
    },
    status: () => ({ connections: taken, ...counts }),
    close() {
      for (const webSocket of server.clients) {
        webSocket.close(GOING_AWAY, 'the server stops');
        webSocket.terminate();
      }
      server.close();
    },
  };
}

/** Browsers ask nobody before a WebSocket (no preflight), so the rules of CORS are held here. */
function refusalOf(req: IncomingMessage, cors: Cors, isFull: boolean): FramecueError | null {
  const { origin, host } = req.headers;
  const isOwn = origin !== undefined && URL.parse(origin)?.host === host;
  const isAllowed = origin === undefined || isOwn || 'Access-Control-Allow-Origin' in cors.headersFor(req);
  if (!isAllowed) return new FramecueError('ERR_RIGHT_MISSING', 'Pages of this origin may not connect.');
  if (isFull) return new FramecueError('ERR_VIEWER_LIMIT', 'The gateway takes no more connections.');
  return null;
}

/** T1 of `{"t":"clock","t1":...}`; null for anything else. */
function clockQuestionOf(data: RawData): number | null {
  try {
    const { t, t1 } = (JSON.parse(String(data)) ?? {}) as Record<string, unknown>;
    return t === 'clock' && Number.isSafeInteger(t1) && (t1 as number) >= 0 ? (t1 as number) : null;
  } catch {
    // Not JSON: the caller closes the connection.
    return null;
  }
}
