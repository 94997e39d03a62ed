import { beforeEach, describe, expect, it } from 'vitest';
import type { SigningKey } from '../cues/signing.ts';
import { type StampVerify, stampVerifier } from '../cues/stamp-verify.ts';
import { type CueStamp, parseStamp } from '../cues/wire/index.ts';
import { userDataMessage, writeSeiNal } from '../h264-sei-parser/src/index.ts';
import { ManualClock } from '../packet/clock.ts';
import type { AvcFramePacket } from '../packet/packet.ts';
import { ms } from '../packet/time.ts';
import { DEFAULT_INJECTOR_SETTINGS, type InjectorSettings, StreamInjector } from './injector.ts';
import { STAMP_UUID } from './sei-unit.ts';
import { newKey, preparedCue, START_MS, stampsOf } from './test-support/cues.ts';
import * as n from './test-support/nal-units.ts';

const upstreamKey = newKey();
const strangersKey = newKey();
const known = stampVerifier({ keys: [upstreamKey.publicJwk] });

let clock: ManualClock;
let verified: number;
let downstream: StreamInjector;
beforeEach(() => {
  clock = new ManualClock(START_MS * 1000);
  verified = 0;
  downstream = injectorOf('down', { upstream: { stream: 'live/main', verify: counting(known) } });
});

const counting =
  (verify: StampVerify): StampVerify =>
  (...args) => {
    verified++;
    return verify(...args);
  };

const injectorOf = (epoch: string, more: Partial<InjectorSettings> = {}): StreamInjector =>
  new StreamInjector(epoch, clock, { ...DEFAULT_INJECTOR_SETTINGS, ...more }, () => undefined);

/** A frame that an upstream framecue has stamped; on its way here its time moved by an hour. */
function stampedUpstream(
  cue: Parameters<typeof preparedCue>[2] = {},
  signer: SigningKey = upstreamKey,
): AvcFramePacket {
  const upstream = injectorOf('up');
  upstream.add(preparedCue('c1', signer, cue));
  const frame = n.frame(n.avcc([n.X264_INFO, n.IDR]), { isKeyframe: true });
  const { stamps: _, ...sent } = upstream.process(frame) as AvcFramePacket;
  return { ...sent, dts: ms(3_600_000) };
}

const cueOf = (packet: AvcFramePacket): CueStamp | undefined =>
  stampsOf(packet).find((stamp): stamp is CueStamp => stamp.kind === 'cue');
const process = (frame: AvcFramePacket, injector = downstream): AvcFramePacket =>
  injector.process(frame) as AvcFramePacket;

describe('a cue stamp of a trusted upstream', () => {
  it('goes on: what is signed and what is relative to the frame as it was, the timeline ours', () => {
    const sent = stampedUpstream();
    const before = cueOf(sent)!;
    const out = process(sent);
    const after = cueOf(out)!;
    expect([after.bodyText, after.signature]).toEqual([before.bodyText, before.signature]);
    const { fireIn, fireAt, key } = before.head;
    expect(after.head).toEqual({
      v: 1,
      epoch: 'down',
      at: clock.unixUs(),
      pts: 3_600_000,
      fireIn,
      fireAt,
      key,
    });
    expect(stampsOf(out).map((stamp) => [stamp.kind, stamp.head.epoch])).toEqual([
      ['clock', 'down'],
      ['cue', 'down'],
    ]);
    expect(out.stamps!.map((text) => parseStamp(text))).toEqual(stampsOf(out));
    expect(downstream.counters.upstream).toMatchObject({ kept: 1, clockReplaced: 1 });
    expect(downstream.counters).toMatchObject({ foreignStampsRemoved: 0, cueStamps: 0 });
    expect(downstream.lint.all()).toEqual([]);
  });

  it('leaves every other NAL unit as it was', () => {
    const out = process(stampedUpstream());
    const units = n.unitsOf(out.data);
    expect([units[0], units.at(-1)]).toEqual([n.X264_INFO, n.IDR]);
    expect(units).toHaveLength(4);
  });

  it('is verified once, however many copies come', () => {
    const sent = stampedUpstream();
    for (let i = 0; i < 10; i++) expect(cueOf(process({ ...sent, dts: ms(i * 40) }))).toBeDefined();
    expect(verified).toBe(1);
    expect(downstream.counters.upstream.kept).toBe(10);
  });

  it('never takes its key along before its picture', () => {
    const text = `{"v":1,"epoch":"up","at":1,"fireIn":400,"fireAt":1,"key":"${'A'.repeat(43)}"}`;
    const { bodyText, signature } = cueOf(stampedUpstream())!;
    const lines = `${text}\n${bodyText}\ned25519 ${signature.keyId} ${signature.value}`;
    const nal = writeSeiNal([userDataMessage(STAMP_UUID, Buffer.from(lines))]);
    const out = cueOf(process(n.frame(n.avcc([nal, n.SLICE]))))!;
    expect(out.head).toMatchObject({ fireIn: 400 });
    expect(out.head.key).toBeUndefined();
  });
});

