import type { Clock } from '../packet/clock.ts';
import { FramecueError } from '../packet/errors.ts';
import type { MediaPacket, StreamName } from '../packet/packet.ts';
import type { Microseconds } from '../packet/time.ts';
import { Batch } from './batch.ts';
import { Batcher } from './batcher.ts';
import { isForeignScript } from './carriers/script-tags.ts';
import {
  type DeliveryObserver,
  type LeaveReason,
  newCounters,
  type Protocol,
  type ProtocolCounters,
} from './counters.ts';
import { GopCache } from './gop-cache.ts';
import { HlsOutput, type HlsStats } from './hls-output.ts';
import { type Scheduler, systemScheduler } from './scheduler.ts';
import { DEFAULT_DELIVERY_SETTINGS, type DeliverySettings } from './settings.ts';
import { configsAfter, NO_CONFIGS, type StreamConfigs } from './stream-configs.ts';
import { type Tag, tagOf } from './tag.ts';
import { Viewer, type ViewerHost } from './viewer.ts';
import type { SinkEvents, ViewerSink } from './viewer-sink.ts';

export interface StreamHubOptions {
  readonly stream: StreamName;
  readonly clock: Clock;
  readonly settings?: Partial<DeliverySettings>;
  readonly scheduler?: Scheduler;
  readonly observer?: DeliveryObserver;
}

export interface HubStats {
  readonly stream: StreamName;
  readonly ended: boolean;
  readonly epoch: string | null;
  /** Packets pushed, by what became of them. */
  readonly packets: number;
  /** Frames that could not be sent on: deltas without their keyframe, and what fits no FLV tag. */
  readonly framesRefused: number;
  /** `onFramecue` tags that the publisher sent: nobody but the injector stamps, so they go no further. */
  readonly foreignScripts: number;
  /** Times that HLS failed in a way that nobody expected; it began anew with the next keyframe. */
  readonly hlsFailures: number;
  readonly gop: { readonly bytes: number; readonly packets: number; readonly overflows: number };
  readonly protocols: Readonly<Record<Protocol, Readonly<ProtocolCounters>>>;
  readonly hls: HlsStats | null;
}

/** Room for what a viewer gets before a GOP, and for the WebSocket's framing of it. */
const HEADER_BYTES = 65_536;
/** A fault that comes with every frame is told of once a second. */
const TELL_AGAIN_US = 1_000_000;

/**
 * One stream on its way to its viewers: packets come in by plain calls, each becomes one FLV tag, and the same
 * bytes are written to all. Lives as long as its stream is live for viewers, over the publisher's returns.
 */
