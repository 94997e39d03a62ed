import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { systemClock } from '../../packet/clock.ts';
import { landedCue } from './cues.ts';
import { DIRECTOR, JWT_SECRET } from './harness.ts';
import { FEED_TOKEN, MediaServer } from './media-server.ts';
import { until } from './until.ts';

const PROGRAM = fileURLToPath(new URL('./events-process.ts', import.meta.url));
const START_MS = 120_000;

/** Events in a process of its own, on a ledger that outlives it; media is here. */
export class EventsChild {
  readonly media = new MediaServer(systemClock);
  #folder = '';
  #child: ChildProcess | null = null;
  url = '';

  async begin(): Promise<void> {
    this.#folder = await mkdtemp(join(tmpdir(), 'framecue-child-'));
    await this.media.listen();
  }

  get folder(): string {
    return this.#folder;
  }

  /** @param under a program and its arguments that run the process, as strace does. */
  async start(under: readonly string[] = []): Promise<void> {
    const ledger = join(this.#folder, 'events.db');
    const args = [PROGRAM, ledger, this.media.url, FEED_TOKEN, DIRECTOR, JWT_SECRET];
    const [program, ...rest] = [...under, process.execPath, ...args];
    const child = spawn(program!, rest, { stdio: ['ignore', 'pipe', 'pipe'] });
    this.#child = child;
    let complaints = '';
    child.stderr.on('data', (data) => {
      complaints += data;
    });
    const lines = createInterface(child.stdout);
    const timeout = AbortSignal.timeout(START_MS);
    const ended = once(child, 'exit', { signal: timeout }).then(() => {
      throw new Error(`the process has ended: ${complaints}`);
    });
    const [line] = (await Promise.race([once(lines, 'line', { signal: timeout }), ended])) as [string];
    ended.catch(() => undefined);
    this.url = line;
  }

  /** As a crash ends it: no handler runs, nothing is flushed. */
  async kill(): Promise<void> {
    const child = this.#child;
    this.#child = null;
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    const exit = once(child, 'exit');
    child.kill('SIGKILL');
    await exit;
  }

  async end(): Promise<void> {
    await this.kill();
    await this.media.close();
    await rm(this.#folder, { recursive: true });
  }

  async post(path: string, body: unknown, token?: string) {
    const response = await fetch(`${this.url}${path}`, {
      method: 'POST',
      headers: {
        'Content-Type': 'application/json',
        ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }),
      },
      body: JSON.stringify(body),
    });
    // biome-ignore lint/suspicious/noExplicitAny: tests look into any answer
    return { status: response.status, body: (await response.json()) as any };
  }

  /** Makes a quiz and opens it. */
  async openQuiz(): Promise<void> {
    const config = { question: 'Who?', options: ['a', 'b', 'c'], durationMs: 600_000 };
    const made = await this.post('/api/v1/interactions', { id: 'q1', type: 'quiz', config }, DIRECTOR);
    if (made.status !== 201) throw new Error(JSON.stringify(made));
    const cue = { id: 'open-1', type: 'interaction.open', data: { interaction: 'q1' } } as const;
    this.media.publish(landedCue({ ...cue, durationMs: 600_000 }, systemClock));
    await until(async () => {
      if ((await this.result()).state !== 'ACTIVE') throw new Error('not open yet');
    });
  }

  // biome-ignore lint/suspicious/noExplicitAny: as above
  async result(): Promise<any> {
    return (await fetch(`${this.url}/api/v1/interactions/q1/result`)).json();
  }

  async session(viewer: string): Promise<string> {
    const demo = await this.post('/api/v1/demo/viewer-token', { viewer });
    return (await this.post('/api/v1/session', { token: demo.body.token })).body.token;
  }

  submit(token: string, choice: number) {
    return this.post('/api/v1/interactions/q1/submissions', { choice, cue: 'open-1' }, token);
  }
}
