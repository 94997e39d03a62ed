import { Registry } from 'prom-client';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { eventsMetrics } from './metrics.ts';
import { EventsUnderTest } from './test-support/harness.ts';

let registry: Registry;
let t: EventsUnderTest;
beforeEach(async () => {
  registry = new Registry();
  t = await new EventsUnderTest({ observer: eventsMetrics(registry) }).start();
});
afterEach(async () => {
  await t.stop();
});

describe('the metrics of events', () => {
  test('count what happens on the way of an answer', async () => {
    await t.quiz('q1');
    const ann = await t.session('ann');
    await t.submit('q1', ann);
    await t.publish(
      t.land({ id: 'open-1', type: 'interaction.open', data: { interaction: 'q1' } }),
      t.land({ id: 'open-2', type: 'interaction.open', data: { interaction: 'q2' } }),
    );
    await t.submit('q1', ann, { answerMs: 1_200, path: 'flv' });
    await t.submit('q1', ann);
    await t.submit('q1', ann, { choice: 9 });
    await t.submit('q1', 'forged');
    await t.post(
      '/api/v1/reports',
      { reports: [{ cue: 'open-1', rev: 0, path: 'hls', carrier: 'script', outcome: 'fired', lateMs: 20 }] },
      ann,
    );
    const aligned = { cue: 'open-1', rev: 0, path: 'flv', outcome: 'late', lateMs: 5, aligned: true };
    await t.post(
      '/api/v1/reports',
      {
        reports: [
          { ...aligned, outcome: 'fired' },
          { ...aligned, reason: 'behind-align' },
          { ...aligned, reason: 'ann says so' },
        ],
      },
      ann,
    );
    const text = await registry.metrics();
    for (const line of [
      'framecue_submissions_total{outcome="refused",code="ERR_INTERACTION_NOT_OPEN"} 1',
      'framecue_submissions_total{outcome="accepted",code=""} 1',
      'framecue_submissions_total{outcome="repeated",code=""} 1',
      'framecue_submissions_total{outcome="invalid",code="ERR_ANSWER_INVALID"} 1',
      'framecue_submissions_total{outcome="invalid",code="ERR_TOKEN_INVALID"} 1',
      'framecue_submission_ack_seconds_count 2',
      'framecue_answer_seconds_sum{path="flv"} 1.2',
      'framecue_feed_connected 1',
      'framecue_feed_lag_seconds_count 2',
      'framecue_cues_passed_over_total{why="unknown-interaction"} 1',
      'framecue_sessions_total{outcome="issued"} 1',
      'framecue_fire_late_seconds_sum{path="hls"} 0.02',
      'framecue_aligned_starts_total{path="flv",how="together"} 1',
      'framecue_aligned_starts_total{path="flv",how="behind-align"} 1',
      'framecue_aligned_starts_total{path="flv",how="other"} 1',
      'framecue_fire_reports_total{path="hls",carrier="script",outcome="fired"} 1',
    ]) {
      expect(text).toContain(`${line}\n`);
    }
    expect(text).toMatch(/framecue_ledger_batch_ops_sum [1-9]/);
    expect(text).not.toContain('ann');
  });

  test('count a cue that could do nothing once, however often the feed says more of it', async () => {
    const cue = t.land({ id: 'open-1', type: 'interaction.open', data: { interaction: 'q1' } });
    await t.publish(cue);
    const seen = {
      seen: 'sei' as const,
      pts: cue.landing!.pts,
      offsetMs: 0,
      delayMs: 3,
      copies: 5,
      carriers: [],
    };
    await t.publish({ ...cue, landing: { ...cue.landing!, outputs: { flv: seen } } });
    await t.quiz('q1');
    await t.publish({ ...cue, state: 'ended' });
    expect(await registry.metrics()).toContain(
      'framecue_cues_passed_over_total{why="unknown-interaction"} 1\n',
    );
    // what was made after its opening cue had landed waits for another one
    const { body } = await t.get('/api/v1/interactions/q1');
    expect(body).toMatchObject({ state: 'SCHEDULED' });
  });
});
