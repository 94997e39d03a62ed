import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import type { StampEvent } from '../cues/cue.ts';
import type { NalLengthSize } from '../h264-sei-parser/src/index.ts';
import { userDataMessage, writeSeiNal } from '../h264-sei-parser/src/index.ts';
import { ManualClock } from '../packet/clock.ts';
import type { AvcFramePacket, MediaPacket } from '../packet/packet.ts';
import { ms } from '../packet/time.ts';
import { DEFAULT_INJECTOR_SETTINGS, type InjectorSettings, StreamInjector } from './injector.ts';
import { STAMP_UUID } from './sei-unit.ts';
import { cueIdsOf, newKey, preparedCue, START_MS, stampBytesOf, stampsOf } from './test-support/cues.ts';
import * as n from './test-support/nal-units.ts';

const key = newKey();
const FORGED = writeSeiNal([userDataMessage(STAMP_UUID, Buffer.from('{"v":1,"epoch":"x","at":9}'))]);

let clock: ManualClock;
let events: StampEvent[];
let injector: StreamInjector;
beforeEach(() => {
  clock = new ManualClock(START_MS * 1000);
  events = [];
  injector = make();
});

function make(more: Partial<InjectorSettings> = {}): StreamInjector {
  const settings = { ...DEFAULT_INJECTOR_SETTINGS, maxCues: 500, ...more };
  return new StreamInjector('e1', clock, settings, (event) => events.push(event));
}

/** One frame every 40 ms from 0 on; a keyframe where its data holds an IDR picture. */
function pass(
  dts: number,
  units: readonly Uint8Array[] | Uint8Array,
  pts = dts,
  lengthSize: NalLengthSize = 4,
) {
  const data = units instanceof Uint8Array ? units : n.avcc(units, lengthSize);
  const isKeyframe = !(units instanceof Uint8Array) && units.includes(n.IDR);
  const source = n.frame(data, { dts: ms(dts), compositionOffset: ms(pts - dts), isKeyframe });
  const out = injector.process(source) as AvcFramePacket;
  clock.advanceMs(40);
  return { source, out };
}

const config = (lengthSize: number, sps: Uint8Array = n.SPS): MediaPacket => {
  const set = (nal: Uint8Array): number[] => [nal.length >> 8, nal.length & 0xff, ...nal];
  const head = [1, 0x42, 0xc0, 0x0b, 0xfc | (lengthSize - 1)];
  return {
    kind: 'avc-config',
    dts: ms(0),
    record: Uint8Array.from([...head, 0xe1, ...set(sps), 1, ...set(n.PPS)]),
  };
};

const landed = (): string[] => events.flatMap((event) => (event.kind === 'landed' ? [event.id] : []));

describe('a stream with OBS metrics', () => {
  it('has them before the slices, counted, and nothing else changed', () => {
    const [ts, sm, erm] = n.bpmUnits() as [Uint8Array, Uint8Array, Uint8Array];
    const { out } = pass(0, [n.X264_INFO, n.IDR, ts, sm, erm]);
    const units = n.unitsOf(out.data);
    expect([units[0], units[1], units[2], units[3], units[5]]).toEqual([n.X264_INFO, ts, sm, erm, n.IDR]);
    expect(stampsOf(out).map(({ kind }) => kind)).toEqual(['clock']);
    expect(injector.counters).toMatchObject({ seiMoved: 3, seiBehindBufferingPeriod: 0 });
    expect(injector.lint.countOf('SEI_AFTER_SLICES')).toBe(1);
  });

  it('has them where they were with FRAMECUE_NORMALISE=off, and they are still reported', () => {
    injector = make({ normalise: false });
    const { source, out } = pass(0, [n.SLICE, ...n.bpmUnits()]);
    expect(out).toBe(source);
    expect(injector.counters.seiMoved).toBe(0);
    expect(injector.lint.countOf('SEI_AFTER_SLICES')).toBe(1);
  });
});

