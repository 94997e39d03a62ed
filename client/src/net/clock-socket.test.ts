import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { WebSocketServer } from 'ws';
import { browserNet } from '../page/environment.ts';
import { ServerClock } from './clock.ts';

let end: () => void = () => undefined;
afterEach(() => end());

test('the clock is known over a real WebSocket, and again over another when the first is cut', async () => {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', path: '/api/v1/gateway' });
  await new Promise((resolve) => server.once('listening', resolve));
  let connections = 0;
  let asked = 0;
  server.on('connection', (socket) => {
    connections++;
    socket.on('message', (data) => {
      const { t1 } = JSON.parse(String(data));
      const now = Date.now() * 1000 + 60_000_000;
      if (++asked === 3) socket.terminate();
      else socket.send(JSON.stringify({ t: 'clock', t1, t2: now, t3: now, steps: 0 }));
    });
  });
  const problems: string[] = [];
  const clock = new ServerClock(browserNet, {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/v1`,
    way: 'gateway',
    onProblem: (code) => problems.push(code),
    onKnown: () => undefined,
  });
  end = () => {
    clock.destroy();
    for (const socket of server.clients) socket.terminate();
    server.close();
  };
  clock.start();
  await expect.poll(() => connections, { timeout: 15_000 }).toBe(2);
  await expect.poll(() => asked, { timeout: 15_000 }).toBeGreaterThan(4);
  expect([clock.way, problems]).toEqual(['gateway', ['ERR_CLIENT_NETWORK']]);
  const { unixUs, errorUs } = clock.now()!;
  // The server reads whole milliseconds.
  expect(Math.abs(unixUs - (Date.now() * 1000 + 60_000_000))).toBeLessThan(errorUs + 20_000);
});
