import { randomUUID } from 'node:crypto';
import type { Socket } from 'node:net';
import type { Clock } from '../packet/clock.ts';
import { type ErrorCode, FramecueError } from '../packet/errors.ts';
import { type MediaPacket, type StreamName, streamKeyOf } from '../packet/packet.ts';
import type { Microseconds, UnixMilliseconds } from '../packet/time.ts';
import { EventLog } from './event-log.ts';
import {
  type AuthorizeOutcome,
  type AuthorizeRequest,
  DEFAULT_INGEST_SETTINGS,
  type IngestCounts,
  type IngestLog,
  type PublisherStatus,
  type RtmpIngestOptions,
  type RtmpIngestSettings,
} from './ingest-types.ts';
import { parsePublishTarget, shownName } from './publish-name.ts';
import { Publisher } from './publisher.ts';
import { RtmpConnection, type RtmpEnd, remoteOf } from './rtmp-connection.ts';
import type { PublishRequest } from './rtmp-session.ts';

interface Live {
  readonly stream: StreamName;
  readonly sessionId: string;
  readonly since: UnixMilliseconds;
  readonly startedUs: Microseconds;
  readonly publisher: Publisher;
  readonly connection: RtmpConnection;
  hasLoggedPicture: boolean;
}

interface Visitor {
  readonly connection: RtmpConnection;
  readonly encrypted: boolean;
  readonly whenClosed: Promise<void>;
  /** The stream that it asked for, as it may be shown. */
  shown: string | null;
  live: Live | null;
  handlerErrors: number;
}

const HANDLER_LOG_US = 1_000_000;

/** Everybody who is connected, and which of them publishes what. */
export class IngestDoor {
  readonly settings: RtmpIngestSettings;
  readonly events: EventLog;
  readonly #options: RtmpIngestOptions;
  readonly #clock: Clock;
  readonly #log: IngestLog;
  readonly #newSessionId: () => string;
  readonly #visitors = new Set<Visitor>();
  /** Raw sockets that have not finished TLS, by `address:port`. */
  readonly #handshakes = new Map<string, Socket>();
  readonly #live = new Map<string, Visitor>();
  readonly #timer: NodeJS.Timeout;
  #closing = false;
  #lastHandlerLogUs = Number.NEGATIVE_INFINITY;

