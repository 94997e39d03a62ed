import { connect, type Socket } from 'node:net';

/** An RTMP publisher that can misbehave: every step is the test's own. */
export class RawRtmpClient {
  readonly socket: Socket;
  #received = Buffer.alloc(0);
  #listeners = new Set<() => void>();
  #chunkSize = 128;
  closed = false;

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.setNoDelay(true);
    socket.on('data', (bytes: Buffer) => {
      this.#received = Buffer.concat([this.#received, bytes]);
      this.#notify();
    });
    // A reset by the server is one of the ends that tests wait for.
    socket.on('error', () => this.#notify());
    socket.on('close', () => {
      this.closed = true;
      this.#notify();
    });
  }

  static async connect(port: number): Promise<RawRtmpClient> {
    const socket = connect({ host: '127.0.0.1', port });
    const client = new RawRtmpClient(socket);
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('error', reject);
    });
    return client;
  }

  /** A client that got as far as the answer to publish; `publishing` says what it was. */
  static async publish(port: number, app: string, name: string): Promise<RawRtmpClient> {
    const client = await RawRtmpClient.connect(port);
    await client.handshake();
    client.command('connect', 1, { app, tcUrl: `rtmp://127.0.0.1/${app}`, flashVer: 'raw-test/1' });
    await client.waitFor('NetConnection.Connect.Success');
    client.command('createStream', 2, null);
    client.command('publish', 3, null, name, 'live');
    await client.waitFor(/NetStream\.Publish\.\w+/);
    return client;
  }

  get received(): Buffer {
    return this.#received;
  }

  /** All that the server wrote, as Latin-1, for a look at its AMF strings. */
  get heard(): string {
    return this.#received.toString('latin1');
  }

  write(bytes: Uint8Array): void {
    this.socket.write(bytes);
  }

  async handshake(): Promise<void> {
    const c0c1 = Buffer.alloc(1537);
    c0c1[0] = 3;
    this.write(c0c1);
    await this.#until(() => this.#received.length >= 3073, 'the handshake');
    this.write(this.#received.subarray(1, 1537));
  }

  /** Says `size`, and means it where it can be meant. */
  setChunkSize(size: number): void {
    const body = Buffer.alloc(4);
    body.writeUInt32BE(size);
    this.message(2, 1, 0, body);
    if (size > 0) this.#chunkSize = size;
  }

  command(name: string, transaction: number, ...values: unknown[]): void {
    this.message(3, 20, 0, amf(name, transaction, ...values), 1);
  }

  message(chunkStream: number, type: number, timestamp: number, body: Uint8Array, streamId = 0): void {
    this.write(encodeMessage({ chunkStream, type, timestamp, body, streamId }, this.#chunkSize));
  }

  video(timestamp: number, body: Uint8Array): void {
    this.message(6, 9, timestamp, body, 1);
  }

  audio(timestamp: number, body: Uint8Array): void {
    this.message(4, 8, timestamp, body, 1);
  }

  waitFor(text: string | RegExp): Promise<void> {
    const found = typeof text === 'string' ? () => this.heard.includes(text) : () => text.test(this.heard);
    return this.#until(found, String(text));
  }

  waitForClose(): Promise<void> {
    return this.#until(() => this.closed, 'the close');
  }

  /** Gone without a FIN that says so: the reset comes with whatever the server sends next, or at once. */
  destroy(): void {
    this.socket.resetAndDestroy();
  }

  #until(condition: () => boolean, what: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const done = (): void => {
        clearTimeout(timer);
        this.#listeners.delete(check);
      };
      const check = (): void => {
        if (condition()) {
          done();
          resolve();
        } else if (this.closed) {
          done();
          reject(new Error(`closed before ${what}; heard ${JSON.stringify(this.heard.slice(-300))}`));
        }
      };
      const timer = setTimeout(() => {
        done();
        reject(new Error(`no sign of ${what}; heard ${JSON.stringify(this.heard.slice(-300))}`));
      }, 10_000);
      this.#listeners.add(check);
      check();
    });
  }

  #notify(): void {
    for (const listener of this.#listeners) listener();
  }
}

export interface RtmpMessage {
  readonly chunkStream: number;
  readonly type: number;
  readonly timestamp: number;
  readonly body: Uint8Array;
  readonly streamId?: number;
}

/** One message, cut into chunks as the protocol wants it (RTMP 1.0, section 5.3). */
export function encodeMessage(message: RtmpMessage, chunkSize: number): Buffer {
  const { chunkStream, type, timestamp, body, streamId = 0 } = message;
  const extended = timestamp >= 0xff_ffff;
  const header = Buffer.alloc(extended ? 16 : 12);
  header[0] = chunkStream;
  header.writeUIntBE(extended ? 0xff_ffff : timestamp, 1, 3);
  header.writeUIntBE(body.length, 4, 3);
  header[7] = type;
  header.writeUInt32LE(streamId, 8);
  if (extended) header.writeUInt32BE(timestamp, 12);
  const parts: Uint8Array[] = [header, body.subarray(0, chunkSize)];
  const next = Buffer.from([0xc0 | chunkStream, ...(extended ? header.subarray(12) : [])]);
  for (let at = chunkSize; at < body.length; at += chunkSize) {
    parts.push(next, body.subarray(at, at + chunkSize));
  }
  return Buffer.concat(parts);
}

/** AMF0 values one after another (Adobe AMF 0, section 2). */
export const amf = (...values: readonly unknown[]): Buffer => Buffer.concat(values.map(amfValue));

function amfValue(value: unknown): Buffer {
  if (typeof value === 'string') return Buffer.concat([Buffer.of(2), amfKey(value)]);
  if (typeof value === 'number') {
    const bytes = Buffer.alloc(9);
    bytes.writeDoubleBE(value, 1);
    return bytes;
  }
  if (typeof value === 'boolean') return Buffer.of(1, value ? 1 : 0);
  if (typeof value === 'object' && value !== null) {
    const fields = Object.entries(value).flatMap(([key, field]) => [amfKey(key), amfValue(field)]);
    return Buffer.concat([Buffer.of(3), ...fields, Buffer.of(0, 0, 9)]);
  }
  return Buffer.of(5);
}

function amfKey(key: string): Buffer {
  const text = Buffer.from(key);
  const length = Buffer.alloc(2);
  length.writeUInt16BE(text.length);
  return Buffer.concat([length, text]);
}
