import { createHash } from 'node:crypto';
import { closeSync } from 'node:fs';
import { flvHeader, writeFlvTag } from '../../packet/flv-tag.ts';
import type { ClockReading } from '../../packet/held-clock.ts';
import type { MediaPacket } from '../../packet/packet.ts';
import { openOutput, writeWhole } from './run-file.ts';

/** Where the packets of a replay go, each at its recorded moment. */
export interface ReplayOutput {
  write(packet: MediaPacket, at: ClockReading): void;
  /** Resolves when more may be written: in real time, when its moment has come. */
  ready(): Promise<void> | null;
  /** All that was written is out. */
  close(): Promise<void>;
}

/** Packets as an FLV stream. The header says that there is sound where its configuration came before a picture. */
export class FlvStream {
  readonly #give: (bytes: Uint8Array) => void;
  readonly #early: MediaPacket[] = [];
  #begun = false;

  constructor(give: (bytes: Uint8Array) => void) {
    this.#give = give;
  }

  write(packet: MediaPacket): void {
    if (this.#begun) {
      this.#give(writeFlvTag(packet));
      return;
    }
    this.#early.push(packet);
    if (packet.kind === 'avc-frame' || packet.kind === 'aac-frame') this.#begin();
  }

  /** For a stream without any frame. */
  end(): void {
    if (!this.#begun) this.#begin();
  }

  #begin(): void {
    this.#begun = true;
    const hasSound = this.#early.some(({ kind }) => kind === 'aac-config' || kind === 'aac-frame');
    this.#give(flvHeader({ audio: hasSound, video: true }));
    for (const packet of this.#early) this.#give(writeFlvTag(packet));
    this.#early.length = 0;
  }
}

const BUFFER_BYTES = 1024 * 1024;

/** At full speed into a file. */
export class FlvFile implements ReplayOutput {
  readonly #fd: number;
  readonly #hash = createHash('sha256');
  readonly #stream = new FlvStream((bytes) => this.#put(bytes));
  #waiting: Uint8Array[] = [];
  #waitingBytes = 0;
  #bytes = 0;

  /** @throws {FramecueError} ERR_OUTPUT_WRITE */
  constructor(path: string) {
    this.#fd = openOutput(path);
  }

  /** Of the whole file; after `close`. */
  sha256 = '';

  get bytes(): number {
    return this.#bytes;
  }

  write(packet: MediaPacket): void {
    this.#stream.write(packet);
  }

  ready(): null {
    return null;
  }

  async close(): Promise<void> {
    try {
      this.#stream.end();
      this.#flush();
    } finally {
      closeSync(this.#fd);
    }
    this.sha256 = this.#hash.digest('hex');
  }

  #put(bytes: Uint8Array): void {
    this.#hash.update(bytes);
    this.#bytes += bytes.length;
    this.#waiting.push(bytes);
    this.#waitingBytes += bytes.length;
    if (this.#waitingBytes >= BUFFER_BYTES) this.#flush();
  }

  #flush(): void {
    const waiting = Buffer.concat(this.#waiting);
    this.#waiting = [];
    this.#waitingBytes = 0;
    writeWhole(this.#fd, waiting);
  }
}

/** Bounds a GOP that is kept: a stream without keyframes is no reason to fill the memory. */
const MAX_GOP_BYTES = 256 * 1024 * 1024;

/**
 * Holds the output back until its start, and begins then with the configuration and the GOP at hand: so that what is
 * written can be decoded, and the announcement that a replay begins at is in it.
 */
export class LateStart {
  readonly #give: (packet: MediaPacket, at: ClockReading) => void;
  readonly #configs = new Map<MediaPacket['kind'], MediaPacket>();
  #gop: { readonly packet: MediaPacket; readonly at: ClockReading }[] = [];
  #gopBytes = 0;
  #wanted: boolean;
  #open: boolean;
  /** Configuration that came before the recording, and has not been given yet. */
  #before: readonly MediaPacket[] = [];

  /** @param fromStart nothing is held back. */
  constructor(fromStart: boolean, give: (packet: MediaPacket, at: ClockReading) => void) {
    this.#give = give;
    this.#wanted = fromStart;
    this.#open = fromStart;
  }

  /** Something has been written. */
  get open(): boolean {
    return this.#open;
  }

  /** What a recording from the middle of a stream begins with: without it no player could decode what follows. */
  know(configs: readonly MediaPacket[]): void {
    if (this.#open) this.#before = configs;
    else for (const config of configs) this.#configs.set(config.kind, config);
  }

  /** From the keyframe at or before the next packet on. */
  begin(): void {
    this.#wanted = true;
  }

  write(packet: MediaPacket, at: ClockReading): void {
    if (this.#open) {
      const before = this.#before.filter(({ kind }) => kind !== packet.kind);
      this.#before = [];
      for (const config of before) this.#give({ ...config, dts: packet.dts }, at);
      this.#give(packet, at);
      return;
    }
    if (packet.kind === 'avc-frame' || packet.kind === 'aac-frame') this.#keep(packet, at);
    else this.#configs.set(packet.kind, packet);
    if (this.#wanted && this.#gop.length > 0) this.#flush();
  }

  #keep(packet: MediaPacket, at: ClockReading): void {
    const isKeyframe = packet.kind === 'avc-frame' && packet.isKeyframe;
    const size = packet.kind === 'avc-config' ? 0 : packet.data.length;
    if (isKeyframe || this.#gopBytes + size > MAX_GOP_BYTES) {
      this.#gop = [];
      this.#gopBytes = 0;
    }
    if (!isKeyframe && this.#gop.length === 0) return;
    this.#gop.push({ packet, at });
    this.#gopBytes += size;
  }

  #flush(): void {
    this.#open = true;
    const first = this.#gop[0]!;
    for (const config of this.#configs.values()) this.#give({ ...config, dts: first.packet.dts }, first.at);
    for (const { packet, at } of this.#gop) this.#give(packet, at);
    this.#gop = [];
  }
}
