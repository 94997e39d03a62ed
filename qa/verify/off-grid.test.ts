import { expect, it } from 'vitest';
import { formatClockStamp, formatCueBody, formatCueStamp } from '../../cues/wire/index.ts';
import { userDataMessage, writeAvccNal, writeSeiNal } from '../../h264-sei-parser/src/index.ts';
import { STAMP_UUID } from '../../injector/access-unit.ts';
import { ms, unixMs, unixUs } from '../../packet/time.ts';
import type { AccessUnitItem } from '../sources/source.ts';
import { parseExpectations } from './expectations.ts';
import { StampJudge } from './judge.ts';

const AT = unixUs(1_700_000_000_000_000);
const SIGNATURE = `ed25519 key-1 ${'A'.repeat(86)}`;
const BODY = formatCueBody({
  ...{ id: 'one', rev: 0, stream: 'live/main', type: 'custom' },
  ...{ markedAt: unixMs(1_700_000_000_000), exp: 4_000_000_000_000 },
});

/** Pictures 40 ms apart; from the second on each carries the cue, which fires at `firePts`. */
function judged(firePts: number, expectedPts: number) {
  const expected = parseExpectations(JSON.stringify([{ id: 'one', pts: expectedPts }]));
  const judge = new StampJudge({ expected, keys: null, stream: null });
  for (let index = 0; index < 8; index++) {
    const pts = ms(index * 40);
    const head = { epoch: 'e1', at: AT, pts };
    const cue = formatCueStamp({ ...head, fireIn: firePts - pts, fireAt: AT }, BODY, SIGNATURE);
    const text = index === 0 ? formatClockStamp(head) : cue;
    const nal = writeSeiNal([userDataMessage(STAMP_UUID, Buffer.from(text))]);
    const data = new Uint8Array(4 + nal.length);
    writeAvccNal(data, 0, nal, 4);
    const framing = { kind: 'avcc', lengthSize: 4 } as const;
    const unit = { kind: 'access-unit', index, pts, dts: pts, codec: 'h264', data, framing };
    judge.take(unit as unknown as AccessUnitItem);
  }
  return judge.finish().cues[0]!.findings.map(({ code }) => code);
}

it('a fire PTS between two pictures is the second one, on which players fire', () => {
  expect(judged(160, 160)).toEqual([]);
  expect(judged(147, 160)).toEqual([]);
});

it('and not a third', () => {
  expect(judged(119, 160)).toEqual(['CUE_EARLY']);
  expect(judged(147, 200)).toEqual(['CUE_EARLY']);
  expect(judged(173, 160)).toEqual(['CUE_LATE']);
});
