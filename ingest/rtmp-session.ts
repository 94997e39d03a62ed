// The only file that imports node-media-server. We take its protocol core: handshake, chunk streams, commands.
// Its session, registry, grace timers, GOP cache and fan-out (RtmpSession, BroadcastServer, Context) stay out,
// so that none of their maps and timers exists here.
import logger from 'node-media-server/src/core/logger.js';
import amf from 'node-media-server/src/protocol/amf.js';
import Rtmp from 'node-media-server/src/protocol/rtmp.js';
import { type ErrorCode, FramecueError } from '../packet/errors.ts';
import { FlvTagType } from '../packet/flv-tag.ts';

/** Bounds on what one connection may make us hold. Bytes. */
export interface RtmpLimits {
  /** One audio, video or script message of an accepted publisher. */
  readonly maxMessageBytes: number;
  /** All messages being put together, over all chunk streams. */
  readonly maxBufferedBytes: number;
  readonly maxChunkStreams: number;
}

export const DEFAULT_RTMP_LIMITS: RtmpLimits = {
  maxMessageBytes: 8 * 1024 * 1024,
  maxBufferedBytes: 16 * 1024 * 1024,
  maxChunkStreams: 32,
};

/** Commands and metadata are small; nobody who is not accepted may send more. */
const SMALL_MESSAGE_BYTES = 64 * 1024;
/** All that a connection may send until it is accepted. */
const BEFORE_PUBLISH_BYTES = 256 * 1024;
/** Acknowledge at least this often: some encoders stop sending without (RTMP 1.0, section 5.4.3). */
const ACK_WINDOW_BYTES = 2_500_000;
const PARTIAL_ALLOC_BYTES = 1024;

const RTMP_VERSION = 3;
const TLS_HANDSHAKE = 0x16;
/** Message types, RTMP 1.0 sections 5.4 and 7.1. */
const MessageType = { setChunkSize: 1, abort: 2, windowAck: 5, dataAmf3: 15, commandAmf3: 17 } as const;
/** User control events, section 7.1.7. */
const UserControl = { pingRequest: 6, pingResponse: 7 } as const;
const WRAP = 2 ** 32;

/** What a publisher asks for, as it was sent. `name` may hold the stream key. */
export interface PublishRequest {
  readonly app: string;
  readonly name: string;
  /** `flashVer` of connect. */
  readonly encoder: string | null;
}

export interface RtmpSessionHandlers {
  write(bytes: Uint8Array): void;
  /** Returns to accept. @throws {FramecueError} to refuse. */
  publish(request: PublishRequest): void;
  /** A message of an accepted publisher. `body` is used again afterwards: copy what stays. */
  media(type: FlvTagType, timestamp32: number, body: Uint8Array): void;
  /** The encoder said that it stops. */
  unpublish(): void;
}

// Its messages quote what clients sent, and names there carry keys. What matters we count and log ourselves.
logger.log = () => undefined;

/**
 * The RTMP side of one connection: bytes in, commands and media out. Whatever is thrown from `receive` is the
 * end of the session: call `refuse` so that the encoder hears why, and close the socket.
 */
export class RtmpSession {
  readonly #core: GuardedRtmp;

  constructor(handlers: RtmpSessionHandlers, limits: RtmpLimits = DEFAULT_RTMP_LIMITS) {
    this.#core = new GuardedRtmp(handlers, limits);
  }

  /** Bytes that the messages under way take, over all chunk streams. */
  get bufferedBytes(): number {
    return this.#core.bufferedBytes;
  }

  /** @throws {FramecueError} always of this class, whatever went wrong inside. */
  receive(bytes: Buffer): void {
    try {
      this.#core.receive(bytes);
    } catch (error) {
      if (error instanceof FramecueError) throw error;
      // The parser trusts its input: short or nonsensical messages come out as RangeError or TypeError.
      throw new FramecueError('ERR_RTMP_PROTOCOL', undefined, { cause: error });
    }
  }

  /** Tells the encoder why it is cut, where it has come far enough to be told. */
  refuse(error: FramecueError): void {
    this.#core.refuse(error);
  }
}

class GuardedRtmp extends Rtmp {
  readonly #handlers: RtmpSessionHandlers;
  readonly #limits: RtmpLimits;
  #connected = false;
  #encoder: string | null = null;
  #streamId: number | null = null;
  #state: 'before' | 'accepted' | 'over' = 'before';
  #received = 0;
  #acknowledged = 0;
  bufferedBytes = 0;

