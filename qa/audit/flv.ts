import { createWebSocketStream, WebSocket } from 'ws';
import { FramecueError } from '../../packet/errors.ts';
import { FlvSourceReader } from '../sources/flv.ts';
import { type Access, connectOptions, openError, patienceOf, timedOut } from './http.ts';
import type { Output } from './output.ts';

/** Whatever it is, it is no stream of pictures that anybody plays. */
const BYTES_WITHOUT_PICTURE = 8 * 1024 * 1024;
const MAX_MESSAGE_BYTES = 8 * 1024 * 1024;
const PICTURE_TIMEOUT_MS = 60_000;

/**
 * Reads an FLV stream until it ends.
 * @throws {FramecueError} ERR_SOURCE_FORMAT for bytes without pictures, ERR_TIMEOUT for a stream without them.
 */
export async function readFlv(chunks: AsyncIterable<Uint8Array>, output: Output): Promise<void> {
  const reader = new FlvSourceReader({ metadata: true });
  const guard = new PictureGuard(output);
  for await (const chunk of chunks) {
    output.received(chunk.length);
    for (const item of reader.push(chunk)) output.take(item);
    guard.received(chunk.length);
  }
  for (const item of reader.end()) output.take(item);
}

/** A stream that sends anything but pictures is given up. Own outputs rest while their publisher is away. */
export class PictureGuard {
  readonly #output: Output;
  #pictures: number;
  #bytes = 0;
  #since = performance.now();

  constructor(output: Output) {
    this.#output = output;
    this.#pictures = output.pictures;
  }

  received(bytes: number): void {
    if (this.#output.pictures !== this.#pictures) {
      this.#pictures = this.#output.pictures;
      this.#bytes = 0;
      this.#since = performance.now();
      return;
    }
    this.#bytes += bytes;
    if (this.#bytes > BYTES_WITHOUT_PICTURE) {
      const text = `The output sent ${this.#bytes} bytes without a picture.`;
      throw new FramecueError('ERR_SOURCE_FORMAT', text);
    }
    if (this.#output.isOwn || performance.now() - this.#since < PICTURE_TIMEOUT_MS) return;
    throw new FramecueError('ERR_TIMEOUT', `The output sent no picture for ${PICTURE_TIMEOUT_MS} ms.`);
  }
}

/** A WebSocket's messages, one behind the other. @throws {FramecueError} ERR_SOURCE_OPEN, ERR_TIMEOUT. */
export async function* wsChunks(url: URL, access: Access): AsyncGenerator<Buffer, void> {
  const { signal, isOwn } = access;
  const patience = patienceOf(access);
  const socket = new WebSocket(url, {
    headers: { 'user-agent': 'framecue-audit', ...access.headers },
    handshakeTimeout: patience.head,
    maxPayload: MAX_MESSAGE_BYTES,
    perMessageDeflate: false,
    followRedirects: false,
    ...connectOptions(isOwn),
  });
  const stream = createWebSocketStream(socket);
  const abort = (): void => void stream.destroy(signal.reason as Error);
  signal.addEventListener('abort', abort, { once: true });
  let idle: NodeJS.Timeout | undefined;
  const restart = (): void => {
    clearTimeout(idle);
    if (!isOwn) idle = setTimeout(() => stream.destroy(timedOut(patience.idle)), patience.idle);
  };
  try {
    if (signal.aborted) throw signal.reason;
    restart();
    for await (const chunk of stream) {
      restart();
      yield chunk as Buffer;
    }
  } catch (cause) {
    throw openError(cause, signal);
  } finally {
    clearTimeout(idle);
    signal.removeEventListener('abort', abort);
    socket.terminate();
  }
}
