import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Cue } from '../../../cues/cue.ts';
import { FEED_PATH, type FeedEntry, type FeedSnapshot, formatFeedId } from '../../../cues/feed.ts';
import { KEYS_PATH } from '../../../cues/wire/index.ts';
import { systemClock } from '../../../packet/clock.ts';
import { ms, unixMs } from '../../../packet/time.ts';
import { EPOCH, FIRE_PTS } from './request.ts';

const STREAM = 'live/bench';
const WINDOW_MS = 3_600_000;
const LOG_EPOCH = 'bench';

/** The media process as far as events needs it: a feed of cues that have landed. */
export class LandedCues {
  readonly #cues: Cue[] = [];
  readonly #followers = new Set<ServerResponse>();
  readonly #server = createServer((req, res) => {
    if (req.url === KEYS_PATH) {
      res.setHeader('Content-Type', 'application/json');
      res.end('{"keys":[]}');
    } else if (req.url === FEED_PATH) this.#follow(res);
    else res.writeHead(404).end();
  });

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** The cue that opens an interaction lands now. */
  open(interaction: string): void {
    const now = systemClock.unixMs();
    const nowUs = systemClock.unixUs();
    const cue: Cue = {
      ...{ id: `open-${interaction}`, rev: 0, stream: STREAM, type: 'interaction.open', state: 'landed' },
      data: { interaction },
      ...{ markedAt: now, acceptedAt: now, exp: unixMs(now + WINDOW_MS), durationMs: ms(WINDOW_MS) },
      fire: { kind: 'next' },
      ...{ announceMs: ms(0), repeat: 4, by: 'bench' },
      landing: {
        ...{ epoch: EPOCH, pts: ms(FIRE_PTS), frame: 1, stampedAtUs: nowUs, fireAtUs: nowUs },
        ...{ markToStampMs: 1, errorMs: 0, choice: 'next-in-presentation', outputs: {} },
      },
    };
    this.#cues.push(cue);
    const entry: FeedEntry = { seq: this.#cues.length, at: now, cue };
    for (const follower of this.#followers) this.#send(follower, 'cue', entry);
  }

  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#server.closeAllConnections();
    await closed;
  }

  #follow(res: ServerResponse): void {
    res.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' });
    this.#followers.add(res);
    res.on('close', () => this.#followers.delete(res));
    this.#send(res, 'snapshot', { seq: this.#cues.length, cues: this.#cues });
  }

  #send(res: ServerResponse, event: string, data: FeedEntry | FeedSnapshot): void {
    res.write(`id: ${formatFeedId(LOG_EPOCH, data.seq)}\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
  }
}

/** What the bench asks of the events process, as a director. */
export class EventsApi {
  readonly #url: string;
  readonly #token: string;

  constructor(url: string, token: string) {
    this.#url = url;
    this.#token = token;
  }

  async createQuiz(id: string): Promise<void> {
    const response = await fetch(`${this.#url}/api/v1/interactions`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${this.#token}` },
      body: JSON.stringify({
        ...{ id, type: 'quiz', stream: STREAM },
        config: { question: 'Who?', options: ['a', 'b', 'c'], durationMs: WINDOW_MS },
      }),
    });
    if (response.status !== 201) throw new Error(`no interaction: ${await response.text()}`);
  }

  async result(id: string): Promise<{ readonly state: string; readonly total: number }> {
    const response = await fetch(`${this.#url}/api/v1/interactions/${id}/result`);
    return (await response.json()) as { state: string; total: number };
  }

  /** @throws {Error} when the cue does not come within 10 s */
  async untilActive(id: string): Promise<void> {
    const until = performance.now() + 10_000;
    while ((await this.result(id)).state !== 'ACTIVE') {
      if (performance.now() > until) throw new Error('the opening cue does not come');
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}
