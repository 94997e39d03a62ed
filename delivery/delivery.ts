import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { FramecueError } from '../packet/errors.ts';
import type { StreamName } from '../packet/packet.ts';
import { type Cors, createCors } from '../service/cors.ts';
import { sendError } from '../service/http-errors.ts';
import { refuse } from '../service/http-server.ts';
import type { Log } from '../service/log.ts';
import { type HlsContext, serveFile, servePlaylist } from './hls-http.ts';
import { serveFlv } from './http-flv.ts';
import { type PlayTarget, parsePlayPath } from './play-path.ts';
import { type Scheduler, systemScheduler } from './scheduler.ts';
import type { DeliveryLimits } from './settings.ts';
import type { HubStats, StreamHub } from './stream-hub.ts';
import { WsFlvDoor } from './ws-flv.ts';

export interface DeliveryOptions {
  /**
   * The stream's hub. One that has ended may be given for a while: players of HLS then see its playlist end;
   * others are told that the stream is not live.
   */
  readonly findHub: (stream: StreamName) => StreamHub | undefined;
  readonly log: Log;
  readonly limits: DeliveryLimits;
  /** An HLS answer that is not read is given up after this. Default 30,000. */
  readonly stallMs?: number;
  /** Which pages may play; all by default. */
  readonly cors?: Cors;
  readonly scheduler?: Scheduler;
  /** What comes, ahead of a programme delay; absent: nobody may see it. */
  readonly preview?: {
    /** The hub; undefined where nobody publishes. @throws {FramecueError} where the ticket is not good. */
    readonly open: (stream: StreamName, ticket: string | null) => StreamHub | undefined;
    /** How many may watch it at a time, of all streams together. */
    readonly viewers: number;
  };
  /**
   * Known to this process alone: who sends it as `X-Framecue-Audit` reads back what viewers get, for the audit, and
   * is no viewer to limits and counters.
   */
  readonly auditSecret?: string;
}

export interface DeliveryStats {
  /** HTTP-FLV and WS-FLV viewers now. */
  readonly viewers: number;
  /** Requests refused, by error code. */
  readonly refused: Readonly<Record<string, number>>;
  /** The streams that have been asked for here and are not gone. */
  readonly streams: readonly HubStats[];
}

/** Play URLs on a plain `node:http` server. */
export interface Delivery {
  /** Answers and returns true; false for what is no play URL, untouched. */
  handleRequest(req: IncomingMessage, res: ServerResponse): boolean;
  handleUpgrade(req: IncomingMessage, socket: Duplex, head: Buffer): boolean;
  stats(): DeliveryStats;
  /** Stops the clockwork; hubs are ended by whoever made them. */
  close(): void;
}

const SWEEP_MS = 500;
const METHODS = 'GET, HEAD, OPTIONS';
export const AUDIT_HEADER = 'x-framecue-audit';

export function createDelivery({
  findHub,
  log,
  limits,
  stallMs = 30_000,
  cors = createCors(['*']),
  scheduler = systemScheduler,
  preview,
  auditSecret,
}: DeliveryOptions): Delivery {
  const webSockets = new WsFlvDoor();
  const hubs = new Set<StreamHub>();
  const previews = new Set<StreamHub>();
  const refused: Record<string, number> = {};

  const countRefusal = (error: FramecueError): void => {
    refused[error.code] = (refused[error.code] ?? 0) + 1;
  };
  const viewers = (): number => {
    let count = 0;
    for (const hub of hubs) count += hub.viewerCount;
    return count;
  };
  const hubOf = (stream: StreamName): StreamHub => {
    const hub = findHub(stream);
    if (hub === undefined) throw new FramecueError('ERR_STREAM_NOT_LIVE');
    hubs.add(hub);
    return hub;
  };
  /** The hub, where one more viewer may join it. */
  const hubWithRoom = (stream: StreamName, isAudit: boolean): StreamHub => {
    const hub = hubOf(stream);
    if (hub.ended) throw new FramecueError('ERR_STREAM_NOT_LIVE');
    if (!isAudit && viewers() >= limits.viewers) {
      throw new FramecueError('ERR_VIEWER_LIMIT', undefined, {
        details: { limit: limits.viewers, retryAfterMs: 5_000 },
      });
    }
    return hub;
  };

  const previewOf = (stream: StreamName, ticket: string | null): StreamHub => {
    if (preview === undefined) throw new FramecueError('ERR_NOT_FOUND');
    const hub = preview.open(stream, ticket);
    if (hub === undefined || hub.ended) throw new FramecueError('ERR_STREAM_NOT_LIVE');
    previews.add(hub);
    let watching = 0;
    for (const { viewerCount } of previews) watching += viewerCount;
    if (watching >= preview.viewers) {
      throw new FramecueError('ERR_VIEWER_LIMIT', undefined, {
        details: { limit: preview.viewers, retryAfterMs: 5_000 },
      });
    }
    return hub;
  };

  const isAuditOf = (req: IncomingMessage): boolean =>
    auditSecret !== undefined && req.headers[AUDIT_HEADER] === auditSecret;

  const serve = (target: PlayTarget, req: IncomingMessage, res: ServerResponse): void => {
    if (cors.handle(req, res)) return;
    if (req.method !== 'GET' && req.method !== 'HEAD') {
      res.setHeader('Allow', METHODS);
      throw new FramecueError('ERR_METHOD');
    }
    if (target.kind === 'malformed') throw new FramecueError('ERR_NOT_FOUND');
    if (target.kind === 'flv') {
      const isAudit = isAuditOf(req);
      serveFlv(req, res, hubWithRoom(target.stream, isAudit), isAudit);
      return;
    }
    if (target.kind === 'preview') {
      serveFlv(req, res, previewOf(target.stream, target.ticket));
      return;
    }
    const { hls } = hubOf(target.stream);
    if (hls === null) throw new FramecueError('ERR_NOT_FOUND', 'This server gives no HLS.');
    const context: HlsContext = {
      scheduler,
      stallMs,
      refuse: (error) => refuseWith(res, error),
      isAudit: isAuditOf(req),
    };
    if (target.kind === 'hls-playlist') servePlaylist(req, res, hls, context);
    else serveFile(req, res, hls, target.file, context);
  };

  const refuseWith = (res: ServerResponse, error: FramecueError): void => {
    countRefusal(error);
    sendError(res, error, log);
  };

  const stopSweeping = scheduler.every(SWEEP_MS, () => {
    for (const kind of [hubs, previews]) {
      for (const hub of kind) {
        hub.sweep();
        if (hub.ended && hub.viewerCount === 0) kind.delete(hub);
      }
    }
  });

  return {
    handleRequest(req, res) {
      const target = parsePlayPath(req.url ?? '');
      if (target === null) return false;
      try {
        serve(target, req, res);
      } catch (error) {
        if (!(error instanceof FramecueError)) throw error;
        refuseWith(res, error);
      }
      return true;
    },

    handleUpgrade(req, socket, head) {
      const target = parsePlayPath(req.url ?? '');
      if (target === null) return false;
      try {
        if (target.kind !== 'flv') throw new FramecueError('ERR_NOT_FOUND');
        const isAudit = isAuditOf(req);
        webSockets.serve(req, socket, head, hubWithRoom(target.stream, isAudit), isAudit);
      } catch (error) {
        if (!(error instanceof FramecueError)) throw error;
        countRefusal(error);
        refuse(socket, error);
      }
      return true;
    },

    stats: () => ({
      viewers: viewers(),
      refused: { ...refused },
      streams: Array.from(hubs, (hub) => hub.stats()),
    }),

    close: stopSweeping,
  };
}
