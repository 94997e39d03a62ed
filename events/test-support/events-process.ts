import { createCors } from '../../service/cors.ts';
import { createHttpApp } from '../../service/http-app.ts';
import { createHttpServer } from '../../service/http-server.ts';
import { listen } from '../../service/listen.ts';
import { createLog } from '../../service/log.ts';
import { createTokenRegistry } from '../../service/tokens.ts';
import { createEvents } from '../events.ts';

/**
 * Events as a process of its own, to be killed and traced by tests:
 * `node events-process.ts LEDGER MEDIA_URL FEED_TOKEN DIRECTOR_TOKEN JWT_SECRET`. Prints its base URL.
 */
const [ledgerPath, mediaUrl, feedToken, directorToken, jwtSecret] = process.argv.slice(2) as string[];

const log = createLog('events', { logLevel: 'silent' });
const cors = createCors(['*']);
const events = await createEvents({
  ledgerPath: ledgerPath!,
  mediaUrl: mediaUrl!,
  feedToken: feedToken!,
  tokens: createTokenRegistry([{ name: 'director', token: directorToken!, rights: ['direct'] }]),
  sessionKey: 'session-key-for-tests',
  prizeKey: 'prize-key-for-tests',
  sessionTtlMs: 3_600_000,
  jwt: { source: { kind: 'secret', secret: jwtSecret! }, audience: 'framecue', issuer: null },
  demo: true,
  viewerSpreadMs: 15_000,
  delayReportsPerSecond: 300,
  storeQueue: 20_000,
  storeTimeoutMs: 5_000,
  cors,
  log,
});
const app = createHttpApp({
  log,
  cors,
  settings: { bodyLimitBytes: 16_384, trustProxy: 0 },
  routes: events.routes,
});
const server = createHttpServer({ hot: events.hot, app, log });
const { port } = await listen(server, { host: '127.0.0.1', port: 0, settingName: 'test' });
events.start();
console.log(`http://127.0.0.1:${port}`);
