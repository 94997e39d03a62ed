import { generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Landing, PreparedCue, StampEvent } from '../cues/cue.ts';
import { sealData, signBody, signingKeyFromPem } from '../cues/signing.ts';
import { type CueStamp, formatCueBody, parseStamp, type Stamp } from '../cues/wire/index.ts';
import {
  isVcl,
  NalType,
  nalUnitsOfAvcc,
  parseSeiNal,
  parseUserData,
  userDataMessage,
  uuidFromText,
  writeSeiNal,
} from '../h264-sei-parser/src/index.ts';
import { ManualClock } from '../packet/clock.ts';
import type { AvcFramePacket, MediaPacket } from '../packet/packet.ts';
import { ms, unixMs } from '../packet/time.ts';
import { STAMP_UUID } from './access-unit.ts';
import { DEFAULT_INJECTOR_SETTINGS, StreamInjector } from './injector.ts';

const START_MS = 1_700_000_000_000;
const key = signingKeyFromPem(
  generateKeyPairSync('ed25519').privateKey.export({ format: 'pem', type: 'pkcs8' }) as string,
);

let clock: ManualClock;
let events: StampEvent[];
let injector: StreamInjector;
beforeEach(() => {
  clock = new ManualClock(START_MS * 1000);
  events = [];
  injector = new StreamInjector('e1', clock, DEFAULT_INJECTOR_SETTINGS, (event) => events.push(event));
});

function cue(id: string, more: Partial<PreparedCue> = {}): PreparedCue {
  const { sealed, key: dataKey } = sealData({ interaction: 'secret-name' });
  const type = more.type ?? 'interaction.open';
  const exp = unixMs(START_MS + 600_000);
  const markedAt = clock.unixMs();
  const bodyText = formatCueBody({
    id,
    rev: more.rev ?? 0,
    stream: 'live/main',
    type,
    markedAt,
    exp,
    sealed,
  });
  return {
    id,
    rev: 0,
    type,
    bodyText,
    signatureLine: signBody(bodyText, key),
    key: dataKey,
    fire: { kind: 'next' },
    markedAt,
    announceMs: ms(0),
    repeat: 3,
    openForMs: null,
    exp,
    ...more,
  };
}

const nal = (type: number, ...bytes: number[]): number[] => [0, 0, 0, bytes.length + 1, type, ...bytes];
const frameOf = (dts: number, pts: number, isKeyframe: boolean, data?: Uint8Array): AvcFramePacket => ({
  kind: 'avc-frame',
  dts: ms(dts),
  compositionOffset: ms(pts - dts),
  isKeyframe,
  data: data ?? Uint8Array.from(nal(isKeyframe ? 0x65 : 0x41, 0x88, dts & 0xff)),
});

function stampsOf(packet: MediaPacket): Stamp[] {
  if (packet.kind !== 'avc-frame') return [];
  const stamps: Stamp[] = [];
  for (const { type, start, end } of nalUnitsOfAvcc(packet.data, 4)) {
    if (type !== NalType.sei) continue;
    for (const { payload } of parseSeiNal(packet.data.subarray(start, end))) {
      stamps.push(parseStamp(parseUserData(payload).data));
    }
  }
  return stamps;
}

interface Passed {
  readonly pts: number;
  readonly out: AvcFramePacket;
  readonly cues: CueStamp[];
}

/** Display numbers in decode order at 25 fps, GOPs of 10; the clock moves with the frames. */
const IBBP = [0, 3, 1, 2, 6, 4, 5, 9, 7, 8];
function play(count: number, from = 0, before?: (index: number) => void): Passed[] {
  const passed: Passed[] = [];
  for (let i = from; i < from + count; i++) {
    before?.(i);
    const display = IBBP[i % 10]! + Math.floor(i / 10) * 10;
    const pts = (display + 1) * 40;
    const out = injector.process(frameOf(i * 40, pts, i % 10 === 0)) as AvcFramePacket;
    passed.push({ pts, out, cues: stampsOf(out).filter((s) => s.kind === 'cue') });
    clock.advanceMs(40);
  }
  return passed;
}

