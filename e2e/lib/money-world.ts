import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { SignJWT } from 'jose';
import { type CuePlan, landedCue } from '../../events/test-support/cues.ts';
import { FEED_TOKEN, MediaServer } from '../../events/test-support/media-server.ts';
import { systemClock } from '../../packet/clock.ts';
import type { ReadyMessage } from '../../server/process.ts';
import { V8_FLAGS } from '../../server/v8-flags.ts';
import { until } from './api.ts';

const fileAt = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));

const JWT_SECRET = 'jwt-secret-for-tests-of-32-bytes';
/** Behind the short tokens of viewers. */
export const SESSION_KEY = 'session-key-for-tests-of-32-bytes';
export const DIRECTOR = 'director-token-for-tests';
export const TREASURER = 'treasurer-token-for-tests';
const START_MS = 60_000;
/** Sockets that are open at once, to each process. */
export const CONNECTIONS = 64;

export interface Answer {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into any answer
  readonly body: any;
}

/** What the reward service has done, straight from its disk. */
export interface Told {
  readonly id: string;
  readonly type: string;
  readonly viewer: string | null;
  readonly of_grant: string | null;
  readonly amount: number | null;
  readonly outcome: 'done' | 'declined';
}

/**
 * Events as `npm start` runs it and the reference reward service, each a process of its own that can be killed at any
 * moment, on one data folder; media is here, and lands cues when it is told to.
 */
export class MoneyWorld {
  readonly media = new MediaServer(systemClock);
  readonly folder = mkdtempSync(join(tmpdir(), 'framecue-money-'));
  readonly #agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  readonly #env: Readonly<Record<string, string>>;
  #events: ChildProcess | null = null;
  #rewards: ChildProcess | null = null;
  #rewardsPort = 0;
  #eventsPort = 0;
  kills = { events: 0, rewards: 0 };

  constructor(env: Readonly<Record<string, string>> = {}) {
    this.#env = env;
  }

  get ledger(): string {
    return join(this.folder, 'events.db');
  }

