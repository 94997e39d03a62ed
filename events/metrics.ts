import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { EventsObserver } from './observer.ts';

/** What viewers may name as their path; anything else they say is counted as `other`. */
const PATHS = new Set(['flv', 'ws', 'hls', 'events']);
const pathLabel = (path: string): string => (PATHS.has(path) ? path : 'other');

/** What a report of an aligned cue may give as its reason (client `LateReason` and `NeverReason`). */
const ALIGN_REASONS = new Set([
  ...['joined', 'stamp-late', 'skipped', 'hidden', 'behind-align', 'no-clock', 'clock-unsure', 'no-frame'],
  ...['over', 'locked', 'behind', 'expired', 'sealed', 'evicted'],
]);
const alignLabel = (reason: string | null): string => {
  if (reason === null) return 'together';
  return ALIGN_REASONS.has(reason) ? reason : 'other';
};

/** The metrics of events in a registry of prom-client. No label is chosen by a viewer. */
export function eventsMetrics(registry: Registry): EventsObserver {
  const registers = [registry];
  const submissions = new Counter({
    name: 'framecue_submissions_total',
    help: 'Submissions by how they ended; code is empty for those that were taken.',
    labelNames: ['outcome', 'code'],
    registers,
  });
  const acknowledged = new Histogram({
    name: 'framecue_submission_ack_seconds',
    help: 'From the arrival of a submission to its acknowledgement, commit included.',
    buckets: [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2, 5],
    registers,
  });
  const answerTime = new Histogram({
    name: 'framecue_answer_seconds',
    help: 'From presentation to action, as viewers say, of answers that were taken.',
    labelNames: ['path'],
    buckets: [0.25, 0.5, 1, 2, 3, 5, 8, 13, 21, 34, 60],
    registers,
  });
  const batchOps = new Histogram({
    name: 'framecue_ledger_batch_ops',
    help: 'Changes in one committed batch of the ledger.',
    buckets: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000],
    registers,
  });
  const batchSeconds = new Histogram({
    name: 'framecue_ledger_commit_seconds',
    help: 'From handing a batch to the writer to its commit.',
    buckets: [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2],
    registers,
  });
  const batchRefused = new Counter({
    name: 'framecue_ledger_refused_total',
    help: 'Changes that the ledger did not take, by code.',
    labelNames: ['code'],
    registers,
  });
  const feedLag = new Histogram({
    name: 'framecue_feed_lag_seconds',
    help: 'From the writing of a feed entry in media to its effect being committed here.',
    buckets: [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 5, 30, 300],
    registers,
  });
  const feedConnected = new Gauge({
    name: 'framecue_feed_connected',
    help: '1 while the cue feed is followed.',
    registers,
  });
  const passedOver = new Counter({
    name: 'framecue_cues_passed_over_total',
    help: 'Cues that could not do what they meant, by reason.',
    labelNames: ['why'],
    registers,
  });
  const heldJudged = new Counter({
    name: 'framecue_held_judged_total',
    help: 'Held answers that have been judged.',
    labelNames: ['verdict'],
    registers,
  });
  const lateness = new Histogram({
    name: 'framecue_fire_late_seconds',
    help: 'From the fire frame to the frame that was shown, as viewers say.',
    labelNames: ['path'],
    buckets: [0.001, 0.01, 0.02, 0.034, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30],
    registers,
  });
  const reports = new Counter({
    name: 'framecue_fire_reports_total',
    help: 'Reports of viewers by what became of the cue, and by what carried it to them.',
    labelNames: ['path', 'carrier', 'outcome'],
    registers,
  });
  const aligned = new Counter({
    name: 'framecue_aligned_starts_total',
    help: 'Reports of cues that were to open for all at one moment: together, or why not.',
    labelNames: ['path', 'how'],
    registers,
  });
  const reportsDropped = new Counter({
    name: 'framecue_fire_reports_dropped_total',
    help: 'Reports that were not counted, by reason.',
    labelNames: ['why'],
    registers,
  });
  const delayReports = new Counter({
    name: 'framecue_delay_reports_total',
    help: "Reports of viewers' delays: taken, or why not.",
    labelNames: ['outcome'],
    registers,
  });
  const viewerDelay = new Histogram({
    name: 'framecue_viewer_delay_seconds',
    help: 'From passing the injector to being presented, as a share of viewers reports.',
    labelNames: ['path'],
    buckets: [0.1, 0.25, 0.5, 1, 2, 3, 5, 8, 13, 20, 30, 60, 120],
    registers,
  });
  const delayShare = new Gauge({
    name: 'framecue_delay_report_share',
    help: 'Share of viewers who are asked to report their delay.',
    registers,
  });
  const sessions = new Counter({
    name: 'framecue_sessions_total',
    help: 'Exchanges of a JWT for a viewer token, by how they ended.',
    labelNames: ['outcome'],
    registers,
  });
  return {
    submission: (outcome, code) => submissions.inc({ outcome, code: code ?? '' }),
    acknowledged: (tookMs) => acknowledged.observe(tookMs / 1000),
    answerTime: (answerMs, path) => answerTime.observe({ path: pathLabel(path) }, answerMs / 1000),
    batch(ops, tookMs) {
      batchOps.observe(ops);
      batchSeconds.observe(tookMs / 1000);
    },
    batchRefused: (ops, code) => batchRefused.inc({ code }, ops),
    feedApplied: (lagMs) => feedLag.observe(lagMs / 1000),
    feedConnected: (connected) => feedConnected.set(connected ? 1 : 0),
    cuePassedOver: (why) => passedOver.inc({ why }),
    heldJudged(accepted, refused) {
      heldJudged.inc({ verdict: 'accepted' }, accepted);
      heldJudged.inc({ verdict: 'refused' }, refused);
    },
    report({ path, carrier, outcome, lateMs, aligned: isAligned, reason }) {
      if (isAligned) aligned.inc({ path: pathLabel(path), how: alignLabel(reason) });
      reports.inc({ path: pathLabel(path), carrier: carrier ?? '', outcome });
      if (lateMs !== null) lateness.observe({ path: pathLabel(path) }, lateMs / 1000);
    },
    reportDropped: (why) => reportsDropped.inc({ why }),
    delayReport: (outcome) => delayReports.inc({ outcome }),
    viewerDelay: (protocol, delayMs) => viewerDelay.observe({ path: pathLabel(protocol) }, delayMs / 1000),
    delayShare: (share) => delayShare.set(share),
    session: (outcome) => sessions.inc({ outcome }),
  };
}
