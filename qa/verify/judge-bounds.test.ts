import { describe, expect, it } from 'vitest';
import { formatClockStamp, formatCueBody, formatCueStamp } from '../../cues/wire/index.ts';
import { userDataMessage, writeAvccNal, writeSeiNal } from '../../h264-sei-parser/src/index.ts';
import { STAMP_UUID } from '../../injector/access-unit.ts';
import { ms, unixMs, unixUs } from '../../packet/time.ts';
import type { AccessUnitItem } from '../sources/source.ts';
import { StampJudge } from './judge.ts';

const AT = unixUs(1_700_000_000_000_000);
const SIGNATURE = `ed25519 key-1 ${'A'.repeat(86)}`;

const clockStamp = (epoch: string): string => formatClockStamp({ epoch, at: AT, pts: ms(0) });
function cueStamp(id: string, rev: number): string {
  const times = { markedAt: unixMs(1_700_000_000_000), exp: 4_000_000_000_000 };
  const body = formatCueBody({ id, rev, stream: 'live/main', type: 'custom', ...times });
  return formatCueStamp({ epoch: 'e1', at: AT, pts: ms(0), fireIn: 0, fireAt: AT }, body, SIGNATURE);
}

/** One access unit that carries all of them. */
function unitWith(texts: readonly string[]): AccessUnitItem {
  const nals = texts.map((text) => writeSeiNal([userDataMessage(STAMP_UUID, Buffer.from(text))]));
  const data = new Uint8Array(nals.reduce((sum, nal) => sum + 4 + nal.length, 0));
  let at = 0;
  for (const nal of nals) at = writeAvccNal(data, at, nal, 4);
  const framing = { kind: 'avcc', lengthSize: 4 } as const;
  return {
    kind: 'access-unit',
    index: 0,
    pts: 0,
    dts: 0,
    codec: 'h264',
    data,
    framing,
  } as unknown as AccessUnitItem;
}

function judged(texts: readonly string[]) {
  const judge = new StampJudge({ expected: [], keys: null, stream: null });
  judge.take(unitWith(texts));
  return judge.finish();
}
const many = (count: number, text: (n: number) => string) => Array.from({ length: count }, (_, n) => text(n));
const codesOf = (findings: readonly { readonly code: string }[]) => findings.map(({ code }) => code);

describe('more than is told apart is said, and not held', () => {
  it('of epochs', () => {
    const { epochs, stamps, findings } = judged(many(1_500, (n) => clockStamp(`e${n}`)));
    expect([epochs.length, stamps]).toEqual([1_000, 1_500]);
    expect(codesOf(findings)).toContain('TOO_MUCH');
  });

  it('of cues', () => {
    const { cues, findings } = judged(many(10_100, (n) => cueStamp(`cue-${n}`, 0)));
    expect(cues).toHaveLength(10_000);
    expect(codesOf(findings)).toContain('TOO_MUCH');
  });

  it('of revisions', () => {
    const { cues } = judged(many(50_100, (n) => cueStamp('cue-1', n)));
    expect(codesOf(cues[0]!.findings)).toContain('TOO_MUCH');
    expect(cues[0]!.rev).toBe(49_999);
  });
});

it('ids that are names of an object, and revisions as large as they get, are cues like others', () => {
  const { cues } = judged([cueStamp('constructor', Number.MAX_SAFE_INTEGER), cueStamp('toString', 0)]);
  expect(cues.map(({ id, rev }) => [id, rev])).toEqual([
    ['constructor', Number.MAX_SAFE_INTEGER],
    ['toString', 0],
  ]);
});