describe('a stamp from outside is taken out', () => {
  it.each<[string, () => AvcFramePacket, string]>([
    ['of another stream', () => stampedUpstream({ stream: 'live/other' }), 'other-stream'],
    ['of a key that is not known', () => stampedUpstream({}, strangersKey), 'unknown-key'],
    ['that has expired', () => stampedUpstream({ exp: START_MS + 1 }), 'expired'],
    ['that is no stamp', () => n.frame(n.avcc([forged('nonsense'), n.SLICE])), 'malformed'],
    [
      'whose signature is of another text',
      () => {
        const { bodyText, signature } = cueOf(stampedUpstream())!;
        const head = '{"v":1,"epoch":"up","at":1,"fireIn":0,"fireAt":1}';
        const body = bodyText.replace('"c1"', '"c2"');
        const lines = `${head}\n${body}\ned25519 ${signature.keyId} ${signature.value}`;
        return n.frame(n.avcc([forged(lines), n.SLICE]));
      },
      'bad-signature',
    ],
  ])('%s', (_, make, reason) => {
    const sent = make();
    clock.advanceMs(40);
    const out = process(sent);
    expect(cueOf(out)).toBeUndefined();
    expect(downstream.counters.upstream.refused[reason as 'expired']).toBe(1);
    expect(downstream.counters.foreignStampsRemoved).toBe(1);
    expect(downstream.lint.all().map(({ code }) => code)).toContain('FOREIGN_STAMP');
  });

  it('where nobody upstream is trusted', () => {
    const injector = injectorOf('down');
    const out = process(stampedUpstream(), injector);
    expect(cueOf(out)).toBeUndefined();
    expect(injector.counters).toMatchObject({ foreignStampsRemoved: 2, upstream: { kept: 0 } });
  });

  it('where there is no room for it', () => {
    downstream = injectorOf('down', {
      stampBudgetBytes: 150,
      upstream: { stream: 'live/main', verify: known },
    });
    expect(cueOf(process(stampedUpstream()))).toBeUndefined();
    expect(downstream.counters.upstream.refused['no-room']).toBe(1);
  });

  it('where so many are forged that looking at them would cost frames their time', () => {
    const { bodyText } = cueOf(stampedUpstream())!;
    const head = '{"v":1,"epoch":"up","at":1,"fireIn":0,"fireAt":1}';
    const forgery = (i: number): Uint8Array => {
      const signature = Buffer.alloc(64, i).toString('base64url');
      return forged(`${head}\n${bodyText}\ned25519 ${upstreamKey.id} ${signature}`);
    };
    for (let i = 0; i < 100; i++) process(n.frame(n.avcc([forgery(i), n.SLICE]), { dts: ms(i) }));
    expect(verified).toBe(20);
    expect(downstream.counters.upstream.refused).toMatchObject({ 'bad-signature': 20, 'too-many': 80 });
    clock.advanceMs(1000);
    expect(cueOf(process(stampedUpstream()))).toBeDefined();
  });
});

const forged = (text: string): Uint8Array => writeSeiNal([userDataMessage(STAMP_UUID, Buffer.from(text))]);
