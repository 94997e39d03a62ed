import type { Express } from 'express';
import type { ProductionLatency } from '../../cues/production-latency.ts';
import type { IngestEvent, PublisherStatus, RtmpIngest } from '../../ingest/rtmp-server.ts';
import { type InjectorCounters, type RewriteReason, rewritesOf } from '../../injector/counters.ts';
import type { EncoderClockStatus } from '../../injector/encoder-clock/encoder-clock.ts';
import type { LintCount } from '../../injector/lint-record.ts';
import { FramecueError } from '../../packet/errors.ts';
import { type StreamName, streamKeyOf } from '../../packet/packet.ts';
import { requireRight } from '../../service/bearer.ts';
import type { ClockHealthStatus } from '../../service/clock-health/clock-health.ts';
import { methodNotAllowed } from '../../service/http-app.ts';
import type { TokenRegistry } from '../../service/tokens.ts';
import type { Audit, AuditStatus } from './audit.ts';
import type { ProgrammeDelayStatus } from './delayed-stream.ts';
import { Recording, type RecordingStatus } from './recording.ts';
import type { StreamRegistry } from './stream-registry.ts';

/** One stream as `GET /api/v1/streams/{app}/{name}` and the status page show it. */
export interface StreamStatus {
  readonly stream: string;
  /** A publisher is there and its first picture has passed. */
  readonly live: boolean;
  readonly epoch: string | null;
  /** Access units since the epoch began. */
  readonly frame: number;
  readonly stamping: { readonly on: boolean };
  /** The show that is being recorded; null where none is. */
  readonly recording: Pick<RecordingStatus, 'name' | 'startedAt' | 'bytes' | 'packets' | 'lost'> | null;
  readonly publisher: Pick<
    PublisherStatus,
    'remote' | 'encrypted' | 'encoder' | 'since' | 'receivedBytes' | 'drops' | 'repairs'
  > | null;
  /** Measured over the last seconds; null without a publisher. */
  readonly health: PublisherStatus['health'] | null;
  /** What the publisher says of its clock and its frames; null before the first picture of all. */
  readonly encoderClock: EncoderClockStatus | null;
  /** How long a picture is on its way from the lens to here, as declared, measured or pinned; null: not known. */
  readonly productionLatency: ProductionLatency | null;
  /** Between arrival and the injector; null where there is no programme delay. */
  readonly programmeDelay: ProgrammeDelayStatus | null;
  readonly viewers: {
    readonly flv: number;
    readonly ws: number;
    readonly hls: number;
    readonly total: number;
  };
  readonly injector: {
    readonly heldCues: number;
    readonly clockStamps: number;
    readonly cueStamps: number;
    readonly foreignStampsRemoved: number;
    readonly passedUntouched: number;
    /** Everything that was changed beside our own stamps, by reason. */
    readonly rewrites: Readonly<Record<RewriteReason, number>>;
    /** Due stamps that waited for a later frame, and those too long for the stream's NAL unit lengths. */
    readonly stampsPostponed: number;
    readonly stampsTooLong: number;
    readonly upstream: InjectorCounters['upstream'] | null;
    /** Oddities of the bitstream so far: the worst first, then the most recent. */
    readonly lint: readonly LintCount[];
  };
  /** What reading the outputs back shows; null where they are not read. */
  readonly audit: AuditStatus | null;
}

export interface MediaStatus {
  readonly at: number;
  /** How well this machine's clock is synchronised. */
  readonly clock: ClockHealthStatus;
  readonly streams: readonly StreamStatus[];
  /** Publishers that were refused or ended, newest first. */
  readonly recentEvents: readonly IngestEvent[];
}

export interface StatusSources {
  readonly streams: StreamRegistry;
  readonly ingest: () => RtmpIngest | null;
  /** Null where outputs are not read back. */
  readonly audit: () => Audit | null;
  readonly clock: () => ClockHealthStatus;
  readonly nowMs: () => number;
}