  #connections = 0;
  #publishes = 0;
  #noRoom = 0;
  #handlerErrors = 0;
  #corruptOfEnded = 0;
  readonly #refusals: Partial<Record<ErrorCode, number>> = {};
  readonly #ends: Record<RtmpEnd['kind'], number> = {
    finished: 0,
    lost: 0,
    refused: 0,
    disconnected: 0,
    closing: 0,
  };

  constructor(options: RtmpIngestOptions) {
    this.#options = options;
    this.#clock = options.clock;
    this.#log = options.log;
    this.#newSessionId = options.newSessionId ?? randomUUID;
    this.settings = { ...DEFAULT_INGEST_SETTINGS, ...options.settings };
    this.events = new EventLog(this.#clock, this.settings.maxEvents);
    const { silentMs, noVideoMs, handshakeMs } = this.settings;
    const period = Math.min(500, Math.max(20, Math.min(silentMs, noVideoMs, handshakeMs) / 4));
    this.#timer = setInterval(() => this.#tick(), period);
    this.#timer.unref();
  }

  admitHandshake(socket: Socket): void {
    if (!this.#makeRoom()) return void socket.destroy();
    const remote = remoteOf(socket);
    this.#handshakes.set(remote, socket);
    socket.on('close', () => this.#handshakes.delete(remote));
  }

  failedHandshake(socket: Socket, error: Error): void {
    socket.destroy();
    const code = (error as NodeJS.ErrnoException).code ?? error.name;
    this.#refused(null, remoteOf(socket), 'ERR_RTMP_PROTOCOL', `The TLS handshake failed (${code}).`);
  }

  admit(socket: Socket, encrypted: boolean): void {
    const hasRoom = encrypted ? this.#handshakes.delete(remoteOf(socket)) : this.#makeRoom();
    if (!hasRoom || this.#closing) return void socket.destroy();
    this.#connections++;
    const whenClosed = Promise.withResolvers<void>();
    const visitor: Visitor = {
      connection: new RtmpConnection(socket, this.#clock, this.settings.limits, {
        publish: (request) => this.#publish(visitor, request),
        media: (type, timestamp32, body) => {
          if (visitor.live === null) return;
          visitor.live.publisher.receive(type, timestamp32, body);
          this.#logFirstPicture(visitor.live);
        },
        closed: (end) => {
          this.#closed(visitor, end);
          whenClosed.resolve();
        },
      }),
      encrypted,
      whenClosed: whenClosed.promise,
      shown: null,
      live: null,
      handlerErrors: 0,
    };
    this.#visitors.add(visitor);
  }

  /** When full, the oldest who does not publish makes room: idle sockets must not lock encoders out. */
  #makeRoom(): boolean {
    if (this.#closing) return false;
    if (this.#visitors.size + this.#handshakes.size < this.settings.maxConnections) return true;
    this.#noRoom++;
    for (const visitor of this.#visitors) {
      if (visitor.connection.isPublishing) continue;
      this.#visitors.delete(visitor);
      visitor.connection.destroy();
      return true;
    }
    for (const [remote, socket] of this.#handshakes) {
      this.#handshakes.delete(remote);
      socket.destroy();
      return true;
    }
    return false;
  }

  #publish(visitor: Visitor, request: PublishRequest): void {
    const { remote } = visitor.connection;
    const target = parsePublishTarget(request.app, request.name);
    if (target === null) {
      throw new FramecueError(
        'ERR_PUBLISH_NAME',
        'App and stream name are letters, digits, _ and -, at most 64; the stream key is NAME?key=SECRET.',
      );
    }
    visitor.shown = shownName(target);
    const { stream } = target;
    const verdict = this.#authorize({ stream, key: target.key, remote });
    if (!verdict.ok) throw new FramecueError(verdict.code);
    const name = streamKeyOf(stream);
    if (this.#live.has(name)) throw new FramecueError('ERR_PUBLISH_BUSY');
    if (this.#live.size >= this.settings.maxPublishers) throw new FramecueError('ERR_PUBLISH_LIMIT');

    const sessionId = this.#newSessionId();
    const deliver = (packet: MediaPacket): void => this.#deliver(visitor, stream, packet);
    const publisher = new Publisher(this.#clock, request.encoder, deliver);
    const { encoder } = request;
    this.#tell(() => this.#options.handlers.onPublish({ stream, sessionId, remote, encoder }));
    visitor.live = {
      stream,
      sessionId,
      since: this.#clock.unixMs(),
      startedUs: this.#clock.monotonicUs(),
      publisher,
      connection: visitor.connection,
      hasLoggedPicture: false,
    };
    this.#live.set(name, visitor);
    this.#publishes++;
    this.#log.info({ stream: name, sessionId, remote, encoder }, 'publishing');
  }

  /** By now the encoder has said what it is and what it sends, which it had not when it was let in. */
  #logFirstPicture(live: Live): void {
    if (live.hasLoggedPicture || !live.publisher.isLive) return;
    live.hasLoggedPicture = true;
    const { stream, sessionId, publisher } = live;
    const { video, audio } = publisher.health();
    this.#log.info(
      {
        stream: streamKeyOf(stream),
        sessionId,
        encoder: publisher.encoder,
        video: `${video.codec} ${video.width}x${video.height}`,
        frameRate: video.declaredFrameRate,
        // Null: none so far; some encoders begin with the picture.
        audio: audio.codec === null ? null : `${audio.codec} ${audio.sampleRate} Hz ${audio.channels} ch`,
      },
      'the first picture',
    );
  }

  #authorize(request: AuthorizeRequest): AuthorizeOutcome {
    try {
      return this.#options.authorize(request);
    } catch (error) {
      // Its message may quote the key: only what kind of fault it is goes to the log.
      this.#handlerErrors++;
      const kind = error instanceof Error ? error.name : typeof error;
      this.#log.error(
        { fault: kind, stream: streamKeyOf(request.stream) },
        'a publisher could not be authorized',
      );
      return { ok: false, code: 'ERR_INTERNAL' };
    }
  }

  /** A fault on our side refuses the publisher, under a code that says so. */
  #tell(announce: () => void): void {
    try {
      announce();
    } catch (error) {
      this.#handlerFailed(error, 'a publish could not be passed on');
      throw new FramecueError('ERR_INTERNAL');
    }
  }

  #deliver(visitor: Visitor, stream: StreamName, packet: MediaPacket): void {
    try {
      this.#options.handlers.onPacket(stream, packet);
    } catch (error) {
      visitor.handlerErrors++;
      this.#handlerFailed(error, 'a packet could not be passed on');
    }
  }

  #closed(visitor: Visitor, end: RtmpEnd): void {
    this.#visitors.delete(visitor);
    const { live, connection } = visitor;
    if (end.code !== null) this.#countRefusal(end.code);
    if (live === null) {
      if (end.code !== null) this.#refused(visitor.shown, connection.remote, end.code, end.text, false);
      return;
    }
    const stream = streamKeyOf(live.stream);
    this.#live.delete(stream);
    this.#ends[end.kind]++;
    this.#corruptOfEnded += live.publisher.drops.corrupt;
    const { code, text } = end;
    this.events.add({ kind: 'ended', stream, remote: connection.remote, code, text });
    const fields = { stream, sessionId: live.sessionId, remote: connection.remote, code, end: end.kind };
    if (end.kind === 'finished' || end.kind === 'closing') this.#log.info(fields, text);
    else this.#log.warn(fields, text);
    try {
      this.#options.handlers.onEnd(live.stream, end);
    } catch (error) {
      this.#handlerFailed(error, 'the end of a publish could not be passed on');
    }
  }

  #refused(stream: string | null, remote: string, code: ErrorCode, text: string, count = true): void {
    if (count) this.#countRefusal(code);
    const times = this.events.add({ kind: 'refused', stream, remote, code, text });
    const fields = { stream, remote, code, times };
    // Whoever tries again and again fills no log.
    if (times === 1 || times % 100 === 0) this.#log.warn(fields, text);
    else this.#log.debug(fields, text);
  }

  #countRefusal(code: ErrorCode): void {
    this.#refusals[code] = (this.#refusals[code] ?? 0) + 1;
  }

  #handlerFailed(error: unknown, text: string): void {
    this.#handlerErrors++;
    const now = this.#clock.monotonicUs();
    if (now - this.#lastHandlerLogUs < HANDLER_LOG_US) return;
    this.#lastHandlerLogUs = now;
    this.#log.error({ err: error, handlerErrors: this.#handlerErrors }, text);
  }

  #tick(): void {
    const now = this.#clock.monotonicUs();
    for (const { connection, live } of this.#visitors) {
      connection.tick(now);
      if (connection.isEnding) continue;
      const error = live === null ? this.#lateVisitor(connection, now) : this.#latePublisher(live, now);
      if (error !== null) connection.refuse(error);
    }
  }

  #lateVisitor(connection: RtmpConnection, now: number): FramecueError | null {
    if (now - connection.openedUs < this.settings.handshakeMs * 1000) return null;
    return new FramecueError('ERR_RTMP_HANDSHAKE');
  }

  #latePublisher({ publisher, startedUs }: Live, now: number): FramecueError | null {
    const { silentMs, noVideoMs } = this.settings;
    if (now - publisher.lastMediaUs >= silentMs * 1000) {
      const text = `The publisher sent neither picture nor sound for ${silentMs / 1000} s.`;
      return new FramecueError('ERR_PUBLISH_SILENT', text);
    }
    if (publisher.isLive || now - startedUs < noVideoMs * 1000) return null;
    const { beforeKeyframe, beforeConfig, corrupt } = publisher.drops;
    const what = beforeKeyframe > 0 ? 'keyframe' : 'H.264 video';
    const cause =
      publisher.lastCorrupt === null ? '' : ` (${corrupt} corrupt: ${publisher.lastCorrupt.message})`;
    return new FramecueError(
      'ERR_PUBLISH_CODEC',
      `There was no ${what} within ${noVideoMs / 1000} s${cause}.`,
      {
        details: { beforeConfig, beforeKeyframe, corrupt },
      },
    );
  }

  publishers(): PublisherStatus[] {
    return [...this.#live.values()].map((visitor) => {
      const { stream, sessionId, since, publisher, connection } = visitor.live!;
      return {
        stream,
        sessionId,
        remote: connection.remote,
        encrypted: visitor.encrypted,
        encoder: publisher.encoder,
        since,
        state: connection.isEnding ? 'ending' : publisher.isLive ? 'live' : 'waiting',
        receivedBytes: connection.receivedBytes,
        drops: publisher.drops,
        repairs: publisher.repairs,
        handlerErrors: visitor.handlerErrors,
        health: publisher.health(),
      };
    });
  }

  counts(): IngestCounts {
    let corruptPackets = this.#corruptOfEnded;
    let bufferedBytes = 0;
    for (const { connection, live } of this.#visitors) {
      bufferedBytes += connection.bufferedBytes;
      corruptPackets += live?.publisher.drops.corrupt ?? 0;
    }
    return {
      connections: this.#connections,
      openConnections: this.#visitors.size + this.#handshakes.size,
      publishers: this.#live.size,
      publishes: this.#publishes,
      noRoom: this.#noRoom,
      refusals: { ...this.#refusals },
      ends: { ...this.#ends },
      corruptPackets,
      handlerErrors: this.#handlerErrors,
      bufferedBytes,
    };
  }

  disconnect(stream: StreamName, text = 'The publisher was disconnected by the operator.'): boolean {
    const visitor = this.#live.get(streamKeyOf(stream));
    if (visitor === undefined) return false;
    visitor.connection.end('disconnected', text);
    return true;
  }

  async close(): Promise<void> {
    this.#closing = true;
    clearInterval(this.#timer);
    for (const socket of this.#handshakes.values()) socket.destroy();
    const visitors = [...this.#visitors];
    for (const { connection } of visitors) {
      connection.end('closing', 'The server is stopping.');
      connection.destroy();
    }
    await Promise.all(visitors.map((visitor) => visitor.whenClosed));
  }
}
