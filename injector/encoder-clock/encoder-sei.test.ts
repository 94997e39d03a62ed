import { describe, expect, it } from 'vitest';
import {
  type BpmFields,
  bpmMessage,
  precisionTimeStampMessage,
  type SeiMessage,
  userDataMessage,
  uuidFromText,
} from '../../h264-sei-parser/src/index.ts';
import { readEncoderSei } from './encoder-sei.ts';

const bpm = (kind: BpmFields['kind'], text: string, ...deltas: number[]): SeiMessage =>
  bpmMessage({
    kind,
    times: [{ type: 'rfc3339', event: 4, text }],
    ...(kind === 'TS' ? {} : { counters: deltas.map((delta, i) => ({ tag: i + 1, delta })) }),
  });
const ts = (...texts: readonly (readonly [event: number, text: string])[]): SeiMessage =>
  bpmMessage({ kind: 'TS', times: texts.map(([event, text]) => ({ type: 'rfc3339', event, text })) });
const AT = Date.parse('2026-05-31T12:26:03.591Z') * 1000;
const cut = ({ payloadType, payload }: SeiMessage, bytes: number): SeiMessage => ({
  payloadType,
  payload: payload.subarray(0, payload.length - bytes),
});

describe('readEncoderSei', () => {
  it('is null where the encoder says nothing of its clock', () => {
    const other = userDataMessage(
      uuidFromText('dc45e9bd-e6d9-48b7-962c-d820d923eeef'),
      Uint8Array.of(120, 50),
    );
    expect(readEncoderSei([])).toBeNull();
    expect(readEncoderSei([other, { payloadType: 1, payload: Uint8Array.of(0) }])).toBeNull();
  });

  it('reads what OBS writes on a keyframe', () => {
    const sei = readEncoderSei([
      ts(
        [1, '2026-05-31T12:26:03.591Z'],
        [2, '2026-05-31T12:26:03.600Z'],
        [3, '2026-05-31T12:26:03.655Z'],
        [4, '2026-05-31T12:26:03.700Z'],
      ),
      bpm('SM', '2026-05-31T12:26:03.700Z', 120, 3, 2, 118),
      bpm('ERM', '2026-05-31T12:26:03.700Z', 120, 1, 119),
    ]);
    expect(sei).toEqual({
      misb: null,
      hasMisb: false,
      bpm: { compositedUs: AT, encodedUs: AT + 64_000, interleavedUs: AT + 109_000 },
      frames: { rendered: 120, lagged: 3, dropped: 2, output: 118, input: 120, skipped: 1, encoded: 119 },
      malformed: 0,
    });
  });

  it('reads MISB, and says whether the clock is locked', () => {
    const sei = readEncoderSei([precisionTimeStampMessage({ time: AT + 7 })]);
    expect(sei).toMatchObject({ misb: { captureUs: AT + 7, locked: false }, hasMisb: true, bpm: null });
  });

  it('takes the first of a kind', () => {
    const both = [AT, AT + 9].map((time) => precisionTimeStampMessage({ time, locked: true }));
    expect(readEncoderSei(both)?.misb).toEqual({ captureUs: AT, locked: true });
  });

  it.each([
    ['MISB cut short', cut(precisionTimeStampMessage({ time: AT }), 3), true],
    ['MISB of the year 300,000', precisionTimeStampMessage({ time: 2n ** 63n }), true],
    ['BPM cut short', cut(ts([1, '2026-05-31T12:26:03.591Z']), 4), false],
    ['BPM without a time', ts([1, 'yesterday']), false],
    ['BPM without the time of composition', ts([4, '2026-05-31T12:26:03.591Z']), false],
  ])('counts %s as malformed, and goes on', (_what, message, hasMisb) => {
    const frames = bpm('SM', 'x', 10, 0, 1, 10);
    expect(readEncoderSei([message, frames])).toMatchObject({
      misb: null,
      hasMisb,
      bpm: null,
      frames: { rendered: 10, dropped: 1 },
      malformed: 1,
    });
  });

  it('passes over counters that it does not know', () => {
    expect(readEncoderSei([bpm('ERM', 'x', 1, 2, 3, 4, 5)])?.frames).toEqual({
      input: 1,
      skipped: 2,
      encoded: 3,
    });
  });
});

it('reads no more messages than any encoder writes', () => {
  const broken = cut(bpm('TS', '2026-05-31T12:26:03.591Z'), 3);
  expect(readEncoderSei(Array.from({ length: 10_000 }, () => broken))).toMatchObject({
    bpm: null,
    malformed: 32,
  });
});
