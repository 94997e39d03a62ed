import type { IncomingMessage, ServerResponse } from 'node:http';
import type { StreamHub } from './stream-hub.ts';
import { SocketSink } from './viewer-sink.ts';

const HEADERS = {
  'Content-Type': 'video/x-flv',
  'Cache-Control': 'no-store, no-transform',
  // No length and no chunks: the body ends with the connection (RFC 9112, 6.3), and frames need no wrapping.
  Connection: 'close',
  'X-Accel-Buffering': 'no',
} as const;

/** Answers with the headers, and for GET adds the requester as a viewer of the stream. */
export function serveFlv(req: IncomingMessage, res: ServerResponse, hub: StreamHub, isAudit = false): void {
  res.useChunkedEncodingByDefault = false;
  res.shouldKeepAlive = false;
  res.writeHead(200, HEADERS);
  if (req.method === 'HEAD') {
    res.end();
    return;
  }
  const { socket } = res;
  if (socket === null) {
    // Pipelined behind an answer that is not finished: players do not do that, and a stream cannot wait its turn.
    req.socket.destroy();
    return;
  }
  // A body on a GET means nothing; read, it cannot hide that the viewer leaves.
  req.resume();
  res.flushHeaders();
  // Gone before they began: no event would ever say so again.
  if (socket.destroyed) return;
  hub.join('flv', (events) => new SocketSink(socket, 'flv', events, () => socket.end()), isAudit);
}
