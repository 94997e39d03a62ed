import { describe, expect, test } from 'vitest';
import { json, refusal, VirtualNet } from '../../test/virtual-net.ts';
import { ViewerSession } from './session.ts';

function rig(token?: () => Promise<string> | string) {
  const net = new VirtualNet();
  let made = 0;
  net.reply = () => json({ token: `short-${++made}`, viewer: 'v', expiresAt: net.localUnixMs() + 600_000 });
  return { net, session: new ViewerSession(net, { url: 'http://events/api/v1/session', token }) };
}

describe('ViewerSession', () => {
  test('exchanges the page’s token once, however many ask', async () => {
    let asked = 0;
    const { net, session } = rig(() => `jwt-${++asked}`);
    const both = await Promise.all([session.get(), session.get()]);
    expect(both).toEqual([
      { ok: true, token: 'short-1', viewer: 'v' },
      { ok: true, token: 'short-1', viewer: 'v' },
    ]);
    expect(await session.get()).toEqual({ ok: true, token: 'short-1', viewer: 'v' });
    expect(net.calls).toMatchObject([{ method: 'POST', body: { token: 'jwt-1' } }]);
  });

  test('anew shortly before its end, with a fresh token of the page', async () => {
    let asked = 0;
    const { net, session } = rig(async () => `jwt-${++asked}`);
    await session.get();
    await net.advance(569_000);
    expect(await session.get()).toEqual({ ok: true, token: 'short-1', viewer: 'v' });
    await net.advance(2000);
    expect(await session.get()).toEqual({ ok: true, token: 'short-2', viewer: 'v' });
    expect(net.calls[1]!.body).toEqual({ token: 'jwt-2' });
  });

  test('anew when the server has refused it, and only then', async () => {
    const { session } = rig(() => 'jwt');
    await session.get();
    session.drop('an older one');
    expect(await session.get()).toEqual({ ok: true, token: 'short-1', viewer: 'v' });
    session.drop('short-1');
    expect(await session.get()).toEqual({ ok: true, token: 'short-2', viewer: 'v' });
  });

  test.each([
    ['a time in RFC 3339', (net: VirtualNet) => new Date(net.localUnixMs() + 600_000).toISOString(), 569_000],
    // A device whose clock is an hour fast must not exchange for every answer.
    ['a time that has passed here', (net: VirtualNet) => net.localUnixMs() - 3_600_000, 4000],
    ['no time', () => undefined, 200_000],
  ])('%s as its end', async (_, expiresAt, livesMs) => {
    const { net, session } = rig(() => 'jwt');
    net.reply = () => json({ token: 'short', expiresAt: expiresAt(net) });
    await session.get();
    await net.advance(livesMs);
    await session.get();
    expect(net.calls).toHaveLength(1);
  });

  test('a refusal is passed on, and the next call tries again', async () => {
    const { net, session } = rig(() => 'jwt');
    const honest = net.reply;
    net.reply = () => refusal('ERR_TOKEN_INVALID', 401, false);
    expect(await session.get()).toMatchObject({
      ok: false,
      error: { code: 'ERR_TOKEN_INVALID', status: 401 },
    });
    net.reply = honest;
    expect(await session.get()).toMatchObject({ ok: true });
  });

  test.each([
    ['no callback', undefined, false],
    ['a callback that throws', () => Promise.reject(new Error('signed out')), true],
    ['a callback that gives nothing', () => '', true],
    ['a callback that gives no text', () => null as unknown as string, true],
  ])('%s', async (_, token, retryable) => {
    const { net, session } = rig(token);
    expect(await session.get()).toMatchObject({ ok: false, error: { code: 'ERR_CLIENT_TOKEN', retryable } });
    expect(net.calls).toEqual([]);
  });

  test('a callback that never comes back', async () => {
    const { net, session } = rig(() => new Promise(() => undefined));
    const outcome = session.get();
    await net.advance(10_000);
    expect(await outcome).toMatchObject({ ok: false, error: { code: 'ERR_CLIENT_TOKEN', retryable: true } });
    expect(net.timers).toBe(0);
  });

  test('an answer without a token', async () => {
    const { net, session } = rig(() => 'jwt');
    net.reply = () => json({});
    expect(await session.get()).toMatchObject({ ok: false, error: { code: 'ERR_CLIENT_RESPONSE' } });
  });
});
