import { generateKeyPairSync } from 'node:crypto';
import { expect, test } from 'vitest';
import type { PreparedCue } from '../cues/cue.ts';
import { sealData, signBody, signingKeyFromPem } from '../cues/signing.ts';
import { formatCueBody } from '../cues/wire/index.ts';
import { NalType, nalUnitsOfAvcc, parseSeiNal, parseUserData } from '../h264-sei-parser/src/index.ts';
import { ManualClock } from '../packet/clock.ts';
import type { AvcFramePacket } from '../packet/packet.ts';
import { ms, unixMs } from '../packet/time.ts';
import { DEFAULT_INJECTOR_SETTINGS, StreamInjector } from './injector.ts';

const START_MS = 1_700_000_000_000;
const key = signingKeyFromPem(
  generateKeyPairSync('ed25519').privateKey.export({ format: 'pem', type: 'pkcs8' }) as string,
);

/** Announced, sealed, and open for a while. */
function announced(id: string, delayMs: number): PreparedCue {
  const { sealed, key: dataKey } = sealData({ interaction: 'q1' });
  const [exp, markedAt] = [unixMs(START_MS + 600_000), unixMs(START_MS)];
  const body = { id, rev: 0, stream: 'live/main', type: 'interaction.open', markedAt, exp, sealed } as const;
  const bodyText = formatCueBody(body);
  return {
    ...{ id, rev: 0, type: 'interaction.open', bodyText, key: dataKey, exp, markedAt },
    signatureLine: signBody(bodyText, key),
    fire: { kind: 'delay', delayMs: ms(delayMs) },
    announceMs: ms(1000),
    repeat: 3,
    openForMs: ms(2000),
  };
}

const frameOf = (dts: number, isKeyframe: boolean): AvcFramePacket => ({
  kind: 'avc-frame',
  dts: ms(dts),
  compositionOffset: ms(0),
  isKeyframe,
  data: Uint8Array.of(0, 0, 0, 3, isKeyframe ? 0x65 : 0x41, 0x88, dts & 0xff),
});

const textsIn = ({ data }: AvcFramePacket): string[] =>
  [...nalUnitsOfAvcc(data, 4)]
    .filter(({ type }) => type === NalType.sei)
    .flatMap(({ start, end }) => parseSeiNal(data.subarray(start, end)))
    .map(({ payload }) => new TextDecoder().decode(parseUserData(payload).data));

test('a frame brings along the very texts that stand in it, and one without stamps is the same object', () => {
  const clock = new ManualClock(START_MS * 1000);
  const injector = new StreamInjector('e1', clock, DEFAULT_INJECTOR_SETTINGS, () => undefined);
  const cue = announced('c1', 1500);
  injector.add(cue);
  let [stamped, untouched, keyed] = [0, 0, 0];
  for (let i = 0; i < 120; i++) {
    const frame = frameOf(i * 40, i % 25 === 0);
    const out = injector.process(frame) as AvcFramePacket;
    clock.advanceMs(40);
    if (out === frame) {
      untouched++;
      expect(out.stamps).toBeUndefined();
      continue;
    }
    stamped++;
    expect(out.stamps).toEqual(textsIn(out));
    if (out.stamps!.some((text) => text.includes(cue.key!))) {
      keyed++;
      expect(frame.dts).toBeGreaterThanOrEqual(1500);
    }
  }
  expect(stamped).toBeGreaterThan(8);
  expect(untouched).toBeGreaterThan(60);
  expect(keyed).toBeGreaterThan(3);
});