describe('stamping switched off', () => {
  it.each<[string, Uint8Array[]]>([
    ['SEI behind the slices', [n.IDR, ...n.bpmUnits()]],
    ['a buffering period behind other SEI', [n.X264_INFO, n.BUFFERING_PERIOD, n.IDR]],
    ['a stamp from outside', [FORGED, n.IDR]],
  ])('every packet passes as it came: %s', (_, units) => {
    injector.stampingOn = false;
    injector.add(preparedCue('c1', key));
    const { source, out } = pass(0, units);
    expect(out).toBe(source);
    expect(events).toEqual([]);
  });
});

describe('frames that are odd', () => {
  it.each<[string, Uint8Array, string]>([
    ['a length beyond the tag', n.avcc([n.SLICE]).subarray(0, -1), 'NAL_TRUNCATED'],
    ['Annex B', Uint8Array.of(0, 0, 0, 1, 9, 0xf0, 0, 0, 1, 0x41, 1, 2, 3), 'ANNEX_B_IN_FLV'],
    ['more NAL units than anybody writes', new Uint8Array(20_000), 'NAL_TOO_MANY'],
  ])('with %s passes untouched, and the cue is on the next one', (_, data, code) => {
    injector.add(preparedCue('c1', key));
    const { source, out } = pass(0, data);
    expect(out).toBe(source);
    expect(injector.lint.all().map((entry) => entry.code)).toEqual([code]);
    expect(injector.counters.passedUntouched).toBe(1);
    expect(cueIdsOf(pass(40, [n.SLICE]).out)).toEqual(['c1']);
  });

  it('with an empty NAL unit is stamped, and keeps it', () => {
    injector.add(preparedCue('c1', key));
    const { out, source } = pass(0, [new Uint8Array(), n.SLICE, new Uint8Array()]);
    expect(out.data.length - source.data.length).toBe(injector.counters.stampBytes);
    expect([...out.data.subarray(0, 4)]).toEqual([0, 0, 0, 0]);
    expect([...out.data.subarray(-4 - n.SLICE.length)]).toEqual([...n.SLICE, 0, 0, 0, 0]);
    expect(landed()).toEqual(['c1']);
    expect(injector.lint.countOf('NAL_EMPTY')).toBe(1);
  });

  it('without a slice carries no stamps, is no frame, and holds up no cue', () => {
    injector.add(preparedCue('c1', key));
    const { source, out } = pass(0, [n.AUD, n.SPS, n.PPS]);
    expect(out).toBe(source);
    expect(injector.frame).toBe(0);
    const { out: next } = pass(40, [n.IDR]);
    expect(cueIdsOf(next)).toEqual(['c1']);
    expect(injector.lint.countOf('NO_SLICES')).toBe(1);
  });

  it('without a slice still loses a stamp from outside, which is reported', () => {
    const { out } = pass(0, [FORGED, n.SPS]);
    expect(n.unitsOf(out.data)).toEqual([n.SPS]);
    expect(injector.counters.foreignStampsRemoved).toBe(1);
    expect(injector.lint.countOf('FOREIGN_STAMP')).toBe(1);
  });

  it('as two fields in tags of their own, with one time of presentation: a cue lands, on a picture to come', () => {
    for (let i = 0; i < 60; i++) {
      if (i === 31) injector.add(preparedCue('c1', key));
      pass(i * 20, [i % 20 === 0 ? n.IDR : n.SLICE], Math.floor(i / 2) * 40 + 40);
    }
    const [landing] = events.flatMap((event) => (event.kind === 'landed' ? [event.landing] : []));
    // The frame of the second field at hand; its first field passed with the access unit before.
    expect(landing!.pts).toBe(15 * 40 + 40);
    expect(injector.lint.countOf('PTS_REPEATED')).toBe(30);
  });

  it('with negative composition offsets: a cue lands on the very next one', () => {
    for (let i = 0; i < 10; i++) {
      if (i === 5) injector.add(preparedCue('c1', key));
      const { out } = pass(i * 40, [i === 0 ? n.IDR : n.SLICE], i * 40 - 80);
      if (i === 5) expect(cueIdsOf(out)).toEqual(['c1']);
    }
    expect(injector.lint.countOf('NEGATIVE_COMPOSITION_OFFSET')).toBe(10);
  });

  it('behind another configuration are read by that one', () => {
    injector.process(config(4));
    pass(0, [n.IDR]);
    const other = Uint8Array.from(n.SPS, (byte, index) => (index === 3 ? 0x15 : byte));
    injector.process(config(2, other));
    injector.add(preparedCue('c1', key));
    const { out } = pass(40, [n.IDR], 40, 2);
    expect(cueIdsOf(out, 2)).toEqual(['c1']);
    expect(injector.lint.all().map(({ code }) => code)).toEqual(['CONFIG_CHANGED']);
  });
});

