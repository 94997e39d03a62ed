import type { Socket } from 'node:net';
import type { Framing } from './framing.ts';

/** Where a viewer's bytes go. What it holds cannot be taken back, so a viewer stops writing once it says false. */
export interface ViewerSink {
  readonly framing: Framing;
  /** False when no more should be written until it drained. Takes the bytes all the same. */
  write(bytes: Buffer): boolean;
  /** Many writes as one, between these two. */
  cork(): void;
  uncork(): void;
  /** Bytes taken that the system has not taken yet. */
  queuedBytes(): number;
  /** Closes once all that was written has gone. */
  end(): void;
  /** Closes now; what waits is lost. */
  destroy(): void;
}

export interface SinkEvents {
  onDrain(): void;
  onClose(): void;
}

/**
 * A viewer's socket, written to directly: HTTP's response object, and WebSocket's sender, would do the same work
 * again for every viewer and frame. Both have sent their headers by now, and nothing else writes media.
 */
export class SocketSink implements ViewerSink {
  readonly framing: Framing;
  readonly #socket: Socket;
  readonly #sayGoodbye: () => void;

  /** @param sayGoodbye ends the connection in order, as its protocol asks. */
  constructor(socket: Socket, framing: Framing, events: SinkEvents, sayGoodbye: () => void) {
    this.framing = framing;
    this.#socket = socket;
    this.#sayGoodbye = sayGoodbye;
    socket.setNoDelay(true);
    socket.setTimeout(0);
    socket.on('drain', () => events.onDrain());
    // Viewers say nothing, so one who ends their side is leaving.
    socket.on('end', () => socket.destroy());
    socket.on('close', () => events.onClose());
  }

  write(bytes: Buffer): boolean {
    return this.#socket.write(bytes);
  }

  cork(): void {
    this.#socket.cork();
  }

  uncork(): void {
    this.#socket.uncork();
  }

  queuedBytes(): number {
    return this.#socket.writableLength;
  }

  end(): void {
    this.#sayGoodbye();
  }

  destroy(): void {
    this.#socket.destroy();
  }
}
