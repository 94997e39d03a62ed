import type { IncomingMessage, ServerResponse } from 'node:http';

const KEEP_ALIVE_MS = 10_000;

/**
 * One answer that never ends: server-sent events (WHATWG HTML, 9.2). It tells how much waits for its reader, and
 * whether the reader has stopped reading; who writes decides what is too much.
 */
export class EventStream {
  readonly #res: ServerResponse;
  readonly #stallMs: number;
  #ended = false;
  /** When the socket last had taken all that was written; a monotonic time. */
  #drainedAt = performance.now();

  /** Sends the head at once. @param stallMs a reader that takes nothing for this long has stalled. */
  constructor(req: IncomingMessage, res: ServerResponse, stallMs: number) {
    this.#res = res;
    this.#stallMs = stallMs;
    res.writeHead(200, {
      'Content-Type': 'text/event-stream; charset=utf-8',
      'Cache-Control': 'no-store',
      // nginx would gather events otherwise.
      'X-Accel-Buffering': 'no',
    });
    req.socket.setKeepAlive(true, KEEP_ALIVE_MS);
    req.socket.setNoDelay(true);
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** Bytes that were written and that the socket has not taken. */
  get waitingBytes(): number {
    return this.#res.writableLength;
  }

  onClose(listener: () => void): void {
    this.#res.once('close', listener);
  }

  /** How long the client is to wait before it comes back. */
  retry(ms: number): void {
    this.#write(`retry: ${ms}\n\n`);
  }

  /** @param data JSON: one line. */
  event(name: string, data: string, id?: string): void {
    this.#write(`${id === undefined ? '' : `id: ${id}\n`}event: ${name}\ndata: ${data}\n\n`);
  }

  comment(): void {
    this.#write(':\n\n');
  }

  /** To be asked now and then: whether nothing has been taken for too long. */
  hasStalled(): boolean {
    const now = performance.now();
    if (this.#res.writableLength === 0) this.#drainedAt = now;
    return now - this.#drainedAt > this.#stallMs;
  }

  /** Resolves when the socket has taken what was written, or is closed. */
  async drained(): Promise<void> {
    const res = this.#res;
    if (!res.writableNeedDrain || res.destroyed) return;
    await new Promise<void>((resolve) => {
      const done = () => {
        res.off('drain', done);
        res.off('close', done);
        resolve();
      };
      res.on('drain', done);
      res.on('close', done);
    });
    this.#drainedAt = performance.now();
  }

  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#res.end();
  }

  /** Ends it with what waits unsent: the reader does not read. */
  cut(): void {
    this.#ended = true;
    this.#res.destroy();
  }

  #write(text: string): void {
    if (!this.#ended && !this.#res.destroyed) this.#res.write(text);
  }
}
