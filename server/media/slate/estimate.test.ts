import { describe, expect, it } from 'vitest';
import { randomOf } from '../../../cues/slate/testing/camera.ts';
import { LatencyEstimator } from './estimate.ts';

function fed(latencies: readonly number[], everyMs = 1_000): LatencyEstimator {
  const estimator = new LatencyEstimator();
  latencies.forEach((latencyMs, i) => {
    estimator.add({ atMs: i * everyMs, latencyMs, errorMs: 12 });
  });
  return estimator;
}

describe('the estimate of a latency', () => {
  it('is the middle of the readings, with a bound that holds', () => {
    const random = randomOf(1);
    const estimate = fed(Array.from({ length: 40 }, () => 2_000 + (random() - 0.5) * 24)).estimate()!;
    expect(Math.abs(estimate.latencyMs - 2_000)).toBeLessThan(5);
    expect(estimate.spreadMs).toBeLessThan(13);
    expect(estimate.errorMs).toBeGreaterThanOrEqual(12);
    expect(estimate).toMatchObject({ readings: 40, outliers: 0, driftPpm: null });
    expect(estimate.confidence).toBeGreaterThan(0.8);
  });

  it('is not moved by single readings that are far off', () => {
    const latencies = Array.from({ length: 30 }, (_, i) => (i % 7 === 6 ? 9_000 : 800));
    const estimate = fed(latencies).estimate()!;
    expect(estimate.latencyMs).toBe(800);
    expect(estimate.outliers).toBe(4);
  });

  it('begins anew where the production has changed', () => {
    const estimate = fed([...Array(20).fill(800), ...Array(4).fill(5_000)]).estimate()!;
    expect(estimate).toMatchObject({ latencyMs: 5_000, readings: 4 });
  });

  it('tells the drift of two clocks after a minute', () => {
    const before = fed(Array.from({ length: 50 }, (_, i) => 800 + i * 0.05)).estimate()!;
    expect(before.driftPpm).toBeNull();
    const after = fed(Array.from({ length: 120 }, (_, i) => 800 + i * 0.05 + (i % 3))).estimate()!;
    expect(after.driftPpm).toBeGreaterThan(35);
    expect(after.driftPpm).toBeLessThan(65);
  });

  it('is trusted less with few readings, far apart, or among pictures that cannot be read', () => {
    const good = fed(Array(20).fill(800)).estimate()!.confidence;
    expect(good).toBe(1);
    expect(fed([800, 800]).estimate()!.confidence).toBeLessThan(0.3);
    expect(fed(Array.from({ length: 20 }, (_, i) => 800 + (i % 2) * 80)).estimate()!.confidence).toBeLessThan(
      0.7,
    );
    const missing = fed(Array(20).fill(800));
    for (let i = 0; i < 20; i++) missing.missed();
    expect(missing.estimate()!.confidence).toBeCloseTo(Math.sqrt(0.5), 2);
  });

  it('is none before the first reading', () => {
    const estimator = new LatencyEstimator();
    estimator.missed();
    expect(estimator.estimate()).toBeNull();
  });
});
