import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join, normalize } from 'node:path';
import { WebSocketServer } from 'ws';
import { SCRIPT_NAME } from '../../cues/wire/index.ts';
import { encodeAmf0 } from '../../packet/amf0.ts';
import { flvHeader, writeFlvTag } from '../../packet/flv-tag.ts';
import { type MediaPacket, ptsOf } from '../../packet/packet.ts';
import { ROOT } from '../../scripts/lib/tools.ts';
import { STREAM, type StampedStream } from './stamped-stream.ts';

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
  '.m3u8': 'application/vnd.apple.mpegurl',
  '.mp4': 'video/mp4',
  '.m4s': 'video/mp4',
};
const PACE_MS = 10;

export interface Recorded {
  readonly method: string;
  readonly path: string;
  readonly authorization: string | undefined;
  readonly body: unknown;
}

export type Answer = {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
};

/**
 * What a page meets: its own files, the stream over HTTP and WebSocket, and the events service as far as the
 * client speaks with it. Answers of the service can be replaced by a test; all requests are kept.
 */
export class Site {
  readonly requests: Recorded[] = [];
  /** By `METHOD /path`; undefined: the usual answer. */
  answer: ((request: Recorded) => Answer | undefined) | null = null;
  /** What the feed of due cues lists. */
  due: unknown[] = [];
  /** The service's clock is ahead of this machine's. */
  clockAheadUs = 0;
  stream: StampedStream;
  readonly #folders: Readonly<Record<string, string>>;
  readonly #server: Server;
  readonly #open = new Set<() => void>();

  private constructor(stream: StampedStream, folders: Readonly<Record<string, string>>) {
    this.stream = stream;
    this.#folders = {
      '/mpegts/': join(ROOT, 'node_modules/mpegts.js/dist'),
      '/hls.js/': join(ROOT, 'node_modules/hls.js/dist'),
      ...folders,
    };
    this.#server = createServer((request, response) => {
      this.#respond(request, response).catch(() => response.destroy());
    });
    const sockets = new WebSocketServer({ server: this.#server });
    sockets.on('connection', (socket) => {
      const stop = this.#play((chunk) => socket.send(chunk));
      socket.on('close', stop);
      socket.on('error', stop);
    });
  }

  /** @param folders URL prefix to folder: what is served beside the players. */
  static async start(stream: StampedStream, folders: Readonly<Record<string, string>>): Promise<Site> {
    const site = new Site(stream, folders);
    await new Promise<void>((resolve) => site.#server.listen(0, '127.0.0.1', resolve));
    return site;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  requestsTo(method: string, path: RegExp): Recorded[] {
    return this.requests.filter((r) => r.method === method && path.test(r.path));
  }

  /** Ends every play, as a network does. */
  cutPlays(): void {
    for (const stop of this.#open) stop();
  }

  async close(): Promise<void> {
    this.cutPlays();
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = new URL(request.url ?? '/', this.url).pathname;
    if (path === '/live/main.flv') {
      response.writeHead(200, { 'content-type': 'video/x-flv', 'access-control-allow-origin': '*' });
      const stop = this.#play((chunk) => response.write(chunk));
      response.on('close', stop);
      const end = () => response.destroy();
      this.#open.add(end);
      response.on('close', () => this.#open.delete(end));
      return;
    }
    if (path.startsWith('/api/') || path.startsWith('/.well-known/')) return this.#service(request, response);
    await this.#file(path, response);
  }

  /** A viewer joins: configuration and the newest GOP in one go, then everything as it passes. */
  #play(write: (chunk: Uint8Array) => void): () => void {
    const packets = this.stream.from(this.stream.mediaNow());
    let next = packets.next().value;
    const send = (packet: MediaPacket) => {
      for (const tag of scriptTagsOf(packet)) write(tag);
      write(writeFlvTag(packet));
    };
    write(flvHeader({ audio: true, video: true }));
    for (const config of this.stream.configs) send({ ...config, dts: next.dts });
    const pump = () => {
      while (next.dts <= this.stream.mediaNow()) {
        send(next);
        next = packets.next().value;
      }
    };
    pump();
    const timer = setInterval(pump, PACE_MS);
    return () => clearInterval(timer);
  }

  async #service(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', this.url);
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString('utf8');
    const recorded: Recorded = {
      method: request.method ?? 'GET',
      path: url.pathname,
      authorization: request.headers.authorization,
      body: text === '' ? null : JSON.parse(text),
    };
    if (recorded.method === 'OPTIONS') return reply(response, { status: 204 });
    this.requests.push(recorded);
    reply(response, this.answer?.(recorded) ?? this.#usual(recorded, url));
  }

  #usual(request: Recorded, url: URL): Answer {
    const nowUs = Math.round(Date.now() * 1000) + this.clockAheadUs;
    switch (`${request.method} ${request.path}`) {
      case 'GET /.well-known/framecue-keys.json':
        return { status: 200, body: { keys: [this.stream.key.publicJwk] } };
      case 'GET /api/v1/clock':
        return { status: 200, body: { t1: Number(url.searchParams.get('t1')), t2: nowUs, t3: nowUs } };
      case `GET /api/v1/streams/${STREAM}/now`:
        return { status: 200, body: { at: nowUs, cues: this.due } };
      case 'POST /api/v1/session':
        return { status: 200, body: { token: 'short', viewer: 'v', expiresAt: Date.now() + 600_000 } };
      case 'POST /api/v1/reports':
        return { status: 204 };
    }
    const interaction = /^\/api\/v1\/interactions\/([^/]+)\/submissions$/.exec(request.path)?.[1];
    if (request.method !== 'POST' || interaction === undefined) {
      return { status: 404, body: { error: { code: 'ERR_NOT_FOUND', message: 'no', retryable: false } } };
    }
    const { choice } = request.body as { choice: number };
    const receipt = {
      id: 'r1',
      interaction,
      choice,
      status: 'accepted',
      acceptedAt: Date.now(),
      repeated: false,
    };
    return { status: 200, body: { receipt } };
  }

  async #file(path: string, response: ServerResponse): Promise<void> {
    if (path === '/') {
      response.writeHead(200, { 'content-type': 'text/html' });
      response.end('<!doctype html><title>client tests</title><video muted playsinline width=640></video>');
      return;
    }
    const prefix = Object.keys(this.#folders).find((p) => path.startsWith(p));
    const name = normalize(path.slice(prefix?.length ?? 0));
    const file = prefix === undefined ? null : join(this.#folders[prefix]!, name);
    const data = file === null ? null : await readFile(file).catch(() => null);
    response.writeHead(data === null ? 404 : 200, {
      'content-type': TYPES[extname(path)] ?? 'application/octet-stream',
    });
    response.end(data ?? undefined);
  }
}

/** As delivery writes them. */
function scriptTagsOf(packet: MediaPacket): Uint8Array[] {
  if (packet.kind !== 'avc-frame') return [];
  const { stamps = [], dts } = packet;
  const pts = ptsOf(packet);
  return stamps.map((text) =>
    writeFlvTag({ kind: 'script', dts, data: encodeAmf0(SCRIPT_NAME, { v: 1, pts, text }) }),
  );
}

function reply(response: ServerResponse, { status, body, headers }: Answer): void {
  response.writeHead(status, {
    'access-control-allow-origin': '*',
    'access-control-allow-headers': '*',
    ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    ...headers,
  });
  response.end(body === undefined ? undefined : JSON.stringify(body));
}
