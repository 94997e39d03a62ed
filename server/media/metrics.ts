import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import { CUE_STATES } from '../../cues/states.ts';
import type { DeliveryObserver } from '../../delivery/counters.ts';
import type { DirectorObserver } from '../../director/observer.ts';
import type { RtmpIngest } from '../../ingest/rtmp-server.ts';
import { type InjectorCounters, rewritesOf } from '../../injector/counters.ts';
import { streamKeyOf } from '../../packet/packet.ts';
import type { ShowStore } from '../../qa/show/show-store.ts';
import { collectEncoderClocks } from './encoder-clock-metrics.ts';
import { looked, type Row } from './looked-metric.ts';
import { collectProgrammeDelays } from './programme-delay-metrics.ts';
import type { Recorder } from './recorder.ts';
import type { StreamRegistry } from './stream-registry.ts';

const LATENCY_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

export interface MediaMetrics {
  readonly delivery: DeliveryObserver;
  readonly director: DirectorObserver;
  /** From the arrival of a cue request to its answer. */
  cueAnswered(seconds: number): void;
  watchRecorder(recorder: Recorder, store: ShowStore): void;
}

/** What is counted elsewhere is read when the registry is asked: the frame path counts plain numbers. */
export function createMediaMetrics(
  registry: Registry,
  streams: StreamRegistry,
  ingest: () => RtmpIngest | null,
): MediaMetrics {
  const registers = [registry];
  collectStreams(registers, streams);
  collectEncoderClocks(registers, streams);
  collectProgrammeDelays(registers, streams);
  collectIngest(registers, ingest);

  const director = directorObserver(registers);
  const accepted = histogram(
    registers,
    'framecue_cue_accept_seconds',
    'From the arrival of a cue request to its answer, the commit of the log included.',
  );
  const joined = new Counter({
    name: 'framecue_viewers_joined_total',
    help: 'Viewers who joined, by protocol.',
    labelNames: ['protocol'],
    registers,
  });
  const left = new Counter({
    name: 'framecue_viewers_left_total',
    help: 'Viewers who left, by protocol and reason.',
    labelNames: ['protocol', 'reason'],
    registers,
  });
  return {
    delivery: {
      viewerJoined: (_stream, protocol) => joined.inc({ protocol }),
      viewerLeft: (_stream, protocol, reason) => left.inc({ protocol, reason }),
    },
    director,
    cueAnswered: (seconds) => accepted.observe(seconds),
    watchRecorder: (recorder, store) => collectRecorder(registers, recorder, store),
  };
}

const histogram = (registers: Registry[], name: string, help: string) =>
  new Histogram({ name, help, buckets: LATENCY_SECONDS, registers });

function directorObserver(registers: Registry[]): DirectorObserver {
  const states = new Counter({
    name: 'framecue_cue_states_total',
    help: 'Cues that came into a state.',
    labelNames: ['state'],
    registers,
  });
  for (const state of CUE_STATES) states.inc({ state }, 0);
  const refused = new Counter({
    name: 'framecue_cue_refused_total',
    help: 'Cue requests that were refused, by code.',
    labelNames: ['code'],
    registers,
  });
  const stamped = histogram(
    registers,
    'framecue_cue_accept_to_stamp_seconds',
    'From acceptance to the stamped access unit, of cues for the next picture.',
  );
  const marked = histogram(
    registers,
    'framecue_cue_mark_to_stamp_seconds',
    'From the moment that the director meant to the stamped access unit.',
  );
  const count = (name: string, help: string) => new Counter({ name, help, registers });
  const gauge = (name: string, help: string) => new Gauge({ name, help, registers });
  const waiting = gauge('framecue_cue_log_waiting', 'Changes of cues that wait for the log.');
  const lost = count('framecue_cue_log_lost_total', 'Changes of cues that the log could not take.');
  const subscribers = gauge('framecue_feed_subscribers', 'Followers of the cue feed.');
  const cut = count('framecue_feed_cut_total', 'Followers of the feed that did not read and were cut.');
  const snapshots = count('framecue_feed_snapshots_total', 'Followers that were sent a snapshot first.');
  const itemsMissed = new Counter({
    name: 'framecue_rundown_items_missed_total',
    help: 'Items of rundowns that were missed before they had a cue, by reason.',
    labelNames: ['reason'],
    registers,
  });
  return {
    cueChanged: (cue) => states.inc({ state: cue.state }),
    cueRefused: (code) => refused.inc({ code }),
    cueLanded(_cue, { acceptToStampMs, markToStampMs }) {
      if (acceptToStampMs !== null) stamped.observe(acceptToStampMs / 1000);
      marked.observe(markToStampMs / 1000);
    },
    journalWaiting: (entries) => waiting.set(entries),
    journalLost: () => lost.inc(),
    feedSubscribers: (n) => subscribers.set(n),
    feedCut: () => cut.inc(),
    feedSnapshot: () => snapshots.inc(),
    itemMissed: (reason) => itemsMissed.inc({ reason }),
  };
}

