import { describe, expect, test } from 'vitest';
import { type Call, json, type Reply, refusal, VirtualNet } from '../../test/virtual-net.ts';
import { ViewerSession } from '../net/session.ts';
import { Sales } from './sales.ts';

const AT = 1_700_000_000_000;
const reservation = (over: object = {}) => ({
  ...{ id: 'r1', interaction: 's1', state: 'reserved', priceMinor: 1_900, currency: 'EUR' },
  ...{ reservedAt: AT - 10_000, expiresAt: AT + 50_000, order: null, ...over },
});
const own = (of: unknown = reservation(), place: unknown = null) => json({ at: AT, reservation: of, place });
const ordered = (over: object = {}) =>
  json(
    {
      reservation: reservation({ state: 'ordered', order: { id: 'o1', orderedAt: AT }, ...over }),
      repeated: false,
    },
    201,
  );

function rig(...answers: Reply[]) {
  const net = new VirtualNet();
  net.reply = (call: Call) => (call.url.endsWith('/session') ? json({ token: 't' }) : answers.shift()!);
  const problems: string[] = [];
  const sales = new Sales({
    ...{ net, url: 'http://events/api/v1/interactions' },
    session: new ViewerSession(net, { url: 'http://events/api/v1/session', token: () => 'jwt' }),
    onProblem: (code) => problems.push(code),
  });
  const asked = () =>
    net.calls
      .filter(({ url }) => !url.endsWith('/session'))
      .map(({ method, url, idempotencyKey }) => [method, url.split('/').at(-1), idempotencyKey]);
  /** Time passes until it is there. */
  const come = async <Of>(work: Promise<Of>): Promise<Of> => {
    let isThere = false;
    void work.then(() => {
      isThere = true;
    });
    while (!isThere) await net.advance(100);
    return work;
  };
  return { net, sales, problems, asked, come };
}

describe('Sales', () => {
  test('tells moments on this page’s own clock', async () => {
    const { sales } = rig(own(reservation(), { number: 3, turnAt: AT - 20_000, openUntil: AT + 100_000 }));
    expect(await sales.reservation('s1')).toEqual({
      ok: true,
      reservation: {
        ...{ id: 'r1', interaction: 's1', state: 'reserved', priceMinor: 1_900, currency: 'EUR' },
        ...{ reservedAt: -9_000, expiresAt: 51_000, order: null },
      },
      place: { turnAt: -19_000, openUntil: 101_000 },
    });
  });

  test('orders once, under a key of the reservation, whatever is lost on the way', async () => {
    const { sales, asked, problems, come } = rig(own(), null, refusal('ERR_NOT_READY', 503, true), ordered());
    const both = [sales.order('s1'), sales.order('s1')];
    const outcomes = await come(Promise.all(both));
    expect(outcomes[0]).toMatchObject({
      ok: true,
      reservation: { state: 'ordered', order: 'o1', expiresAt: 51_000 },
    });
    expect(outcomes[1]).toBe(outcomes[0]);
    expect(asked()).toEqual([
      ['GET', 'reservation', null],
      ...Array.from({ length: 3 }, () => ['POST', 'order', 'order-r1']),
    ]);
    expect(problems).toEqual(['ERR_CLIENT_NETWORK', 'ERR_NOT_READY']);
  });

  test('an order that another page made under another key is this viewer’s order', async () => {
    const { sales } = rig(
      own(),
      refusal('ERR_ORDER_EXISTS', 409, false),
      own(reservation({ state: 'confirmed' })),
    );
    expect(await sales.order('s1')).toMatchObject({ ok: true, reservation: { state: 'confirmed' } });
  });

  test('refuses with the server’s codes', async () => {
    const { sales, asked } = rig(
      own(null),
      own(),
      refusal('ERR_RESERVATION_OVER', 409, false),
      own({}),
      own(7),
    );
    const codeOf = async (work: ReturnType<Sales['order']>) => {
      const outcome = await work;
      return outcome.ok ? null : outcome.error.code;
    };
    expect(await codeOf(sales.order('s1'))).toBe('ERR_RESERVATION_NONE');
    expect(await codeOf(sales.giveBack('s1'))).toBe('ERR_RESERVATION_OVER');
    expect(asked().at(-1)).toEqual(['DELETE', 'reservation', null]);
    expect(await sales.reservation('s1')).toMatchObject({
      ok: false,
      error: { code: 'ERR_CLIENT_RESPONSE' },
    });
    expect(await sales.reservation('s1')).toMatchObject({
      ok: false,
      error: { code: 'ERR_CLIENT_RESPONSE' },
    });
  });

  test('a session that has ended is made anew, once; a server that stays away is given up', async () => {
    const expired = () => refusal('ERR_TOKEN_EXPIRED', 401, false);
    const { sales } = rig(expired(), own(null), expired(), expired());
    expect(await sales.reservation('s1')).toMatchObject({ ok: true, reservation: null });
    expect(await sales.reservation('s1')).toMatchObject({ error: { code: 'ERR_TOKEN_EXPIRED' } });

    const away = rig(...Array.from({ length: 100 }, () => null));
    expect(await away.come(away.sales.reservation('s1'))).toMatchObject({
      ok: false,
      error: { code: 'ERR_CLIENT_NETWORK', retryable: true },
    });
    expect(away.net.nowMs()).toBeGreaterThan(20_000);
    expect(away.net.timers).toBe(0);
  });

  test('is bounded, and destroy ends it with a word', async () => {
    const { net, sales } = rig();
    net.reply = () => 'hang';
    const first = Array.from({ length: 16 }, (_, i) => sales.reservation(`s${i}`));
    expect(await sales.reservation('s-more')).toMatchObject({ error: { code: 'ERR_CLIENT_BUSY' } });
    sales.destroy();
    await net.advance(60_000);
    expect(await first[0]).toMatchObject({ ok: false, error: { code: 'ERR_CLIENT_DESTROYED' } });
  });
});
