import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Cue } from '../../cues/cue.ts';
import { FEED_PATH, type FeedEntry, type FeedSnapshot, formatFeedId, parseFeedId } from '../../cues/feed.ts';
import type { SigningKey } from '../../cues/signing.ts';
import { KEYS_PATH } from '../../cues/wire/index.ts';
import type { Clock } from '../../packet/clock.ts';

export const FEED_TOKEN = 'feed-token-for-tests';

/** What events sees of a media process: the cue feed over real sockets, and the public keys. */
export class MediaServer {
  readonly #clock: Clock;
  readonly #server = createServer((req, res) => this.#answer(req, res));
  readonly #followers = new Set<ServerResponse>();
  #entries: FeedEntry[] = [];
  #url = '';
  keys: SigningKey[] = [];
  logEpoch = 'log1';
  /** Entries up to this one are gone: who asks from before gets a snapshot. */
  oldest = 0;
  /** While false, entries are kept in the log and not sent. */
  sending = true;
  /** Answers to feed requests with this status, when it is set. */
  refuseWith: number | null = null;
  /** The Last-Event-ID of each connection. */
  readonly askedFrom: (string | null)[] = [];
  keyRequests = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get url(): string {
    return this.#url;
  }

  get followers(): number {
    return this.#followers.size;
  }

  get seq(): number {
    return this.#entries.at(-1)?.seq ?? 0;
  }

  /** @param port 0, or the one of an earlier life. */
  async listen(port = 0): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(port, '127.0.0.1', resolve));
    this.#url = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#server.closeAllConnections();
    await closed;
  }

  /** Appends to the log; @returns the entry's seq. */
  publish(...cues: readonly Cue[]): number {
    for (const cue of cues) {
      const entry: FeedEntry = { seq: this.seq + 1, at: this.#clock.unixMs(), cue };
      this.#entries.push(entry);
      if (this.sending) for (const follower of this.#followers) this.#send(follower, entry);
    }
    return this.seq;
  }

  /** Sends text or bytes as they are to all who follow. */
  sendRaw(text: string | Uint8Array): void {
    for (const follower of this.#followers) follower.write(text);
  }

  /** Sends what was held back. */
  resume(fromSeq: number): void {
    this.sending = true;
    for (const entry of this.#entries) {
      if (entry.seq > fromSeq) for (const follower of this.#followers) this.#send(follower, entry);
    }
  }

  dropFollowers(): void {
    for (const follower of this.#followers) follower.destroy();
  }

  /** Another log, as after the loss of media's disk. */
  startNewLog(logEpoch: string): void {
    this.logEpoch = logEpoch;
    this.#entries = [];
  }

  #answer(req: IncomingMessage, res: ServerResponse): void {
    if (req.url === KEYS_PATH) {
      this.keyRequests++;
      res.setHeader('Content-Type', 'application/json');
      res.end(JSON.stringify({ keys: this.keys.map(({ publicJwk }) => publicJwk) }));
    } else if (req.url === FEED_PATH) {
      this.#follow(req, res);
    } else {
      res.writeHead(404).end();
    }
  }

  #follow(req: IncomingMessage, res: ServerResponse): void {
    const from = req.headers['last-event-id'];
    this.askedFrom.push(typeof from === 'string' ? from : null);
    if (req.headers.authorization !== `Bearer ${FEED_TOKEN}`) return void res.writeHead(401).end();
    if (this.refuseWith !== null) return void res.writeHead(this.refuseWith).end();
    res.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' });
    res.write(': hello\n\n');
    this.#followers.add(res);
    res.on('close', () => this.#followers.delete(res));
    const position = typeof from === 'string' ? parseFeedId(from) : null;
    const resumes =
      position !== null &&
      position.logEpoch === this.logEpoch &&
      position.seq >= this.oldest &&
      position.seq <= this.seq;
    if (!resumes) this.#sendSnapshot(res);
    else if (this.sending) {
      for (const entry of this.#entries) if (entry.seq > position.seq) this.#send(res, entry);
    }
  }

  #sendSnapshot(res: ServerResponse): void {
    const newest = new Map(this.#entries.map(({ cue }) => [`${cue.stream} ${cue.id}`, cue]));
    const snapshot: FeedSnapshot = { seq: this.seq, cues: [...newest.values()] };
    res.write(
      `id: ${formatFeedId(this.logEpoch, this.seq)}\nevent: snapshot\ndata: ${JSON.stringify(snapshot)}\n\n`,
    );
  }

  #send(res: ServerResponse, entry: FeedEntry): void {
    res.write(
      `id: ${formatFeedId(this.logEpoch, entry.seq)}\nevent: cue\ndata: ${JSON.stringify(entry)}\n\n`,
    );
  }
}