function collectStreams(registers: Registry[], streams: StreamRegistry): void {
  const perStream = (pick: (live: ReturnType<StreamRegistry['all']>[number]) => number) => () =>
    streams.all().map((live): Row => [{ stream: streamKeyOf(live.stream) }, pick(live)]);
  const stream = ['stream'] as const;
  const count = (name: string, help: string, pick: Parameters<typeof perStream>[0]) =>
    looked(Counter, registers, name, help, stream, perStream(pick));
  count(
    'framecue_frames_total',
    'Access units through the injector.',
    (l) => l.injector?.counters.frames ?? 0,
  );
  count('framecue_keyframes_total', 'Keyframes.', (l) => l.injector?.counters.keyframes ?? 0);
  count('framecue_stamp_bytes_total', 'Bytes of stamps.', (l) => l.injector?.counters.stampBytes ?? 0);
  count('framecue_epochs_total', 'Epochs begun.', (l) => l.counters.epochs);
  count(
    'framecue_foreign_stamps_total',
    'Stamps that came with the frame and were taken out.',
    (l) => l.injector?.counters.foreignStampsRemoved ?? 0,
  );
  count(
    'framecue_frames_untouched_total',
    'Frames that passed unstamped because stamping them failed.',
    (l) => (l.injector?.counters.passedUntouched ?? 0) + l.counters.injectorFaults,
  );
  count(
    'framecue_listener_faults_total',
    'Times that a recording, or whoever is told of stamps and epochs, threw; the frame passed with its stamps.',
    (l) => l.counters.listenerFaults,
  );
  count(
    'framecue_stamps_postponed_total',
    'Stamps that waited for a later frame, for want of room.',
    (l) => l.injector?.counters.stampsPostponed ?? 0,
  );
  count(
    'framecue_foreign_scripts_total',
    "Publishers' own `onFramecue` tags, which go no further.",
    (l) => l.hub.stats().foreignScripts,
  );
  count(
    'framecue_hls_failures_total',
    'Times that HLS failed unexpectedly and began anew.',
    (l) => l.hub.stats().hlsFailures,
  );
  count(
    'framecue_stamps_too_long_total',
    "Stamps that the stream's NAL unit lengths cannot tell.",
    (l) => l.injector?.counters.stampsTooLong ?? 0,
  );
  looked(
    Counter,
    registers,
    'framecue_rewrites_total',
    'What the injector changed beside its own stamps, by reason.',
    ['stream', 'reason'],
    () =>
      streams
        .all()
        .flatMap((l) =>
          Object.entries(rewritesOf(l.injector?.counters)).map(
            ([reason, n]): Row => [{ stream: streamKeyOf(l.stream), reason }, n],
          ),
        ),
  );
  looked(
    Counter,
    registers,
    'framecue_upstream_stamps_total',
    'Cue stamps of trusted upstreams, by what became of them.',
    ['stream', 'verdict'],
    () => streams.all().flatMap((l) => upstreamRows(streamKeyOf(l.stream), l.injector?.counters)),
  );
  looked(
    Counter,
    registers,
    'framecue_lint_total',
    'Frames and configurations with an oddity, by its code.',
    ['stream', 'code'],
    () =>
      streams
        .all()
        .flatMap((l) =>
          (l.injector?.lint.all() ?? []).map(
            ({ code, count }): Row => [{ stream: streamKeyOf(l.stream), code }, count],
          ),
        ),
  );
  looked(Counter, registers, 'framecue_stamps_total', 'Stamps written.', ['stream', 'kind'], () =>
    streams.all().flatMap((l): Row[] => {
      const name = streamKeyOf(l.stream);
      return [
        [{ stream: name, kind: 'clock' }, l.injector?.counters.clockStamps ?? 0],
        [{ stream: name, kind: 'cue' }, l.injector?.counters.cueStamps ?? 0],
      ];
    }),
  );
  looked(
    Gauge,
    registers,
    'framecue_stream_live',
    '1 while a publisher is on air.',
    stream,
    perStream((l) => Number(l.isLive)),
  );
  looked(
    Gauge,
    registers,
    'framecue_cues_held',
    'Cues in the injector.',
    stream,
    perStream((l) => l.injector?.heldCues ?? 0),
  );
  const perProtocol = (pick: (counters: ReturnType<StreamHubStats>['protocols']['flv']) => number) => () =>
    streams.all().flatMap((l) => {
      const { protocols } = l.hub.stats();
      return (['flv', 'ws', 'hls'] as const).map(
        (protocol): Row => [{ stream: streamKeyOf(l.stream), protocol }, pick(protocols[protocol])],
      );
    });
  const labels = ['stream', 'protocol'] as const;
  looked(
    Gauge,
    registers,
    'framecue_viewers',
    'Viewers now.',
    labels,
    perProtocol((c) => c.viewers),
  );
  looked(
    Counter,
    registers,
    'framecue_viewer_bytes_total',
    'Bytes to viewers.',
    labels,
    perProtocol((c) => c.bytesOut),
  );
  looked(
    Gauge,
    registers,
    'framecue_viewer_queue_peak_bytes',
    'The most bytes that ever waited for one viewer, in our queue and the socket.',
    labels,
    perProtocol((c) => c.queuePeakBytes),
  );
  looked(
    Counter,
    registers,
    'framecue_viewer_frames_dropped_total',
    'Frames that viewers who fell behind did not get.',
    labels,
    perProtocol((c) => c.framesDropped),
  );
}

