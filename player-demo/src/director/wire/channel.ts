import { createParser, type EventSourceMessage } from 'eventsource-parser';
import { backoffMs } from '../../shared/backoff.ts';
import { parseJson } from '../../shared/json.ts';
import type { Link } from '../model/link.ts';

export interface ChannelOptions {
  readonly url: string;
  readonly token: string;
  readonly onEvent: (name: string, payload: unknown) => void;
  readonly onLink: (link: Link) => void;
  readonly fetch?: typeof fetch;
  readonly random?: () => number;
  /** The event that a connection begins with; `snapshot` when absent. */
  readonly first?: string;
  /** Nothing for that long: the connection is lost, whatever the socket believes. Milliseconds. */
  readonly silenceMs?: number;
}

export interface Channel {
  readonly stop: () => void;
}

const SILENCE_MS = 5_000;
const CONNECT_MS = 5_000;
const BACKOFF = { firstMs: 250, mostMs: 2_000 };
/** A server without this channel is asked again, in case another one has taken its place. */
const ABSENT_RETRY_MS = 15_000;

/**
 * The console channel: server-sent events over `fetch`, because the token goes into a header. Each connection begins
 * with a snapshot, so that nothing has to be remembered over a gap.
 */
export function startChannel(options: ChannelOptions): Channel {
  const {
    url,
    token,
    onEvent,
    onLink,
    random = Math.random,
    silenceMs = SILENCE_MS,
    first = 'snapshot',
  } = options;
  const get = options.fetch ?? fetch;
  const end = new AbortController();
  let attempt = 0;
  /** Set while the next try is waited for. */
  let timer: ReturnType<typeof setTimeout> | null = null;

  const again = (waitMs: number): void => {
    if (!end.signal.aborted) timer = setTimeout(next, waitMs);
  };
  const next = (): void => {
    if (timer === null) return;
    clearTimeout(timer);
    timer = null;
    void run();
  };

  const run = async (): Promise<void> => {
    const silence = new AbortController();
    const signal = AbortSignal.any([end.signal, silence.signal]);
    let watch = setTimeout(() => silence.abort(), CONNECT_MS);
    const heard = (): void => {
      clearTimeout(watch);
      watch = setTimeout(() => silence.abort(), silenceMs);
    };
    let absent = false;
    try {
      const response = await get(url, {
        headers: { accept: 'text/event-stream', authorization: `Bearer ${token}` },
        cache: 'no-store',
        signal,
      });
      heard();
      absent = response.status === 404 || response.status === 401 || response.status === 403;
      if (response.ok && response.body !== null) await read(response.body, heard);
    } catch {
      // Refused, cut or silent: all the same to a director, and told below.
    } finally {
      clearTimeout(watch);
      // An open body would hold one of the browser's few connections to this server.
      silence.abort();
    }
    if (end.signal.aborted) return;
    attempt++;
    onLink(absent ? { kind: 'absent' } : { kind: 'lost', since: performance.now(), attempt });
    again(absent ? ABSENT_RETRY_MS : backoffMs(attempt, BACKOFF, random()));
  };

  const read = async (body: ReadableStream<Uint8Array>, heard: () => void): Promise<void> => {
    const parser = createParser({ onEvent: (message) => take(message) });
    const reader = body
      .pipeThrough(new TextDecoderStream() as never)
      .getReader() as ReadableStreamDefaultReader<string>;
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      heard();
      parser.feed(value);
    }
  };

  const take = ({ event, data }: EventSourceMessage): void => {
    const payload = parseJson(data);
    if (event === undefined || payload === undefined || end.signal.aborted) return;
    if (event === first) {
      attempt = 0;
      onLink({ kind: 'live' });
    }
    onEvent(event, payload);
  };

  globalThis.addEventListener?.('online', next);
  void run();
  return {
    stop() {
      end.abort();
      if (timer !== null) clearTimeout(timer);
      globalThis.removeEventListener?.('online', next);
    },
  };
}
