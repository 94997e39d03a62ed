import type { RequestHandler } from 'express';
import { z } from 'zod';
import { formatFeedId, parseFeedId } from '../cues/feed.ts';
import { STREAM_PATTERN } from '../cues/wire/index.ts';
import { FramecueError } from '../packet/errors.ts';
import type { Log } from '../service/log.ts';
import type { CueLog } from './cue-log.ts';
import type { LogRow } from './cue-log-messages.ts';
import { EventStream } from './event-stream.ts';
import type { DirectorObserver } from './observer.ts';

export interface CueFeedOptions {
  readonly cueLog: CueLog;
  readonly log: Log;
  readonly maxSubscribers: number;
  /** What may wait for one follower while it is up to date. */
  readonly queueBytes: number;
  readonly observer?: DirectorObserver;
  readonly heartbeatMs?: number;
  /** A follower whose socket takes nothing for this long is cut. */
  readonly stallMs?: number;
}

const HEARTBEAT_MS = 10_000;
const STALL_MS = 30_000;
const RETRY_MS = 1_000;

const FeedQuery = z.strictObject({
  stream: z.string().regex(STREAM_PATTERN, 'give app/name').optional(),
});

/**
 * The cue feed as server-sent events (WHATWG HTML, 9.2; `cues/feed.ts`). Each follower reads the log from where it
 * was, page by page as its socket takes it, and is told of each commit once it has reached the end. Whoever does not
 * read is cut, and resumes by `Last-Event-ID`; nobody waits for anybody.
 */
export class CueFeed {
  readonly #options: CueFeedOptions;
  readonly #subscribers = new Set<Subscriber>();
  readonly #heartbeat: NodeJS.Timeout;

  constructor(options: CueFeedOptions) {
    this.#options = options;
    options.cueLog.onCommitted((row) => {
      for (const subscriber of this.#subscribers) subscriber.tell(row);
    });
    this.#heartbeat = setInterval(() => {
      for (const subscriber of this.#subscribers) subscriber.beat();
    }, options.heartbeatMs ?? HEARTBEAT_MS);
    this.#heartbeat.unref();
  }

  get subscribers(): number {
    return this.#subscribers.size;
  }

  /** `GET /api/v1/feed`, behind the right `feed`. */
  readonly route: RequestHandler = (req, res) => {
    const { cueLog, maxSubscribers, observer } = this.#options;
    const { stream = null } = FeedQuery.parse(req.query);
    if (this.#subscribers.size >= maxSubscribers) {
      throw new FramecueError('ERR_OVERLOADED', 'As many follow the feed as can.', {
        details: { limit: maxSubscribers, retryAfterMs: 5_000 },
      });
    }
    const lastEventId = req.get('Last-Event-ID');
    const last = lastEventId === undefined ? null : parseFeedId(lastEventId);
    // Of another log, or ahead of this one, as when a backup was put back: only a snapshot tells the truth.
    const isOurs = last !== null && last.logEpoch === cueLog.epoch && last.seq <= cueLog.lastSeq;
    const out = new EventStream(req, res, this.#options.stallMs ?? STALL_MS);
    const subscriber = new Subscriber(out, stream, isOurs ? last.seq : null, this.#options);
    this.#subscribers.add(subscriber);
    observer?.feedSubscribers?.(this.#subscribers.size);
    out.onClose(() => {
      subscriber.end();
      this.#subscribers.delete(subscriber);
      observer?.feedSubscribers?.(this.#subscribers.size);
    });
    void subscriber.follow();
  };

  /** Ends all followers; they come back to the next process. */
  close(): void {
    clearInterval(this.#heartbeat);
    for (const subscriber of this.#subscribers) subscriber.end();
  }
}

class Subscriber {
  readonly #out: EventStream;
  readonly #stream: string | null;
  readonly #options: CueFeedOptions;
  /** The last entry that was written or passed over; null: needs a snapshot. */
  #cursor: number | null;
  /** At the end of the log: told of commits as they come. */
  #isUpToDate = false;

  constructor(out: EventStream, stream: string | null, cursor: number | null, options: CueFeedOptions) {
    this.#out = out;
    this.#stream = stream;
    this.#cursor = cursor;
    this.#options = options;
  }

  /** Reads the log up to its end, as fast as the socket takes it. */
  async follow(): Promise<void> {
    const { cueLog, log } = this.#options;
    this.#out.retry(RETRY_MS);
    try {
      while (!this.#out.ended) {
        if (this.#cursor === null) {
          await this.#sendSnapshot();
          continue;
        }
        if (this.#cursor >= cueLog.lastSeq) {
          // Nothing is awaited between this look and the switch: no commit falls between.
          this.#isUpToDate = true;
          return;
        }
        const page = await cueLog.after(this.#cursor);
        if (page.kind === 'too-old') {
          this.#cursor = null;
          continue;
        }
        // Entries that no page holds are gone: only a snapshot brings this follower on.
        if (page.rows.length === 0) this.#cursor = null;
        for (const row of page.rows) this.#send(row);
        // `beat` cuts a follower for whom this never ends.
        await this.#out.drained();
      }
    } catch (error) {
      log.warn({ err: error }, 'a follower of the cue feed was ended: the log cannot be read');
      this.end();
    }
  }

  tell(row: LogRow): void {
    if (!this.#isUpToDate || this.#out.ended) return;
    this.#send(row);
    if (this.#out.waitingBytes > this.#options.queueBytes) this.#cut();
  }

  beat(): void {
    if (this.#out.ended) return;
    if (this.#out.hasStalled()) this.#cut();
    else this.#out.comment();
  }

  end(): void {
    this.#out.end();
  }

  async #sendSnapshot(): Promise<void> {
    const { cueLog, observer } = this.#options;
    const { seq, rows } = await cueLog.snapshot(this.#stream);
    observer?.feedSnapshot?.();
    const data = `{"seq":${seq},"cues":[${rows.map((row) => row.json).join(',')}]}`;
    this.#out.event('snapshot', data, formatFeedId(cueLog.epoch, seq));
    this.#cursor = seq;
    await this.#out.drained();
  }

  #send(row: LogRow): void {
    if (row.seq <= this.#cursor!) return;
    this.#cursor = row.seq;
    if (this.#stream !== null && row.stream !== this.#stream) return;
    const data = `{"seq":${row.seq},"at":${row.at},"cue":${row.json}}`;
    this.#out.event('cue', data, formatFeedId(this.#options.cueLog.epoch, row.seq));
  }

  #cut(): void {
    this.#options.observer?.feedCut?.();
    this.#options.log.warn(
      { waitingBytes: this.#out.waitingBytes },
      'a follower of the cue feed does not read and is cut',
    );
    this.#out.cut();
  }
}