const landingOf = (id: string): Landing => {
  const event = events.find((e) => e.kind === 'landed' && e.id === id);
  if (event?.kind !== 'landed') throw new Error(`${id} has not landed`);
  return event.landing;
};

describe('an immediate cue', () => {
  it('is on the very next access unit, and names the first picture that has not passed', () => {
    const passed = play(10, 0, (i) => {
      if (i === 4) injector.add(cue('c1'));
    });
    // access unit 4 is the P-frame of display 6; display 4 (PTS 200) is the next to be shown
    expect(passed[3]!.cues).toEqual([]);
    expect(passed[4]!.cues.map((c) => c.body.id)).toEqual(['c1']);
    expect(landingOf('c1')).toMatchObject({
      epoch: 'e1',
      pts: 200,
      frame: 4,
      choice: 'next-in-presentation',
      errorMs: 0,
    });
  });

  it('gives the same fire PTS and fireAt in every copy, on its own picture too', () => {
    const passed = play(40, 0, (i) => {
      if (i === 4) injector.add(cue('c1', { repeat: 0 }));
    });
    const copies = passed.filter((p) => p.cues.length > 0);
    for (const { pts, cues } of copies) expect(pts + cues[0]!.head.fireIn).toBe(200);
    expect(new Set(copies.map((c) => c.cues[0]!.head.fireAt)).size).toBe(1);
    expect(copies.some((c) => c.cues[0]!.head.fireIn === 0)).toBe(true);
  });

  it('stands on every keyframe while it is open, and ends with its lock', () => {
    const passed = play(60, 0, (i) => {
      if (i === 4) injector.add(cue('c1'));
      if (i === 34) injector.add(cue('l1', { type: 'interaction.lock', ref: 'c1', openForMs: ms(400) }));
    });
    const onKeys = passed.filter((_, i) => i % 10 === 0).map((p) => p.cues.map((c) => c.body.id));
    expect(onKeys).toEqual([[], ['c1'], ['c1'], ['c1'], ['l1'], []]);
    expect(events.filter((e) => e.kind === 'ended').map((e) => e.id)).toEqual(['c1', 'l1']);
    expect(injector.heldCues).toBe(0);
  });

  it('is on the feed of events once: landed once however many copies', () => {
    play(60, 0, (i) => {
      if (i === 4) injector.add(cue('c1'));
    });
    expect(events.filter((e) => e.kind === 'landed')).toHaveLength(1);
  });
});

describe('the worked example of docs/wire-format.md', () => {
  it('comes out of the injector as it stands there', () => {
    const path = new URL('../cues/wire/vectors.json', import.meta.url);
    const { rows } = JSON.parse(readFileSync(path, 'utf8')).ibbp as {
      rows: { dts: number; pts: number; fireIn: number | null; fireAt: number | null; key: boolean }[];
    };
    const passed = play(10, 0, (i) => {
      if (i === 4) injector.add(cue('c1'));
    });
    const found = passed.map(({ pts, cues: [copy] }, i) => ({
      dts: i * 40,
      pts,
      fireIn: copy?.head.fireIn ?? null,
      fireAt: copy?.head.fireAt ?? null,
      key: copy?.head.key !== undefined,
    }));
    expect(found).toEqual(
      rows.map(({ dts, pts, fireIn, fireAt, key }) => ({ dts, pts, fireIn, fireAt, key })),
    );
  });
});

