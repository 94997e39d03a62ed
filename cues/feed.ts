import type { UnixMilliseconds } from '../packet/time.ts';
import type { Cue } from './cue.ts';

/**
 * The cue feed: server-sent events (WHATWG HTML, 9.2) over the durable cue log, for backends.
 * `id:` is `<log epoch>.<seq>`; `event:` is `cue` or `snapshot`; `data:` is one of these as JSON.
 * Each `cue` entry carries the whole cue as it then stood: the newest entry of an id is its state.
 */
export interface FeedEntry {
  readonly seq: number;
  readonly at: UnixMilliseconds;
  readonly cue: Cue;
}

/** Sent first where the gap is too old, the log is another one, or no Last-Event-ID came. */
export interface FeedSnapshot {
  /** The last entry that this snapshot holds; entries after it follow. */
  readonly seq: number;
  readonly cues: readonly Cue[];
}

export const FEED_PATH = '/api/v1/feed';

export const formatFeedId = (logEpoch: string, seq: number): string => `${logEpoch}.${seq}`;

/** Null for anything that is not a feed id. */
export function parseFeedId(id: string): { readonly logEpoch: string; readonly seq: number } | null {
  const match = /^([A-Za-z0-9_-]{1,64})\.(\d{1,15})$/.exec(id);
  return match === null ? null : { logEpoch: match[1]!, seq: Number(match[2]) };
}
