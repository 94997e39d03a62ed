import type { RequestHandler } from 'express';
import type { Cue } from '../../cues/cue.ts';
import type { Clock } from '../../packet/clock.ts';
import { FramecueError } from '../../packet/errors.ts';
import { holderOf } from '../../service/bearer.ts';
import type { Log } from '../../service/log.ts';
import type { AsRunRow } from '../as-run/row.ts';
import { EventStream } from '../event-stream.ts';
import { ConsoleQuery, streamOf } from './requests.ts';
import type {
  ConsoleEvents,
  ConsoleName,
  ConsoleSnapshot,
  ControlState,
  ModeState,
  PresenceState,
  PresentConsole,
  StreamBrief,
} from './shapes.ts';

export interface ConsoleHubOptions {
  readonly clock: Clock;
  readonly log: Log;
  /** Of this process. */
  readonly instance: string;
  /** Over all streams. */
  readonly maxConsoles: number;
  /** What may wait for one console, beside its snapshot. */
  readonly queueBytes: number;
  /** The newest cues of a stream, newest first. */
  readonly cuesOf: (stream: string) => Promise<readonly Cue[]>;
  readonly controlOf: (stream: string) => ControlState;
  readonly modeOf: (stream: string) => ModeState;
  readonly actionsOf: (stream: string) => readonly AsRunRow[];
  readonly briefOf: (stream: string) => StreamBrief;
  /** A console that stands by is there: once a second. */
  readonly onStandby: (stream: string, who: ConsoleName) => void;
  readonly observer?: ConsoleObserver;
  readonly beatMs?: number;
  readonly briefMs?: number;
  readonly stallMs?: number;
}

export interface ConsoleObserver {
  consoles?(count: number): void;
  /** A console did not read and was cut. */
  consoleCut?(): void;
}

const BEAT_MS = 2_000;
const BRIEF_MS = 1_000;
const STALL_MS = 10_000;
const RETRY_MS = 1_000;
/** What others publish is remembered for so many streams and events, the oldest first. */
const MAX_PARTS = 10_000;

type OwnEvent = Exclude<keyof ConsoleEvents, 'snapshot'>;

/**
 * What all consoles of a stream see, at once: server-sent events (`shapes.ts`). Each has a bounded queue; one that
 * does not read is cut and begins again with a snapshot, and nobody waits for it.
 */
export class ConsoleHub {
  readonly #options: ConsoleHubOptions;
  readonly #streams = new Map<string, Set<Connection>>();
  /** What others have published last, by stream and event. */
  readonly #parts = new Map<string, unknown>();
  readonly #timers: readonly NodeJS.Timeout[];
  #connections = 0;
  #closed = false;

