import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createParser } from 'eventsource-parser';
import type { Express } from 'express';
import { vi } from 'vitest';
import type { Cue } from '../../cues/cue.ts';
import type { CueState } from '../../cues/states.ts';
import { ManualClock } from '../../packet/clock.ts';
import { FramecueError } from '../../packet/errors.ts';
import { holderOf, requireRight } from '../../service/bearer.ts';
import { createCors } from '../../service/cors.ts';
import { createHttpApp } from '../../service/http-app.ts';
import { createHttpServer } from '../../service/http-server.ts';
import { type Listening, listen } from '../../service/listen.ts';
import { createLog } from '../../service/log.ts';
import { loadSettings } from '../../service/settings.ts';
import { createTokenRegistry } from '../../service/tokens.ts';
import type { Actor, DirectorAction } from '../action.ts';
import { type Console, type ConsoleBook, openConsole } from '../console/console.ts';
import type { ConsoleObserver } from '../console/console-hub.ts';
import { consoleOf } from '../console/requests.ts';
import type { ConsoleSnapshot, StreamBrief } from '../console/shapes.ts';
import type { TriggerDeeds } from '../triggers/triggers.ts';
import { sampleCue } from './cues.ts';

export const STREAM = 'live/main';
export const S = `/api/v1/streams/${STREAM}`;
export const DIRECTOR = 'director-0123456789';
export const GUEST = 'guest-0123456789abc';
export const READER = 'reader-0123456789ab';

/** A book that says what it is told to say: the real one has tests of its own. */
export class SayingBook implements ConsoleBook {
  readonly cues: Cue[] = [];
  busy: readonly string[] = [];
  /** Holds `list` up until it resolves. */
  reading: Promise<void> = Promise.resolve();
  readonly #onChange: ((cue: Cue, from: CueState | null) => void)[] = [];
  readonly #onAction: ((action: DirectorAction) => void)[] = [];

  async list(stream: string, limit: number): Promise<readonly Cue[]> {
    const cues = this.cues.filter((cue) => cue.stream === stream).slice(0, limit);
    await this.reading;
    return cues;
  }
  busyWith = (): readonly string[] => this.busy;
  onChange(listener: (cue: Cue, from: CueState | null) => void): void {
    this.#onChange.push(listener);
  }
  onAction(listener: (action: DirectorAction) => void): void {
    this.#onAction.push(listener);
  }

