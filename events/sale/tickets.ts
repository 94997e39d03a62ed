import { hkdfSync, timingSafeEqual } from 'node:crypto';
import { unixUs } from '../../packet/time.ts';
import { createShortMac } from '../../service/short-mac.ts';
import type { Place } from '../ledger/sale.ts';

/**
 * A place in the line, as its viewer carries it: `ft1.<payload>.<mac>`, where the payload is
 * base64url(`<number> <turn> <open until> <interaction> <viewer>`), moments in Unix microseconds, and the mac is
 * HMAC-SHA256 over all before it, base64url. It spares the ledger those who come before their turn, and is worth nothing
 * to anybody else: whose it is stands in it, and whose turn it is the ledger knows by itself.
 */
export class SaleTickets {
  readonly #macOf: (text: string) => string;

  /** @param secret at least 16 characters; the key is derived from it for this use alone (HKDF, RFC 5869). */
  constructor(secret: string) {
    const key = new Uint8Array(hkdfSync('sha256', secret, '', 'framecue sale ticket 1', 32));
    this.#macOf = createShortMac(key, MAX_CHARACTERS);
  }

  issue(interaction: string, viewer: string, { number, turnUs, openUntilUs }: Place): string {
    const payload = `${number} ${turnUs} ${openUntilUs} ${interaction} ${viewer}`;
    const signed = `${PREFIX}${Buffer.from(payload, 'utf8').toString('base64url')}`;
    return `${signed}.${this.#macOf(signed)}`;
  }

  /** Null: it is none of ours, or not this viewer's for this sale. */
  read(ticket: string, interaction: string, viewer: string): Place | null {
    const end = ticket.length - MAC_CHARACTERS - 1;
    if (ticket.length > MAX_CHARACTERS || end <= PREFIX.length || !ticket.startsWith(PREFIX)) return null;
    if (ticket[end] !== '.') return null;
    const mac = Buffer.from(ticket.slice(end + 1), 'utf8');
    const wanted = Buffer.from(this.#macOf(ticket.slice(0, end)), 'latin1');
    if (mac.length !== wanted.length || !timingSafeEqual(mac, wanted)) return null;
    const [number, turn, openUntil, sale, ...rest] = Buffer.from(
      ticket.slice(PREFIX.length, end),
      'base64url',
    )
      .toString('utf8')
      .split(' ');
    if (sale !== interaction || rest.join(' ') !== viewer) return null;
    return { number: Number(number), turnUs: unixUs(Number(turn)), openUntilUs: unixUs(Number(openUntil)) };
  }
}

const PREFIX = 'ft1.';
const MAC_CHARACTERS = 43;
/** Longer input is no ticket of ours; hashing it would only cost time. */
const MAX_CHARACTERS = 2_048;
