import {
  createLocalJWKSet,
  createRemoteJWKSet,
  errors,
  type JSONWebKeySet,
  type JWTPayload,
  jwtVerify,
  SignJWT,
} from 'jose';
import type { Clock } from '../../packet/clock.ts';
import { FramecueError } from '../../packet/errors.ts';

/** How a customer's JWT is checked. The algorithms follow from it: a token never chooses its own. */
export type JwtSource =
  /** HS256. */
  | { readonly kind: 'secret'; readonly secret: string }
  /** RS256, PS256, ES256, EdDSA. */
  | { readonly kind: 'jwks'; readonly url: string }
  | { readonly kind: 'jwks-keys'; readonly keys: JSONWebKeySet };

export interface ViewerJwtOptions {
  readonly source: JwtSource;
  readonly audience: string;
  /** Null: any. */
  readonly issuer: string | null;
  readonly clock: Clock;
}

const PUBLIC_KEY_ALGORITHMS = ['RS256', 'PS256', 'ES256', 'EdDSA', 'Ed25519'];
const CLOCK_TOLERANCE_SECONDS = 5;
const JWKS_TIMEOUT_MS = 3_000;
const DEMO_TTL_MS = 600_000;

const REGION = /^[A-Z]{2}$/;
/**
 * Viewers are named by their app; what it may be is bounded, since it goes into every token and row. `erased:` is what
 * the ledger calls those whose data was taken away: nobody may come as one of them.
 */
const VIEWER = /^(?!erased:)[^\p{Cc}\p{Cs}]{1,128}$/u;

export class ViewerJwt {
  readonly #options: ViewerJwtOptions;
  readonly #verify: (token: string) => ReturnType<typeof jwtVerify>;

  constructor(options: ViewerJwtOptions) {
    this.#options = options;
    const { source, audience, issuer, clock } = options;
    const claims = () => ({
      audience,
      ...(issuer === null ? {} : { issuer }),
      requiredClaims: ['sub', 'exp'],
      clockTolerance: CLOCK_TOLERANCE_SECONDS,
      currentDate: new Date(clock.unixMs()),
    });
    if (source.kind === 'secret') {
      const secret = new TextEncoder().encode(source.secret);
      this.#verify = (token) => jwtVerify(token, secret, { ...claims(), algorithms: ['HS256'] });
    } else {
      const keys =
        source.kind === 'jwks-keys'
          ? createLocalJWKSet(source.keys)
          : createRemoteJWKSet(new URL(source.url), { timeoutDuration: JWKS_TIMEOUT_MS });
      this.#verify = (token) => jwtVerify(token, keys, { ...claims(), algorithms: PUBLIC_KEY_ALGORITHMS });
    }
  }

  /**
   * The viewer that the token names, and where they are as far as it says (`region`, ISO 3166-1 alpha-2).
   * @throws {FramecueError} ERR_TOKEN_INVALID, ERR_TOKEN_EXPIRED, ERR_TIMEOUT when the keys cannot be fetched.
   */
  async viewerOf(token: string): Promise<{ readonly viewer: string; readonly region: string | null }> {
    let payload: JWTPayload;
    try {
      ({ payload } = await this.#verify(token));
    } catch (cause) {
      throw refusalOf(cause, this.#options.source.kind === 'jwks');
    }
    const { sub: subject, region } = payload;
    if (typeof subject !== 'string' || !VIEWER.test(subject)) {
      throw new FramecueError('ERR_TOKEN_INVALID', 'The token names no viewer (sub) of 1 to 128 characters.');
    }
    return { viewer: subject, region: typeof region === 'string' && REGION.test(region) ? region : null };
  }

  /** A token as a customer's backend makes it, for demonstrations; null where only the customer has the key. */
  async issueForDemo(viewer: string): Promise<string | null> {
    const { source, audience, issuer, clock } = this.#options;
    if (source.kind !== 'secret') return null;
    const jwt = new SignJWT()
      .setProtectedHeader({ alg: 'HS256' })
      .setSubject(viewer)
      .setAudience(audience)
      .setIssuedAt(Math.floor(clock.unixMs() / 1000))
      .setExpirationTime(Math.floor((clock.unixMs() + DEMO_TTL_MS) / 1000));
    if (issuer !== null) jwt.setIssuer(issuer);
    return jwt.sign(new TextEncoder().encode(source.secret));
  }
}

function refusalOf(cause: unknown, keysAreRemote: boolean): unknown {
  if (cause instanceof errors.JWTExpired) return new FramecueError('ERR_TOKEN_EXPIRED', undefined, { cause });
  // jose's error without a code of its own is about the key set's HTTP answer; no JOSEError at all is the network.
  const isAboutToken = cause instanceof errors.JOSEError && cause.code !== 'ERR_JOSE_GENERIC';
  if (isAboutToken && !(cause instanceof errors.JWKSTimeout) && !(cause instanceof errors.JWKSInvalid)) {
    return new FramecueError('ERR_TOKEN_INVALID', undefined, { cause });
  }
  if (!keysAreRemote) return cause;
  return new FramecueError('ERR_TIMEOUT', 'The keys for viewer tokens cannot be fetched.', { cause });
}
