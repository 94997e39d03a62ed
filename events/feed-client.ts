import { createParser, type EventSourceMessage } from 'eventsource-parser';
import { FEED_PATH, type FeedEntry, type FeedSnapshot, formatFeedId, parseFeedId } from '../cues/feed.ts';
import type { Clock } from '../packet/clock.ts';
import type { Log } from '../service/log.ts';
import { Backoff } from './backoff.ts';
import { readFeedEntry, readFeedSnapshot } from './feed-schema.ts';
import type { FeedPosition } from './ledger/store.ts';
import type { EventsObserver } from './observer.ts';
import type { Timers } from './timers.ts';

/** Who puts the feed into effect. What it throws ends the connection; the feed comes again from its position. */
export interface FeedSink {
  /** The last entry whose effect is committed. */
  position(): Promise<FeedPosition | null>;
  applyEntry(position: FeedPosition, entry: FeedEntry): Promise<void>;
  applySnapshot(position: FeedPosition, snapshot: FeedSnapshot): Promise<void>;
}

export interface FeedClientOptions {
  /** Base URL of media. */
  readonly url: () => string;
  /** With the right `feed`. */
  readonly token: string;
  readonly sink: FeedSink;
  readonly timers: Timers;
  readonly clock: Clock;
  readonly log: Log;
  readonly observer: EventsObserver;
  /** 0 to 1; spreads reconnections. */
  readonly random: () => number;
  readonly limits?: Partial<FeedLimits>;
}

export interface FeedLimits {
  /** Media sends something every 10 s; after this much silence the connection counts as dead. */
  readonly silenceMs: number;
  readonly firstRetryMs: number;
  readonly longestRetryMs: number;
  /** One event's size at most, in characters: a snapshot holds every cue that is not over. */
  readonly eventCharacters: number;
}

const LIMITS: FeedLimits = {
  silenceMs: 25_000,
  firstRetryMs: 250,
  longestRetryMs: 10_000,
  eventCharacters: 16 * 1024 * 1024,
};

export interface FeedStatus {
  readonly state: 'stopped' | 'connecting' | 'connected' | 'waiting';
  /** Since when it is in that state, Unix milliseconds. */
  readonly since: number;
  /** Whether it has been connected since the start. */
  readonly everConnected: boolean;
  /** How the last connection ended; null: none has. */
  readonly lastProblem: string | null;
  readonly position: string | null;
  /** How old the last applied entry was when it was applied; null: none yet. */
  readonly lagMs: number | null;
}

/** Follows media's cue feed (`cues/feed.ts`): server-sent events, from the ledger's position, for ever. */
export class FeedClient {
  readonly #options: FeedClientOptions;
  readonly #limits: FeedLimits;
  readonly #backoff: Backoff;
  #state: FeedStatus['state'] = 'stopped';
  #since = 0;
  #everConnected = false;
  #lastProblem: string | null = null;
  #lagMs: number | null = null;
  #position: string | null = null;
  #abort = new AbortController();
  #running: Promise<void> | null = null;

  constructor(options: FeedClientOptions) {
    this.#options = options;
    this.#limits = { ...LIMITS, ...options.limits };
    this.#backoff = new Backoff(this.#limits.firstRetryMs, this.#limits.longestRetryMs, options.random);
  }

  start(): void {
    this.#running ??= this.#run();
  }

  /** Resolves when the entry under way is applied and the connection is closed. */
  async close(): Promise<void> {
    this.#abort.abort(new Error('closing'));
    await this.#running;
    this.#enter('stopped');
  }

  status(): FeedStatus {
    return {
      state: this.#state,
      since: this.#since,
      everConnected: this.#everConnected,
      lastProblem: this.#lastProblem,
      position: this.#position,
      lagMs: this.#lagMs,
    };
  }

  async #run(): Promise<void> {
    const { log, timers } = this.#options;
    const closing = this.#abort.signal;
    while (!closing.aborted) {
      this.#enter('connecting');
      const problem = await this.#follow();
      if (closing.aborted) break;
      this.#lastProblem = problem;
      const waitMs = this.#backoff.next();
      // The first failure and then every tenth: a media process that is down for an hour is not a flood of lines.
      if (this.#backoff.failures % 10 === 1) log.warn({ problem, waitMs }, 'the cue feed is interrupted');
      this.#enter('waiting');
      await new Promise<void>((resolve) => {
        const cancel = timers.after(waitMs, resolve);
        closing.addEventListener(
          'abort',
          () => {
            cancel();
            resolve();
          },
          { once: true },
        );
      });
    }
    this.#enter('stopped');
  }

