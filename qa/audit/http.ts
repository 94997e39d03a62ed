import { lookup as dnsLookup, type LookupAddress, type LookupOptions } from 'node:dns';
import { request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { BlockList, isIP, type LookupFunction } from 'node:net';
import { FramecueError } from '../../packet/errors.ts';

/** How one output is asked for. */
export interface Access {
  readonly headers: Readonly<Record<string, string>>;
  /**
   * The server's own port on this machine: its certificate names the public host, so it is not checked, and nothing
   * is redirected. Everybody else is checked and may redirect.
   */
  readonly isOwn: boolean;
  readonly signal: AbortSignal;
  /** Until the answer's head is there, and between two pieces of a body; for tests. */
  readonly patienceMs?: { readonly head: number; readonly idle: number };
}

export const MAX_REDIRECTS = 5;
const PATIENCE_MS = { head: 10_000, idle: 15_000 } as const;
const MAX_HEAD_BYTES = 32_768;

export interface Opened {
  readonly response: IncomingMessage;
  /** Where redirects led to. */
  readonly url: URL;
}

/**
 * Begins a GET; follows a few redirects.
 * @throws {FramecueError} ERR_SOURCE_OPEN with `details.status` where there is one, ERR_SOURCE_LIMIT for redirects
 *   without end, ERR_TIMEOUT; the signal's reason when it was aborted.
 */
export async function openHttp(start: URL, access: Access): Promise<Opened> {
  let url = start;
  for (let redirects = 0; ; redirects++) {
    const response = await requestOnce(url, access);
    const { statusCode: status = 0 } = response;
    if (status === 200 || status === 206) return { response, url };
    response.destroy();
    const { location } = response.headers;
    const isRedirect = status >= 301 && status <= 308 && status !== 304 && location !== undefined;
    if (!isRedirect || access.isOwn) {
      throw new FramecueError('ERR_SOURCE_OPEN', `The output answers with status ${status}.`, {
        details: { status },
      });
    }
    if (redirects >= MAX_REDIRECTS) {
      throw new FramecueError('ERR_SOURCE_LIMIT', `The output redirects more than ${MAX_REDIRECTS} times.`);
    }
    url = webUrl(location, url);
  }
}

/** A URL that a playlist or a redirect names. @throws {FramecueError} ERR_SOURCE_FORMAT for anything but http(s). */
export function webUrl(text: string, base: URL): URL {
  const url = URL.parse(text, base.href);
  if (url !== null && (url.protocol === 'http:' || url.protocol === 'https:')) return url;
  throw new FramecueError('ERR_SOURCE_FORMAT', 'The output names an address that is not http or https.');
}

export interface Body {
  readonly bytes: Uint8Array;
  readonly url: URL;
  /** Only the part that a `Range` header asked for. */
  readonly isPart: boolean;
}

/**
 * A whole body.
 * @throws {FramecueError} as {@link openHttp}; ERR_SOURCE_LIMIT past `maxBytes`, ERR_TIMEOUT past `timeoutMs`.
 */
export async function getBytes(
  url: URL,
  access: Access,
  limits: { readonly maxBytes: number; readonly timeoutMs: number },
): Promise<Body> {
  // A body that comes byte by byte is never idle: the whole of it has its time too.
  const late = AbortSignal.timeout(limits.timeoutMs);
  const signal = AbortSignal.any([access.signal, late]);
  try {
    const opened = await openHttp(url, { ...access, signal });
    const { response } = opened;
    const isPart = response.statusCode === 206;
    return { bytes: await bytesOf(response, limits.maxBytes), url: opened.url, isPart };
  } catch (error) {
    if (!access.signal.aborted && late.aborted) throw timedOut(limits.timeoutMs);
    throw error;
  }
}

/** What is left of a body. @throws {FramecueError} ERR_SOURCE_LIMIT, ERR_SOURCE_READ, ERR_TIMEOUT. */
export async function bytesOf(response: IncomingMessage, maxBytes: number): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of chunksOf(response)) {
    bytes += chunk.length;
    if (bytes > maxBytes) {
      response.destroy();
      throw new FramecueError('ERR_SOURCE_LIMIT', `The output sends a file of more than ${maxBytes} bytes.`);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** The body as it comes. @throws {FramecueError} ERR_SOURCE_READ where it breaks, ERR_TIMEOUT where it rests. */
export async function* chunksOf(response: IncomingMessage): AsyncGenerator<Buffer, void> {
  try {
    for await (const chunk of response) yield chunk as Buffer;
  } catch (cause) {
    if (cause instanceof FramecueError) throw cause;
    throw new FramecueError('ERR_SOURCE_READ', 'The output broke off.', { cause });
  } finally {
    response.destroy();
  }
}

function requestOnce(url: URL, access: Access): Promise<IncomingMessage> {
  if (!access.isOwn) refuseAddress(url.hostname.replace(/^\[|\]$/g, ''));
  const { signal } = access;
  const options: RequestOptions & { readonly rejectUnauthorized?: boolean } = {
    method: 'GET',
    signal,
    headers: { 'user-agent': 'framecue-audit', accept: '*/*', ...access.headers },
    maxHeaderSize: MAX_HEAD_BYTES,
    ...connectOptions(access.isOwn),
  };
  return new Promise((resolve, reject) => {
    const send = url.protocol === 'https:' ? httpsRequest : httpRequest;
    const request = send(url, options);
    const { head, idle } = patienceOf(access);
    const timer = setTimeout(() => request.destroy(timedOut(head)), head);
    request.on('response', (response) => {
      clearTimeout(timer);
      if (!access.isOwn) response.setTimeout(idle, () => response.destroy(timedOut(idle)));
      resolve(response);
    });
    request.on('error', (cause) => {
      clearTimeout(timer);
      reject(openError(cause, signal));
    });
    request.end();
  });
}

export const patienceOf = ({ patienceMs }: Access): { readonly head: number; readonly idle: number } =>
  patienceMs ?? PATIENCE_MS;

/** Also for WebSockets, which begin as HTTP. */
export const connectOptions = (
  isOwn: boolean,
): { readonly rejectUnauthorized?: false; readonly lookup?: LookupFunction } =>
  isOwn ? { rejectUnauthorized: false } : { lookup: guardedLookup };

/** What to fail with: the signal's reason when it was aborted. Never throws: it is asked in event handlers. */
export function openError(cause: unknown, signal: AbortSignal): unknown {
  if (signal.aborted) return signal.reason;
  if (cause instanceof FramecueError) return cause;
  // What the system says ("ECONNREFUSED", a certificate's fault) names no secrets; a URL would.
  const code = (cause as NodeJS.ErrnoException).code ?? 'no answer';
  return new FramecueError('ERR_SOURCE_OPEN', `The output cannot be opened: ${code}.`, { cause });
}

export const timedOut = (spanMs: number): FramecueError =>
  new FramecueError('ERR_TIMEOUT', `The output did not answer within ${spanMs} ms.`);

/** Where clouds keep the credentials of the machine, and what means "this host": never an output. */
const REFUSED = new BlockList();
REFUSED.addSubnet('169.254.0.0', 16, 'ipv4');
REFUSED.addSubnet('0.0.0.0', 8, 'ipv4');
REFUSED.addSubnet('fe80::', 10, 'ipv6');
REFUSED.addAddress('::', 'ipv6');
REFUSED.addAddress('fd00:ec2::254', 'ipv6');

/** @throws {FramecueError} ERR_SOURCE_OPEN for link-local addresses. */
export function refuseAddress(host: string): void {
  const family = isIP(host);
  if (family === 0 || !REFUSED.check(host, family === 6 ? 'ipv6' : 'ipv4')) return;
  throw new FramecueError('ERR_SOURCE_OPEN', 'The output is at an address that is never read.');
}

/** Names are looked up once, and what they lead to is what is checked and connected to. */
const guardedLookup: LookupFunction = (host, options, done) => {
  dnsLookup(host, { ...(options as LookupOptions), all: true }, (error, found) => {
    if (error !== null) return done(error, '', 4);
    const addresses = found as LookupAddress[];
    try {
      for (const { address } of addresses) refuseAddress(address);
    } catch (refusal) {
      return done(refusal as Error, '', 4);
    }
    if (options.all === true) return done(null, addresses as never);
    const [first] = addresses;
    done(null, first!.address, first!.family);
  });
};
