import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { answerIdOf, WebhookSigner } from '../../../service/webhooks.ts';

export const SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;

export interface Received {
  readonly id: string;
  readonly headers: IncomingMessage['headers'];
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into any body
  readonly body: any;
  readonly lane: string;
}

export type Behaviour = (res: ServerResponse, received: Received) => void;

export const answer =
  (status: number, body: object | string = '', headers: Record<string, string> = {}): Behaviour =>
  (res) => {
    const isText = typeof body === 'string';
    res.writeHead(status, { 'content-type': isText ? 'text/plain' : 'application/json', ...headers });
    res.end(isText ? body : JSON.stringify(body));
  };

export const never: Behaviour = () => undefined;

/** Signed as the reference reward service signs. */
export const signedAnswer =
  (body: object, secret = SECRET, id?: string): Behaviour =>
  (res, received) => {
    const text = JSON.stringify(body);
    const signer = new WebhookSigner([secret]);
    const headers = signer.sign(id ?? answerIdOf(received.id), Date.now() as never, text);
    res.writeHead(200, { 'content-type': 'application/json', ...headers }).end(text);
  };

/** Some HTTP server: says what a test tells it to. */
export class Downstream {
  readonly received: Received[] = [];
  behave: Behaviour = answer(200);
  /** Stays known when it is closed. */
  port = 0;
  readonly #server: Server;

  constructor() {
    this.#server = createServer((req, res) => void this.#handle(req, res));
  }

  async listen(port = 0): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(port, '127.0.0.1', resolve));
    this.port = (this.#server.address() as AddressInfo).port;
    return this;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}/hooks`;
  }

  ids(): string[] {
    return this.received.map(({ id }) => id);
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #handle(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of req) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString();
    const body = JSON.parse(text);
    const id = String(req.headers['webhook-id']);
    const received = { id, headers: req.headers, text, body, lane: String(body.data.pool) };
    this.received.push(received);
    this.behave(res, received);
  }
}