  constructor(handlers: RtmpSessionHandlers, limits: RtmpLimits) {
    super();
    this.flv = null;
    this.#handlers = handlers;
    this.#limits = limits;
    this.onOutputCallback = (bytes) => handlers.write(bytes);
  }

  receive(bytes: Buffer): void {
    if (this.#received === 0 && bytes.length > 0) checkVersion(bytes[0]!);
    this.#received += bytes.length;
    if (this.#state === 'before' && this.#received > BEFORE_PUBLISH_BYTES) {
      throw limit(`more than ${BEFORE_PUBLISH_BYTES} bytes before publishing`);
    }
    this.parserData(bytes);
    if (this.#received - this.#acknowledged >= Math.min(this.ackSize || ACK_WINDOW_BYTES, ACK_WINDOW_BYTES)) {
      this.#acknowledged = this.#received;
      this.sendACK(this.#received % WRAP);
    }
  }

  refuse(error: FramecueError): void {
    const before = this.#state === 'before';
    this.#state = 'over';
    if (this.#streamId === null) return;
    this.sendStatusMessage(this.#streamId, 'error', statusOf(error.code, before), ascii(error.message));
  }

  override packetParse(): void {
    super.packetParse();
    if (this.inPackets.size > this.#limits.maxChunkStreams) {
      throw limit(`more than ${this.#limits.maxChunkStreams} chunk streams`);
    }
    // Another length here would outrun the buffer of the message under way.
    if (this.parserPacket.bytes > 0 && this.parserPacket.header.fmt !== 3) {
      throw protocol('a message header inside a message');
    }
  }

  /** Called as each message begins, before its payload has come. */
  override packetAlloc(): void {
    const message = this.parserPacket;
    // Deltas carry the clock past 2^32, where the parser would drop every message from then on.
    if (message.clock >= WRAP) message.clock %= WRAP;
    const { length, type } = message.header;
    const isMedia = type === FlvTagType.audio || type === FlvTagType.video;
    const most = isMedia && this.#state === 'accepted' ? this.#limits.maxMessageBytes : SMALL_MESSAGE_BYTES;
    if (length > most) throw limit(`a message of ${length} bytes where ${most} are the most`);
    if (length <= message.capacity) return;
    const grown = this.bufferedBytes + length + PARTIAL_ALLOC_BYTES - message.capacity;
    if (grown > this.#limits.maxBufferedBytes) {
      throw limit(`messages of ${grown} bytes under way`);
    }
    super.packetAlloc();
    this.bufferedBytes = grown;
  }

  override controlHandler(): void {
    const { header, payload } = this.parserPacket;
    const { setChunkSize, abort, windowAck } = MessageType;
    if (header.type !== setChunkSize && header.type !== abort && header.type !== windowAck) return;
    if (header.length < 4) throw protocol('a control message that is too short');
    const value = payload.readUInt32BE(0);
    if (header.type === abort) {
      const aborted = this.inPackets.get(value);
      if (aborted !== undefined) aborted.bytes = 0;
      return;
    }
    if (header.type === setChunkSize) {
      if (value === 0 || value >= 2 ** 31) throw protocol(`a chunk size of ${value}`);
      for (const message of this.inPackets.values()) {
        if (message.bytes > 0) throw protocol('a new chunk size inside a message');
      }
    }
    super.controlHandler();
  }

  override eventHandler(): void {
    const { header, payload } = this.parserPacket;
    if (header.length < 6 || payload.readUInt16BE(0) !== UserControl.pingRequest) return;
    this.sendStreamStatus(UserControl.pingResponse, payload.readUInt32BE(2));
  }

  override invokeHandler(): void {
    if (this.#state === 'over') return;
    const { header, payload } = this.parserPacket;
    const from = header.type === MessageType.commandAmf3 ? 1 : 0;
    const command = amf.decodeAmf0Cmd(payload.subarray(from, header.length));
    if (typeof command.cmd !== 'string') throw protocol('a command without a name');
    switch (command.cmd) {
      case 'connect':
        this.#connect(command.transId, command.cmdObj);
        break;
      case 'createStream':
        if (!this.#connected) throw protocol('createStream before connect');
        this.onCreateStream({ transId: numberOf(command.transId, 'createStream') });
        break;
      case 'publish':
        this.#publish(command.streamName, header.stream_id);
        break;
      case 'play':
      case 'play2':
        this.#streamId = header.stream_id;
        throw new FramecueError('ERR_RTMP_PLAY');
      case 'FCUnpublish':
      case 'deleteStream':
      case 'closeStream':
        if (this.#state !== 'accepted') break;
        this.#state = 'over';
        this.#handlers.unpublish();
        break;
      default:
      // releaseStream, FCPublish, _checkbw and the like ask for nothing that matters here.
    }
  }

  override dataHandler(): void {
    // Media before the answer to publish is nobody's stream yet; after the end it is nobody's any more.
    if (this.#state !== 'accepted') return;
    const { header, payload, clock } = this.parserPacket;
    const isAmf3 = header.type === MessageType.dataAmf3;
    const type = isAmf3 ? FlvTagType.script : (header.type as FlvTagType);
    this.#handlers.media(type, clock, payload.subarray(isAmf3 ? 1 : 0, header.length));
  }

  #connect(transId: unknown, cmdObj: unknown): void {
    if (this.#connected) throw protocol('connect a second time');
    if (typeof cmdObj !== 'object' || cmdObj === null) throw protocol('connect without its object');
    const { app, flashVer, objectEncoding } = cmdObj as Record<string, unknown>;
    if (typeof app !== 'string') throw protocol('connect without an app');
    this.#connected = true;
    this.#encoder = typeof flashVer === 'string' ? shownText(flashVer) : null;
    this.onConnect({
      transId: numberOf(transId, 'connect'),
      cmdObj: {
        app,
        // Only its host name would be read, and a missing or odd URL would throw.
        tcUrl: 'rtmp://localhost',
        objectEncoding: typeof objectEncoding === 'number' ? objectEncoding : 0,
      },
    });
  }

  #publish(name: unknown, streamId: number): void {
    if (!this.#connected) throw protocol('publish before connect');
    if (this.#state !== 'before') throw protocol('publish a second time on one connection');
    if (typeof name !== 'string') throw protocol('publish without a name');
    this.#streamId = streamId;
    this.#handlers.publish({ app: this.streamApp, name, encoder: this.#encoder });
    this.#state = 'accepted';
    this.sendStatusMessage(streamId, 'status', 'NetStream.Publish.Start', 'The stream is being published.');
  }
}

/** What the encoder says about itself in `onMetaData`; null for other or unreadable script data. */
export interface StreamMetadata {
  readonly encoder: string | null;
  /** Pictures per second as declared. */
  readonly frameRate: number | null;
}

/** @param data AMF0 values of a script packet, `@setDataFrame` taken off. */
export function readMetadata(data: Uint8Array): StreamMetadata | null {
  try {
    const bytes = Buffer.from(data.buffer, data.byteOffset, data.length);
    const name = amf.amf0DecodeOne(bytes);
    if (name?.value !== 'onMetaData') return null;
    const value = amf.amf0DecodeOne(bytes.subarray(name.len))?.value;
    if (typeof value !== 'object' || value === null) return null;
    const { encoder, framerate } = value as Record<string, unknown>;
    return {
      encoder: typeof encoder === 'string' ? shownText(encoder) : null,
      frameRate: typeof framerate === 'number' && framerate > 0 && framerate <= 240 ? framerate : null,
    };
  } catch (error) {
    // The decoder throws on what it does not know; metadata is never a reason to stop a stream.
    if (error instanceof RangeError || error instanceof TypeError) return null;
    throw error;
  }
}

/**
 * Of the codes in use, OBS knows Denied and Rejected and writes their description to its log; ffmpeg prints the
 * description of any error.
 */
function statusOf(code: ErrorCode, beforePublish: boolean): string {
  if (code === 'ERR_RTMP_PLAY') return 'NetStream.Play.Failed';
  if (code === 'ERR_PUBLISH_NAME') return 'NetStream.Publish.BadName';
  return beforePublish ? 'NetStream.Publish.Denied' : 'NetStream.Publish.Rejected';
}

function checkVersion(version: number): void {
  if (version === RTMP_VERSION) return;
  if (version === TLS_HANDSHAKE) throw protocol('TLS on the port for plain RTMP');
  throw protocol(`its first byte is ${version}, not ${RTMP_VERSION}`);
}

function numberOf(value: unknown, command: string): number {
  if (typeof value !== 'number') throw protocol(`${command} without a transaction id`);
  return value;
}

const protocol = (what: string): FramecueError =>
  new FramecueError('ERR_RTMP_PROTOCOL', `The connection does not speak proper RTMP: ${what}.`);

const limit = (what: string): FramecueError =>
  new FramecueError('ERR_RTMP_LIMIT', `The RTMP connection passed a limit: ${what}.`);

/** The encoder's own words, for logs and pages: printable, short. */
const shownText = (text: string): string => ascii(text).slice(0, 80).trim();

/** AMF strings are written with their length in UTF-16 units, which is right for ASCII alone. */
const ascii = (text: string): string => text.replace(/[^\x20-\x7e]/g, '?');
