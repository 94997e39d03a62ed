import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { failureWords, isOutcomeUnknown } from './failure-words.ts';
import { type ApiFailure, request } from './http.ts';
import { isObject, textOf } from './json.ts';

let server: Server | undefined;

async function serve(listener: RequestListener): Promise<string> {
  server = createServer(listener);
  await new Promise<void>((resolve) => server!.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

afterEach(async () => {
  server?.closeAllConnections();
  await new Promise((resolve) => (server ? server.close(resolve) : resolve(null)));
  server = undefined;
});

const readName = (value: unknown): string | null => (isObject(value) ? textOf(value.name) : null);

async function failed(
  url: string,
  options: { timeoutMs?: number; signal?: AbortSignal } = {},
): Promise<ApiFailure> {
  const outcome = await request({ url, read: readName, ...options });
  if (outcome.ok) throw new Error('expected a failure');
  return outcome.failure;
}

describe('request', () => {
  it('sends token, key and body, and reads the answer', async () => {
    let seen: unknown;
    const url = await serve((req, res) => {
      let body = '';
      req.on('data', (chunk) => {
        body += chunk;
      });
      req.on('end', () => {
        seen = [req.method, req.headers.authorization, req.headers['idempotency-key'], body];
        res.writeHead(202).end('{"name":"a"}');
      });
    });
    const outcome = await request({
      url,
      method: 'POST',
      token: 't',
      idempotencyKey: 'k',
      body: { a: 1 },
      read: readName,
    });
    expect(outcome).toEqual({ ok: true, value: 'a', status: 202 });
    expect(seen).toEqual(['POST', 'Bearer t', 'k', '{"a":1}']);
  });

  it('gives the code of a refusal and its Retry-After', async () => {
    const url = await serve((_req, res) => {
      res.writeHead(503, { 'retry-after': '2' });
      res.end('{"error":{"code":"ERR_OVERLOADED","message":"full","retryable":true}}');
    });
    expect(await failed(url)).toEqual({
      kind: 'refused',
      status: 503,
      code: 'ERR_OVERLOADED',
      message: 'full',
      retryable: true,
      retryAfterMs: 2000,
    });
  });

  it.each([
    ['an error page', 502, '<html>Bad gateway</html>'],
    ['JSON of another shape', 200, '{"title":"other"}'],
    ['an error without a code', 400, '{"error":"no"}'],
  ])('calls %s unreadable', async (_what, status, body) => {
    const url = await serve((_req, res) => res.writeHead(status).end(body));
    expect(await failed(url)).toEqual({ kind: 'unreadable', status });
  });

  it('gives up after its time', async () => {
    const url = await serve(() => undefined);
    expect(await failed(url, { timeoutMs: 30 })).toEqual({ kind: 'timeout', afterMs: 30 });
  });

  it('tells a caller who gave up from a server that is away', async () => {
    const url = await serve(() => undefined);
    const caller = new AbortController();
    const outcome = failed(url, { signal: caller.signal });
    caller.abort();
    expect(await outcome).toEqual({ kind: 'aborted' });
    server!.closeAllConnections();
    await new Promise((resolve) => server!.close(resolve));
    server = undefined;
    expect(await failed(url)).toEqual({ kind: 'unreachable' });
  });

  it('counts an answer that broke off as no answer', async () => {
    const url = await serve((_req, res) => {
      res.writeHead(200, { 'content-length': '100' });
      res.write('{"name"');
      res.socket?.destroy();
    });
    const failure = await failed(url);
    expect(failure.kind).toBe('unreachable');
    expect(isOutcomeUnknown(failure)).toBe(true);
  });
});

describe('failureWords', () => {
  const refused = (code: string, message = 'As the server says.'): ApiFailure => ({
    kind: 'refused',
    status: 409,
    code,
    message,
    retryable: false,
  });

  it('has words of its own for people, else those of the server', () => {
    expect(failureWords(refused('ERR_INTERACTION_LOCKED')).text).toMatch(/locked/);
    expect(failureWords(refused('ERR_SOMETHING_NEW'))).toEqual({
      text: 'As the server says.',
      code: 'ERR_SOMETHING_NEW',
      retryable: false,
    });
  });

  it('says what was lost on the way can be tried again', () => {
    expect(failureWords({ kind: 'unreachable' }).retryable).toBe(true);
    expect(failureWords({ kind: 'timeout', afterMs: 5000 }).text).toContain('5 s');
    expect(failureWords({ kind: 'unreadable', status: 404 }).retryable).toBe(false);
  });

  it('knows when an outcome is not known', () => {
    expect(isOutcomeUnknown({ kind: 'timeout', afterMs: 1 })).toBe(true);
    expect(isOutcomeUnknown(refused('ERR_CUE_STATE'))).toBe(false);
    expect(isOutcomeUnknown(refused('ERR_TIMEOUT'))).toBe(true);
  });
});
