import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Clock } from '../../packet/clock.ts';
import { type StreamName, streamKeyOf } from '../../packet/packet.ts';

/** Long enough to open a player; one that comes back later asks for another. */
export const TICKET_MS = 60_000;
const TICKET = /^([0-9a-z]{1,12})\.([A-Za-z0-9_-]{43})$/;

export interface Ticket {
  readonly ticket: string;
  /** Unix milliseconds. What has been opened by then goes on. */
  readonly expiresAt: number;
}

/**
 * Lets a player in that can send no header: `<Unix ms of its end, base 36>.<HMAC-SHA256 of stream and end, base64url>`,
 * by a key that this process alone has.
 */
export class PreviewTickets {
  readonly #clock: Clock;
  readonly #key: Buffer;

  constructor(clock: Clock, key: Buffer = randomBytes(32)) {
    this.#clock = clock;
    this.#key = key;
  }

  issue(stream: StreamName): Ticket {
    const expiresAt = this.#clock.unixMs() + TICKET_MS;
    return { ticket: `${expiresAt.toString(36)}.${this.#mac(stream, expiresAt)}`, expiresAt };
  }

  isGood(stream: StreamName, ticket: string): boolean {
    const match = TICKET.exec(ticket);
    if (match === null) return false;
    const expiresAt = Number.parseInt(match[1]!, 36);
    const given = Buffer.from(match[2]!, 'latin1');
    const right = Buffer.from(this.#mac(stream, expiresAt), 'latin1');
    if (given.length !== right.length || !timingSafeEqual(given, right)) return false;
    // A step of the clock must not make one good for ever.
    const leftMs = expiresAt - this.#clock.unixMs();
    return leftMs > 0 && leftMs <= TICKET_MS;
  }

  #mac(stream: StreamName, expiresAt: number): string {
    return createHmac('sha256', this.#key)
      .update(`preview\n${streamKeyOf(stream)}\n${expiresAt}`)
      .digest('base64url');
  }
}