export class StreamHub {
  readonly stream: StreamName;
  readonly hls: HlsOutput | null;
  readonly #settings: DeliverySettings;
  readonly #observer: DeliveryObserver;
  readonly #host: ViewerHost;
  readonly #batcher: Batcher;
  readonly #cache: GopCache;
  readonly #viewers = new Set<Viewer>();
  /** Those of them that read back what viewers get, for the audit: counted apart. */
  readonly #auditors = new Set<Viewer>();
  readonly #auditCounters = newCounters();
  readonly #counters: Readonly<Record<Protocol, ProtocolCounters>> = {
    flv: newCounters(),
    ws: newCounters(),
    hls: newCounters(),
  };
  #configs: StreamConfigs = NO_CONFIGS;
  #epoch: string | null = null;
  #ended = false;
  /** Deltas are worth nothing before the first keyframe of an epoch, or after a frame was lost here. */
  #needsKeyframe = true;
  #packets = 0;
  #framesRefused = 0;
  #foreignScripts = 0;
  #hlsFailures = 0;
  #hlsFailureTold: Microseconds | null = null;

  constructor({ stream, clock, settings, scheduler = systemScheduler, observer = {} }: StreamHubOptions) {
    this.stream = stream;
    this.#settings = { ...DEFAULT_DELIVERY_SETTINGS, ...settings };
    this.#observer = observer;
    const { gopMaxBytes, gopMaxPackets, hls } = this.#settings;
    this.#cache = new GopCache({ maxBytes: gopMaxBytes, maxPackets: gopMaxPackets });
    this.#batcher = new Batcher(this.#settings, scheduler, (tags) => this.#emit(tags));
    this.hls =
      hls === null
        ? null
        : new HlsOutput({
            clock,
            settings: hls,
            counters: this.#counters.hls,
            carriers: this.#settings.carriers,
          });
    this.#host = {
      clock,
      scheduler,
      joinSpacingMs: this.#settings.joinSpacingMs,
      keyframeWaitMs: this.#settings.keyframeWaitMs,
      stallMs: this.#settings.viewerStallMs,
      queueBound: () => Math.max(this.#settings.viewerQueueBytes, this.#cache.gopBytes + HEADER_BYTES),
      skipped: (viewer, dropped) => {
        if (this.#auditors.has(viewer)) return;
        this.#observer.viewerSkipped?.(this.stream, viewer.protocol, dropped);
      },
      left: (viewer, reason) => {
        this.#viewers.delete(viewer);
        if (this.#auditors.delete(viewer)) return;
        this.#observer.viewerLeft?.(this.stream, viewer.protocol, reason);
      },
    };
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** Connected by HTTP-FLV and WS-FLV. */
  get viewerCount(): number {
    return this.#viewers.size - this.#auditors.size;
  }

  /**
   * The next packet of the stream: stamped already, on a timeline that never goes back. The packet is kept and
   * must not change.
   */
  push(packet: MediaPacket): void {
    if (this.#ended) return;
    this.#packets++;
    if (isForeignScript(packet)) {
      this.#foreignScripts++;
      return;
    }
    if (packet.kind === 'avc-frame') {
      if (packet.isKeyframe) this.#needsKeyframe = false;
      else if (this.#needsKeyframe) {
        this.#framesRefused++;
        return;
      }
    }
    let tag: Tag;
    try {
      tag = tagOf(packet, this.#settings.carriers);
    } catch (error) {
      if (!(error instanceof FramecueError)) throw error;
      this.#framesRefused++;
      if (packet.kind === 'avc-frame') this.#needsKeyframe = true;
      return;
    }
    if (packet.kind === 'aac-config') this.#cache.clearAudio();
    if (packet.kind === 'aac-frame') this.#cache.noteAudio(tag);
    this.#configs = configsAfter(this.#configs, packet);
    this.#batcher.add(tag);
    this.#toHls((hls) => hls.push(packet));
  }

  /**
   * What comes next belongs to another epoch: configs first, then a keyframe. Viewers stay; those who join see
   * nothing of before.
   */
  startEpoch(epoch: string): void {
    if (this.#ended) return;
    this.#batcher.flush();
    this.#epoch = epoch;
    this.#configs = NO_CONFIGS;
    this.#needsKeyframe = true;
    this.#cache.clear();
    this.#toHls((hls) => hls.startEpoch());
  }

  /** The stream is over: viewers get what waits for them, and are closed. */
  end(reason: Extract<LeaveReason, 'stream-ended' | 'server-closing'> = 'stream-ended'): void {
    if (this.#ended) return;
    this.#batcher.flush();
    this.#ended = true;
    this.#cache.clear();
    for (const viewer of this.#viewers) viewer.end(reason);
    this.#toHls((hls) => hls.end());
  }

  /**
   * Adds a viewer; they get what they need to begin at once.
   * @param connect makes the sink, given what is to be told about its socket.
   * @param isAudit this process's own reader: served like any viewer, and counted as none.
   */
  join(
    protocol: Exclude<Protocol, 'hls'>,
    connect: (events: SinkEvents) => ViewerSink,
    isAudit = false,
  ): Viewer {
    // The socket's events come later than this call, so they find their viewer.
    let viewer: Viewer | null = null;
    const sink = connect({ onDrain: () => viewer?.onDrain(), onClose: () => viewer?.onClose() });
    viewer = new Viewer(this.#host, protocol, sink, isAudit ? this.#auditCounters : this.#counters[protocol]);
    this.#viewers.add(viewer);
    if (isAudit) this.#auditors.add(viewer);
    else this.#observer.viewerJoined?.(this.stream, protocol);
    // Before the first frame of an epoch, more configs may come.
    viewer.join(this.#cache.gop, this.#needsKeyframe ? null : this.#configs);
    return viewer;
  }

  /** Cuts viewers who stalled. To be called every now and then. */
  sweep(): void {
    for (const viewer of this.#viewers) viewer.sweep();
    this.hls?.sweep();
  }

  stats(): HubStats {
    const gop = this.#cache.gop;
    return {
      stream: this.stream,
      ended: this.#ended,
      epoch: this.#epoch,
      packets: this.#packets,
      framesRefused: this.#framesRefused,
      foreignScripts: this.#foreignScripts,
      hlsFailures: this.#hlsFailures,
      gop: { bytes: gop?.bytes ?? 0, packets: gop?.packets ?? 0, overflows: this.#cache.overflows },
      protocols: {
        flv: { ...this.#counters.flv },
        ws: { ...this.#counters.ws },
        hls: { ...this.#counters.hls },
      },
      hls: this.hls?.stats() ?? null,
    };
  }

  /** A fault in HLS is HLS's alone: viewers of FLV, and the publisher, never feel it. */
  #toHls(run: (hls: HlsOutput) => void): void {
    if (this.hls === null) return;
    try {
      run(this.hls);
    } catch (error) {
      this.#hlsFailures++;
      const now = this.#host.clock.monotonicUs();
      if (this.#hlsFailureTold === null || now - this.#hlsFailureTold >= TELL_AGAIN_US) {
        this.#hlsFailureTold = now;
        this.#observer.hlsFailed?.(this.stream, error, this.#hlsFailures);
      }
      this.hls.abandon();
    }
  }

  #emit(tags: readonly Tag[]): void {
    const batch = new Batch(tags, this.#configs);
    this.#cache.add(batch);
    const { gop } = this.#cache;
    for (const viewer of this.#viewers) viewer.deliver(batch, gop);
  }
}
