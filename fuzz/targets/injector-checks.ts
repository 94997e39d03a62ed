import { EventEmitter } from 'node:events';
import { readMpegts } from '../../client/src/sei/mpegts.ts';
import type { SeiSample } from '../../client/src/sei/sample.ts';
import type { PreparedCue, StampEvent } from '../../cues/cue.ts';
import { parseStamp, type Stamp } from '../../cues/wire/index.ts';
import { type InjectorSettings, StreamInjector } from '../../injector/injector.ts';
import { ALL_LINT_CODES } from '../../injector/lint-codes.ts';
import { ManualClock } from '../../packet/clock.ts';
import { type AvcFramePacket, type MediaPacket, ptsOf } from '../../packet/packet.ts';
import { applyEdits } from '../../qa/rewrite/edit.ts';
import { StripEditor } from '../../qa/rewrite/strip-editor.ts';
import { holds, type Probe } from '../lib/target.ts';
import { unescapeByBytes } from '../reference/escape.ts';
import { joinAvcc, type LengthSize, sameBytes, splitAvcc } from '../reference/framing.ts';
import { stripStamps } from '../reference/strip.ts';
import { START_MS } from './cues-for-fuzz.ts';

/** As docs/lint.md names them; a finding counts as a code that was reached. */
export const LINTS = ALL_LINT_CODES.map((code) => `lint ${code}`);
const BUDGET = 16_384;

interface Fire {
  readonly pts: number;
  readonly at: number;
}

/** An injector with everything that must hold of it checked on each packet that passes. */
export class CheckedInjector {
  readonly clock: ManualClock;
  readonly #settings: InjectorSettings;
  readonly injector: StreamInjector;
  stampsSeen = 0;
  readonly #events: StampEvent[] = [];
  readonly #added = new Map<string, PreparedCue>();
  readonly #fires = new Map<string, Fire>();
  readonly #landed = new Set<string>();
  #size: LengthSize = 4;
  #sizeIsKnown = true;