describe('a cue whose time is known', () => {
  it('is announced sealed, without its key, and fires on its picture', () => {
    play(50);
    const c = cue('c1', { fire: { kind: 'delay', delayMs: ms(1000) }, announceMs: ms(600) });
    injector.add(c);
    const passed = play(60, 50);
    const copies = passed.filter((p) => p.cues.length > 0);
    const before = copies.filter((p) => p.cues[0]!.head.fireIn > 0);
    const after = copies.filter((p) => p.cues[0]!.head.fireIn <= 0);
    expect(before.length).toBeGreaterThanOrEqual(3);
    for (const { cues, out } of before) {
      expect(cues[0]!.head.key).toBeUndefined();
      const bytes = Buffer.from(out.data).toString('latin1');
      expect(bytes).not.toContain(c.key!);
      expect(bytes).not.toContain('secret-name');
    }
    for (const { cues } of after) expect(cues[0]!.head.key).toBe(c.key);
    expect(new Set(copies.map((p) => p.pts + p.cues[0]!.head.fireIn)).size).toBe(1);
    expect(landingOf('c1')).toMatchObject({ choice: 'scheduled', errorMs: 0 });
    expect(events.map((e) => e.kind)).toEqual(['announced', 'landed']);
    const announced = events[0]!;
    if (announced.kind === 'announced') expect(announced.firePts).toBe(landingOf('c1').pts);
  });

  it('cannot be opened by anybody when it is taken back before its picture, whatever has passed by then', () => {
    // With B-frames, pictures that are shown after the moment pass before it.
    for (const target of [1400, 1440, 1480, 1520]) {
      for (let takenBackAt = 20; takenBackAt < 50; takenBackAt++) {
        injector = new StreamInjector('e1', clock, DEFAULT_INJECTOR_SETTINGS, (event) => events.push(event));
        let isTakenBack = false;
        const passed = play(50, 0, (i) => {
          if (i === 2) {
            const fire = { kind: 'mediaTime', pts: ms(target) } as const;
            injector.add(cue('c1', { fire, announceMs: ms(2_000), repeat: 100 }));
          }
          if (i === takenBackAt) isTakenBack = injector.withdraw('c1');
        });
        const keys = passed.flatMap(({ cues }) => cues).filter(({ head }) => head.key !== undefined);
        expect([isTakenBack, keys.length > 0]).toEqual([isTakenBack, !isTakenBack]);
      }
    }
  });

  it.each([0, 1, 2, 3])(
    'can be opened at once where its fire PTS is a little above its picture, repeat %i',
    (repeat) => {
      for (const target of [1401, 1402, 1441, 1442, 1481, 1482]) {
        injector = new StreamInjector('e1', clock, DEFAULT_INJECTOR_SETTINGS, (event) => events.push(event));
        const passed = play(50, 0, (i) => {
          if (i > 2) return;
          const fire = { kind: 'mediaTime', pts: ms(target) } as const;
          injector.add(cue('c1', { fire, announceMs: ms(2_000), repeat, openForMs: ms(0) }));
        });
        const opening = passed.filter(({ cues }) => cues.some(({ head }) => head.key !== undefined));
        expect(opening.length).toBeGreaterThan(0);
        expect(opening[0]!.pts - target).toBeLessThan(160);
        expect(injector.heldCues).toBe(0);
      }
    },
  );

  it('fires on the picture of a mediaTime ahead, and on the next for one that has passed, saying how far off', () => {
    play(20);
    injector.add(cue('ahead', { fire: { kind: 'mediaTime', pts: ms(1610) } }));
    injector.add(cue('past', { fire: { kind: 'mediaTime', pts: ms(400) } }));
    play(60, 20);
    expect(landingOf('ahead')).toMatchObject({ pts: 1640, errorMs: 30, choice: 'scheduled' });
    expect(landingOf('past')).toMatchObject({
      pts: 840,
      errorMs: 440,
      choice: 'next-in-presentation',
      frame: 20,
    });
  });

  it('fires at a moment of the wall clock', () => {
    play(50);
    injector.add(cue('at', { fire: { kind: 'at', at: unixMs(START_MS + 5010) } }));
    play(100, 50);
    // the picture that passes with the access unit at DTS 5040 has PTS 5080
    expect(landingOf('at')).toMatchObject({ pts: 5080, choice: 'scheduled' });
    expect(landingOf('at').errorMs).toBeCloseTo(30, 0);
  });

  it('foretells a picture at 29.97 fps at most 3 ms before it and never after it', () => {
    const frameMs = 1001 / 30;
    const pts = (i: number) => Math.round(i * frameMs);
    for (const delay of [700, 1234, 2000]) {
      injector = new StreamInjector('e1', clock, DEFAULT_INJECTOR_SETTINGS, (event) => events.push(event));
      const c = cue(`c${delay}`, { fire: { kind: 'delay', delayMs: ms(delay) }, announceMs: ms(3000) });
      const fires = new Set<number>();
      for (let i = 0; i < 300; i++) {
        if (i === 100) injector.add(c);
        const out = injector.process(frameOf(pts(i), pts(i), i % 60 === 0));
        for (const s of stampsOf(out)) if (s.kind === 'cue') fires.add(pts(i) + s.head.fireIn);
      }
      expect(fires.size).toBe(1);
      const [fire] = fires;
      const picture = landingOf(c.id).pts;
      expect(picture - fire!).toBeGreaterThanOrEqual(0);
      expect(picture - fire!).toBeLessThanOrEqual(3);
    }
  });

  it('is missed, not fired, when it expires before its moment', () => {
    play(10);
    injector.add(cue('late', { fire: { kind: 'delay', delayMs: ms(60_000) }, exp: unixMs(START_MS + 1000) }));
    play(60, 10);
    expect(events).toEqual([expect.objectContaining({ kind: 'missed', id: 'late', code: 'EXPIRED' })]);
  });
});

