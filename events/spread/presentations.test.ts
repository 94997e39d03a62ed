import { expect, test } from 'vitest';
import { type PresentationReport, Presentations } from './presentations.ts';

const fired: PresentationReport = { path: 'flv', carrier: 'sei', outcome: 'fired', lateMs: 12, reason: null };

test('counts how a cue came, by way and carrier', () => {
  const presentations = new Presentations();
  for (let i = 0; i < 99; i++) presentations.note('c1', fired);
  presentations.note('c1', { ...fired, outcome: 'late', lateMs: 450, reason: 'stalled' });
  presentations.note('c1', { ...fired, path: 'events', carrier: 'feed', outcome: 'missed', lateMs: null });
  presentations.note('c2', { ...fired, carrier: null });
  const [flv, events] = presentations.of('c1');
  expect(flv).toMatchObject({ path: 'flv', carrier: 'sei', fired: 99, late: 1, missed: 0, closed: 0 });
  expect(flv!.lateMs!.p50).toBeCloseTo(12.5);
  expect(flv!.lateMs!.most).toBe(450);
  expect(flv!.reasons).toEqual([{ reason: 'stalled', viewers: 1 }]);
  expect(events).toMatchObject({ path: 'events', carrier: 'feed', missed: 1, lateMs: null });
  expect(presentations.of('c2')).toMatchObject([{ carrier: null, fired: 1 }]);
  expect(presentations.of('never')).toEqual([]);
});

test('memory is bounded: cues, ways and reasons', () => {
  const presentations = new Presentations();
  for (let n = 0; n < 300; n++) presentations.note(`c${n}`, fired);
  expect(presentations.of('c0')).toEqual([]);
  expect(presentations.of('c299')).toHaveLength(1);
  for (let n = 0; n < 100; n++) presentations.note('c299', { ...fired, path: `p${n}` });
  expect(presentations.of('c299')).toHaveLength(24);
  for (let n = 0; n < 100; n++) presentations.note('c299', { ...fired, outcome: 'late', reason: `r${n}` });
  expect(presentations.of('c299')[0]!.reasons).toHaveLength(8);
});