  /** One connection, to its end. @returns how it ended; never throws. */
  async #follow(): Promise<string> {
    const watch = new SilenceWatch(this.#options.timers, this.#limits.silenceMs, this.#abort.signal);
    try {
      const position = await this.#options.sink.position();
      this.#position = position === null ? null : formatFeedId(position.logEpoch, position.seq);
      watch.arm();
      const response = await fetch(`${this.#options.url()}${FEED_PATH}`, {
        headers: {
          Accept: 'text/event-stream',
          Authorization: `Bearer ${this.#options.token}`,
          ...(this.#position === null ? {} : { 'Last-Event-ID': this.#position }),
        },
        redirect: 'error',
        cache: 'no-store',
        signal: watch.signal,
      });
      if (response.status !== 200 || response.body === null) {
        await response.body?.cancel();
        return `media answered ${response.status}`;
      }
      if (!(response.headers.get('content-type') ?? '').startsWith('text/event-stream')) {
        await response.body.cancel();
        return 'media answered something else than a feed';
      }
      this.#enter('connected');
      this.#everConnected = true;
      await this.#read(response.body, watch);
      return 'media closed the feed';
    } catch (error) {
      if (watch.isSilent) return `nothing came for ${this.#limits.silenceMs} ms`;
      if (!this.#abort.signal.aborted) this.#options.log.debug({ err: error }, 'the cue feed broke');
      return describe(error);
    } finally {
      watch.end();
    }
  }

  async #read(body: ReadableStream<Uint8Array>, watch: SilenceWatch): Promise<void> {
    const decoder = new TextDecoder();
    let events: EventSourceMessage[] = [];
    let tooLarge = false;
    const parser = createParser({
      maxBufferSize: this.#limits.eventCharacters,
      onEvent: (event) => events.push(event),
      onComment: () => this.#backoff.reset(),
      onError: (error) => {
        tooLarge ||= error.type === 'max-buffer-size-exceeded';
      },
    });
    for await (const chunk of body) {
      // While we apply, it is not media that is silent.
      watch.disarm();
      parser.feed(decoder.decode(chunk, { stream: true }));
      const ready = events;
      events = [];
      for (const event of ready) {
        if (this.#abort.signal.aborted) return;
        await this.#apply(event);
      }
      if (tooLarge) throw new FeedProblem('an event is larger than the limit');
      watch.arm();
    }
  }

  async #apply(event: EventSourceMessage): Promise<void> {
    const { sink, log, clock, observer } = this.#options;
    const position = parseFeedId(event.id ?? '');
    const isSnapshot = event.event === 'snapshot';
    if (!isSnapshot && event.event !== 'cue') return;
    const read = isSnapshot ? readFeedSnapshot(event.data) : readFeedEntry(event.data);
    if (position === null || read.kind === 'unreadable') {
      // To wait for it to become readable would stop every show; the next entry moves the position past it.
      observer.cuePassedOver('unreadable');
      log.error(
        { id: event.id, problem: read.kind === 'unreadable' ? read.problem : 'no feed id' },
        'an entry of the cue feed cannot be read and is left out',
      );
      if (isSnapshot) throw new FeedProblem('the snapshot cannot be read');
      return;
    }
    if ('cues' in read.value) {
      if (read.left > 0) {
        observer.cuePassedOver('unreadable');
        log.error({ left: read.left }, 'cues of the snapshot cannot be read and are left out');
      }
      await sink.applySnapshot(position, read.value);
    } else {
      await sink.applyEntry(position, read.value);
      this.#lagMs = Math.max(0, clock.unixMs() - read.value.at);
    }
    this.#position = event.id!;
    this.#backoff.reset();
  }

  #enter(state: FeedStatus['state']): void {
    if (state === this.#state) return;
    const { observer, clock, log } = this.#options;
    if (state === 'connected') {
      observer.feedConnected(true);
      log.info({ position: this.#position }, 'following the cue feed');
    } else if (this.#state === 'connected') {
      observer.feedConnected(false);
    }
    this.#state = state;
    this.#since = clock.unixMs();
  }
}

class FeedProblem extends Error {}

/** Ends a connection on which nothing comes, which TCP alone may take minutes to see. */
class SilenceWatch {
  readonly #timers: Timers;
  readonly #spanMs: number;
  readonly #controller = new AbortController();
  readonly #closing: AbortSignal;
  readonly #onClosing = (): void => this.#controller.abort(this.#closing.reason);
  #cancel: (() => void) | null = null;
  isSilent = false;

  constructor(timers: Timers, spanMs: number, closing: AbortSignal) {
    this.#timers = timers;
    this.#spanMs = spanMs;
    this.#closing = closing;
    closing.addEventListener('abort', this.#onClosing, { once: true });
    if (closing.aborted) this.#onClosing();
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  arm(): void {
    this.disarm();
    this.#cancel = this.#timers.after(this.#spanMs, () => {
      this.isSilent = true;
      this.#controller.abort(new FeedProblem('silent'));
    });
  }

  disarm(): void {
    this.#cancel?.();
    this.#cancel = null;
  }

  /** Closes the connection too, if it is still there. */
  end(): void {
    this.disarm();
    this.#closing.removeEventListener('abort', this.#onClosing);
    this.#controller.abort(new FeedProblem('ended'));
  }
}

/** For the status page and the log: what went wrong, without anything that the other side chose. */
function describe(error: unknown): string {
  if (error instanceof FeedProblem) return error.message;
  const cause = error instanceof Error ? error.cause : undefined;
  const code = [error, cause].find(
    (e): e is { readonly code: string } =>
      typeof e === 'object' && e !== null && 'code' in e && typeof e.code === 'string',
  )?.code;
  return code === undefined ? 'the connection failed' : `the connection failed (${code})`;
}