export function statusRoutes(app: Express, tokens: TokenRegistry, sources: StatusSources): void {
  const read = requireRight(tokens, 'read');
  app
    .route('/api/v1/status')
    .get(read, (_req, res) => {
      const status: MediaStatus = {
        at: sources.nowMs(),
        clock: sources.clock(),
        streams: allStreams(sources),
        recentEvents: sources.ingest()?.recentEvents() ?? [],
      };
      res.set('Cache-Control', 'no-store').json(status);
    })
    .all(methodNotAllowed('GET'));
  app
    .route('/api/v1/streams')
    .get(read, (_req, res) => {
      res.set('Cache-Control', 'no-store').json({ streams: allStreams(sources) });
    })
    .all(methodNotAllowed('GET'));
  app
    .route('/api/v1/streams/:app/:name')
    .get(read, (req, res) => {
      const stream: StreamName = { app: req.params.app!, name: req.params.name! };
      if (sources.streams.find(stream) === undefined && publisherOf(sources, stream) === null) {
        throw new FramecueError('ERR_STREAM_NOT_LIVE', 'Nobody has published this stream since the start.');
      }
      res.set('Cache-Control', 'no-store').json(statusOf(sources, stream));
    })
    .all(methodNotAllowed('GET'));
}

const publisherOf = (sources: StatusSources, stream: StreamName): PublisherStatus | null =>
  sources
    .ingest()
    ?.publishers()
    .find((p) => streamKeyOf(p.stream) === streamKeyOf(stream)) ?? null;

const allStreams = (sources: StatusSources): StreamStatus[] =>
  sources.streams.all().map(({ stream }) => statusOf(sources, stream));

function statusOf(sources: StatusSources, stream: StreamName): StreamStatus {
  const live = sources.streams.find(stream);
  const publisher = publisherOf(sources, stream);
  const injector = live?.injector ?? null;
  const protocols = live?.hub.stats().protocols;
  const viewers = {
    flv: protocols?.flv.viewers ?? 0,
    ws: protocols?.ws.viewers ?? 0,
    hls: protocols?.hls.viewers ?? 0,
  };
  const counters = injector?.counters;
  return {
    stream: streamKeyOf(stream),
    live: live?.isLive ?? false,
    epoch: injector?.epoch ?? null,
    frame: injector?.frame ?? 0,
    stamping: { on: live?.stampingOn ?? true },
    recording: live?.tap instanceof Recording ? shortOf(live.tap.status) : null,
    publisher:
      publisher === null
        ? null
        : {
            remote: publisher.remote,
            encrypted: publisher.encrypted,
            encoder: publisher.encoder,
            since: publisher.since,
            receivedBytes: publisher.receivedBytes,
            drops: publisher.drops,
            repairs: publisher.repairs,
          },
    health: publisher?.health ?? null,
    encoderClock: injector === null ? null : { ...injector.encoderClock.status, timing: injector.timing },
    productionLatency: live?.productionLatency ?? null,
    programmeDelay: sources.streams.delayOf(stream),
    viewers: { ...viewers, total: viewers.flv + viewers.ws + viewers.hls },
    injector: {
      heldCues: injector?.heldCues ?? 0,
      clockStamps: counters?.clockStamps ?? 0,
      cueStamps: counters?.cueStamps ?? 0,
      foreignStampsRemoved: counters?.foreignStampsRemoved ?? 0,
      passedUntouched: (counters?.passedUntouched ?? 0) + (live?.counters.injectorFaults ?? 0),
      rewrites: rewritesOf(counters),
      stampsPostponed: counters?.stampsPostponed ?? 0,
      stampsTooLong: counters?.stampsTooLong ?? 0,
      upstream: counters?.upstream ?? null,
      lint: injector?.lint.all() ?? [],
    },
    audit: sources.audit()?.status(streamKeyOf(stream)) ?? null,
  };
}

const shortOf = ({ name, startedAt, bytes, packets, lost }: RecordingStatus): StreamStatus['recording'] => ({
  ...{ name, startedAt, bytes, packets, lost },
});
