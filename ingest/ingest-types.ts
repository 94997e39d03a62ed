import type { Clock } from '../packet/clock.ts';
import type { ErrorCode } from '../packet/errors.ts';
import type { MediaPacket, StreamName } from '../packet/packet.ts';
import type { UnixMilliseconds } from '../packet/time.ts';
import type { IngestEvent } from './event-log.ts';
import type { PublisherHealth } from './health.ts';
import type { DropCounts } from './publisher.ts';
import type { RtmpEnd } from './rtmp-connection.ts';
import { DEFAULT_RTMP_LIMITS, type RtmpLimits } from './rtmp-session.ts';
import type { Repair } from './tidy-frame.ts';

/** Where a log line goes: pino's own shape. Fields never hold a stream key. */
export interface IngestLog {
  debug(fields: object, text: string): void;
  info(fields: object, text: string): void;
  warn(fields: object, text: string): void;
  error(fields: object, text: string): void;
}

export interface AuthorizeRequest {
  readonly stream: StreamName;
  readonly key: string | null;
  readonly remote: string;
}

export type AuthorizeOutcome = { readonly ok: true } | { readonly ok: false; readonly code: ErrorCode };

export interface PublishInfo {
  readonly stream: StreamName;
  readonly sessionId: string;
  readonly remote: string;
  /** What the encoder called itself when it connected. */
  readonly encoder: string | null;
}

/** Called synchronously, in order. `onEnd` comes exactly once for each `onPublish` that returned. */
export interface RtmpIngestHandlers {
  onPublish(info: PublishInfo): void;
  /** Times have their 32-bit wraps removed and are otherwise the publisher's own. */
  onPacket(stream: StreamName, packet: MediaPacket): void;
  onEnd(stream: StreamName, end: RtmpEnd): void;
}

export interface RtmpIngestSettings {
  /** A publisher that sends neither audio nor video for this long is cut. */
  readonly silentMs: number;
  /** A publisher whose first decodable H.264 picture takes longer is cut. */
  readonly noVideoMs: number;
  /** From the connection to an accepted publish. */
  readonly handshakeMs: number;
  readonly maxConnections: number;
  readonly maxPublishers: number;
  /** Refusals and ends kept for the status page. */
  readonly maxEvents: number;
  readonly limits: RtmpLimits;
}

export const DEFAULT_INGEST_SETTINGS: RtmpIngestSettings = {
  silentMs: 10_000,
  noVideoMs: 10_000,
  handshakeMs: 10_000,
  maxConnections: 64,
  maxPublishers: 16,
  maxEvents: 50,
  limits: DEFAULT_RTMP_LIMITS,
};

export interface RtmpIngestOptions {
  readonly host: string;
  /** 0 lets the system choose. */
  readonly port: number;
  /** Named when the port is taken. */
  readonly portSetting?: string;
  /** A second door, for RTMPS. PEM texts. */
  readonly tls?: {
    readonly cert: string | Buffer;
    readonly key: string | Buffer;
    readonly port: number;
    readonly portSetting?: string;
  };
  /** Must not throw; compares keys in constant time. */
  authorize(request: AuthorizeRequest): AuthorizeOutcome;
  readonly handlers: RtmpIngestHandlers;
  readonly clock: Clock;
  readonly settings?: Partial<RtmpIngestSettings>;
  readonly log: IngestLog;
  readonly newSessionId?: () => string;
}

export interface PublisherStatus {
  readonly stream: StreamName;
  readonly sessionId: string;
  readonly remote: string;
  /** RTMPS. */
  readonly encrypted: boolean;
  readonly encoder: string | null;
  readonly since: UnixMilliseconds;
  /** `live` from the first picture that can be decoded; `ending`: cut, and its socket not closed yet. */
  readonly state: 'waiting' | 'live' | 'ending';
  readonly receivedBytes: number;
  readonly drops: DropCounts;
  /** Frames that were put right on their way in, by what was wrong. */
  readonly repairs: Readonly<Record<Repair, number>>;
  /** Packets that `onPacket` threw on. */
  readonly handlerErrors: number;
  readonly health: PublisherHealth;
}

export interface IngestCounts {
  readonly connections: number;
  readonly openConnections: number;
  readonly publishers: number;
  /** Connections that were accepted as publishers, ever. */
  readonly publishes: number;
  /** Connections turned away because there was no room. */
  readonly noRoom: number;
  readonly refusals: Readonly<Partial<Record<ErrorCode, number>>>;
  readonly ends: Readonly<Record<RtmpEnd['kind'], number>>;
  readonly corruptPackets: number;
  readonly handlerErrors: number;
  /** Bytes held for messages that are not complete. */
  readonly bufferedBytes: number;
}

export interface RtmpIngest {
  readonly port: number;
  /** Null without TLS. */
  readonly tlsPort: number | null;
  publishers(): PublisherStatus[];
  /** Newest first. */
  recentEvents(): readonly IngestEvent[];
  counts(): IngestCounts;
  /** Cuts the stream's publisher; false where there is none. */
  disconnect(stream: StreamName, text?: string): boolean;
  /** Cuts everybody; returns when every `onEnd` has been called and the ports are free. */
  close(): Promise<void>;
}
