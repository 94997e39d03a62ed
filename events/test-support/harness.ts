import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SignJWT } from 'jose';
import type { Cue } from '../../cues/cue.ts';
import { createCors } from '../../service/cors.ts';
import { createHealth } from '../../service/health.ts';
import { createHttpApp } from '../../service/http-app.ts';
import { createHttpServer } from '../../service/http-server.ts';
import { type Listening, listen } from '../../service/listen.ts';
import { createLog } from '../../service/log.ts';
import { createTokenRegistry } from '../../service/tokens.ts';
import { createEvents, type Events, type EventsOptions } from '../events.ts';
import { acceptedCue, type CuePlan, landedCue, newSigningKey } from './cues.ts';
import { ManualTime } from './manual-time.ts';
import { FEED_TOKEN, MediaServer } from './media-server.ts';
import { until } from './until.ts';

export const DIRECTOR = 'director-token-for-tests';
export const READER = 'reader-token-for-tests';
export const TREASURER = 'treasurer-token-for-tests';
/** May do all that a token can, as a rehearsal. */
export const REHEARSER = 'rehearser-token-for-tests';
export const JWT_SECRET = 'jwt-secret-for-tests-of-32-bytes';
export const SPREAD_MS = 15_000;

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into any answer
  readonly body: any;
}

/** Events over real HTTP and SQLite, following a feed over real sockets, on a clock that tests move. */
export class EventsUnderTest {
  readonly time = new ManualTime();
  readonly media = new MediaServer(this.time.clock);
  readonly signingKey = newSigningKey();
  readonly #over: Partial<EventsOptions>;
  #folder = '';
  #listening: Listening | null = null;
  events!: Events;
  url = '';

  constructor(over: Partial<EventsOptions> = {}) {
    this.#over = over;
  }

  get ledgerPath(): string {
    return join(this.#folder, 'events.db');
  }

  async start(): Promise<this> {
    this.#folder = await mkdtemp(join(tmpdir(), 'framecue-events-'));
    this.media.keys = [this.signingKey];
    await this.media.listen();
    await this.open();
    return this;
  }

  /** A process's life begins. */
  async open(): Promise<void> {
    const log = createLog('events', { logLevel: 'silent' });
    const cors = this.#over.cors ?? createCors(['*']);
    this.events = await createEvents({
      ledgerPath: this.ledgerPath,
      mediaUrl: this.media.url,
      feedToken: FEED_TOKEN,
      tokens: createTokenRegistry([
        { name: 'director', token: DIRECTOR, rights: ['direct'] },
        { name: 'reader', token: READER, rights: ['read'] },
        { name: 'treasurer', token: TREASURER, rights: ['treasurer'] },
        { name: 'rehearser', token: REHEARSER, rights: ['direct', 'treasurer'], rehearsal: true },
        { name: 'feed', token: FEED_TOKEN, rights: ['feed'] },
      ]),
      sessionKey: 'session-key-for-tests',
      prizeKey: 'prize-key-for-tests',
      sessionTtlMs: 3_600_000,
      jwt: { source: { kind: 'secret', secret: JWT_SECRET }, audience: 'framecue', issuer: null },
      demo: false,
      viewerSpreadMs: SPREAD_MS,
      delayReportsPerSecond: 300,
      storeQueue: 20_000,
      storeTimeoutMs: 5_000,
      cors,
      log,
      clock: this.time.clock,
      timers: this.time,
      random: () => 0,
      ...this.#over,
    });
    const health = createHealth();
    for (const [name, check] of Object.entries(this.events.checks)) health.add(name, check);
    const app = createHttpApp({
      log,
      cors,
      settings: { bodyLimitBytes: 16_384, trustProxy: 0 },
      routes: (express) => {
        health.routes(express);
        this.events.routes(express);
      },
    });
    const server = createHttpServer({ hot: this.events.hot, upgrade: this.events.upgrade, app, log });
    this.#listening = await listen(server, { host: '127.0.0.1', port: 0, settingName: 'test' });
    this.url = `http://127.0.0.1:${this.#listening.port}`;
    health.markReady();
    this.events.start();
    await this.connected();
  }

  /** ... and ends. */
  async shut(): Promise<void> {
    await this.#listening?.close();
    this.#listening = null;
    await this.events.close();
  }

  async stop(): Promise<void> {
    await this.shut();
    await this.media.close();
    await rm(this.#folder, { recursive: true });
  }

  get books(): Events['books'] {
    return this.events.books;
  }

  connected(): Promise<void> {
    return until(() => {
      if (this.events.status().feed.position === null) throw new Error('the feed is not followed yet');
    });
  }

  /** Publishes cues and waits until their effect is committed. */
  async publish(...cues: readonly Cue[]): Promise<void> {
    const seq = this.media.publish(...cues);
    await until(() => {
      if (this.events.status().feed.position !== `${this.media.logEpoch}.${seq}`)
        throw new Error('not applied');
    });
  }

  /** A cue that lands now. */
  land(plan: CuePlan): Cue {
    return landedCue(plan, this.time.clock);
  }

  accept(plan: CuePlan): Cue {
    return acceptedCue(plan, this.time.clock);
  }

  jwt(viewer: string, claims: Readonly<Record<string, unknown>> = {}): Promise<string> {
    const now = Math.floor(this.time.clock.unixMs() / 1000);
    return new SignJWT({ sub: viewer, aud: 'framecue', exp: now + 600, ...claims })
      .setProtectedHeader({ alg: 'HS256' })
      .sign(new TextEncoder().encode(JWT_SECRET));
  }

  async session(viewer: string = randomUUID()): Promise<string> {
    const { body } = await this.post('/api/v1/session', { token: await this.jwt(viewer) });
    return body.token;
  }

  get(path: string, token?: string, headers: Record<string, string> = {}): Promise<Answer> {
    return this.send(path, { headers: { ...bearer(token), ...headers } });
  }

  post(path: string, body: unknown, token?: string): Promise<Answer> {
    return this.send(path, {
      method: 'POST',
      headers: { ...bearer(token), 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
    });
  }

  async send(path: string, init: RequestInit = {}): Promise<Answer> {
    const response = await fetch(`${this.url}${path}`, init);
    const text = await response.text();
    const isJson = response.headers.get('content-type')?.startsWith('application/json') === true;
    return {
      status: response.status,
      headers: response.headers,
      body: isJson && text !== '' ? JSON.parse(text) : text,
    };
  }

  /** Creates a quiz of four options, of which the second is right. */
  async quiz(id: string, config: object = {}): Promise<Answer> {
    return this.post(
      '/api/v1/interactions',
      {
        id,
        type: 'quiz',
        config: {
          question: 'Who wins?',
          options: ['Ann', 'Bob', 'Eve', 'Zoe'],
          correct: 1,
          durationMs: 10_000,
          ...config,
        },
      },
      DIRECTOR,
    );
  }

  submit(interaction: string, token: string | undefined, body: object = {}): Promise<Answer> {
    return this.post(
      `/api/v1/interactions/${interaction}/submissions`,
      { choice: 1, cue: 'open-1', ...body },
      token,
    );
  }
}

const bearer = (token: string | undefined): Record<string, string> =>
  token === undefined ? {} : { Authorization: `Bearer ${token}` };
