import type { IncomingMessage, ServerResponse } from 'node:http';

/**
 * Which pages of other origins may call (WHATWG Fetch, "CORS protocol"). Nothing here uses cookies: a page has
 * the rights of the token that it was given and no others.
 */
export interface Cors {
  /** Headers for an answer to this request; for those who write theirs by themselves. */
  headersFor(req: IncomingMessage): Readonly<Record<string, string>>;
  /** The same, names and values in turn: for those who answer everybody in one second. */
  headerListFor(req: IncomingMessage): readonly string[];
  /** Sets them; answers a preflight and returns true. */
  handle(req: IncomingMessage, res: ServerResponse): boolean;
}

const ALLOWED_HEADERS =
  'Authorization, Content-Type, Framecue-Console, Idempotency-Key, Last-Event-ID, If-None-Match, Range';
const EXPOSED_HEADERS = 'Location, Retry-After, X-Request-Id, Age, Date';
const PREFLIGHT_SECONDS = '600';

export function createCors(origins: readonly string[]): Cors {
  const anyOrigin = origins.includes('*');
  const listed = new Set(origins);
  const forAll = Object.freeze({
    'Access-Control-Allow-Origin': '*',
    'Access-Control-Expose-Headers': EXPOSED_HEADERS,
  });
  const forNone = Object.freeze({ Vary: 'Origin' });

  const headersFor = (req: IncomingMessage): Readonly<Record<string, string>> => {
    if (anyOrigin) return forAll;
    const origin = req.headers.origin;
    if (origin === undefined || !listed.has(origin)) return forNone;
    return {
      'Access-Control-Allow-Origin': origin,
      'Access-Control-Expose-Headers': EXPOSED_HEADERS,
      Vary: 'Origin',
    };
  };

  const forAllAsList = Object.entries(forAll).flat();
  const forNoneAsList = Object.entries(forNone).flat();

  return {
    headersFor,
    headerListFor(req) {
      const headers = headersFor(req);
      if (headers === forAll) return forAllAsList;
      return headers === forNone ? forNoneAsList : Object.entries(headers).flat();
    },
    handle(req, res) {
      const headers = headersFor(req);
      for (const [name, value] of Object.entries(headers)) res.setHeader(name, value);
      if (req.method !== 'OPTIONS' || req.headers['access-control-request-method'] === undefined)
        return false;
      if ('Access-Control-Allow-Origin' in headers) {
        res.setHeader('Access-Control-Allow-Methods', 'GET, HEAD, POST, PUT, PATCH, DELETE');
        res.setHeader('Access-Control-Allow-Headers', ALLOWED_HEADERS);
        res.setHeader('Access-Control-Max-Age', PREFLIGHT_SECONDS);
      }
      res.statusCode = 204;
      res.end();
      return true;
    },
  };
}
