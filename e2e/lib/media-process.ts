import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { toolEnvironment } from '../../scripts/lib/tools.ts';
import type { FailedMessage, ReadyMessage } from '../../server/process.ts';
import { loadSecrets } from '../../service/secrets.ts';
import { loadSettings } from '../../service/settings.ts';
import { ensureTestStream, type TestStreamName } from '../../test-streams/catalogue.ts';
import { type Push, pushStream } from '../../test-streams/push.ts';
import { type Answer, request, until } from './api.ts';

const ENTRY = fileURLToPath(new URL('../../server/media-main.ts', import.meta.url));
/** On a machine that has much else to do. */
const START_MS = 90_000;
const LIVE_MS = 90_000;

/** Media alone, which is killed and started again at once, as often as one likes: on its ports, with its data. */
export class MediaProcess {
  readonly dataDir = mkdtempSync(join(tmpdir(), 'framecue-media-'));
  readonly streamPath = '/api/v1/streams/live/main';
  readonly #env: Readonly<Record<string, string>>;
  #child: ChildProcess | null = null;
  #ports: ReadyMessage['ports'] | null = null;
  #push: Push | null = null;

  constructor(env: Readonly<Record<string, string>> = {}) {
    this.#env = { FRAMECUE_DATA_DIR: this.dataDir, FRAMECUE_LOG_LEVEL: 'warn', ...env };
  }

  get base(): string {
    return `http://127.0.0.1:${this.#ports!.http}`;
  }

  get #secrets() {
    return loadSecrets(loadSettings(this.#env).settings);
  }

  async start(): Promise<void> {
    const outcome = await this.#startOn(this.#ports);
    // While it was down, somebody else on this machine may have been given its port.
    const again = outcome.kind === 'failed' && outcome.code === 'ERR_PORT_TAKEN';
    const settled = again ? await this.#startOn(null) : outcome;
    if (settled.kind === 'failed') throw new Error(`media does not start: ${settled.text} (${settled.code})`);
    this.#ports = settled.ports;
  }

  async #startOn(had: ReadyMessage['ports'] | null): Promise<ReadyMessage | FailedMessage> {
    const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', ENTRY], {
      env: {
        ...process.env,
        ...toolEnvironment(),
        ...this.#env,
        FRAMECUE_MEDIA_PORT: String(had?.http ?? 0),
        FRAMECUE_RTMP_PORT: String(had?.rtmp ?? 0),
      },
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    this.#child = child;
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => reject(new Error('media did not start in time')), START_MS);
      child.once('message', (message: ReadyMessage | FailedMessage) => {
        clearTimeout(late);
        resolve(message);
      });
      child.once('exit', (code) => {
        clearTimeout(late);
        reject(new Error(`media ended with code ${code} at its start`));
      });
    });
  }

  /** As a power cut ends it. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL');
    // ffmpeg notices by itself, but late.
    await this.#push?.stop();
    this.#push = null;
  }

  async publish(name: TestStreamName): Promise<void> {
    const { file } = await ensureTestStream(name);
    const { streamKey } = this.#secrets;
    const url = `rtmp://127.0.0.1:${this.#ports!.rtmp}/live/main?key=${streamKey}`;
    this.#push = pushStream({ file, url });
    await until('the stream is live', LIVE_MS, async () => {
      const { body } = await this.ask<{ live?: boolean }>('GET', this.streamPath);
      return body.live === true ? true : null;
    });
  }

  ask<T>(method: string, path: string, body?: unknown): Promise<Answer<T>> {
    const { tokens } = this.#secrets;
    return request<T>(method, this.base + path, body, { authorization: `Bearer ${tokens.director}` });
  }

  async stop(): Promise<void> {
    await this.#push?.stop();
    await this.#end('SIGTERM');
    rmSync(this.dataDir, { recursive: true, force: true });
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    this.#child = null;
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill(signal);
    await ended;
  }
}