describe('what a cue cannot do', () => {
  it('grow the queue without bound', () => {
    for (let i = 0; i < DEFAULT_INJECTOR_SETTINGS.maxCues; i++) expect(injector.add(cue(`c${i}`))).toBe(true);
    expect(injector.add(cue('one-too-many'))).toBe(false);
  });

  it('come back with the same or a lower rev', () => {
    injector.add(cue('c1', { rev: 1 }));
    expect(injector.add(cue('c1', { rev: 0 }))).toBe(true);
    const passed = play(1);
    expect(passed[0]!.cues).toHaveLength(1);
    injector.add(cue('c1', { rev: 1 }));
    play(10, 1);
    expect(events.filter((e) => e.kind === 'landed')).toHaveLength(1);
  });

  it('be withdrawn once it has landed', () => {
    injector.add(cue('c1'));
    injector.add(cue('c2', { fire: { kind: 'delay', delayMs: ms(1000) } }));
    play(1);
    expect(injector.withdraw('c1')).toBe(false);
    expect(injector.withdraw('c2')).toBe(true);
    expect(injector.withdraw('c2')).toBe(false);
  });

  it('outlive its epoch: what is not given anew is not stamped', () => {
    play(30, 0, (i) => {
      if (i === 4) injector.add(cue('c1'));
    });
    injector.add(cue('c2', { fire: { kind: 'delay', delayMs: ms(200) } }));
    injector.startEpoch('e2');
    expect(injector.heldCues).toBe(0);
    expect(play(30, 30).flatMap(({ cues }) => cues)).toEqual([]);
  });

  it('fire anew in the next epoch: an open one stands on keyframes with its old moment', () => {
    play(30, 0, (i) => {
      if (i === 4) injector.add(cue('c1'));
    });
    const { fireAtUs } = landingOf('c1');
    injector.startEpoch('e2');
    injector.add(cue('c1', { rev: 1, landedAtUs: fireAtUs }));
    const passed = play(11, 30);
    const onKey = passed[0]!.cues[0]!;
    expect(onKey.head).toMatchObject({ epoch: 'e2', fireAt: fireAtUs });
    expect(Math.abs(passed[0]!.pts + onKey.head.fireIn - landingOf('c1').pts)).toBeLessThanOrEqual(1);
    expect(events.filter((e) => e.kind === 'landed')).toHaveLength(1);
  });
});

