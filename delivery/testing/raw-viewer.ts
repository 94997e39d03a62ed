import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** An HTTP client on a bare socket, which reads only as much as the test wants. */
export class RawViewer {
  readonly socket: Socket;
  readonly #chunks: Buffer[] = [];
  #bytes = 0;
  /** However it ends: a cut connection may reach us as a reset. */
  readonly closed: Promise<void>;

  private constructor(socket: Socket) {
    this.socket = socket;
    this.closed = new Promise((resolve) => socket.once('close', () => resolve()));
    socket.on('data', (chunk: Buffer) => {
      this.#chunks.push(chunk);
      this.#bytes += chunk.length;
    });
    socket.on('error', () => undefined);
  }

  static async open(port: number, path = '/live/main.flv', more = ''): Promise<RawViewer> {
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    const viewer = new RawViewer(socket);
    socket.write(`GET ${path} HTTP/1.1\r\nHost: test\r\n\r\n${more}`);
    return viewer;
  }

  /** So far, headers included. */
  get bytesRead(): number {
    return this.#bytes;
  }

  get head(): string {
    const all = this.#all();
    return all.toString('latin1', 0, headEnd(all));
  }

  get body(): Buffer {
    const all = this.#all();
    return all.subarray(headEnd(all));
  }

  pause(): void {
    this.socket.pause();
  }

  resume(): void {
    this.socket.resume();
  }

  #all(): Buffer {
    return Buffer.concat(this.#chunks);
  }
}

function headEnd(bytes: Buffer): number {
  const at = bytes.indexOf('\r\n\r\n');
  return at === -1 ? bytes.length : at + 4;
}
