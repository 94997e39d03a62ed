import type { Clock } from '../packet/clock.ts';
import { FramecueError } from '../packet/errors.ts';
import type { Cors } from '../service/cors.ts';
import { sendError } from '../service/http-errors.ts';
import type { HotHandler } from '../service/http-server.ts';
import type { Log } from '../service/log.ts';

export const CLOCK_PATH = '/api/v1/clock';
/** The time for those who are too many to be asked for one by one. */
export const CACHED_CLOCK_PATH = '/api/v1/clock/cached';
const CACHED_MS = 1000;

/** What a client can have sent: microseconds, as far as a double holds them. */
const T1 = /[?&]t1=(\d{1,16})(?:[&]|$)/;
const AS_ISO = /[?&]format=iso(?:[&]|$)/;

/**
 * The clock exchange, as NTP does it (RFC 5905, section 8): T1 the client's sending, T2 our receiving, T3 our sending,
 * T4 the client's receiving; Unix microseconds. `?format=iso` answers the bare time, for DASH's `UTCTiming`
 * (`urn:mpeg:dash:utc:http-iso:2014`). Never cached: an answer from a cache is an answer of another time.
 */
export function createClockHandler(options: {
  readonly clock: Clock;
  readonly cors: Cors;
  readonly log: Log;
  /** How often this clock has stepped: exchanges from before a step say nothing of it now. */
  readonly steps?: () => number;
}): HotHandler {
  const { clock, cors, log, steps = () => 0 } = options;
  return (req, res) => {
    const url = req.url ?? '';
    if (!url.startsWith(CLOCK_PATH)) return false;
    const isCached = isAt(url, CACHED_CLOCK_PATH);
    if (!isCached && !isAt(url, CLOCK_PATH)) return false;
    const t2 = clock.unixUs();
    if (cors.handle(req, res)) return true;
    if (req.method !== 'GET' && req.method !== 'HEAD') {
      res.setHeader('Allow', 'GET, HEAD');
      sendError(res, new FramecueError('ERR_METHOD'), log);
      return true;
    }
    if (isCached) {
      // One answer for everybody: a cache in front gives it out for a second, and tells its age (RFC 9111, 5.1).
      res.setHeader('Cache-Control', `public, max-age=${CACHED_MS / 1000}`);
      res.setHeader('Content-Type', 'application/json; charset=utf-8');
      res.end(`{"at":${clock.unixUs()},"maxAgeMs":${CACHED_MS},"steps":${steps()}}`);
      return true;
    }
    const query = url.slice(CLOCK_PATH.length);
    res.setHeader('Cache-Control', 'no-store');
    // Lets a page of another origin see how long the exchange itself took.
    res.setHeader('Timing-Allow-Origin', '*');
    if (AS_ISO.test(query)) {
      res.setHeader('Content-Type', 'text/plain; charset=utf-8');
      res.end(new Date(clock.unixMs()).toISOString());
      return true;
    }
    res.setHeader('Content-Type', 'application/json; charset=utf-8');
    const t1 = T1.exec(query)?.[1];
    const t3 = clock.unixUs();
    const iso = new Date(t3 / 1000).toISOString();
    res.end(
      `{"t1":${t1 === undefined ? 'null' : Number(t1)},"t2":${t2},"t3":${t3},"iso":"${iso}","steps":${steps()}}`,
    );
    return true;
  };
}

const QUESTION_MARK = 0x3f;

function isAt(url: string, path: string): boolean {
  const after = url.charCodeAt(path.length);
  return url.startsWith(path) && (Number.isNaN(after) || after === QUESTION_MARK);
}
