import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { STAMP_UUID_TEXT } from '../../cues/wire/index.ts';
import { isVcl, NalType, nalUnitsOfAvcc, uuidFromText } from '../../h264-sei-parser/src/index.ts';
import { FLV_HEADER_BYTES, FLV_TAG_HEADER_BYTES, FLV_TRAILER_BYTES } from '../../packet/flv-tag.ts';

/** A server between media and its viewers, as a CDN is: passes outputs on, and loses of them what a path says. */
export interface Edge {
  readonly url: string;
  /** Requests so far, by path. */
  readonly asked: ReadonlyMap<string, number>;
  /** From now on this answers in place of a path; null: as before. */
  set(path: string, answer: ((req: IncomingMessage, res: ServerResponse) => void) | null): void;
  close(): Promise<void>;
}

const UUID = Buffer.from(uuidFromText(STAMP_UUID_TEXT));

/**
 * - `/flv/whole` and `/flv/bare`: HTTP-FLV as it is, and without its stamps;
 * - `/master.m3u8`: two renditions, `/hls/whole/` and `/hls/bare/`, the second without stamps in its segments, with
 *   DATERANGE and emsg left out of it too.
 * @param media asked for each time: it may move.
 */
export async function startEdge(media: () => string, stream: string): Promise<Edge> {
  const asked = new Map<string, number>();
  const answers = new Map<string, (req: IncomingMessage, res: ServerResponse) => void>();
  const server = createServer((req, res) => {
    const path = (req.url ?? '').split('?')[0]!;
    asked.set(path, (asked.get(path) ?? 0) + 1);
    const own = answers.get(path);
    if (own !== undefined) return own(req, res);
    if (path === '/master.m3u8') return void res.end(MASTER);
    if (media() === '') return void res.writeHead(503).end();
    const flv = /^\/flv\/(whole|bare)$/.exec(path);
    if (flv !== null) return passFlv(`${media()}/${stream}.flv`, res, flv[1] === 'bare');
    const hls = /^\/hls\/(whole|bare)\/([\w.-]+)$/.exec(path);
    if (hls !== null) return passHls(`${media()}/${stream}/${hls[2]}`, res, hls[1] === 'bare');
    res.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    set(path, answer) {
      if (answer === null) answers.delete(path);
      else answers.set(path, answer);
    },
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

const MASTER = [
  '#EXTM3U',
  '#EXT-X-STREAM-INF:BANDWIDTH=1800000,RESOLUTION=1280x720',
  'hls/whole/index.m3u8?token=secret-of-the-edge',
  '#EXT-X-STREAM-INF:BANDWIDTH=800000,RESOLUTION=640x360',
  'hls/bare/index.m3u8',
  '',
].join('\n');

function passFlv(from: string, res: ServerResponse, isBare: boolean): void {
  const upstream = request(from, (answer) => {
    res.writeHead(answer.statusCode!, { 'content-type': 'video/x-flv' });
    let held = Buffer.alloc(0);
    let after = FLV_HEADER_BYTES + FLV_TRAILER_BYTES;
    answer.on('data', (chunk: Buffer) => {
      if (!isBare) return void res.write(chunk);
      held = Buffer.concat([held, chunk]);
      // Whole tags go on, with their stamps made unreadable; everything keeps its size.
      while (held.length >= after + FLV_TAG_HEADER_BYTES) {
        const bytes = held.readUIntBE(after + 1, 3);
        const end = after + FLV_TAG_HEADER_BYTES + bytes + FLV_TRAILER_BYTES;
        if (held.length < end) return;
        const tag = held.subarray(0, end);
        if (tag[after] === 9)
          spoilAccessUnit(tag.subarray(after + FLV_TAG_HEADER_BYTES + 5, end - FLV_TRAILER_BYTES));
        res.write(tag);
        held = held.subarray(end);
        after = 0;
      }
    });
    answer.on('close', () => res.destroy());
  });
  upstream.on('error', () => res.destroy());
  res.on('close', () => upstream.destroy());
  upstream.end();
}

function passHls(from: string, res: ServerResponse, isBare: boolean): void {
  const upstream = request(from, (answer) => {
    const chunks: Buffer[] = [];
    answer.on('data', (chunk: Buffer) => chunks.push(chunk));
    answer.on('end', () => {
      let body = Buffer.concat(chunks);
      if (isBare && from.endsWith('.m3u8'))
        body = Buffer.from(body.toString().replaceAll(/#EXT-X-DATERANGE.*\n/g, ''));
      else if (isBare) spoilAll(body);
      res.writeHead(answer.statusCode!, { 'content-type': answer.headers['content-type'] ?? '' }).end(body);
    });
  });
  upstream.on('error', () => res.destroy());
  upstream.end();
}

/** The UUID of our stamps becomes somebody else's: players and readers pass them over. */
function spoilAccessUnit(data: Uint8Array): void {
  // The configuration record begins with its version; access units begin with a NAL unit's length.
  if (data[0] === 1) return;
  for (const { type, start, end } of nalUnitsOfAvcc(data, 4)) {
    if (isVcl(type)) return;
    if (type === NalType.sei) spoilAll(Buffer.from(data.buffer, data.byteOffset + start, end - start));
  }
}

function spoilAll(bytes: Buffer): void {
  for (let at = bytes.indexOf(UUID); at !== -1; at = bytes.indexOf(UUID, at + 1)) bytes[at] = 0xff;
  // ID3 in event messages: its description is no longer ours.
  for (let at = bytes.indexOf('framecue\0'); at !== -1; at = bytes.indexOf('framecue\0', at + 1))
    bytes[at] = 0x78;
}
