import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { afterEach, describe, expect, test } from 'vitest';
import { type Answer, EventsUnderTest, JWT_SECRET } from '../test-support/harness.ts';

let t: EventsUnderTest;
const begin = async (over: ConstructorParameters<typeof EventsUnderTest>[0] = {}) => {
  t = await new EventsUnderTest(over).start();
};
afterEach(async () => {
  await t.stop();
});
const exchange = (token: unknown) => t.post('/api/v1/session', { token });
const codeOf = ({ status, body }: Answer) => [status, body.error?.code];
const seconds = () => Math.floor(t.time.clock.unixMs() / 1000);

describe('the door', () => {
  test('gives a short token for a JWT, good for as long as the setting says', async () => {
    await begin();
    const { status, body, headers } = await exchange(await t.jwt('ann@example.org'));
    expect({ status, body }).toEqual({
      status: 200,
      body: {
        token: expect.stringMatching(/^fc1\./),
        viewer: 'ann@example.org',
        expiresAt: t.time.clock.unixMs() + 3_600_000,
        delayReports: { share: 0.001, everyMs: 10_000 },
      },
    });
    expect(headers.get('cache-control')).toBe('no-store');
  });

  test('lets nobody in with another JWT', async () => {
    await begin();
    const good = await t.jwt('ann');
    const [head, payload, mac] = good.split('.') as [string, string, string];
    const text = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url');
    const hs512 = await new SignJWT({ sub: 'ann', aud: 'framecue', exp: seconds() + 60 })
      .setProtectedHeader({ alg: 'HS512' })
      .sign(new TextEncoder().encode(JWT_SECRET.repeat(2)));
    const forged: Record<string, string> = {
      'another secret': await new SignJWT({ sub: 'ann', aud: 'framecue', exp: seconds() + 60 })
        .setProtectedHeader({ alg: 'HS256' })
        .sign(new TextEncoder().encode('another-secret-of-some-32-bytes!')),
      'another payload': [head, text({ sub: 'eve', aud: 'framecue', exp: seconds() + 60 }), mac].join('.'),
      'no algorithm': `${text({ alg: 'none' })}.${payload}.`,
      'an algorithm that is not ours': hs512,
      'another audience': await t.jwt('ann', { aud: 'shop' }),
      'no audience': await t.jwt('ann', { aud: undefined }),
      'no subject': await t.jwt('ann', { sub: undefined }),
      'the name of one whose data was erased': await t.jwt('erased:0123456789'),
      'an empty subject': await t.jwt(''),
      'a subject with control characters': await t.jwt('ann\n'),
      'a subject that is too long': await t.jwt('x'.repeat(129)),
      'no end': await t.jwt('ann', { exp: undefined }),
      'not valid yet': await t.jwt('ann', { nbf: seconds() + 60 }),
      nonsense: 'x.y.z',
    };
    for (const [name, token] of Object.entries(forged)) {
      expect([name, ...codeOf(await exchange(token))]).toEqual([name, 401, 'ERR_TOKEN_INVALID']);
    }
    expect(codeOf(await exchange(await t.jwt('ann', { exp: seconds() - 6 })))).toEqual([
      401,
      'ERR_TOKEN_EXPIRED',
    ]);
    // Clocks differ a little.
    expect((await exchange(await t.jwt('ann', { exp: seconds() - 4 }))).status).toBe(200);
  });

  test('asks for a token in the body', async () => {
    await begin();
    for (const token of [undefined, '', 7, 'x'.repeat(8_193)]) {
      expect(codeOf(await exchange(token))).toEqual([400, 'ERR_REQUEST_INVALID']);
    }
    expect(codeOf(await t.get('/api/v1/session'))).toEqual([405, 'ERR_METHOD']);
    expect((await t.send('/api/v1/session', { method: 'POST' })).status).toBe(400);
  });

  test('holds tokens to an issuer where the setting names one', async () => {
    await begin({
      jwt: {
        source: { kind: 'secret', secret: JWT_SECRET },
        audience: 'framecue',
        issuer: 'https://id.example',
      },
    });
    expect(codeOf(await exchange(await t.jwt('ann')))).toEqual([401, 'ERR_TOKEN_INVALID']);
    expect((await exchange(await t.jwt('ann', { iss: 'https://id.example' }))).status).toBe(200);
  });
});