describe('whatever comes', () => {
  const anyBytes = fc.uint8Array({ maxLength: 60 });
  const anyUnits = fc
    .array(fc.oneof(anyBytes, fc.constantFrom(FORGED, n.IDR, n.SLICE, n.BUFFERING_PERIOD, ...n.bpmUnits())), {
      maxLength: 6,
    })
    .map((units) => n.avcc(units));
  const anyPacket = fc.oneof(
    fc.record({ kind: fc.constant('avc-config' as const), dts: fc.constant(ms(0)), record: anyBytes }),
    fc.record({
      kind: fc.constant('avc-frame' as const),
      dts: fc.nat(10_000).map(ms),
      compositionOffset: fc.integer({ min: -200, max: 200 }).map(ms),
      isKeyframe: fc.boolean(),
      data: fc.oneof(anyBytes, anyUnits),
    }),
  );

  it('a packet comes out for each that goes in, at its time; nothing throws; a cue is there once a picture can hold it', () => {
    fc.assert(
      fc.property(fc.array(anyPacket, { maxLength: 12 }), (packets) => {
        injector = make();
        events = [];
        injector.add(preparedCue('c1', key));
        for (const packet of packets) {
          const out = injector.process(packet);
          expect({ kind: out.kind, dts: out.dts }).toEqual({ kind: packet.kind, dts: packet.dts });
        }
        injector.process(config(4));
        pass(20_000, [n.IDR]);
        expect(events.map(({ kind }) => kind)).toContain(
          events.some(({ kind }) => kind === 'missed') ? 'missed' : 'landed',
        );
      }),
    );
  });

  it('switched off, it is the very same packet', () => {
    fc.assert(
      fc.property(fc.array(anyPacket, { maxLength: 6 }), (packets) => {
        injector = make();
        injector.stampingOn = false;
        injector.add(preparedCue('c1', key));
        for (const packet of packets) expect(injector.process(packet)).toBe(packet);
      }),
    );
  });
});

describe('NAL unit lengths of one byte', () => {
  it('hold a clock stamp; a cue that they cannot hold is missed, not forgotten', () => {
    injector.process(config(1));
    injector.add(preparedCue('c1', key));
    const { out } = pass(0, [n.IDR], 0, 1);
    expect(stampsOf(out, 1).map(({ kind }) => kind)).toEqual(['clock']);
    expect(events).toEqual([expect.objectContaining({ kind: 'missed', id: 'c1', code: 'STAMP_TOO_LARGE' })]);
    expect(injector.heldCues).toBe(0);
    expect(injector.counters.stampsTooLong).toBe(1);
    expect(injector.lint.countOf('LENGTH_SIZE_SMALL')).toBe(1);
  });

  it('of two bytes hold every stamp', () => {
    injector.process(config(2));
    injector.add(preparedCue('c1', key, { dataBytes: 2000 }));
    expect(cueIdsOf(pass(0, [n.IDR], 0, 2).out, 2)).toEqual(['c1']);
  });
});

