import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { WebSocket, WebSocketServer } from 'ws';
import { readBoxes, readFragments } from '../../delivery/testing/mp4-reader.ts';
import { nalUnitsOfAvcc, writeAvccNal } from '../../h264-sei-parser/src/index.ts';
import { FlvReader } from '../../packet/flv-reader.ts';
import { flvHeader, writeFlvTag } from '../../packet/flv-tag.ts';

/** `nal_unit_type` of SEI and of filler data. */
const SEI = 6;
const FILLER = 12;
const LENGTH_SIZE = 4;

/** What a server on the way drops of HLS, beside SEI. */
export type Drops = 'daterange' | 'emsg';

/** A server between media and the players that drops every SEI, as transcoding CDNs do, or lets all through. */
export class SeiFreeServer {
  /** Null: nothing, SEI neither. */
  drops: Drops | null = null;
  /** SEI NAL units dropped. */
  dropped = 0;
  readonly #origin: { readonly flv: string; readonly hls: string };
  readonly #server: Server;
  readonly #sockets: WebSocketServer;
  readonly #abort = new AbortController();

  private constructor(origin: { readonly flv: string; readonly hls: string }) {
    this.#origin = origin;
    this.#server = createServer((req, res) => {
      this.#respond(req, res).catch(() => res.destroy());
    });
    this.#sockets = new WebSocketServer({ server: this.#server });
    this.#sockets.on('connection', (socket) => {
      const end = new AbortController();
      socket.on('close', () => end.abort());
      this.#play((tag) => socket.readyState === WebSocket.OPEN && socket.send(tag), end.signal).catch(() =>
        socket.terminate(),
      );
    });
  }

  static async start(origin: { readonly flv: string; readonly hls: string }): Promise<SeiFreeServer> {
    const server = new SeiFreeServer(origin);
    await new Promise<void>((resolve) => server.#server.listen(0, '127.0.0.1', resolve));
    return server;
  }

  get outputs(): { readonly flv: string; readonly ws: string; readonly hls: string } {
    const host = `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
    return { flv: `http://${host}/play.flv`, ws: `ws://${host}/play.flv`, hls: `http://${host}/index.m3u8` };
  }

  async close(): Promise<void> {
    this.#abort.abort();
    for (const socket of this.#sockets.clients) socket.terminate();
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #respond(req: IncomingMessage, res: ServerResponse): Promise<void> {
    res.setHeader('access-control-allow-origin', '*');
    const name = new URL(req.url ?? '/', 'http://a').pathname.slice(1);
    if (name === 'play.flv') {
      const end = new AbortController();
      res.on('close', () => end.abort());
      res.writeHead(200, { 'content-type': 'video/x-flv' });
      await this.#play((tag) => res.write(tag), end.signal);
      res.end();
      return;
    }
    const answer = await fetch(new URL(name, this.#origin.hls), { signal: this.#abort.signal });
    const bytes = Buffer.from(await answer.arrayBuffer());
    res.writeHead(answer.status, { 'content-type': answer.headers.get('content-type') ?? '' });
    res.end(answer.ok ? this.#changed(name, bytes) : bytes);
  }

  #changed(name: string, bytes: Buffer): Buffer {
    if (name.endsWith('.m3u8')) {
      return this.drops === 'daterange'
        ? Buffer.from(bytes.toString().replaceAll(/^#EXT-X-DATERANGE:.*\n/gm, ''))
        : bytes;
    }
    if (name.endsWith('.m4s')) this.#cleanSegment(bytes);
    return bytes;
  }

  /** In place: SEI becomes filler data of the same length, event messages become free space. */
  #cleanSegment(bytes: Buffer): void {
    if (this.drops === null) return;
    for (const { samples, track } of readFragments(bytes)) {
      if (track !== 1) continue;
      for (const { data } of samples) {
        for (const { type, start, end } of nalUnitsOfAvcc(data, LENGTH_SIZE)) {
          if (type !== SEI) continue;
          this.dropped++;
          data.fill(0xff, start, end);
          data[start] = FILLER;
          data[end - 1] = 0x80;
        }
      }
    }
    if (this.drops !== 'emsg') return;
    for (const { type, start } of readBoxes(bytes))
      if (type === 'emsg') bytes.write('free', start + 4, 'latin1');
  }

  /** One FLV tag a call, its SEI gone; everything else as it came. */
  async #play(send: (bytes: Uint8Array) => unknown, signal: AbortSignal): Promise<void> {
    const answer = await fetch(this.#origin.flv, { signal: AbortSignal.any([signal, this.#abort.signal]) });
    const reader = new FlvReader();
    send(flvHeader({ audio: true, video: true }));
    for await (const chunk of answer.body!) {
      for (const item of reader.read(chunk)) {
        if (item.kind !== 'packet') continue;
        const { packet } = item;
        send(
          writeFlvTag(packet.kind === 'avc-frame' ? { ...packet, data: this.#clean(packet.data) } : packet),
        );
      }
    }
  }

  #clean(data: Uint8Array): Uint8Array {
    if (this.drops === null) return data;
    const out = new Uint8Array(data.length);
    let to = 0;
    for (const { type, start, end } of nalUnitsOfAvcc(data, LENGTH_SIZE)) {
      if (type === SEI) this.dropped++;
      else to = writeAvccNal(out, to, data.subarray(start, end), LENGTH_SIZE);
    }
    return out.subarray(0, to);
  }
}
