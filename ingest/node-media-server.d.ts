/** What we use of node-media-server 4.4.3, which ships no types. Imported by `rtmp-session.ts` alone. */

declare module 'node-media-server/src/core/logger.js' {
  const logger: { log(message: string, level?: string): void };
  export = logger;
}

declare module 'node-media-server/src/protocol/amf.js' {
  interface AmfCommand {
    cmd?: unknown;
    transId?: unknown;
    cmdObj?: unknown;
    streamName?: unknown;
  }
  const amf: {
    /** Throws on most malformed input, and returns what it has for an unknown command. */
    decodeAmf0Cmd(bytes: Uint8Array): AmfCommand;
    amf0DecodeOne(bytes: Uint8Array): { readonly len: number; readonly value: unknown } | null;
  };
  export = amf;
}

declare module 'node-media-server/src/protocol/rtmp.js' {
  /** One message being put together from its chunks; one per chunk stream, used again for every message. */
  interface ChunkStream {
    readonly header: {
      readonly fmt: number;
      readonly cid: number;
      readonly timestamp: number;
      readonly length: number;
      readonly type: number;
      readonly stream_id: number;
    };
    /** The message's time stamp in milliseconds; deltas are added to it without a wrap at 2^32. */
    clock: number;
    readonly payload: Buffer;
    readonly capacity: number;
    /** Received so far; 0 between messages. */
    bytes: number;
  }

  /** Handshake, chunk streams, AMF commands of one RTMP connection; knows no socket. */
  class Rtmp {
    readonly parserPacket: ChunkStream;
    readonly inPackets: ReadonlyMap<number, ChunkStream>;
    /** The window that the peer announced. */
    readonly ackSize?: number;
    /** A parser for FLV files with a buffer of 1 MiB that RTMP input never uses. */
    flv: unknown;
    streamApp: string;
    onOutputCallback: (bytes: Buffer) => void;

    /** Feeds what arrived; calls the methods below from within. */
    parserData(bytes: Buffer): string | null;

    // The steps of reading, in order, open to be overridden.
    packetParse(): void;
    packetAlloc(): void;
    controlHandler(): void;
    eventHandler(): void;
    invokeHandler(): void;
    dataHandler(): void;
    onConnect(command: { transId: number; cmdObj: object }): void;
    onCreateStream(command: { transId: number }): void;

    sendACK(bytes: number): void;
    /** A user control message: event type, then one 32-bit value. */
    sendStreamStatus(event: number, value: number): void;
    sendStatusMessage(streamId: number, level: string, code: string, description: string): void;
  }
  export = Rtmp;
}