describe('more stamps than one frame may carry', () => {
  const COUNT = 200;
  const ids = Array.from({ length: COUNT }, (_, i) => `c${i}`);

  it('are spread over the frames that follow; every cue lands, those that fire before all others', () => {
    pass(0, [n.IDR]);
    for (const id of ids) injector.add(preparedCue(id, key, { dataBytes: 500, repeat: 2 }));
    const seen: string[][] = [];
    for (let i = 1; landed().length < COUNT && i < 100; i++) {
      const { out } = pass(i * 40, [i % 10 === 0 ? n.IDR : n.SLICE]);
      expect(stampBytesOf(out)).toBeLessThanOrEqual(16_384);
      seen.push(cueIdsOf(out));
    }
    expect(landed()).toEqual(ids);
    // Nothing is repeated while another one waits to fire.
    expect(seen.slice(0, -1).flat()).toEqual(ids.slice(0, seen.slice(0, -1).flat().length));
    expect(injector.counters.stampsPostponed).toBeGreaterThan(COUNT);
  });

  it('give all their repeats all the same, and are forgotten in the end', () => {
    const copies = new Map<string, number>();
    for (const id of ids.slice(0, 40)) injector.add(preparedCue(id, key, { dataBytes: 500, repeat: 3 }));
    for (let i = 0; i < 60; i++) {
      for (const id of cueIdsOf(pass(i * 40, [n.SLICE]).out)) copies.set(id, (copies.get(id) ?? 0) + 1);
    }
    expect(copies.size).toBe(40);
    for (const count of copies.values()) expect(count).toBeGreaterThanOrEqual(4);
    expect(injector.heldCues).toBe(0);
  });

  it('let those on keyframes wait for the frames behind the keyframe', () => {
    const open = ids.slice(0, 60);
    for (const id of open) injector.add(preparedCue(id, key, { dataBytes: 500, openForMs: null }));
    for (let i = 0; i < 20; i++) pass(i * 40, [i === 0 ? n.IDR : n.SLICE]);
    const frames = [20, 21, 22, 23, 24, 25, 26, 27].map(
      (i) => pass(i * 40, [i === 20 ? n.IDR : n.SLICE]).out,
    );
    expect(frames.flatMap((out) => cueIdsOf(out))).toEqual(open);
    expect(cueIdsOf(frames.at(-1)!)).toEqual([]);
  });

  it('let announcements wait for what fires', () => {
    const ahead = {
      fire: { kind: 'delay', delayMs: ms(4000) },
      announceMs: ms(10_000),
      dataBytes: 500,
    } as const;
    // Before the rate is known nothing is announced that has time.
    for (let i = 0; i < 30; i++) pass(i * 40, [n.SLICE]);
    for (const id of ids.slice(0, 30)) injector.add(preparedCue(`ahead-${id}`, key, ahead));
    for (const id of ids.slice(0, 30)) injector.add(preparedCue(id, key, { dataBytes: 500 }));
    const frames = Array.from({ length: 12 }, (_, i) => cueIdsOf(pass((30 + i) * 40, [n.SLICE]).out));
    const isAhead = (id: string): boolean => id.startsWith('ahead-');
    const firing = frames.findLastIndex((inFrame) => inFrame.some((id) => !isAhead(id)));
    const announcing = frames.findIndex((inFrame) => inFrame.some(isAhead));
    expect(landed()).toEqual(ids.slice(0, 30));
    expect(announcing).toBe(firing);
    expect(new Set(frames.flat().filter(isAhead)).size).toBe(30);
  });

  it('never keep a single one out, however large', () => {
    injector = make({ stampBudgetBytes: 100 });
    injector.add(preparedCue('c1', key, { dataBytes: 2000 }));
    expect(cueIdsOf(pass(0, [n.SLICE]).out)).toEqual(['c1']);
  });
});