  constructor(settings: InjectorSettings, nowUs = START_MS * 1000, monotonicUs = 0) {
    this.#settings = settings;
    this.clock = new ManualClock(nowUs, monotonicUs);
    this.injector = new StreamInjector('e0', this.clock, settings, (event) => this.#events.push(event));
  }

  /** Another injector that goes on where this one is. */
  fork(): CheckedInjector {
    const twin = new CheckedInjector(this.#settings, this.clock.unixUs(), this.clock.monotonicUs());
    const { state } = this.injector;
    twin.injector.resume(structuredClone(state));
    holds(
      JSON.stringify(twin.injector.state) === JSON.stringify(state),
      'an injector that resumed is where the other one was',
    );
    twin.#size = this.#size;
    twin.#sizeIsKnown = this.#sizeIsKnown;
    for (const [id, cue] of this.#added) twin.#added.set(id, cue);
    for (const [name, fire] of this.#fires) twin.#fires.set(name, fire);
    for (const name of this.#landed) twin.#landed.add(name);
    return twin;
  }

  /** Only what a director would give: a revision is given once in an epoch, and no lower one after it. */
  add(cue: PreparedCue): void {
    const known = this.#added.get(cue.id);
    if (known !== undefined && known.rev >= cue.rev) return;
    const before = this.injector.heldCues;
    const isTaken = this.injector.add(cue);
    holds(this.injector.heldCues - before <= 1, 'one cue takes one place');
    if (isTaken) this.#added.set(cue.id, cue);
  }

  startEpoch(id: string): void {
    this.injector.startEpoch(id);
    this.#landed.clear();
    this.#added.clear();
  }

  process(packet: MediaPacket, probe: Probe): MediaPacket {
    if (packet.kind === 'avc-config') {
      const byte = packet.record[4];
      if (byte !== undefined) {
        this.#sizeIsKnown = (byte & 3) !== 2;
        if (this.#sizeIsKnown) this.#size = ((byte & 3) + 1) as LengthSize;
      }
    }
    const { counters } = this.injector;
    const before = { ...counters, upstream: { ...counters.upstream } };
    const kept = packet.kind === 'avc-frame' ? packet.data.slice() : null;
    const out = this.injector.process(packet);
    holds(out.kind === packet.kind && out.dts === packet.dts, 'a packet keeps its kind and its time');
    if (packet.kind !== 'avc-frame' || out.kind !== 'avc-frame') {
      holds(out === packet, 'what is no frame passes as the very same object');
    } else if (this.#sizeIsKnown) {
      holds(sameBytes(kept!, packet.data), "a frame's bytes are never changed in place");
      this.#checkFrame(packet, out, before, probe);
    }
    this.#checkEvents();
    return out;
  }

  /** At the end: what was counted. */
  tell(probe: Probe): void {
    for (const code of Object.keys(this.injector.counters.errors)) probe.code(code);
    for (const code of ALL_LINT_CODES) if (this.injector.lint.countOf(code) > 0) probe.code(`lint ${code}`);
  }

  #checkFrame(
    packet: AvcFramePacket,
    out: AvcFramePacket,
    before: StreamInjector['counters'],
    probe: Probe,
  ): void {
    const now = this.injector.counters;
    holds(
      out.isKeyframe === packet.isKeyframe && ptsOf(out) === ptsOf(packet),
      'a frame keeps its PTS and its flag',
    );
    holds(!Object.hasOwn(now.errors, 'ERR_INTERNAL'), 'no error inside the injector that nobody expects');
    const size = this.#size;
    const given = splitAvccWithEmpty(packet.data, size);
    if (!this.injector.stampingOn || now.passedUntouched > before.passedUntouched || given === null) {
      holds(out === packet, 'what cannot or may not be stamped passes as the very same object');
      return;
    }
    const texts = out.stamps ?? [];
    this.stampsSeen += texts.length;
    const isRewritten =
      now.seiMoved > before.seiMoved ||
      now.seiBehindBufferingPeriod > before.seiBehindBufferingPeriod ||
      now.delimiterFirst > before.delimiterFirst ||
      foreignOf(now) > foreignOf(before);
    if (out === packet) holds(!isRewritten && texts.length === 0, 'what counts as changed is changed');
    else this.#checkChanged(packet, out, given, texts, isRewritten, probe);
    const stampsCounted = now.clockStamps + now.cueStamps - before.clockStamps - before.cueStamps;
    holds(stampsCounted === texts.length, 'as many stamps are counted as are written');
    this.#checkStamps(texts, ptsOf(packet));
  }

  #checkChanged(
    packet: AvcFramePacket,
    out: AvcFramePacket,
    given: readonly Uint8Array[],
    texts: readonly string[],
    isRewritten: boolean,
    probe: Probe,
  ): void {
    const size = this.#size;
    const most = packet.data.length + BUDGET + 4096;
    holds(out.data.length <= most, 'a frame grows by its stamps alone');
    const stripped = stripEmptyToo(out.data, size);
    holds(
      JSON.stringify(stripped.stamps) === JSON.stringify(texts),
      'a reader finds exactly the stamps that were written',
    );
    if (!isRewritten) {
      holds(sameNals(stripped.rest, given), 'injecting then stripping gives the input back');
      const data = out.data;
      const edits = new StripEditor().edit(
        { dts: out.dts, pts: ptsOf(out), isKeyframe: out.isKeyframe, data },
        size,
      );
      holds(sameBytes(applyEdits(data, edits), packet.data), 'and so does framecue strip');
    } else {
      probe.saw('rewritten');
      const inPlace = (nals: readonly Uint8Array[]): Uint8Array[] => nals.filter((nal) => !mayMove(nal));
      holds(
        sameNals(inPlace(stripped.rest), inPlace(given)),
        'what may not move keeps its bytes and its order',
      );
      const moving = (nals: readonly Uint8Array[]): string[] =>
        nals.filter((nal) => mayMove(nal) && !holdsUuid(nal)).map((nal) => Buffer.from(nal).toString('hex'));
      const before = moving(given).sort();
      const after = moving(stripped.rest);
      holds(isWithin(before, after.sort()), 'what may move keeps its bytes, and none is lost');
      this.#checkTidy(packet, stripped.rest);
    }
    if (texts.length > 0) {
      probe.past();
      holds(
        JSON.stringify(clientTexts(out.data, size)) === JSON.stringify(texts),
        'the client finds exactly the stamps that were written',
      );
      const slice = stripped.rest.findIndex((nal) => isSlice(nal));
      holds(slice === -1 || stripped.at <= slice, 'stamps stand before the first slice');
      const next = stripped.rest[stripped.at];
      holds(
        next === undefined || isSlice(next) || isPrefix(next),
        'nothing stands between the stamps and the slices',
      );
    }
  }

  /** In order once, in order for good. */
  #checkTidy(packet: AvcFramePacket, rest: readonly Uint8Array[]): void {
    const again = new StreamInjector(
      't',
      this.clock,
      { clockStampEveryFrame: false, maxCues: 0 },
      () => undefined,
    );
    again.resume({ ...this.injector.state, cues: [] });
    const tidy = { ...packet, isKeyframe: false, data: joinAvcc(rest, this.#size) };
    const out = again.process(tidy);
    holds(out.kind === 'avc-frame' && sameBytes(out.data, tidy.data), 'what was put in order stays as it is');
  }

  #checkStamps(texts: readonly string[], pts: number): void {
    for (const text of texts) {
      const stamp: Stamp = parseStamp(text);
      holds(stamp.head.epoch === this.injector.epoch, 'a stamp is of the epoch at hand');
      holds(stamp.head.pts === pts, 'a stamp says its own PTS');
      if (stamp.kind === 'clock') continue;
      const { head, body } = stamp;
      const cue = this.#added.get(body.id);
      holds(
        cue !== undefined && cue.rev === body.rev,
        'only cues that were given are stamped, in their last revision',
      );
      holds(head.fireIn <= 0 || head.key === undefined, 'no key before the fire PTS');
      const name = `${head.epoch} ${body.id} ${body.rev}`;
      const fire = this.#fires.get(name);
      if (fire === undefined) this.#fires.set(name, { pts: pts + head.fireIn, at: head.fireAt });
      else
        holds(
          fire.pts === pts + head.fireIn && fire.at === head.fireAt,
          'every copy gives the same fire PTS and fireAt',
        );
    }
  }

  #checkEvents(): void {
    for (const event of this.#events.splice(0)) {
      const name = `${event.id} ${event.rev}`;
      if (event.kind === 'landed') {
        holds(!this.#landed.has(name), 'a cue lands once');
        this.#landed.add(name);
        const fire = this.#fires.get(`${this.injector.epoch} ${name}`);
        holds(fire !== undefined, 'a cue that landed was stamped');
        // Where the picture that was foretold never came, the next one: later, and never before.
        holds(
          event.landing.pts >= fire.pts - 3,
          'a cue lands on the picture that its stamps name, or the next',
        );
      } else if (event.kind === 'missed') {
        holds(!this.#landed.has(name), 'what has landed is not missed');
      }
    }
  }
}

/** A page's reader, one for all: what it was given since it was last asked. */
const player = new EventEmitter();
const heard: string[] = [];
readMpegts(
  player as never,
  undefined,
  {
    sample: ({ data }: SeiSample) => void heard.push(Buffer.from(data).toString('utf8')),
    problem: (code: string) => void heard.push(code),
    gone: () => undefined,
  } as never,
  Object.assign(new EventTarget(), { buffered: { length: 0 }, currentTime: 0 }) as never,
);

/** What a page gets of mpegts.js, which gives out the first message of each SEI NAL unit. */
function clientTexts(data: Uint8Array, size: LengthSize): string[] {
  heard.length = 0;
  for (const nal of splitAvccWithEmpty(data, size) ?? []) {
    if (nal.length === 0 || (nal[0]! & 0x1f) !== 6) continue;
    const rbsp = unescapeByBytes(nal.subarray(1));
    let at = 0;
    const chained = (): number => {
      let value = 0;
      while (rbsp[at] === 0xff) value += rbsp[at++]!;
      return value + (rbsp[at++] ?? 0);
    };
    const type = chained();
    const end = chained() + at;
    if (type !== 5 || end - at < 16 || rbsp.length - at < 16) continue;
    player.emit('sei_arrived', {
      type,
      uuid: rbsp.slice(at, at + 16),
      user_data: rbsp.slice(at + 16, end),
      pts: 0,
    });
  }
  return [...heard];
}

/** SEI, and a delimiter that was not the first. */
const mayMove = (nal: Uint8Array): boolean => nal.length > 0 && [6, 9].includes(nal[0]! & 0x1f);
const UUID = Buffer.from('f5fe598b3f694d2e8516f2ccd21cb72f', 'hex');
const holdsUuid = (nal: Uint8Array): boolean => Buffer.from(nal).includes(UUID);

/** Both sorted: all of `some` are in `all`, as often. */
function isWithin(some: readonly string[], all: readonly string[]): boolean {
  let at = 0;
  for (const one of some) {
    while (at < all.length && all[at]! < one) at++;
    if (all[at++] !== one) return false;
  }
  return true;
}

/** It belongs to the slice behind it. */
const isPrefix = (nal: Uint8Array): boolean => nal.length > 0 && (nal[0]! & 0x1f) === 14;
const isSlice = (nal: Uint8Array): boolean => {
  const type = (nal[0] ?? 0) & 0x1f;
  return nal.length > 0 && type >= 1 && type <= 5;
};
const foreignOf = ({ foreignStampsRemoved, upstream }: StreamInjector['counters']): number =>
  foreignStampsRemoved + upstream.kept + upstream.clockReplaced;

const sameNals = (a: readonly Uint8Array[], b: readonly Uint8Array[]): boolean =>
  a.length === b.length && a.every((nal, i) => sameBytes(nal, b[i]!));

/** As the injector walks: a length of 0 is a NAL unit without a byte. Null where lengths do not fit the data. */
export function splitAvccWithEmpty(data: Uint8Array, size: LengthSize): Uint8Array[] | null {
  const nals: Uint8Array[] = [];
  let at = 0;
  while (at < data.length) {
    if (isEmptyAt(data, at, size)) {
      nals.push(data.subarray(at, at));
      at += size;
      continue;
    }
    const [first] = splitAvcc(data.subarray(at, at + size + lengthAt(data, at, size)), size).nals;
    if (first === undefined) return null;
    nals.push(first);
    at += size + first.length;
  }
  return nals;
}

function lengthAt(data: Uint8Array, at: number, size: LengthSize): number {
  let length = 0;
  for (let i = 0; i < size; i++) length = length * 256 + (data[at + i] ?? 0);
  return length;
}

const isEmptyAt = (data: Uint8Array, at: number, size: LengthSize): boolean =>
  at + size <= data.length && lengthAt(data, at, size) === 0;

function stripEmptyToo(data: Uint8Array, size: LengthSize): ReturnType<typeof stripStamps> {
  const nals = splitAvccWithEmpty(data, size);
  holds(nals !== null, 'what comes out can be walked');
  const rest: Uint8Array[] = [];
  const stamps: string[] = [];
  let at = -1;
  for (const nal of nals) {
    const found = nal.length === 0 ? [] : stripStamps(joinAvcc([nal], size), size).stamps;
    if (found.length === 0) rest.push(nal);
    else {
      if (at === -1) at = rest.length;
      stamps.push(...found);
    }
  }
  return { rest, stamps, at };
}
