import { expect, test } from 'vitest';
import type { Cue } from '../../cues/cue.ts';
import { ms, unixMs, unixUs } from '../../packet/time.ts';
import type { TracedStamp, TraceParts } from './parts.ts';
import { storyOf } from './story.ts';
import { traceText } from './text.ts';

const T0 = 1_790_000_000_000;

const cue: Cue = {
  ...{ id: 'q1-open', rev: 0, stream: 'live/main', type: 'interaction.open', state: 'accepted' },
  ...{
    data: { interaction: 'q1' },
    markedAt: unixMs(T0),
    acceptedAt: unixMs(T0 + 2),
    exp: unixMs(T0 + 40_000),
  },
  ...{
    fire: { kind: 'delay', delayMs: ms(2000) },
    announceMs: ms(2000),
    repeat: 4,
    by: 'anna',
    landing: null,
  },
};
const landed: Cue = {
  ...cue,
  state: 'landed',
  landing: {
    ...{ epoch: 'e1', pts: ms(5040), frame: 126, stampedAtUs: unixUs((T0 + 1960) * 1000) },
    ...{ fireAtUs: unixUs((T0 + 2000) * 1000), markToStampMs: 1960, errorMs: 0, choice: 'scheduled' },
    outputs: {
      flv: { seen: 'sei', pts: ms(5040), offsetMs: 0, delayMs: 3.04, copies: 6, carriers: [] },
      'cdn/720p': {
        ...{ seen: 'missing', pts: null, offsetMs: null, delayMs: null, copies: 0, carriers: [] },
        problem: 'NO_STAMPS',
      },
    },
  },
};
const stamp = (pts: number, fireIn: number, atMs: number): TracedStamp => ({
  ...{ epoch: 'e1', pts, dts: pts - 80, isKeyframe: false, fireIn, stampedAtUs: (T0 + atMs) * 1000 },
  ...{ text: 'line 1\nline 2\nline 3', nalHex: '0605ff'.repeat(30) },
});
const parts: TraceParts = {
  cue: landed,
  history: [
    { seq: 7, at: T0 + 2.5, cue },
    { seq: 8, at: T0 + 20, cue: { ...cue, state: 'announced' } },
    { seq: 9, at: T0 + 1965, cue: { ...landed, landing: { ...landed.landing!, outputs: {} } } },
    { seq: 10, at: T0 + 2500, cue: landed },
  ],
  stamps: [
    {
      ...{ rev: 0, type: 'interaction.open', copies: 10 },
      ...{ first: stamp(3040, 2000, 18), fire: stamp(5040, 0, 1960), last: stamp(5200, -160, 2120) },
    },
  ],
  actions: [{ at: T0, what: 'mark', by: 'anna', console: 'desk-1', reason: null }],
  presentations: [
    {
      ...{ path: 'flv', carrier: 'sei', fired: 41, late: 1, missed: 0, closed: 0 },
      ...{ lateMs: { p50: 2.5, p99: 42.5, most: 40 }, reasons: [{ reason: 'stalled', viewers: 1 }] },
    },
  ],
  interaction: { id: 'q1', type: 'quiz', state: 'ACTIVE', total: 42 },
};

test('the story goes from the press of the key to the last copy, in order', () => {
  const told = storyOf(parts).map(({ at, text }) => `${at - T0}: ${text}`);
  expect(told).toEqual([
    '0: marked by anna (desk-1), for 2000 ms later',
    '2.5: accepted: entry 7 of the cue log',
    '18: stamped first: PTS 3040, DTS 2960, SEI of 90 bytes, announces PTS 5040',
    '20: announced: entry 8 of the cue log',
    '1960: stamped on its picture: PTS 5040, DTS 4960, SEI of 90 bytes',
    '1965: landed on PTS 5040 (frame 126 of epoch e1), on the moment, scheduled: entry 9 of the cue log',
    '2120: 10 access units carry it so far, the last on PTS 5200',
  ]);
});

test('as text: outputs, viewers and the round; the bytes where they are asked for', () => {
  const text = traceText(parts);
  expect(text).toContain('q1-open  interaction.open  live/main  revision 0  landed');
  expect(text).toContain('output flv: stamp read back, 3 ms after the stamp, 6 copies');
  expect(text).toContain('output cdn/720p: missing, NO_STAMPS');
  expect(text).toContain(
    'viewers by flv, sei: 41 fired, 1 late; after the frame p50 2.5 ms, p99 42.5 ms; stalled 1',
  );
  expect(text).toContain('interaction q1 (quiz): ACTIVE, 42 answers');
  expect(text).not.toContain('06 05 ff');
  const bytes = traceText(parts, true);
  expect(bytes).toContain('SEI NAL unit of revision 0 on PTS 5040:');
  expect(bytes).toContain(`    ${'06 05 ff '.repeat(10)}06 05\n`);
  expect(bytes).toContain('    line 2\n');
});

test('what is voided, and what is not known, is said', () => {
  const voided: Cue = {
    ...landed,
    rev: 1,
    state: 'ended',
    voided: { at: unixMs(T0 + 3000), by: 'ben', landing: { ...landed.landing!, pts: ms(6080) } },
  };
  const text = traceText({
    ...parts,
    cue: voided,
    history: [...parts.history, { seq: 11, at: T0 + 3100, cue: voided }],
    stamps: [],
    presentations: null,
    interaction: null,
  });
  expect(text).toContain('voided by ben');
  expect(text).toContain('players are told on PTS 6080');
  expect(text).toContain('bytes: not remembered');
  expect(text).toContain('viewers: the events process was not asked');
});