describe('public keys of the customer', () => {
  const signed = async (alg: string, privateKey: CryptoKey, kid: string) =>
    new SignJWT({ sub: 'ann', aud: 'framecue', exp: seconds() + 60 })
      .setProtectedHeader({ alg, kid })
      .sign(privateKey);

  test.each(['RS256', 'ES256', 'EdDSA'])('%s', async (alg) => {
    const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true });
    const jwk = { ...(await exportJWK(publicKey)), kid: 'k1', alg };
    await begin({
      jwt: { source: { kind: 'jwks-keys', keys: { keys: [jwk] } }, audience: 'framecue', issuer: null },
    });
    expect((await exchange(await signed(alg, privateKey, 'k1'))).status).toBe(200);
    const other = await generateKeyPair(alg);
    expect(codeOf(await exchange(await signed(alg, other.privateKey, 'k1')))).toEqual([
      401,
      'ERR_TOKEN_INVALID',
    ]);
    expect(codeOf(await exchange(await signed(alg, other.privateKey, 'k2')))).toEqual([
      401,
      'ERR_TOKEN_INVALID',
    ]);
    // A public key is no secret: who signs with its text is not let in.
    expect(codeOf(await exchange(await t.jwt('ann')))).toEqual([401, 'ERR_TOKEN_INVALID']);
  });

  test('come from a URL; while that is away, it is said so', async () => {
    const { publicKey, privateKey } = await generateKeyPair('ES256', { extractable: true });
    const jwk = { ...(await exportJWK(publicKey)), kid: 'k1', alg: 'ES256' };
    let status = 500;
    const server: Server = createServer((_req, res) => {
      res.writeHead(status, { 'Content-Type': 'application/json' });
      res.end(JSON.stringify({ keys: [jwk] }));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks.json`;
    try {
      await begin({ jwt: { source: { kind: 'jwks', url }, audience: 'framecue', issuer: null } });
      const token = await signed('ES256', privateKey, 'k1');
      expect(codeOf(await exchange(token))).toEqual([504, 'ERR_TIMEOUT']);
      status = 200;
      expect((await exchange(token)).status).toBe(200);
    } finally {
      server.close();
      server.closeAllConnections();
    }
  });
});

describe('tokens for demonstrations', () => {
  test('are given with the setting, and let in', async () => {
    await begin({ demo: true });
    const { status, body } = await t.post('/api/v1/demo/viewer-token', {});
    expect(status).toBe(200);
    const session = await exchange(body.token);
    expect(session.body.viewer).toMatch(/^demo-/);
    const again = await t.post('/api/v1/demo/viewer-token', {});
    expect((await exchange(again.body.token)).body.viewer).not.toBe(session.body.viewer);
    const named = await t.post('/api/v1/demo/viewer-token', { viewer: 'ann' });
    expect((await exchange(named.body.token)).body.viewer).toBe('demo-ann');
    expect((await t.post('/api/v1/demo/viewer-token', { viewer: 'a b' })).status).toBe(400);
  });

  test('are not given without it', async () => {
    await begin();
    expect(codeOf(await t.post('/api/v1/demo/viewer-token', {}))).toEqual([404, 'ERR_NOT_FOUND']);
  });

  test('are not given where only the customer can sign', async () => {
    await begin({
      demo: true,
      jwt: { source: { kind: 'jwks-keys', keys: { keys: [] } }, audience: 'framecue', issuer: null },
    });
    expect(codeOf(await t.post('/api/v1/demo/viewer-token', {}))).toEqual([404, 'ERR_NOT_FOUND']);
  });
});
