import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { createCors } from '../../service/cors.ts';
import { EventsUnderTest } from '../test-support/harness.ts';
import { until } from '../test-support/until.ts';
import { RateAllowance } from './rate-allowance.ts';

let t: EventsUnderTest;
let stepped = 0;
beforeEach(async () => {
  stepped = 0;
  t = await new EventsUnderTest({
    gatewayLimit: 2,
    clockSteps: () => stepped,
    cors: createCors(['https://app.example']),
  }).start();
});
afterEach(() => t.stop());

/** Open, or the status that it was refused with. */
function connect(headers: Record<string, string> = {}): Promise<WebSocket | number> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(`${t.url.replace('http', 'ws')}/api/v1/gateway`, { headers });
    socket.once('open', () => resolve(socket));
    socket.once('unexpected-response', (_, response) => {
      response.resume();
      resolve(response.statusCode!);
    });
    socket.once('error', reject);
  });
}
const opened = async (headers = {}) => (await connect(headers)) as WebSocket;
const ask = (socket: WebSocket, text: string): Promise<unknown> =>
  new Promise((resolve) => {
    socket.once('message', (data) => resolve(JSON.parse(String(data))));
    socket.once('close', (code) => resolve(code));
    socket.send(text);
  });

describe('the gateway', () => {
  test('tells the time, without a token', async () => {
    const socket = await opened();
    const now = t.time.clock.unixUs();
    expect(await ask(socket, '{"t":"clock","t1":1700000000123456}')).toEqual({
      ...{ t: 'clock', t1: 1_700_000_000_123_456, t2: now, t3: now, steps: 0 },
    });
    stepped = 3;
    expect(await ask(socket, '{"t":"clock","t1":0}')).toMatchObject({ t1: 0, steps: 3 });
    expect(t.events.status().gateway).toMatchObject({ connections: 1, exchanges: 2 });
    socket.close();
    await until(() => expect(t.events.status().gateway.connections).toBe(0));
  });

  test.each([
    ['no JSON', 'hello'],
    ['null', 'null'],
    ['another message', '{"t":"cue","t1":5}'],
    ['a T1 with fractions', '{"t":"clock","t1":1.5}'],
    ['a T1 that is text', '{"t":"clock","t1":"5"}'],
    ['a negative T1', '{"t":"clock","t1":-5}'],
    ['a number beyond all', '{"t":"clock","t1":1e300}'],
    ['a long message', JSON.stringify({ t: 'clock', t1: 5, more: 'x'.repeat(600) })],
  ])('closes a connection that sends %s, and that one alone', async (_, text) => {
    const [good, bad] = [await opened(), await opened()];
    expect(typeof (await ask(bad, text))).toBe('number');
    expect(await ask(good, '{"t":"clock","t1":1}')).toMatchObject({ t1: 1 });
    good.close();
  });

  test('bounds how often one may ask', async () => {
    const socket = await opened();
    const closed = new Promise((resolve) => {
      socket.once('close', resolve);
    });
    for (let i = 0; i < 60; i++) socket.send('{"t":"clock","t1":1}');
    await closed;
    expect(t.events.status().gateway).toMatchObject({ exchanges: 40, closed: 1 });
  });

  test('takes so many connections and no more, and again when one has left', async () => {
    const [first, second] = [await opened(), await opened()];
    expect(await connect()).toBe(503);
    first.close();
    await until(() => expect(t.events.status().gateway.connections).toBe(1));
    const third = await opened();
    for (const socket of [second, third]) socket.close();
    expect(t.events.status().gateway.refused).toBe(1);
  });

  test('holds the rules of CORS: listed origins, its own pages, and what is no browser', async () => {
    expect(await connect({ Origin: 'https://elsewhere.example' })).toBe(403);
    for (const origin of ['https://app.example', t.url]) {
      const socket = await opened({ Origin: origin });
      expect(await ask(socket, '{"t":"clock","t1":1}')).toMatchObject({ t1: 1 });
      socket.close();
      await until(() => expect(t.events.status().gateway.connections).toBe(0));
    }
  });

  test('ends a connection that says nothing for three minutes', async () => {
    const socket = await opened();
    const closed = new Promise((resolve) => {
      socket.once('close', resolve);
    });
    t.time.advance(170_000);
    await ask(socket, '{"t":"clock","t1":1}');
    t.time.advance(170_000);
    expect(t.events.status().gateway.connections).toBe(1);
    t.time.advance(20_000);
    await closed;
  });

  test('nothing else lives at its address', async () => {
    expect((await t.get('/api/v1/gateway')).status).toBe(404);
    const elsewhere = new WebSocket(`${t.url.replace('http', 'ws')}/api/v1/gateways`);
    const status = await new Promise((resolve) => {
      elsewhere.once('unexpected-response', (_, response) => resolve(response.statusCode));
      elsewhere.once('error', () => undefined);
    });
    expect(status).toBe(404);
  });
});

test('an allowance fills up again, and never beyond its most', () => {
  const allowance = new RateAllowance(3, 2, 0);
  const takes = (atUs: number, times: number) => Array.from({ length: times }, () => allowance.take(atUs));
  expect(takes(0, 4)).toEqual([true, true, true, false]);
  expect(takes(500_000, 2)).toEqual([true, false]);
  expect(takes(1e9, 4)).toEqual([true, true, true, false]);
});
