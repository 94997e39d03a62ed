import type { Socket } from 'node:net';
import type { Clock } from '../packet/clock.ts';
import { type ErrorCode, FramecueError } from '../packet/errors.ts';
import type { FlvTagType } from '../packet/flv-tag.ts';
import { type PublishRequest, type RtmpLimits, RtmpSession } from './rtmp-session.ts';

/**
 * How a connection ended. `finished`: the encoder said so; `lost`: it was gone; `refused`: we cut it, see
 * `code`; `disconnected`: somebody asked for it; `closing`: the server stops.
 */
export interface RtmpEnd {
  readonly kind: 'finished' | 'lost' | 'refused' | 'disconnected' | 'closing';
  readonly code: ErrorCode | null;
  readonly text: string;
}

export interface RtmpConnectionHandlers {
  /** Returns to accept. @throws {FramecueError} to refuse. */
  publish(request: PublishRequest): void;
  /** @throws {FramecueError} to cut the publisher. */
  media(type: FlvTagType, timestamp32: number, body: Uint8Array): void;
  /** Once, when the socket is closed. */
  closed(end: RtmpEnd): void;
}

/** Between our last words and the end: a socket closed with unread input resets, and the words are lost. */
const LINGER_US = 1_000_000;
/** Our answers are small; an encoder that does not read them is not one. */
const MAX_UNSENT_BYTES = 256 * 1024;
const KEEP_ALIVE_MS = 15_000;

/** One RTMP socket: feeds the session, says goodbye in time to be heard, and knows why it ended. */
export class RtmpConnection {
  readonly remote: string;
  readonly openedUs: number;
  readonly #socket: Socket;
  readonly #clock: Clock;
  readonly #session: RtmpSession;
  readonly #handlers: RtmpConnectionHandlers;
  #isPublishing = false;
  #end: RtmpEnd | null = null;
  #endedUs = 0;
  #socketError: string | null = null;
  #receivedBytes = 0;

  constructor(socket: Socket, clock: Clock, limits: RtmpLimits, handlers: RtmpConnectionHandlers) {
    this.#socket = socket;
    this.#clock = clock;
    this.#handlers = handlers;
    this.remote = remoteOf(socket);
    this.openedUs = clock.monotonicUs();
    this.#session = new RtmpSession(
      {
        write: (bytes) => this.#write(bytes),
        publish: (request) => this.#publish(request),
        media: (type, timestamp32, body) => {
          if (this.#end === null) handlers.media(type, timestamp32, body);
        },
        unpublish: () => this.#finish({ kind: 'finished', code: null, text: 'The encoder stopped.' }),
      },
      limits,
    );
    socket.setNoDelay(true);
    socket.setKeepAlive(true, KEEP_ALIVE_MS);
    socket.on('data', (bytes: Buffer) => this.#receive(bytes));
    socket.on('error', (error: NodeJS.ErrnoException) => {
      this.#socketError = error.code ?? error.name;
    });
    socket.on('close', () => handlers.closed(this.#end ?? this.#lost()));
  }

  get isPublishing(): boolean {
    return this.#isPublishing;
  }

  get isEnding(): boolean {
    return this.#end !== null;
  }

  get receivedBytes(): number {
    return this.#receivedBytes;
  }

  get bufferedBytes(): number {
    return this.#session.bufferedBytes;
  }

  /** Tells the encoder why, then closes. The first reason stays. */
  refuse(error: FramecueError): void {
    if (this.#end !== null) return;
    this.#session.refuse(error);
    this.#finish({ kind: 'refused', code: error.code, text: error.message });
  }

  end(kind: 'disconnected' | 'closing', text: string): void {
    this.#finish({ kind, code: null, text });
  }

  /** Without another word, for a server that stops or has no room. */
  destroy(): void {
    this.#socket.destroy();
  }

  /** To be called now and then. */
  tick(nowUs: number): void {
    if (this.#end !== null && nowUs - this.#endedUs > LINGER_US) this.#socket.destroy();
  }

  #receive(bytes: Buffer): void {
    this.#receivedBytes += bytes.length;
    // What comes after the end is read, so that our last words are not reset away, and not looked at.
    if (this.#end !== null) return;
    try {
      this.#session.receive(bytes);
    } catch (error) {
      this.refuse(
        error instanceof FramecueError
          ? error
          : new FramecueError('ERR_INTERNAL', undefined, { cause: error }),
      );
    }
  }

  #publish(request: PublishRequest): void {
    this.#handlers.publish(request);
    this.#isPublishing = true;
  }

  #write(bytes: Uint8Array): void {
    if (this.#end !== null || !this.#socket.writable) return;
    this.#socket.write(bytes);
    if (this.#socket.writableLength > MAX_UNSENT_BYTES) {
      this.#finish({
        kind: 'refused',
        code: 'ERR_RTMP_LIMIT',
        text: 'The encoder does not read the answers to what it sends.',
      });
      this.#socket.destroy();
    }
  }

  #finish(end: RtmpEnd): void {
    if (this.#end !== null) return;
    this.#end = end;
    this.#endedUs = this.#clock.monotonicUs();
    this.#socket.end();
  }

  #lost(): RtmpEnd {
    const how = this.#socketError === null ? 'closed the connection' : `was lost (${this.#socketError})`;
    return { kind: 'lost', code: null, text: `The encoder ${how} without a word.` };
  }
}

/** IPv4 addresses are written as such on a socket for both. */
export function remoteOf(socket: Socket): string {
  const address = (socket.remoteAddress ?? 'unknown').replace(/^::ffff:(?=\d+\.)/, '');
  return `${address}:${socket.remotePort ?? 0}`;
}
