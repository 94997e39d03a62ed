import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request as httpsRequest } from 'node:https';
import { connect, createServer as createTcpServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import type { Express } from 'express';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { z } from 'zod';
import { ERRORS, FramecueError } from '../packet/errors.ts';
import { holderOf, requireRight } from './bearer.ts';
import { createCors } from './cors.ts';
import { type CheckResult, createHealth } from './health.ts';
import { createHttpApp, methodNotAllowed, pageHeaders } from './http-app.ts';
import { createHttpServer, type HotHandler, type HttpServerOptions } from './http-server.ts';
import { type Listening, listen } from './listen.ts';
import { createLog } from './log.ts';
import { createMetricsRegistry, metricsRoute } from './metrics.ts';
import { makeSelfSignedCert } from './testing/self-signed-cert.ts';
import { tlsFilesOf } from './tls.ts';
import { createTokenRegistry } from './tokens.ts';

const tokens = createTokenRegistry([
  { name: 'anna', token: 'director-0123456789', rights: ['direct'] },
  { name: 'reader', token: 'reader-0123456789', rights: ['read'] },
]);

const open: Listening[] = [];
let lines: string[] = [];

afterEach(async () => {
  await Promise.all(open.splice(0).map((listening) => listening.close()));
  lines = [];
});

const log = () =>
  createLog(
    'test',
    { logLevel: 'debug' },
    new Writable({
      write(chunk, _encoding, done) {
        lines.push(String(chunk));
        done();
      },
    }),
  );

const routes = (app: Express) => {
  const Body = z.strictObject({ type: z.string(), delayMs: z.number().max(10).optional() });
  app
    .route('/echo')
    .post((req, res) => {
      res.json(Body.parse(req.body));
    })
    .all(methodNotAllowed('POST'));
  app.get('/direct', requireRight(tokens, 'direct'), (_req, res) => {
    res.json({ by: holderOf(res).name });
  });
  app.get('/read', requireRight(tokens, 'read'), (_req, res) => {
    res.json({ by: holderOf(res).name });
  });
  app.get('/coded', () => {
    throw new FramecueError('ERR_OVERLOADED', undefined, { details: { retryAfterMs: 2_100 } });
  });
  app.get('/bug', async () => {
    throw new TypeError('password is hunter2');
  });
  app.get('/bug-midway', (_req, res) => {
    res.write('half');
    throw new TypeError('x');
  });
  app.get('/name/:name', (req, res) => {
    res.json({ name: req.params.name });
  });
  app.get('/page', pageHeaders, (_req, res) => {
    res.type('html').send('<p>');
  });
};

async function serve(extra: Partial<HttpServerOptions> & { origins?: string[] } = {}) {
  const app = createHttpApp({
    log: log(),
    cors: createCors(extra.origins ?? ['*']),
    settings: { bodyLimitBytes: 200, trustProxy: 0 },
    routes,
  });
  const server = createHttpServer({ log: log(), app, ...extra });
  const listening = await listen(server, { host: '127.0.0.1', port: 0, settingName: 'FRAMECUE_MEDIA_PORT' });
  open.push(listening);
  return { base: `http://127.0.0.1:${listening.port}`, ...listening };
}

const post = (base: string, body: BodyInit, headers: Record<string, string> = {}) =>
  fetch(`${base}/echo`, {
    method: 'POST',
    body,
    headers: { 'Content-Type': 'application/json', ...headers },
  });

async function errorOf(response: Response) {
  const { error } = (await response.json()) as { error: { code: keyof typeof ERRORS; message: string } };
  expect(response.headers.get('content-type')).toBe('application/json; charset=utf-8');
  expect(response.status).toBe(ERRORS[error.code].status);
  return error;
}

describe('what a caller gets wrong', () => {
  test.each([
    ['malformed JSON', '{"type":', {}, 'ERR_REQUEST_MALFORMED'],
    ['not an object', '"text"', {}, 'ERR_REQUEST_MALFORMED'],
    ['no body', '', {}, 'ERR_REQUEST_INVALID'],
    ['an unknown field', '{"type":"a","delayMS":1}', {}, 'ERR_REQUEST_INVALID'],
    ['a field out of bounds', '{"type":"a","delayMs":11}', {}, 'ERR_REQUEST_INVALID'],
    ['a body above the limit', JSON.stringify({ type: 'x'.repeat(300) }), {}, 'ERR_BODY_TOO_LARGE'],
    ['another content type', '{}', { 'Content-Type': 'text/plain' }, 'ERR_CONTENT_TYPE'],
    ['a form', 'a=b', { 'Content-Type': 'application/x-www-form-urlencoded' }, 'ERR_CONTENT_TYPE'],
    ['another charset', '{}', { 'Content-Type': 'application/json; charset=latin1' }, 'ERR_CONTENT_TYPE'],
    ['a compressed body', '{}', { 'Content-Encoding': 'gzip' }, 'ERR_CONTENT_TYPE'],
  ])('%s is told so', async (_name, body, headers, code) => {
    const { base } = await serve();
    expect((await errorOf(await post(base, body, headers))).code).toBe(code);
    expect((await post(base, '{"type":"good"}')).status).toBe(200);
  });

  test('a body without a content type is told so', async () => {
    const { base } = await serve();
    const response = await fetch(`${base}/echo`, { method: 'POST', body: new Blob(['{"type":"a"}']) });
    expect((await errorOf(response)).code).toBe('ERR_CONTENT_TYPE');
  });

  test('an invalid field is named', async () => {
    const { base } = await serve();
    const response = await post(base, '{"type":1}');
    expect((await errorOf(response)).message).toContain('type');
  });

  test('an address that is not there, one that is badly encoded, and a wrong method', async () => {
    const { base } = await serve();
    expect((await errorOf(await fetch(`${base}/nothing`))).code).toBe('ERR_NOT_FOUND');
    expect((await errorOf(await fetch(`${base}/name/%E0%A4%A`))).code).toBe('ERR_REQUEST_INVALID');
    const wrongMethod = await fetch(`${base}/echo`, { method: 'PUT' });
    expect(wrongMethod.headers.get('allow')).toBe('POST');
    expect((await errorOf(wrongMethod)).code).toBe('ERR_METHOD');
  });

  test('what is not HTTP at all gets one answer and the connection is closed', async () => {
    const { port } = await serve();
    const socket = connect(port, '127.0.0.1');
    socket.end('\x03\x00\x00 this is RTMP\r\n\r\n');
    const chunks: Buffer[] = [];
    for await (const chunk of socket) chunks.push(chunk as Buffer);
    expect(Buffer.concat(chunks).toString()).toMatch(
      /^HTTP\/1.1 400 Bad Request[\s\S]*ERR_REQUEST_MALFORMED/,
    );
  });
});

describe('rights', () => {
  const get = (base: string, path: string, authorization?: string) =>
    fetch(base + path, { headers: authorization === undefined ? {} : { authorization } });

  test.each([
    ['no token', undefined, 'ERR_TOKEN_MISSING'],
    ['another scheme', 'Basic director-0123456789', 'ERR_TOKEN_MISSING'],
    ['a wrong token', 'Bearer director-0123456780', 'ERR_TOKEN_INVALID'],
    ['a lesser right', 'Bearer reader-0123456789', 'ERR_RIGHT_MISSING'],
  ])('%s is refused', async (_name, authorization, code) => {
    const { base } = await serve();
    const response = await get(base, '/direct', authorization);
    expect(response.headers.get('www-authenticate') !== null).toBe(response.status === 401);
    expect((await errorOf(response)).code).toBe(code);
  });

  test('the right one passes, direct also where read is needed, and the holder is known', async () => {
    const { base } = await serve();
    for (const path of ['/direct', '/read']) {
      const response = await get(base, path, 'bearer director-0123456789');
      expect(await response.json()).toEqual({ by: 'anna' });
    }
  });

  test('tokens and queries do not reach the log', async () => {
    const { base } = await serve();
    await get(base, '/direct?token=director-0123456789', 'Bearer director-0123456789');
    await vi.waitFor(() => expect(lines.join('')).toContain('"path":"/direct"'), 15_000);
    expect(lines.join('')).not.toContain('director-0123456789');
  });
});

describe('errors of our own', () => {
  test('a coded one keeps its code and says when to come back', async () => {
    const { base } = await serve();
    const response = await fetch(`${base}/coded`);
    expect(response.headers.get('retry-after')).toBe('3');
    expect((await errorOf(response)).code).toBe('ERR_OVERLOADED');
  });

  test('one that nobody expected shows nothing of itself, and is logged under the id that the caller sees', async () => {
    const { base } = await serve();
    const response = await fetch(`${base}/bug`);
    const text = JSON.stringify(await errorOf(response));
    expect(text).toContain('ERR_INTERNAL');
    expect(text).not.toContain('hunter2');
    const logged = lines.find((line) => line.includes('hunter2'));
    expect(JSON.parse(logged!).requestId).toBe(response.headers.get('x-request-id'));
  });

  test('one in the middle of an answer breaks it off', async () => {
    const { base } = await serve();
    const whole = fetch(`${base}/bug-midway`).then((response) => response.text());
    await expect(whole).rejects.toThrow();
  });

  test('one in a hot handler is answered like the others', async () => {
    const hot: HotHandler = (req) => {
      if (req.url === '/hot') throw new TypeError('password is hunter2');
      return false;
    };
    const { base } = await serve({ hot: [hot] });
    expect((await errorOf(await fetch(`${base}/hot`))).code).toBe('ERR_INTERNAL');
  });
});

describe('headers', () => {
  test('say nothing of the software, forbid guessing, and pass a proxy its request id', async () => {
    const { base } = await serve();
    const { headers } = await fetch(`${base}/name/x`, { headers: { 'X-Request-Id': 'proxy-1' } });
    expect(headers.get('x-powered-by')).toBeNull();
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(headers.get('x-request-id')).toBe('proxy-1');
    const forged = await fetch(`${base}/name/x`, { headers: { 'X-Request-Id': '{"evil":1}' } });
    expect(forged.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
  });

  test('pages may run their own scripts and players', async () => {
    const { base } = await serve();
    const { headers } = await fetch(`${base}/page`);
    expect(headers.get('content-security-policy')).toContain("worker-src 'self' blob:");
  });

  const preflight = (base: string, origin: string) =>
    fetch(`${base}/echo`, {
      method: 'OPTIONS',
      headers: { Origin: origin, 'Access-Control-Request-Method': 'POST' },
    });

  test('any origin may call by default', async () => {
    const { base } = await serve();
    const response = await preflight(base, 'https://app.example');
    expect(response.status).toBe(204);
    expect(response.headers.get('access-control-allow-origin')).toBe('*');
    expect(response.headers.get('access-control-allow-headers')).toContain('Idempotency-Key');
    expect(response.headers.get('access-control-allow-credentials')).toBeNull();
  });

  test('only the listed ones where there is a list', async () => {
    const { base } = await serve({ origins: ['https://app.example'] });
    const good = await preflight(base, 'https://app.example');
    const bad = await preflight(base, 'https://evil.example');
    expect(good.headers.get('access-control-allow-origin')).toBe('https://app.example');
    expect(bad.headers.get('access-control-allow-origin')).toBeNull();
    expect(bad.headers.get('vary')).toBe('Origin');
  });
});

describe('the server', () => {
  test('asks hot handlers before Express', async () => {
    const { base } = await serve({
      hot: [
        () => false,
        (req, res) => {
          if (req.url !== '/name/x') return false;
          res.end('hot');
          return true;
        },
      ],
    });
    expect(await (await fetch(`${base}/name/x`)).text()).toBe('hot');
    expect(await (await fetch(`${base}/name/y`)).json()).toEqual({ name: 'y' });
  });

  const upgrade = async (port: number): Promise<string> => {
    const socket = connect(port, '127.0.0.1');
    socket.write('GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
    const [first] = (await new Promise((resolve) => socket.once('data', (data) => resolve([data])))) as [
      Buffer,
    ];
    sockets.push(socket);
    return first.toString();
  };
  const sockets: Socket[] = [];
  afterEach(() => {
    for (const socket of sockets.splice(0)) socket.destroy();
  });

  test('hands upgrades over, and refuses those that nobody takes or that fail', async () => {
    expect(await upgrade((await serve()).port)).toMatch(/^HTTP\/1.1 404 Not Found/);
    const failing = await serve({
      upgrade: () => {
        throw new TypeError('x');
      },
    });
    expect(await upgrade(failing.port)).toMatch(/^HTTP\/1.1 500/);
    const taking = await serve({
      upgrade: (_req, socket) => {
        socket.write('taken');
        return true;
      },
    });
    expect(await upgrade(taking.port)).toBe('taken');
  });

  test('answers requests that offer another protocol than WebSocket as if they did not (RFC 9110, 7.8)', async () => {
    const { port } = await serve();
    const socket = connect(port, '127.0.0.1');
    const body = '{"type":"custom"}';
    socket.write(
      `POST /echo HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n` +
        `HTTP2-Settings: AAMAAABkAAQAAP__\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    );
    let answer = '';
    socket.setEncoding('latin1').on('data', (text: string) => {
      answer += text;
    });
    await vi.waitFor(() => expect(answer).toContain(body), 15_000);
    expect(answer).toMatch(/^HTTP\/1.1 200 OK/);
    socket.destroy();
  });

  test('closes with idle, busy and upgraded connections open', async () => {
    const listening = await serve({
      hot: [(req) => req.url === '/never-answered'],
      upgrade: (_req, socket) => socket.write('taken'),
    });
    await fetch(`${listening.base}/name/idle`);
    const busy = fetch(`${listening.base}/never-answered`).then(
      () => 'answered',
      () => 'cut',
    );
    await upgrade(listening.port);
    await listening.close(50);
    expect(await busy).toBe('cut');
    await expect(fetch(`${listening.base}/name/x`)).rejects.toThrow();
    await listening.close();
  });

  test('lets an answer that is under way finish, and does not wait for its connection', async () => {
    let finish: (() => void) | undefined;
    const listening = await serve({
      hot: [
        (_req, res) => {
          finish = () => res.end('whole');
          return true;
        },
      ],
    });
    const answer = fetch(listening.base).then((response) => response.text());
    await vi.waitFor(() => expect(finish).toBeDefined(), 15_000);
    const closed = listening.close(60_000);
    finish?.();
    expect(await answer).toBe('whole');
    await closed;
  });

  test('a port that is taken names the setting', async () => {
    const { port } = await serve();
    const error = await listen(createTcpServer(), {
      host: '127.0.0.1',
      port,
      settingName: 'FRAMECUE_RTMP_PORT',
    }).catch((e: unknown) => e);
    expect(error).toMatchObject({ code: 'ERR_PORT_TAKEN', details: { setting: 'FRAMECUE_RTMP_PORT', port } });
    expect((error as Error).message).toContain('FRAMECUE_RTMP_PORT');
  });

  test('an address that this machine does not have names its setting', async () => {
    const error = await listen(createTcpServer(), {
      host: '192.0.2.1',
      port: 0,
      settingName: 'FRAMECUE_RTMP_PORT',
    }).catch((e: unknown) => e);
    expect(error).toMatchObject({ code: 'ERR_SETTING', details: { setting: 'FRAMECUE_HOST' } });
  });
});

describe('TLS', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'framecue-tls-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const makePair = (name: string) => {
    const pair = makeSelfSignedCert(name);
    const paths = { cert: join(folder, `${name}.crt`), key: join(folder, `${name}.key`) };
    writeFileSync(paths.cert, pair.cert);
    writeFileSync(paths.key, pair.key);
    return paths;
  };

  const subjectAt = (port: number) =>
    new Promise<string>((resolve, reject) => {
      const req = httpsRequest({
        port,
        host: '127.0.0.1',
        path: '/name/x',
        rejectUnauthorized: false,
        agent: false,
      });
      req.once('response', (res) => {
        resolve(String((res.socket as import('node:tls').TLSSocket).getPeerCertificate().subject.CN));
        res.resume();
      });
      req.once('error', reject);
      req.end();
    });

  test('serves HTTPS with the files of the settings, and takes renewed ones', async () => {
    const first = makePair('first');
    const second = makePair('second');
    const tls = tlsFilesOf({ tlsCert: first.cert, tlsKey: first.key }, 20);
    const { port } = await serve({ tls });
    expect(await subjectAt(port)).toBe('first');
    copyFileSync(second.key, first.key);
    copyFileSync(second.cert, first.cert);
    await vi.waitFor(async () => expect(await subjectAt(port)).toBe('second'), 10_000);
  }, 20_000);

  test('refuses files that are missing or do not belong together', () => {
    expect(() => tlsFilesOf({ tlsCert: '/nowhere', tlsKey: '/nowhere' })?.read()).toThrow(
      'FRAMECUE_TLS_CERT',
    );
  });
});

describe('health and metrics', () => {
  const serveWith = async (add: (app: Express) => void) => {
    const app = createHttpApp({
      log: log(),
      cors: createCors(['*']),
      settings: { bodyLimitBytes: 200, trustProxy: 0 },
      routes: add,
    });
    const listening = await listen(createHttpServer({ log: log(), app }), {
      host: '127.0.0.1',
      port: 0,
      settingName: 'FRAMECUE_MEDIA_PORT',
    });
    open.push(listening);
    return `http://127.0.0.1:${listening.port}`;
  };

  test('ready follows the phase and every part; live does not', async () => {
    const health = createHealth(50);
    let store: CheckResult = true;
    health.add('store', () => store);
    const base = await serveWith((app) => health.routes(app));
    const ready = async () => {
      const response = await fetch(`${base}/health/ready`);
      return [response.status, ((await response.json()) as { checks: object }).checks];
    };
    expect(await ready()).toEqual([503, { store: 'good' }]);
    health.markReady();
    expect(await ready()).toEqual([200, { store: 'good' }]);
    store = 'disk full';
    expect(await ready()).toEqual([503, { store: 'disk full' }]);
    store = { code: 'ERR_STORE_UNAVAILABLE' };
    const text = 'The store cannot take this now.';
    expect(await ready()).toEqual([200, { store: text }]);
    expect((await health.ready()).impaired).toEqual([
      { check: 'store', code: 'ERR_STORE_UNAVAILABLE', text },
    ]);
    store = true;
    health.add('feed', () => Promise.reject(new Error('hunter2')));
    health.add('slow', () => new Promise(() => undefined));
    expect(await ready()).toEqual([503, { store: 'good', feed: 'failed', slow: 'no answer in time' }]);
    health.markStopping();
    expect((await fetch(`${base}/health/live`)).status).toBe(200);
  });

  test('metrics are in the text format, under the name of the process', async () => {
    const base = await serveWith((app) => app.get('/metrics', metricsRoute(createMetricsRegistry('media'))));
    const response = await fetch(`${base}/metrics`);
    expect(response.headers.get('content-type')).toContain('text/plain');
    expect(await response.text()).toMatch(/nodejs_eventloop_lag_seconds\{process="media"\} [\d.]+/);
  });
});
