import { expect, test } from 'vitest';
import { formatClockStamp, formatCueBody, formatCueStamp } from '../../cues/wire/index.ts';
import { parseSeiNal } from '../../h264-sei-parser/src/index.ts';
import type { AvcFramePacket } from '../../packet/packet.ts';
import { ms } from '../../packet/time.ts';
import { StampKeeper } from './stamp-keeper.ts';

const frame = (pts: number, stamps: readonly string[]): AvcFramePacket => ({
  ...{ kind: 'avc-frame', dts: ms(pts), compositionOffset: ms(0), isKeyframe: pts % 1000 === 0 },
  ...{ data: new Uint8Array(), stamps },
});
const cue = (id: string, pts: number, firePts: number, rev = 0): string => {
  const body = formatCueBody({ id, rev, stream: 'live/main', type: 'custom', markedAt: 1, exp: 2 });
  return formatCueStamp(
    { epoch: 'e1', at: pts * 1000, pts, fireIn: firePts - pts, fireAt: firePts * 1000 },
    body,
    `ed25519 k ${'A'.repeat(86)}`,
  );
};

test('remembers of each revision the first copy, the one on the fire frame, the last, and how many', () => {
  const keeper = new StampKeeper();
  keeper.note(frame(1000, [formatClockStamp({ epoch: 'e1', at: 1, pts: 1000 }), cue('a', 1000, 1080)]));
  keeper.note(frame(1040, [cue('a', 1040, 1080), cue('b', 1040, 1040)]));
  keeper.note(frame(1080, [cue('a', 1080, 1080)]));
  keeper.note(frame(1120, [cue('a', 1120, 1080)]));
  keeper.note(frame(1160, [cue('a', 1160, 1160, 1)]));
  const [first, second, ...more] = keeper.of('a');
  expect(more).toEqual([]);
  expect(first).toMatchObject({
    rev: 0,
    copies: 4,
    first: { pts: 1000 },
    fire: { pts: 1080 },
    last: { pts: 1120 },
  });
  expect(second).toMatchObject({ rev: 1, copies: 1, fire: { fireIn: 0 } });
  expect(keeper.of('b')).toHaveLength(1);
  expect(keeper.of('nobody')).toEqual([]);
});

test('gives the bytes as they stand in the access unit', () => {
  const keeper = new StampKeeper();
  const text = cue('a', 40, 40);
  keeper.note(frame(40, [text]));
  const nal = Buffer.from(keeper.of('a')[0]!.first.nalHex, 'hex');
  const [message] = parseSeiNal(nal);
  expect(Buffer.from(message!.payload.subarray(16)).toString()).toBe(text);
});

test('is bounded in cues and revisions, and lets go of the oldest', () => {
  const keeper = new StampKeeper();
  for (let n = 0; n < 600; n++) keeper.note(frame(40, [cue(`c${n}`, 40, 40)]));
  expect(keeper.of('c99')).toEqual([]);
  expect(keeper.of('c100')).toHaveLength(1);
  for (let rev = 1; rev < 20; rev++) keeper.note(frame(40, [cue('c599', 40, 40, rev)]));
  expect(keeper.of('c599').map(({ rev }) => rev)).toEqual([12, 13, 14, 15, 16, 17, 18, 19]);
});
