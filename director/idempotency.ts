import { createHash } from 'node:crypto';
import { FramecueError } from '../packet/errors.ts';
import type { UnixMilliseconds } from '../packet/time.ts';
import { KEY_LIFE_MS, type KeyRow } from './cue-log-messages.ts';
import type { CueRequest } from './cue-request.ts';

/** What a key was used for: an answer that is under way, or a cue. */
export type KeyUse<Outcome> =
  | { readonly kind: 'under-way'; readonly hash: string; readonly outcome: Promise<Outcome> }
  | { readonly kind: 'used'; readonly hash: string; readonly cueId: string };

/** The same for the same request, whatever the order of its fields; of `data` and `audience` it is the order that came. */
export const hashOf = (stream: string, request: CueRequest): string =>
  createHash('sha256')
    .update(JSON.stringify([stream, Object.entries(request).sort(([a], [b]) => (a < b ? -1 : 1))]))
    .digest('base64url');

/**
 * The keys that tokens have used within a day: the same as in the log, and those under way. It never forgets one
 * early: when it is full, requests with new keys are refused.
 */
export class IdempotencyKeys<Outcome> {
  /** Oldest first, as they were used. */
  readonly #used = new Map<string, KeyRow>();
  readonly #underWay = new Map<string, KeyUse<Outcome> & { readonly kind: 'under-way' }>();
  readonly #limit: number;

  constructor(rows: readonly KeyRow[], limit: number) {
    this.#limit = limit;
    for (const row of [...rows].sort((a, b) => a.at - b.at)) this.#used.set(nameOf(row.token, row.key), row);
  }

  find(token: string, key: string, now: UnixMilliseconds): KeyUse<Outcome> | null {
    const name = nameOf(token, key);
    const underWay = this.#underWay.get(name);
    if (underWay !== undefined) return underWay;
    const row = this.#used.get(name);
    if (row === undefined || row.at <= now - KEY_LIFE_MS) return null;
    return { kind: 'used', hash: row.hash, cueId: row.cueId };
  }

  /**
   * Runs `answer` as the first use of the key; others who come meanwhile find its promise.
   * @throws {FramecueError} ERR_RATE_LIMITED when more keys are in use than are kept.
   */
  run(
    token: string,
    key: string,
    hash: string,
    now: UnixMilliseconds,
    answer: () => Promise<Outcome>,
  ): Promise<Outcome> {
    this.#dropExpired(now);
    if (this.#used.size + this.#underWay.size >= this.#limit) {
      throw new FramecueError('ERR_RATE_LIMITED', 'More Idempotency-Keys are in use than are kept.', {
        details: { limit: this.#limit, retryAfterMs: 60_000 },
      });
    }
    const name = nameOf(token, key);
    const outcome = answer().finally(() => this.#underWay.delete(name));
    this.#underWay.set(name, { kind: 'under-way', hash, outcome });
    return outcome;
  }

  /** The key's cue is in the log. */
  keep(row: KeyRow): void {
    const name = nameOf(row.token, row.key);
    this.#used.delete(name);
    this.#used.set(name, row);
  }

  /** Its request was not answered with the cue: a repeat is a new one. */
  forget(token: string, key: string): void {
    this.#used.delete(nameOf(token, key));
  }

  #dropExpired(now: UnixMilliseconds): void {
    for (const [name, row] of this.#used) {
      if (row.at > now - KEY_LIFE_MS) return;
      this.#used.delete(name);
    }
  }
}

/** Neither has a space. */
const nameOf = (token: string, key: string): string => `${token} ${key}`;