  /** What a command of framecue needs to find this. */
  get env(): NodeJS.ProcessEnv {
    return {
      ...process.env,
      FRAMECUE_DATA_DIR: this.folder,
      FRAMECUE_EVENTS_PORT: String(this.#eventsPort),
      FRAMECUE_FEED_URL: this.media.url,
      FRAMECUE_FEED_TOKEN: FEED_TOKEN,
      FRAMECUE_DIRECTOR_TOKEN: DIRECTOR,
      FRAMECUE_TREASURER_TOKEN: TREASURER,
      FRAMECUE_VIEWER_JWT_SECRET: JWT_SECRET,
      FRAMECUE_SESSION_KEY: SESSION_KEY,
      FRAMECUE_VIEWER_SPREAD_CAP_MS: '500',
      FRAMECUE_REWARDS_URL: `http://127.0.0.1:${this.#rewardsPort}/grants`,
      FRAMECUE_LOG_LEVEL: 'warn',
      ...this.#env,
    };
  }

  async start(): Promise<this> {
    await this.media.listen();
    await this.startRewards();
    await this.startEvents();
    return this;
  }

  async stop(): Promise<void> {
    this.#agent.destroy();
    await this.killEvents();
    await this.killRewards();
    await this.media.close();
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** @param under a program and its arguments that run the process, as strace does. */
  async startEvents(under: readonly string[] = []): Promise<void> {
    const command = [process.execPath, ...V8_FLAGS.events, fileAt('server/events-main.ts')];
    const [program, ...args] = [...under, ...command];
    const child = spawn(program!, args, {
      env: this.env,
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    this.#events = child;
    const ready = await startOf(child, () => once(child, 'message') as Promise<[ReadyMessage]>);
    if (ready[0].kind !== 'ready') throw new Error(JSON.stringify(ready[0]));
    this.#eventsPort = ready[0].ports.http;
  }

  async startRewards(): Promise<void> {
    const args = ['rewards', '--json', '--misbehave', '--port', String(this.#rewardsPort)];
    const child = spawn(process.execPath, [fileAt('scripts/framecue.ts'), ...args], {
      env: this.env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#rewards = child;
    const [line] = await startOf(
      child,
      () => once(createInterface(child.stdout!), 'line') as Promise<[string]>,
    );
    this.#rewardsPort = Number(new URL((JSON.parse(line) as { url: string }).url).port);
  }

  /** As a crash ends it: no handler runs, nothing is flushed. */
  async killEvents(): Promise<void> {
    const child = this.#events;
    this.#events = null;
    if (await killed(child)) this.kills.events++;
  }

  async killRewards(): Promise<void> {
    const child = this.#rewards;
    this.#rewards = null;
    if (await killed(child)) this.kills.rewards++;
  }

  /** Each tenth call or so goes wrong behind the work, or before it. */
  async misbehave(moods: object): Promise<void> {
    await this.#send('POST', this.#rewardsPort, '/misbehave', {}, moods);
  }

  /** Media lands this cue now. */
  land(plan: CuePlan): void {
    this.media.publish(landedCue(plan, systemClock));
  }

  send(
    method: 'GET' | 'POST',
    path: string,
    token: string | null,
    body?: unknown,
    key?: string,
  ): Promise<Answer> {
    const headers = {
      ...(token === null ? {} : { authorization: `Bearer ${token}` }),
      ...(key === undefined ? {} : { 'idempotency-key': key }),
    };
    return this.#send(method, this.#eventsPort, path, headers, body);
  }

  /** Until it is taken or refused for good: as whoever loses the connection asks again. */
  async insist(
    method: 'GET' | 'POST',
    path: string,
    token: string | null,
    body?: unknown,
    key?: string,
  ): Promise<Answer> {
    return until(`${method} ${path}`, 60_000, async () => {
      const answer = await this.send(method, path, token, body, key).catch(() => null);
      return answer === null || answer.status === 503 || answer.status === 429 ? null : answer;
    });
  }

  /** What a customer gives its viewers. @param until as jose takes it, such as `2h` */
  jwt(name: string, until: string): Promise<string> {
    return new SignJWT({ sub: name, aud: 'framecue' })
      .setProtectedHeader({ alg: 'HS256' })
      .setExpirationTime(until)
      .sign(new TextEncoder().encode(JWT_SECRET));
  }

  async viewer(name: string): Promise<string> {
    const token = await this.jwt(name, '2h');
    const { status, body } = await this.insist('POST', '/api/v1/session', null, { token });
    if (status !== 200) throw new Error(`${status} ${JSON.stringify(body)}`);
    return body.token;
  }

  /** The list of the reward service, in the order of its work. */
  told(): readonly Told[] {
    const db = new DatabaseSync(join(this.folder, 'rewards.db'), { readOnly: true });
    try {
      return db
        .prepare('SELECT id, type, viewer, of_grant, amount, outcome FROM calls ORDER BY seq')
        .all() as unknown as Told[];
    } finally {
      db.close();
    }
  }

  /** Runs a command of framecue to its end. */
  async command(...args: readonly string[]): Promise<{ readonly code: number; readonly output: string }> {
    const child = spawn(process.execPath, [fileAt('scripts/framecue.ts'), ...args], {
      env: this.env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk) => {
        output += chunk;
      });
    }
    const [code] = (await once(child, 'close')) as [number];
    return { code, output };
  }

  #send(
    method: string,
    port: number,
    path: string,
    headers: Readonly<Record<string, string>>,
    body?: unknown,
  ): Promise<Answer> {
    const text = body === undefined ? null : JSON.stringify(body);
    return new Promise((resolve, reject) => {
      const req = request(
        {
          ...{ method, port, path, host: '127.0.0.1', agent: this.#agent, timeout: 30_000 },
          headers: {
            ...headers,
            ...(text === null
              ? {}
              : { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(text)) }),
          },
        },
        (res) => {
          let got = '';
          res.setEncoding('utf8');
          res.on('data', (chunk: string) => {
            got += chunk;
          });
          res.once('error', reject);
          res.once('aborted', () => reject(new Error('cut off')));
          res.once('end', () => {
            resolve({ status: res.statusCode!, body: got === '' ? null : JSON.parse(got) });
          });
        },
      );
      req.once('error', reject);
      req.once('timeout', () => req.destroy(new Error('no answer in time')));
      req.end(text ?? undefined);
    });
  }
}

async function killed(child: ChildProcess | null): Promise<boolean> {
  if (child === null || child.exitCode !== null || child.signalCode !== null) return false;
  const exit = once(child, 'exit');
  child.kill('SIGKILL');
  await exit;
  return true;
}

async function startOf<Value>(child: ChildProcess, ready: () => Promise<Value>): Promise<Value> {
  let complaints = '';
  child.stderr?.on('data', (chunk) => {
    complaints += chunk;
  });
  const late = AbortSignal.timeout(START_MS);
  const ended = once(child, 'exit', { signal: late }).then(() => {
    throw new Error(`the process has ended: ${complaints}`);
  });
  try {
    return await Promise.race([ready(), ended]);
  } finally {
    ended.catch(() => undefined);
  }
}

/** The lines of a file, for traces of system calls. */
export const linesOf = (path: string): readonly string[] => readFileSync(path, 'utf8').split('\n');