  change(cue: Cue, from: CueState | null = null): void {
    const at = this.cues.findIndex(({ id }) => id === cue.id);
    if (at === -1) this.cues.unshift(cue);
    else this.cues[at] = cue;
    for (const listener of this.#onChange) listener(cue, from);
  }

  act(action: DirectorAction): void {
    for (const listener of this.#onAction) listener(action);
  }
}

/** Everything behind the console's routes on a real socket, with a clock that stands still. */
export class ConsoleRig {
  readonly folder = mkdtempSync(join(tmpdir(), 'framecue-console-'));
  clock = new ManualClock();
  readonly lines: string[] = [];
  book = new SayingBook();
  console!: Console;
  base = '';
  rate = 25;
  /** What triggers and the guarded route did: `who what`. */
  readonly done: string[] = [];
  /** Thrown by the next deed. */
  refusal: FramecueError | null = null;
  readonly #channels: Channel[] = [];
  #listening: Listening | null = null;

  async start(
    options: {
      readonly env?: Record<string, string>;
      readonly known?: readonly Cue[];
      readonly observer?: ConsoleObserver;
      readonly tokens?: Parameters<typeof createTokenRegistry>[0];
    } = {},
  ): Promise<this> {
    const { settings } = loadSettings({ FRAMECUE_DATA_DIR: this.folder, ...options.env });
    const log = createLog('test', { logLevel: 'debug' }, { write: (line: string) => this.lines.push(line) });
    const tokens = createTokenRegistry(
      options.tokens ?? [
        { name: 'director', token: DIRECTOR, rights: ['direct'] },
        { name: 'guest', token: GUEST, rights: ['direct'] },
        { name: 'reader', token: READER, rights: ['read'] },
      ],
    );
    this.console = await openConsole({
      ...{ settings, tokens, clock: this.clock, log, briefOf: (stream: string) => this.#brief(stream) },
      ...(options.observer === undefined ? {} : { observer: options.observer }),
    });
    this.console.attach(this.book, options.known ?? [], this.#deeds(), true);
    const routes = (app: Express): void => {
      this.console.routes(app);
      // In the place of the cue API: a route that changes something.
      app.all(['/api/v1/streams/:app/:name/*rest'], requireRight(tokens, 'direct'), (req, res) => {
        this.done.push(
          `${consoleOf(req) ?? 'script'} of ${holderOf(res).name}: ${req.method} ${req.params.rest}`,
        );
        res.json({ done: true });
      });
    };
    const app = createHttpApp({ log, cors: createCors(['*']), settings, routes });
    this.#listening = await listen(createHttpServer({ log, app }), {
      ...{ host: '127.0.0.1', port: 0, settingName: 'FRAMECUE_MEDIA_PORT' },
    });
    this.base = `http://127.0.0.1:${this.#listening.port}`;
    return this;
  }

  async stop(): Promise<void> {
    for (const channel of this.#channels.splice(0)) channel.close();
    this.console.endChannel();
    await this.#listening?.close();
    await this.console.close();
  }

  async restart(options: Parameters<ConsoleRig['start']>[0] = {}): Promise<void> {
    await this.stop();
    await this.start(options);
  }

  async remove(): Promise<void> {
    await this.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }

  async call(
    method: string,
    path: string,
    given: { token?: string; body?: unknown; console?: string; headers?: Record<string, string> } = {},
  ) {
    const response = await fetch(`${this.base}${path}`, {
      method,
      headers: {
        ...(given.token === '' ? {} : { Authorization: `Bearer ${given.token ?? DIRECTOR}` }),
        ...(given.console === undefined ? {} : { 'Framecue-Console': given.console }),
        ...(given.body === undefined ? {} : { 'Content-Type': 'application/json' }),
        ...given.headers,
      },
      ...(given.body === undefined ? {} : { body: JSON.stringify(given.body) }),
    });
    const text = await response.text();
    const isJson = response.headers.get('content-type')?.startsWith('application/json') === true;
    // biome-ignore lint/suspicious/noExplicitAny: answers of many routes
    const body: any = isJson && text !== '' ? JSON.parse(text) : text;
    return { status: response.status, body, code: body?.error?.code ?? null, headers: response.headers };
  }

  control(console: string, what: string, given: { force?: boolean; token?: string } = {}) {
    const { force, ...rest } = given;
    const body = {
      console,
      name: console.toUpperCase(),
      do: what,
      ...(force === undefined ? {} : { force }),
    };
    return this.call('POST', `${S}/control`, { body, ...rest });
  }

  async connect(query = '', token = DIRECTOR): Promise<Channel> {
    const channel = new Channel();
    this.#channels.push(channel);
    await channel.open(`${this.base}${S}/console${query}`, token);
    return channel;
  }

  #deeds(): TriggerDeeds {
    const deed = async (what: string, { by, console }: Actor): Promise<Cue> => {
      const { refusal } = this;
      this.refusal = null;
      if (refusal !== null) throw refusal;
      this.done.push(`${console} of ${by}: ${what}`);
      return sampleCue(`made-${this.done.length}`);
    };
    return {
      next: (_stream, who) => deed('next', who),
      take: (_stream, item, who) => deed(`take ${item}`, who),
      arm: (_stream, item, who) => deed(`arm ${item}`, who),
      cue: (_stream, request, who) => deed(`cue ${request.type}`, who),
      panic: async (_stream, who) => {
        await deed('panic', who);
      },
    };
  }

  #brief(stream: string): StreamBrief {
    return {
      ...{ at: this.clock.unixMs(), live: stream === STREAM, epoch: 'e1', frame: 0, pts: 0 },
      ...{ frameRate: this.rate, stamping: true, viewers: 0, publisher: null, problems: [] },
      programmeDelayMs: null,
    };
  }
}

// biome-ignore lint/suspicious/noExplicitAny: payloads of many events
type Payload = any;

/** A real reader of the console channel. */
export class Channel {
  readonly events: { readonly event: string; readonly data: Payload }[] = [];
  ended = false;
  readonly #abort = new AbortController();

  async open(url: string, token: string): Promise<void> {
    const response = await fetch(url, {
      headers: { Authorization: `Bearer ${token}` },
      signal: this.#abort.signal,
    });
    if (response.status !== 200) {
      const { error } = (await response.json()) as { error: { code: 'ERR_OVERLOADED' } };
      throw new FramecueError(error.code);
    }
    void this.#read(response.body!);
  }

  async #read(body: ReadableStream<Uint8Array>): Promise<void> {
    const parser = createParser({
      onEvent: ({ event = '', data }) => this.events.push({ event, data: JSON.parse(data) }),
    });
    const decoder = new TextDecoder();
    try {
      for await (const chunk of body) parser.feed(decoder.decode(chunk, { stream: true }));
    } catch (error) {
      if (!(error instanceof Error)) throw error;
    }
    this.ended = true;
  }

  of(event: string): Payload[] {
    return this.events.filter((seen) => seen.event === event).map(({ data }) => data);
  }

  last(event: string): Payload {
    return this.of(event).at(-1);
  }

  async snapshot(): Promise<ConsoleSnapshot> {
    await this.sees(() => this.of('snapshot').length > 0);
    return this.last('snapshot');
  }

  sees(holds: () => boolean): Promise<void> {
    return vi.waitFor(
      () => {
        if (!holds()) throw new Error(`not seen; seen: ${JSON.stringify(this.events.slice(-8))}`);
      },
      { timeout: 8_000, interval: 10 },
    );
  }

  close(): void {
    this.#abort.abort();
  }
}
