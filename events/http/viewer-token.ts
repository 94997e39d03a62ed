import { hkdfSync, timingSafeEqual } from 'node:crypto';
import type { UnixMilliseconds } from '../../packet/time.ts';
import { createShortMac } from '../../service/short-mac.ts';

/**
 * The short token that viewers get for their JWT: `fc1.<payload>.<mac>`, where the payload is
 * base64url(`<exp> <viewer>`) with `exp` in Unix milliseconds, and the mac is HMAC-SHA256 over all before it,
 * base64url. Checking one takes less than 10 us; a JWT takes ten times that and more.
 *
 * A viewer whose region the customer tells has a token `fr1.`, with `<exp> <region> <viewer>` under the same key.
 *
 * Shadow viewers, those of load tests, have tokens `fs1.` under a key of their own: whoever can make the one kind can
 * make nothing of the other.
 */
export type ViewerTokenCheck =
  | {
      readonly kind: 'viewer' | 'shadow';
      readonly viewer: string;
      readonly exp: UnixMilliseconds;
      /** ISO 3166-1 alpha-2; absent: unknown. */
      readonly region?: string;
    }
  | { readonly kind: 'forged' }
  | { readonly kind: 'expired' };

const PREFIX = 'fc1.';
const REGION_PREFIX = 'fr1.';
const SHADOW_PREFIX = 'fs1.';
const MAC_CHARACTERS = 43;
/** Longer input is no token of ours; hashing it would only cost time. */
const TOKEN_MAX_CHARACTERS = 1_024;

const FORGED: ViewerTokenCheck = { kind: 'forged' };
const EXPIRED: ViewerTokenCheck = { kind: 'expired' };

export class ViewerTokens {
  readonly #macOf: MacOf;
  readonly #shadowMacOf: MacOf;

  /** @param secret at least 16 characters; each key is derived from it for one use alone (HKDF, RFC 5869). */
  constructor(secret: string) {
    const macFor = (use: string) =>
      createShortMac(new Uint8Array(hkdfSync('sha256', secret, '', use, 32)), TOKEN_MAX_CHARACTERS);
    this.#macOf = macFor('framecue viewer token 1');
    this.#shadowMacOf = macFor('framecue shadow viewer token 1');
  }

  issue(viewer: string, exp: UnixMilliseconds, region: string | null = null): string {
    return region === null
      ? issued(PREFIX, this.#macOf, viewer, exp)
      : issued(REGION_PREFIX, this.#macOf, `${region} ${viewer}`, exp);
  }

  issueShadow(viewer: string, exp: UnixMilliseconds): string {
    return issued(SHADOW_PREFIX, this.#shadowMacOf, viewer, exp);
  }

  check(token: string, now: UnixMilliseconds): ViewerTokenCheck {
    const end = token.length - MAC_CHARACTERS - 1;
    if (token.length > TOKEN_MAX_CHARACTERS || end <= PREFIX.length) return FORGED;
    if (token.charCodeAt(end) !== 0x2e) return FORGED;
    const isShadow = token.startsWith(SHADOW_PREFIX);
    const hasRegion = token.startsWith(REGION_PREFIX);
    if (!isShadow && !hasRegion && !token.startsWith(PREFIX)) return FORGED;
    const mac = Buffer.from(token.slice(end + 1), 'latin1');
    const wanted = (isShadow ? this.#shadowMacOf : this.#macOf)(token.slice(0, end));
    if (!timingSafeEqual(mac, Buffer.from(wanted, 'latin1'))) return FORGED;
    const payload = Buffer.from(token.slice(PREFIX.length, end), 'base64url').toString('utf8');
    const space = payload.indexOf(' ');
    const exp = Number(payload.slice(0, space)) as UnixMilliseconds;
    if (exp <= now) return EXPIRED;
    const rest = payload.slice(space + 1);
    if (!hasRegion) return { kind: isShadow ? 'shadow' : 'viewer', viewer: rest, exp };
    const behind = rest.indexOf(' ');
    return { kind: 'viewer', viewer: rest.slice(behind + 1), exp, region: rest.slice(0, behind) };
  }
}

type MacOf = (text: string) => string;

function issued(prefix: string, macOf: MacOf, viewer: string, exp: UnixMilliseconds): string {
  const signed = `${prefix}${Buffer.from(`${exp} ${viewer}`, 'utf8').toString('base64url')}`;
  return `${signed}.${macOf(signed)}`;
}
