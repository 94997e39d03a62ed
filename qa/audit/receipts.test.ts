import { describe, expect, test } from 'vitest';
import type { OutputReceipt } from '../../cues/output-receipt.ts';
import type { ExpectedCue } from './messages.ts';
import { ReceiptGatherer } from './receipts.ts';

const CUE: ExpectedCue = {
  ...{ stream: 'live/main', id: 'c1', rev: 0, epoch: 'e1', pts: 4_000, stampedAtUs: 0, fireAtUs: 0 },
};
const SEEN: OutputReceipt = {
  ...{ seen: 'sei', pts: null, offsetMs: null, delayMs: null, copies: 1, carriers: [] },
};
const SECOND = 1_000_000;
const awaited = () => true;
const over = () => false;

describe('answers for one cue', () => {
  test('that all come within a moment are told once', () => {
    const gatherer = new ReceiptGatherer();
    gatherer.expect(CUE);
    for (const output of ['flv', 'ws', 'hls']) gatherer.settled(CUE, output, SEEN, SECOND);
    const [message, ...more] = gatherer.take(SECOND, over);
    expect(message).toMatchObject({ final: true, outputs: { flv: SEEN, ws: SEEN, hls: SEEN } });
    expect(more).toEqual([]);
    expect(gatherer.take(9 * SECOND, over)).toEqual([]);
  });

  test('are told soon, when the slow ones have come, and at last: each once', () => {
    const gatherer = new ReceiptGatherer();
    gatherer.expect(CUE);
    gatherer.settled(CUE, 'flv', SEEN, 0);
    expect(gatherer.take(SECOND, awaited)).toEqual([]);
    gatherer.settled(CUE, 'ws', SEEN, SECOND);
    expect(gatherer.take(2 * SECOND, awaited)).toEqual([
      { kind: 'receipts', cue: CUE, outputs: { flv: SEEN, ws: SEEN }, final: false },
    ]);
    gatherer.settled(CUE, 'hls', SEEN, 4 * SECOND);
    expect(gatherer.take(7 * SECOND, awaited)).toEqual([]);
    expect(gatherer.take(8 * SECOND, awaited)).toMatchObject([{ outputs: { hls: SEEN }, final: false }]);
    gatherer.settled(CUE, 'slow', SEEN, 9 * SECOND);
    expect(gatherer.take(60 * SECOND, awaited)).toEqual([]);
    gatherer.settled(CUE, 'dead', SEEN, 61 * SECOND);
    expect(gatherer.take(61 * SECOND, over)).toMatchObject([
      { outputs: { slow: SEEN, dead: SEEN }, final: true },
    ]);
  });

  test('for a cue that nobody asked for are passed over', () => {
    const gatherer = new ReceiptGatherer();
    gatherer.settled(CUE, 'flv', SEEN, 0);
    expect(gatherer.take(9 * SECOND, over)).toEqual([]);
  });
});
