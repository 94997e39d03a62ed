import { connect, type Socket } from 'node:net';

/** Called once for each request; `status` 0: the connection broke. */
export type Answered = (connection: Connection, status: number) => void;

/**
 * One keep-alive connection of HTTP/1.1 with one request under way. Reads no more of an answer than its status and its
 * length, since a client that costs much would be what is measured.
 */
export class Connection {
  readonly #socket: Socket;
  readonly #answered: Answered;
  #rest = '';
  /** When the request under way was due, milliseconds of `performance.now()`. */
  dueAt = 0;

  constructor(port: number, answered: Answered) {
    this.#answered = answered;
    this.#socket = connect({ port, host: '127.0.0.1', noDelay: true });
    this.#socket.on('data', (chunk) => this.#read(chunk));
    this.#socket.on('error', () => this.#socket.destroy());
    this.#socket.on('close', () => this.#answered(this, 0));
  }

  send(request: Buffer, dueAt: number): void {
    this.dueAt = dueAt;
    this.#socket.write(request);
  }

  ready(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#socket.once('connect', resolve);
      this.#socket.once('error', reject);
    });
  }

  close(): void {
    this.#socket.removeAllListeners('close');
    this.#socket.destroy();
  }

  #read(chunk: Buffer): void {
    const text = this.#rest + chunk.toString('latin1');
    const headEnd = text.indexOf('\r\n\r\n');
    const length = /content-length: (\d+)/i.exec(text);
    if (headEnd === -1 || length === null || text.length < headEnd + 4 + Number(length[1])) {
      this.#rest = text;
      return;
    }
    this.#rest = '';
    this.#answered(this, Number(text.slice(9, 12)));
  }
}
