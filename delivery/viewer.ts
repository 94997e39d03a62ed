import { BoundedQueue } from '../packet/bounded-queue.ts';
import type { Clock } from '../packet/clock.ts';
import type { Microseconds, Milliseconds } from '../packet/time.ts';
import type { Batch } from './batch.ts';
import type { LeaveReason, Protocol, ProtocolCounters } from './counters.ts';
import { joinParts } from './framing.ts';
import type { Gop } from './gop-cache.ts';
import type { Scheduler } from './scheduler.ts';
import { configTags, openingBytes, type StreamConfigs } from './stream-configs.ts';
import type { ViewerSink } from './viewer-sink.ts';

/** What a viewer needs of its stream. */
export interface ViewerHost {
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  readonly joinSpacingMs: number;
  readonly keyframeWaitMs: number;
  readonly stallMs: number;
  /** What may wait for one viewer now: the setting, or one GOP and the headers before it. */
  queueBound(): number;
  skipped(viewer: Viewer, framesDropped: number): void;
  /** Called once, when the connection is gone. */
  left(viewer: Viewer, reason: LeaveReason): void;
}

/**
 * - `waiting`: no keyframe was there to begin with;
 * - `opening`: headers are sent, the GOP follows after the spacing;
 * - `live`: all that comes is written, or queued while the socket is full;
 * - `skipping`: fell too far behind; goes on at the next keyframe;
 * - `ending`: gets what is queued and nothing new;
 * - `closed`.
 */
type ViewerState = 'waiting' | 'opening' | 'live' | 'skipping' | 'ending' | 'closed';

const QUEUE_MAX_BATCHES = 16_384;

/**
 * One viewer of HTTP-FLV or WS-FLV. Back-pressure is the socket's own: while it takes no more, batches wait in a
 * bounded queue; past the bound whole batches go, audio with its video, up to a later keyframe.
 */
export class Viewer {
  readonly protocol: Protocol;
  readonly #host: ViewerHost;
  readonly #sink: ViewerSink;
  readonly #counters: ProtocolCounters;
  readonly #queue: BoundedQueue<Batch>;
  #state: ViewerState = 'waiting';
  /** What this viewer's player was told last; null before the FLV header. */
  #configs: StreamConfigs | null = null;
  /** Since when the socket takes nothing; null while it does. */
  #blockedSince: Microseconds | null = null;
  readonly #joinedAt: Microseconds;
  #cancelOpening: (() => void) | null = null;
  #droppedInSkip = 0;
  #leaveReason: LeaveReason = 'left';
  #endingSince: Microseconds | null = null;

  constructor(host: ViewerHost, protocol: Protocol, sink: ViewerSink, counters: ProtocolCounters) {
    this.protocol = protocol;
    this.#host = host;
    this.#sink = sink;
    this.#counters = counters;
    this.#queue = new BoundedQueue({ maxItems: QUEUE_MAX_BATCHES, maxBytes: host.queueBound() });
    this.#joinedAt = host.clock.monotonicUs();
    counters.viewers++;
    counters.joins++;
  }

  get state(): ViewerState {
    return this.#state;
  }

  /** Ours and the socket's. */
  get queuedBytes(): number {
    return this.#queue.bytes + this.#sink.queuedBytes();
  }

  /**
   * Begins with the newest GOP; without one, waits for a keyframe.
   * @param configs where they are complete: a player that has them sets up its decoders while it waits.
   */
  join(gop: Gop | null, configs: StreamConfigs | null): void {
    if (gop !== null) this.#open(gop);
    else if (configs !== null && configs.avc !== null)
      this.#writeOpening(openingBytes(configs, configs.avc.dts, this.#sink.framing), configs);
  }