function upstreamRows(stream: string, counters: InjectorCounters | undefined): Row[] {
  if (counters === undefined) return [];
  const { kept, refused } = counters.upstream;
  return [
    [{ stream, verdict: 'kept' }, kept],
    ...Object.entries(refused).map(([verdict, n]): Row => [{ stream, verdict }, n]),
  ];
}

type StreamHubStats = ReturnType<StreamRegistry['all']>[number]['hub']['stats'];

function collectIngest(registers: Registry[], ingest: () => RtmpIngest | null): void {
  const perPublisher = (pick: (p: ReturnType<RtmpIngest['publishers']>[number]) => number | null) => () =>
    (ingest()?.publishers() ?? []).flatMap((p): Row[] => {
      const value = pick(p);
      return value === null ? [] : [[{ stream: streamKeyOf(p.stream) }, value]];
    });
  const gauge = (name: string, help: string, pick: Parameters<typeof perPublisher>[0]) =>
    looked(Gauge, registers, name, help, ['stream'], perPublisher(pick));
  gauge(
    'framecue_publisher_video_bits_per_second',
    'Video bit rate of the publisher.',
    (p) => p.health.video.bitsPerSecond,
  );
  gauge(
    'framecue_publisher_audio_bits_per_second',
    'Audio bit rate of the publisher.',
    (p) => p.health.audio.bitsPerSecond,
  );
  gauge('framecue_publisher_frame_rate', 'Frames per second of media time.', (p) => p.health.video.frameRate);
  gauge('framecue_publisher_keyframe_interval_seconds', 'The last distance between keyframes.', (p) =>
    p.health.video.keyframeIntervalMs.last === null ? null : p.health.video.keyframeIntervalMs.last / 1000,
  );
  gauge(
    'framecue_publisher_gaps',
    "Gaps in the publisher's time stamps so far.",
    (p) => p.health.timing.gaps,
  );
  gauge(
    'framecue_publisher_corrupt_packets',
    'Packets of the publisher that could not be read.',
    (p) => p.health.corrupt,
  );
  looked(
    Gauge,
    registers,
    'framecue_publisher_repairs',
    'Frames of the publisher that were put right on their way in, by what was wrong.',
    ['stream', 'reason'],
    () =>
      (ingest()?.publishers() ?? []).flatMap((p) =>
        Object.entries(p.repairs).map(([reason, n]): Row => [{ stream: streamKeyOf(p.stream), reason }, n]),
      ),
  );
  looked(
    Counter,
    registers,
    'framecue_publish_refused_total',
    'Publishers that were refused or cut, by code.',
    ['code'],
    () => Object.entries(ingest()?.counts().refusals ?? {}).map(([code, n]): Row => [{ code }, n ?? 0]),
  );
}

function collectRecorder(registers: Registry[], recorder: Recorder, store: ShowStore): void {
  const one = (kind: typeof Gauge | typeof Counter, name: string, help: string, value: () => number | null) =>
    looked(kind, registers, name, help, [], () => {
      const now = value();
      return now === null ? [] : [[{}, now]];
    });
  one(Gauge, 'framecue_recordings', 'Streams that are being recorded.', () => recorder.running().length);
  one(Counter, 'framecue_record_bytes_total', 'Bytes of recordings written.', () => recorder.counts.bytes);
  one(
    Counter,
    'framecue_record_lost_total',
    'Records that the disk was too slow for.',
    () => recorder.counts.lost,
  );
  one(Gauge, 'framecue_shows_bytes', 'Bytes that all recorded shows take.', () => store.usedBytes);
  one(Gauge, 'framecue_shows_quota_bytes', 'Bytes that they may take.', () => store.quotaBytes);
  looked(
    Counter,
    registers,
    'framecue_recordings_ended_total',
    'Recordings that ended, by reason.',
    ['reason'],
    () => Object.entries(recorder.counts.ended).map(([reason, n]): Row => [{ reason }, n ?? 0]),
  );
}