  constructor(options: ConsoleHubOptions) {
    this.#options = options;
    this.#timers = [
      setInterval(() => this.#beat(), options.beatMs ?? BEAT_MS),
      setInterval(() => this.#tellBriefs(), options.briefMs ?? BRIEF_MS),
    ];
    for (const timer of this.#timers) timer.unref();
  }

  get consoles(): number {
    return this.#connections;
  }

  /**
   * For other parts of the director: tells all consoles of a stream, and whoever connects later.
   * @param event a name of its own, as `rundown`. @param payload the whole of what it tells of.
   */
  publish(stream: string, event: string, payload: unknown): void {
    const key = partKey(stream, event);
    this.#parts.delete(key);
    if (payload !== null && payload !== undefined) this.#parts.set(key, payload);
    if (this.#parts.size > MAX_PARTS) this.#parts.delete(this.#parts.keys().next().value!);
    this.#send(stream, event, payload ?? null);
  }

  tell<Event extends OwnEvent>(stream: string, event: Event, payload: ConsoleEvents[Event]): void {
    this.#send(stream, event, payload);
  }

  presence(stream: string): PresenceState {
    const consoles = new Map<string, PresentConsole>();
    let watching = 0;
    const control = this.#options.controlOf(stream);
    const isOneOf = (names: readonly ConsoleName[], who: ConsoleName) =>
      names.some((name) => name.console === who.console && name.by === who.by);
    for (const { who, since } of this.#streams.get(stream) ?? []) {
      if (who === null) {
        watching++;
        continue;
      }
      const key = `${who.by} ${who.console}`;
      // A console that reloads is there twice for a moment.
      const earlier = consoles.get(key)?.since ?? since;
      const holds = control.holder !== null && isOneOf([control.holder], who);
      const standby = isOneOf(control.standby, who);
      consoles.set(key, { ...who, since: Math.min(since, earlier), holds, standby });
    }
    return { consoles: [...consoles.values()], watching };
  }

  /** `GET /api/v1/streams/{app}/{name}/console`, behind the right `read`. */
  readonly route: RequestHandler = (req, res) => {
    const { maxConsoles, observer, log, clock, stallMs = STALL_MS } = this.#options;
    const stream = streamOf(req.params);
    const { console: id, name, standby } = ConsoleQuery.parse(req.query);
    if (this.#closed) throw new FramecueError('ERR_NOT_READY');
    if (this.#connections >= maxConsoles) {
      throw new FramecueError('ERR_OVERLOADED', 'As many consoles are connected as can be.', {
        details: { limit: maxConsoles, retryAfterMs: 5_000 },
      });
    }
    const { name: by } = holderOf(res);
    const who = id === undefined ? null : { console: id, name: name ?? id, by };
    const out = new EventStream(req, res, stallMs);
    const connection = new Connection(out, who, clock.unixMs(), standby === '1', this.#options);
    const all = this.#streams.get(stream) ?? new Set();
    this.#streams.set(stream, all.add(connection));
    this.#connections++;
    observer?.consoles?.(this.#connections);
    out.onClose(() => {
      out.end();
      all.delete(connection);
      if (all.size === 0) this.#streams.delete(stream);
      this.#connections--;
      observer?.consoles?.(this.#connections);
      this.#tellPresence(stream);
    });
    out.retry(RETRY_MS);
    if (who !== null && connection.standby) this.#options.onStandby(stream, who);
    this.#begin(stream, connection).catch((error: unknown) => {
      log.warn({ err: error, stream }, 'a console was ended: the cues of its stream cannot be read');
      out.end();
    });
    this.#tellPresence(stream);
  };

  /** Who holds or stands by has changed. */
  controlChanged(stream: string, state: ControlState): void {
    this.tell(stream, 'control', state);
    this.#tellPresence(stream);
  }

  /** Ends all; they come back to the next process. */
  close(): void {
    this.#closed = true;
    for (const timer of this.#timers) clearInterval(timer);
    for (const all of this.#streams.values()) for (const { out } of all) out.end();
  }

  async #begin(stream: string, connection: Connection): Promise<void> {
    const { clock, instance, beatMs = BEAT_MS } = this.#options;
    const read = await this.#options.cuesOf(stream);
    if (connection.out.ended) return;
    const snapshot: ConsoleSnapshot = {
      ...{ instance, at: clock.unixMs(), stream, beatMs },
      cues: connection.mergedInto(read),
      control: this.#options.controlOf(stream),
      mode: this.#options.modeOf(stream),
      presence: this.presence(stream),
      actions: this.#options.actionsOf(stream),
      health: this.#options.briefOf(stream),
      parts: this.#partsOf(stream),
    };
    connection.begin(JSON.stringify(snapshot));
  }

  #partsOf(stream: string): Record<string, unknown> {
    const prefix = partKey(stream, '');
    const parts: Record<string, unknown> = {};
    for (const [key, payload] of this.#parts) {
      if (key.startsWith(prefix)) parts[key.slice(prefix.length)] = payload;
    }
    return parts;
  }

  #send(stream: string, event: string, payload: unknown): void {
    const all = this.#streams.get(stream);
    if (all === undefined) return;
    const data = JSON.stringify(payload);
    for (const connection of all) {
      if (event === 'cue') connection.cue(payload as Cue, data);
      else connection.send(event, data);
    }
  }

  #tellPresence(stream: string): void {
    if (this.#streams.has(stream)) this.tell(stream, 'presence', this.presence(stream));
  }

  #tellBriefs(): void {
    for (const [stream, all] of this.#streams) {
      for (const { who, standby } of all) if (standby && who !== null) this.#options.onStandby(stream, who);
      this.tell(stream, 'stream', this.#options.briefOf(stream));
    }
  }

  #beat(): void {
    const { clock, instance } = this.#options;
    const data = JSON.stringify({ at: clock.unixMs(), instance });
    for (const all of this.#streams.values()) for (const connection of all) connection.beat(data);
  }
}

const partKey = (stream: string, event: string): string => `${stream} ${event}`;

class Connection {
  readonly out: EventStream;
  readonly who: ConsoleName | null;
  readonly since: number;
  readonly standby: boolean;
  readonly #options: ConsoleHubOptions;
  /** Cues that changed while the snapshot was read, as they last stood; null: the snapshot is out. */
  #early: Map<string, Cue> | null = new Map();
  /** The snapshot may wait beside what the queue holds. */
  #allowedBytes: number;

  constructor(
    out: EventStream,
    who: ConsoleName | null,
    since: number,
    standby: boolean,
    options: ConsoleHubOptions,
  ) {
    this.out = out;
    this.who = who;
    this.since = since;
    this.standby = standby;
    this.#options = options;
    this.#allowedBytes = options.queueBytes;
  }

  cue(cue: Cue, data: string): void {
    if (this.#early === null) this.send('cue', data);
    else this.#early.set(cue.id, cue);
  }

  /** Everything but cues is in the snapshot as it stands when that is written. */
  send(event: string, data: string): void {
    if (this.#early !== null || this.out.ended) return;
    this.out.event(event, data);
    this.#bound();
  }

  /** What was heard of while the log was read is the newer. */
  mergedInto(read: readonly Cue[]): readonly Cue[] {
    const early = this.#early!;
    const known = new Set(read.map(({ id }) => id));
    const added = [...early.values()].filter(({ id }) => !known.has(id)).reverse();
    return [...added, ...read.map((cue) => early.get(cue.id) ?? cue)];
  }

  begin(snapshot: string): void {
    this.#early = null;
    this.#allowedBytes = this.#options.queueBytes + Buffer.byteLength(snapshot);
    this.out.event('snapshot', snapshot);
  }

  beat(data: string): void {
    if (this.out.ended) return;
    if (this.out.hasStalled()) this.#cut();
    else this.send('beat', data);
  }

  #bound(): void {
    const waiting = this.out.waitingBytes;
    if (waiting <= this.#options.queueBytes) this.#allowedBytes = this.#options.queueBytes;
    else if (waiting > this.#allowedBytes) this.#cut();
  }

  #cut(): void {
    const { log, observer } = this.#options;
    observer?.consoleCut?.();
    log.warn({ waitingBytes: this.out.waitingBytes, ...this.who }, 'a console does not read and is cut');
    this.out.cut();
  }
}