  /** @param gop the newest one; it begins with this batch when that is a keyframe. */
  deliver(batch: Batch, gop: Gop | null): void {
    switch (this.#state) {
      case 'live':
        if (this.#blockedSince === null && this.#queue.size === 0) this.#write(batch);
        else this.#enqueue(batch);
        return;
      case 'opening':
        this.#enqueue(batch);
        return;
      case 'waiting':
        if (batch.isKeyframe && gop !== null) this.#open(gop);
        return;
      case 'skipping':
        if (batch.isKeyframe && this.#tryPush(batch)) this.#resume();
        else this.#countDropped(batch);
        return;
      case 'ending':
      case 'closed':
        return;
    }
  }

  /** The socket took all that it had. */
  onDrain(): void {
    this.#blockedSince = null;
    if (this.#state === 'live' || this.#state === 'skipping' || this.#state === 'ending') this.#flush();
  }

  /** The socket is gone, whoever closed it. */
  onClose(): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    this.#cancelOpening?.();
    this.#queue.clear();
    this.#counters.viewers--;
    this.#host.left(this, this.#leaveReason);
  }

  /** Lets go of a viewer who reads nothing, or for whom nothing comes. Called every now and then. */
  sweep(): void {
    const now = this.#host.clock.monotonicUs();
    if (this.#blockedSince !== null && now - this.#blockedSince >= this.#host.stallMs * 1000) {
      this.#counters.stalledCuts++;
      this.#destroy('stalled');
    } else if (this.#state === 'waiting' && now - this.#joinedAt >= this.#host.keyframeWaitMs * 1000) {
      this.#counters.keyframeTimeouts++;
      this.#destroy('no-keyframe');
    } else if (this.#endingSince !== null && now - this.#endingSince >= this.#host.stallMs * 1000) {
      this.#destroy(this.#leaveReason);
    }
  }

  /** No more will come: closes once what is queued has gone; a viewer who does not read it is cut as ever. */
  end(reason: LeaveReason): void {
    if (this.#state === 'closed' || this.#state === 'ending') return;
    this.#leaveReason = reason;
    this.#cancelOpening?.();
    this.#state = 'ending';
    this.#endingSince = this.#host.clock.monotonicUs();
    this.#flush();
  }

  /**
   * REFERENCES: a player drops the SEI of the first bytes that it demuxes, for want of a time base. So those are
   * headers and audio; or, without audio, headers and the keyframe alone. The rest of the GOP follows.
   */
  #open(gop: Gop): void {
    const { framing } = this.#sink;
    this.#state = 'opening';
    this.#sink.cork();
    if (this.#configs === null) this.#writeOpening(gop.opening(framing), gop.keyframe.configs);
    else if (this.#configs !== gop.keyframe.configs) this.#sendConfigs(gop.keyframe, gop.startDts);
    const lead = gop.leadBytes(framing);
    if (lead === null) this.#write(gop.keyframe);
    else this.#send(lead);
    this.#sink.uncork();
    this.#cancelOpening = this.#host.scheduler.after(this.#host.joinSpacingMs, () => {
      this.#state = 'live';
      this.#cancelOpening = null;
      this.#flush();
    });
    const rest = lead === null ? gop.batches.slice(1) : gop.batches;
    for (const batch of rest) this.#enqueue(batch);
  }

  #writeOpening(bytes: Buffer, configs: StreamConfigs): void {
    this.#configs = configs;
    this.#send(bytes);
  }

  #write(batch: Batch): void {
    const { framing } = this.#sink;
    if (batch.configs !== this.#configs) {
      // Told in order, the configs come in a batch of their own before the keyframe; this viewer skipped that one.
      if (batch.isKeyframe) this.#sendConfigs(batch, batch.dts);
      else this.#configs = batch.configs;
    }
    this.#send(batch.bytes(framing));
  }

  #sendConfigs(keyframe: Batch, dts: Milliseconds): void {
    this.#configs = keyframe.configs;
    const tags = configTags(keyframe.configs, dts);
    if (tags.length > 0) this.#send(joinParts(tags, this.#sink.framing));
  }

  #send(bytes: Buffer): void {
    this.#counters.bytesOut += bytes.length;
    if (!this.#sink.write(bytes)) this.#blockedSince ??= this.#host.clock.monotonicUs();
  }

  #enqueue(batch: Batch): void {
    if (!this.#tryPush(batch)) this.#skip(batch);
  }

  #tryPush(batch: Batch): boolean {
    const waitsInSocket = this.#sink.queuedBytes();
    const maxBytes = Math.max(1, this.#host.queueBound() - waitsInSocket);
    this.#queue.setLimits({ maxItems: QUEUE_MAX_BATCHES, maxBytes });
    if (!this.#queue.push(batch, batch.bytes(this.#sink.framing).length)) return false;
    const queued = this.#queue.bytes + waitsInSocket;
    if (queued > this.#counters.queuePeakBytes) this.#counters.queuePeakBytes = queued;
    return true;
  }

  /** The bound is reached: goes on at the newest keyframe that waits already, or else at the next that comes. */
  #skip(batch: Batch): void {
    this.#counters.skips++;
    const newest = batch.isKeyframe ? batch : this.#newestQueuedKeyframe();
    if (newest !== null) {
      this.#dropUntil(newest);
      if (this.#tryPush(batch)) {
        this.#resume();
        return;
      }
    }
    this.#dropUntil(null);
    this.#countDropped(batch);
    if (this.#state === 'live' || this.#state === 'opening') {
      this.#cancelOpening?.();
      this.#cancelOpening = null;
      this.#state = 'skipping';
    }
  }

  /** The newest keyframe in the queue; not its head, for nothing would go then. */
  #newestQueuedKeyframe(): Batch | null {
    let newest: Batch | null = null;
    for (const batch of this.#queue) if (batch.isKeyframe && batch !== this.#queue.peek()) newest = batch;
    return newest;
  }

  #dropUntil(keep: Batch | null): void {
    let reached = false;
    this.#queue.dropWhere((batch) => {
      reached ||= batch === keep;
      if (!reached) this.#countDropped(batch);
      return !reached;
    });
  }

  #countDropped(batch: Batch): void {
    this.#droppedInSkip += batch.videoFrames;
    this.#counters.framesDropped += batch.videoFrames;
  }

  /** Frames lie in the queue again that fit on from a keyframe. */
  #resume(): void {
    if (this.#state === 'skipping') {
      this.#state = 'live';
      if (this.#blockedSince === null) this.#flush();
    }
    this.#host.skipped(this, this.#droppedInSkip);
    this.#droppedInSkip = 0;
  }

  #flush(): void {
    if (this.#blockedSince === null && this.#queue.size > 0) {
      this.#sink.cork();
      while (this.#blockedSince === null) {
        const batch = this.#queue.shift();
        if (batch === undefined) break;
        this.#write(batch);
      }
      this.#sink.uncork();
    }
    if (this.#state === 'ending' && this.#queue.size === 0) this.#sink.end();
  }

  #destroy(reason: LeaveReason): void {
    this.#leaveReason = reason;
    this.#sink.destroy();
  }
}
