import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import type { StreamHub } from './stream-hub.ts';
import { SocketSink } from './viewer-sink.ts';

/** Viewers have nothing to say; what they say is not looked at. */
const MAX_INBOUND_BYTES = 1024;
const MAX_INBOUND_MESSAGES = 100;
/** A viewer that does not read must not be able to pile up answers to its pings. */
const PONG_QUEUE_BYTES = 65_536;
const CLOSE_NORMAL = 1000;

/** The WebSocket side of viewers: `ws` does handshake, control frames and closing; media goes past it. */
export class WsFlvDoor {
  readonly #server = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    clientTracking: false,
    autoPong: false,
    maxPayload: MAX_INBOUND_BYTES,
  });

  serve(req: IncomingMessage, socket: Duplex, head: Buffer, hub: StreamHub, isAudit = false): void {
    this.#server.handleUpgrade(req, socket, head, (webSocket) => {
      limitInbound(webSocket, socket);
      // Frames of ours are whole messages, as are ws's control frames, so they can follow each other in any order.
      hub.join(
        'ws',
        (events) =>
          new SocketSink(socket as Socket, 'ws', events, () => webSocket.close(CLOSE_NORMAL, 'stream ended')),
        isAudit,
      );
    });
  }
}

function limitInbound(webSocket: WebSocket, socket: Duplex): void {
  let messages = 0;
  const count = () => {
    if (++messages > MAX_INBOUND_MESSAGES) webSocket.terminate();
  };
  webSocket.on('message', count);
  webSocket.on('ping', (data) => {
    if (socket.writableLength < PONG_QUEUE_BYTES) webSocket.pong(data);
  });
  // Protocol errors close the connection by themselves; the viewer is gone then, as with any other close.
  webSocket.on('error', () => socket.destroy());
}