describe('the frame comes first', () => {
  it('passes configuration, audio, script and unmarked frames as the very same objects', () => {
    const record = Uint8Array.of(1, 100, 0, 31, 0xff);
    const others: MediaPacket[] = [
      { kind: 'avc-config', dts: ms(0), record },
      { kind: 'aac-config', dts: ms(0), data: Uint8Array.of(0x12, 0x10) },
      { kind: 'aac-frame', dts: ms(0), data: Uint8Array.of(1, 2, 3) },
      { kind: 'script', dts: ms(0), data: Uint8Array.of(2, 0, 0) },
      frameOf(40, 80, false),
    ];
    for (const packet of others) expect(injector.process(packet)).toBe(packet);
  });

  it('passes a frame that cannot be walked untouched, counts it, and stamps the next one', () => {
    injector.add(cue('c1'));
    const broken = frameOf(0, 0, true, Uint8Array.of(0, 0, 1, 0, 0x65, 1, 2));
    expect(injector.process(broken)).toBe(broken);
    expect(injector.counters).toMatchObject({ passedUntouched: 1, errors: { ERR_NAL_TRUNCATED: 1 } });
    expect(events).toEqual([]);
    const next = injector.process(frameOf(40, 40, false));
    expect(stampsOf(next).map((s) => s.kind)).toEqual(['cue']);
    expect(landingOf('c1').pts).toBe(40);
  });

  it('stays untouched with stamping switched off', () => {
    injector.stampingOn = false;
    injector.add(cue('c1'));
    const key = frameOf(0, 0, true);
    expect(injector.process(key)).toBe(key);
    injector.stampingOn = true;
    expect(stampsOf(injector.process(frameOf(40, 40, true)))).toHaveLength(2);
  });

  it('keeps every other NAL unit byte for byte, and stamps after SEI, before the first slice', () => {
    const foreign = writeSeiNal([
      userDataMessage(uuidFromText('dc45e9bd-e6d9-48b7-962c-d820d923eeef'), Uint8Array.of(0, 0, 1, 0, 0, 0)),
    ]);
    const parts = [
      nal(0x09, 0xf0),
      nal(0x67, 1, 2, 3),
      nal(0x68, 4),
      nal(0x06, ...foreign.subarray(1)),
      nal(0x65, 9, 9),
      nal(0x65, 8),
    ];
    const source = Uint8Array.from(parts.flat());
    const out = injector.process(frameOf(0, 0, true, source)) as AvcFramePacket;
    const units = [...nalUnitsOfAvcc(out.data, 4)];
    expect(units.map((u) => u.type)).toEqual([9, 7, 8, 6, 6, 5, 5]);
    const rest = units.filter((_, i) => i !== 4).flatMap((u) => [...out.data.subarray(u.start - 4, u.end)]);
    expect(rest).toEqual([...source]);
  });

  it('takes out stamps that came with the frame, and counts them', () => {
    const forged = writeSeiNal([
      userDataMessage(STAMP_UUID, new TextEncoder().encode('{"v":1,"epoch":"x","at":1}')),
    ]);
    const source = Uint8Array.from([...nal(0x06, ...forged.subarray(1)), ...nal(0x41, 7)]);
    const out = injector.process(frameOf(0, 0, false, source)) as AvcFramePacket;
    expect([...out.data]).toEqual(nal(0x41, 7));
    expect(injector.counters.foreignStampsRemoved).toBe(1);
  });

  const forgedMessage = userDataMessage(STAMP_UUID, new TextEncoder().encode('{"v":1,"epoch":"x","at":1}'));
  const other = userDataMessage(
    uuidFromText('0aecffe7-5272-4e2f-a62f-d19cd61a93b5'),
    Uint8Array.from([0, 0, 1]),
  );
  it.each([
    ['behind another message', [other, forgedMessage]],
    ['before another message', [forgedMessage, other]],
    ['twice, between others', [other, forgedMessage, other, forgedMessage]],
  ])('takes out a stamp %s, and keeps the others', (_, messages) => {
    const source = Uint8Array.from([...nal(0x26, ...writeSeiNal(messages).subarray(1)), ...nal(0x41, 7)]);
    injector.add(cue('c1', { repeat: 0, openForMs: ms(0) }));
    const out = injector.process(frameOf(0, 0, false, source)) as AvcFramePacket;
    const units = [...nalUnitsOfAvcc(out.data, 4)].map((u) => out.data.subarray(u.start, u.end));
    const kept = messages.filter((message) => message === other);
    expect(units[0]![0]).toBe(0x26);
    expect(parseSeiNal(units[0]!)).toEqual(kept);
    expect(isOurs(units[1]!)).toBe(true);
    expect([...units[2]!]).toEqual([0x41, 7]);
    expect(injector.counters.foreignStampsRemoved).toBe(messages.length - kept.length);
  });

  it.each([
    ['without its trailing bits', (unit: Uint8Array) => unit.subarray(0, -1)],
    [
      'with another message that is cut off',
      (unit: Uint8Array) => Buffer.concat([unit, Buffer.of(5, 200, 1)]),
    ],
    [
      'with a size that outruns it',
      (unit: Uint8Array) => Buffer.concat([Buffer.of(6, 5, 99), unit.subarray(3)]),
    ],
  ])('takes out a stamp that only a lenient reader reads: %s', (_, spoil) => {
    const forged = spoil(writeSeiNal([forgedMessage]));
    const source = Uint8Array.from([...nal(0x06, ...forged.subarray(1)), ...nal(0x41, 7)]);
    const out = injector.process(frameOf(0, 0, false, source)) as AvcFramePacket;
    expect([...out.data]).toEqual(nal(0x41, 7));
    expect(injector.counters.foreignStampsRemoved).toBe(1);
  });

  it('gives the input back once its stamps are taken out, for any NAL units', () => {
    const unit = fc.tuple(
      fc.constantFrom(1, 5, 6, 7, 8, 9, 12, 14),
      fc.uint8Array({ minLength: 1, maxLength: 20 }),
    );
    fc.assert(
      fc.property(fc.array(unit, { minLength: 1, maxLength: 8 }), fc.boolean(), (unitList, isKeyframe) => {
        const source = Uint8Array.from(unitList.flatMap(([type, bytes]) => nal(type, ...bytes)));
        const settings = { ...DEFAULT_INJECTOR_SETTINGS, normalise: false };
        const i = new StreamInjector('e', clock, settings, (event) => events.push(event));
        i.add(cue('c1'));
        const out = i.process(frameOf(0, 0, isKeyframe, source)) as AvcFramePacket;
        const isPicture = unitList.some(([type]) => isVcl(type));
        expect(stampsOfOurs(out)).toBe(!isPicture ? 0 : isKeyframe ? 2 : 1);
        const stripped = [...nalUnitsOfAvcc(out.data, 4)]
          .filter((u) => !isOurs(out.data.subarray(u.start, u.end)))
          .flatMap((u) => [...out.data.subarray(u.start - 4, u.end)]);
        expect(stripped).toEqual([...source]);
        const order = [...nalUnitsOfAvcc(out.data, 4)];
        const firstVcl = order.findIndex((u) => isVcl(u.type));
        const lastStamp = order.findLastIndex((u) => isOurs(out.data.subarray(u.start, u.end)));
        if (firstVcl !== -1) expect(lastStamp).toBeLessThan(firstVcl);
      }),
    );
  });
});

const isOurs = (unit: Uint8Array): boolean =>
  unit.length > 24 && unit[0] === NalType.sei && Buffer.from(unit).includes(Buffer.from(STAMP_UUID));
const stampsOfOurs = (packet: AvcFramePacket): number =>
  [...nalUnitsOfAvcc(packet.data, 4)].filter((u) => isOurs(packet.data.subarray(u.start, u.end))).length;
