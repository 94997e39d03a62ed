import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { vi } from 'vitest';
import type { Cue } from '../../../cues/cue.ts';
import type { OutputReceipt } from '../../../cues/output-receipt.ts';
import { isFinal } from '../../../cues/states.ts';
import { CueBook } from '../../../director/cue-book.ts';
import { type CueLog, openCueLog } from '../../../director/cue-log.ts';
import { CueRequest, EditRequest, TakeRequest } from '../../../director/cue-request.ts';
import { makeSigningKey, TEST_LIMITS } from '../../../director/testing/rig.ts';
import { avcc, frame, IDR, PPS, SLICE, SPS } from '../../../injector/test-support/nal-units.ts';
import { ManualClock } from '../../../packet/clock.ts';
import { ms, unixUs } from '../../../packet/time.ts';
import { createLog } from '../../../service/log.ts';
import { gateTo } from '../gate.ts';
import { LiveStream, type PacketSink } from '../live-stream.ts';
import type { StreamRegistry } from '../stream-registry.ts';
import { CueLaws, type Wish } from './cue-laws.ts';
import { LIVE } from './show-rig.ts';
import { type DoorMode, StoreDoor } from './store-door.ts';

export type Moment = { readonly kind: 'next' | 'delay' | 'at' | 'media'; readonly inMs: number };

/** Something that happens. `which` counts back from the newest cue. */
export type CueStep =
  | {
      readonly do: 'mark';
      readonly moment: Moment;
      readonly announceMs: number;
      readonly type: 'custom' | 'interaction.open' | 'window' | 'lock' | 'series';
    }
  | { readonly do: 'arm' }
  | { readonly do: 'take'; readonly which: number; readonly moment: Moment; readonly announceMs: number }
  | { readonly do: 'edit'; readonly which: number; readonly moment: Moment | null }
  | { readonly do: 'cancel'; readonly which: number }
  | { readonly do: 'panic' | 'jump' | 'gone' | 'back' | 'audit' | 'log-times-out' | 'crash' | 'restart' }
  | { readonly do: 'frames'; readonly count: number }
  | { readonly do: 'idle'; readonly forMs: number }
  | { readonly do: 'wall'; readonly byMs: number }
  | { readonly do: 'store'; readonly mode: DoorMode };

const STREAM = 'live/main';
const WHO = { by: 'director', console: null };
const FRAME_MS = 40;
const KEYFRAMES_EVERY = 25;
const SWEEP_MS = 1_000;
const RETRY_MS = 500;
const LOG_TIMEOUT_MS = 5_000;
const NOTHING_LASTS_SO_LONG_MS = 3 * 86_400_000;
const KEY = makeSigningKey();
const CONFIG = Uint8Array.from([
  1,
  0x42,
  0xc0,
  0x0b,
  0xff,
  0xe1,
  0,
  SPS.length,
  ...SPS,
  1,
  0,
  PPS.length,
  ...PPS,
]);

/**
 * A server's way of a cue without its sockets: book, log on the disk, stream, injector. It lives through what happens,
 * dies at times and begins anew on the same file; what it does is held against {@link CueLaws}.
 */
export class CueWorld {
  readonly laws = new CueLaws();
  readonly clock = new ManualClock();
  readonly #folder = mkdtempSync(join(tmpdir(), 'framecue-world-'));
  readonly #log = createLog('test', { logLevel: 'silent' });
  readonly #hasBFrames: boolean;
  readonly #ids: string[] = [];
  #door = new StoreDoor();
  #cueLog!: CueLog;
  #book!: CueBook;
  #live!: LiveStream<PacketSink>;
  #isPublishing = false;
  #frames = 0;
  #shiftMs = 0;
  #sweptUs = 0;
  #epochs = 0;
  #marks = 0;

  private constructor(hasBFrames: boolean) {
    this.#hasBFrames = hasBFrames;
    this.#log.error = (about: unknown, text?: string) => {
      // A store that refuses is told of; a step that cannot be taken is a breach.
      if (text?.includes('cannot take') === true)
        this.laws.breaches.push(`${text}: ${JSON.stringify(about)}`);
    };
  }

  static async open(hasBFrames: boolean): Promise<CueWorld> {
    const world = new CueWorld(hasBFrames);
    await world.#start();
    await world.#back();
    return world;
  }

  async remove(): Promise<void> {
    await this.#cueLog.close(false);
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async run(steps: readonly CueStep[], endsLive: boolean): Promise<void> {
    for (const step of steps) {
      await this.#step(step);
      await this.#settle();
      if (this.laws.breaches.length > 0) return;
    }
    await this.#end(endsLive);
  }

  async #start(): Promise<void> {
    const { cueLog, start } = await openCueLog({
      ...{ path: join(this.#folder, 'cues.db'), log: this.#log, maxQueued: 1_000, timeoutMs: 10_000_000 },
      ...{ keepDays: 30, keepEntries: 100_000 },
    });
    this.#cueLog = cueLog;
    this.#door = new StoreDoor();
    const live: LiveStream<PacketSink> = new LiveStream<PacketSink>({
      ...{ stream: LIVE, clock: this.clock, injector: { clockStampEveryFrame: false, maxCues: 200 } },
      newHub: () => ({
        ended: false,
        end: () => undefined,
        startEpoch: () => undefined,
        push: (packet) => {
          if (packet.kind !== 'avc-frame') return;
          this.laws.wentOut(packet, { unixUs: this.clock.unixUs(), monotonicUs: this.clock.monotonicUs() });
        },
      }),
      onStampEvent: (event) => this.#book.onStampEvent(event),
      onEpoch: () => this.#book.streamBegan(STREAM),
      onFault: (error) => this.laws.breaches.push(`a fault: ${String(error)}`),
      epochId: () => `e${++this.#epochs}`,
    });
    this.#live = live;
    const book = new CueBook({
      ...{ cueLog: this.#door.before(cueLog), start, clock: this.clock, log: this.#log },
      gate: gateTo({ find: () => live } as unknown as StreamRegistry),
      limits: { ...TEST_LIMITS, cueOpenLimit: 100, cuePendingLimit: 150 },
      ...{ signingKey: KEY, journalRetryMs: RETRY_MS },
    });
    this.#book = book;
    for (const { id } of start.cues) {
      const cue = await book.get(STREAM, id);
      if (cue !== null) this.#note(cue, null);
    }
    book.onChange((cue, from) => {
      if (this.#book === book) this.#note(cue, from);
    });
  }

  #note(cue: Cue, from: Parameters<CueLaws['changed']>[1]): void {
    if (!this.#ids.includes(cue.id)) this.#ids.push(cue.id);
    this.laws.changed(cue, from);
  }

  async #step(step: CueStep): Promise<void> {
    switch (step.do) {
      case 'mark':
        return this.#mark(step);
      case 'arm':
        return this.#ask(`a${++this.#marks}`, null, (id) =>
          this.#accept({ id, type: 'custom', armed: true }),
        );
      case 'take':
        return this.#take(step);
      case 'edit':
        return this.#edit(step);
      case 'cancel':
        return this.#cancel(step.which);
      case 'panic':
        return this.#panic();
      case 'frames':
        return this.#pass(step.count);
      case 'idle':
        return this.#idle(step.forMs);
      case 'wall':
        this.clock.stepWallMs(step.byMs);
        return;
      case 'jump':
        this.#shiftMs += 20_000;
        this.#frames = 0;
        return;
      case 'gone':
        if (this.#isPublishing) this.#live.endPublish();
        this.#isPublishing = false;
        return;
      case 'back':
        return this.#back();
      case 'store':
        this.#door.mode = step.mode;
        if (step.mode === 'open') await this.#timePasses(RETRY_MS);
        return;
      case 'log-times-out':
        return this.#timePasses(LOG_TIMEOUT_MS);
      case 'audit':
        return this.#audit();
      case 'crash':
        return this.#begin(false);
      case 'restart':
        return this.#begin(this.#door.mode === 'open');
      default:
        step satisfies never;
    }
  }

  #accept(request: object) {
    const receivedAt = this.clock.unixMs();
    return this.#book.accept({
      stream: STREAM,
      request: CueRequest.parse(request),
      key: null,
      who: WHO,
      receivedAt,
    });
  }

  #mark({ moment, announceMs, type }: Extract<CueStep, { do: 'mark' }>): void {
    const base = `m${++this.#marks}`;
    const isSeries = type === 'series';
    const ref = type === 'lock' ? this.#newest((cue) => cue.startsWith('i'), 0) : null;
    if (type === 'lock' && ref === null) return;
    const name = type === 'interaction.open' ? `i${base}` : base;
    const request = {
      ...{ id: name, data: { text: name }, announceMs, ...this.#said(moment) },
      ...(type === 'lock' ? { type: 'interaction.lock', ref } : {}),
      ...(type === 'interaction.open' ? { type } : {}),
      ...(type === 'window' ? { type: 'custom', durationMs: 5_000 } : {}),
      ...(type === 'custom' || isSeries ? { type: 'custom' } : {}),
      ...(isSeries ? { series: { everyMs: 1_500, count: 3 } } : {}),
    };
    this.#ask(isSeries ? `${name}.1` : name, this.#wishOf(moment), () => this.#accept(request));
  }

  #take({ which, moment, announceMs }: Extract<CueStep, { do: 'take' }>): void {
    const id = this.#newest((one) => one.startsWith('a'), which);
    if (id === null) return;
    const request = TakeRequest.parse({ ...this.#said(moment), announceMs });
    const receivedAt = this.clock.unixMs();
    this.#ask(id, this.#wishOf(moment), () =>
      this.#book.take({ stream: STREAM, id, request, who: WHO, receivedAt }),
    );
  }

  #edit({ which, moment }: Extract<CueStep, { do: 'edit' }>): void {
    const id = this.#newest(() => true, which);
    if (id === null) return;
    const request = EditRequest.parse({
      data: { text: 'anew' },
      ...(moment === null ? {} : this.#said(moment)),
    });
    const receivedAt = this.clock.unixMs();
    const wish = moment === null ? null : this.#wishOf(moment);
    this.#ask(id, wish, () => this.#book.edit({ stream: STREAM, id, request, who: WHO, receivedAt }));
  }

  #cancel(which: number): void {
    const id = this.#newest(() => true, which);
    if (id === null) return;
    this.#follow(this.#book.cancel({ stream: STREAM, id, who: WHO }), (outcome) => {
      if (outcome.kind !== 'refused') this.laws.takenBack([outcome.cue.id]);
    });
  }

  #panic(): void {
    this.#follow(this.#book.panic({ stream: STREAM, who: WHO }), ({ cancelled, voided, noted }) => {
      if (noted) this.laws.takenBack([...cancelled, ...voided]);
    });
  }

  /** What is asked for may hold from now on, and does once the answer says so. */
  #ask(id: string, wish: Wish | null, request: (id: string) => Promise<{ readonly kind: string }>): void {
    if (wish !== null) this.laws.mayWish(id, wish);
    this.#follow(request(id), ({ kind }) => {
      const isDone = kind === 'accepted' || kind === 'taken' || kind === 'edited';
      if (wish !== null) this.laws.wishAnswered(id, wish, isDone);
      if (!isDone) return;
      this.laws.acknowledged.add(id);
      if (!this.#ids.includes(id)) this.#ids.push(id);
    });
  }

  /** A crash takes the answer with it. */
  #follow<T>(outcome: Promise<T>, then: (outcome: T) => void): void {
    const book = this.#book;
    outcome.then(
      (value) => {
        if (this.#book === book) then(value);
      },
      (error: unknown) => this.laws.breaches.push(`an answer that nobody expects: ${String(error)}`),
    );
  }

  #newest(isIt: (id: string) => boolean, which: number): string | null {
    const some = this.#ids.filter(isIt);
    return some.length === 0 ? null : some[some.length - 1 - (which % some.length)]!;
  }

  #said({ kind, inMs }: Moment): object {
    if (kind === 'next') return {};
    if (kind === 'delay') return { delayMs: inMs };
    if (kind === 'at') return { at: this.clock.unixMs() + inMs };
    return { mediaTime: (this.#live.injector?.nextPts ?? 0) + inMs };
  }

  #wishOf({ kind, inMs }: Moment): Wish {
    if (kind === 'at') return { kind: 'wall', at: this.clock.unixMs() + inMs };
    const { injector } = this.#live;
    if (kind === 'media' && injector !== null)
      return { kind: 'media', pts: (injector.nextPts ?? 0) + inMs, epoch: injector.epoch };
    return { kind: 'span', monotonicMs: this.clock.monotonicUs() / 1000 + (kind === 'delay' ? inMs : 0) };
  }

  /** Pictures at their rate; with B-frames as x264 orders them: I P B B P B B. */
  #pass(count: number): void {
    for (let n = 0; n < count; n++) {
      this.clock.advanceMs(FRAME_MS);
      this.#sweepWhereDue();
      if (!this.#isPublishing) continue;
      const place = this.#frames++ % KEYFRAMES_EVERY;
      const isKeyframe = place === 0;
      const offset = !this.#hasBFrames ? 0 : isKeyframe ? FRAME_MS : place % 3 === 1 ? 3 * FRAME_MS : 0;
      const dts = ms(Math.round(this.clock.monotonicUs() / 1000) + this.#shiftMs);
      const data = avcc([isKeyframe ? IDR : SLICE]);
      this.#live.push(frame(data, { dts, compositionOffset: ms(offset), isKeyframe }));
    }
  }

  #idle(forMs: number): void {
    for (let left = forMs; left > 0; left -= SWEEP_MS) {
      this.clock.advanceMs(Math.min(left, SWEEP_MS));
      this.#sweepWhereDue();
    }
  }

  #sweepWhereDue(): void {
    if (this.clock.monotonicUs() - this.#sweptUs < SWEEP_MS * 1000) return;
    this.#sweptUs = this.clock.monotonicUs();
    this.#book.sweep();
  }

  #back(): void {
    if (this.#isPublishing) return;
    this.#isPublishing = true;
    this.#frames = 0;
    this.#live.beginPublish();
    this.#live.push({ kind: 'avc-config', dts: ms(0), record: CONFIG });
    this.#pass(2);
  }

  /** Reads what went out, as an auditor of the outputs does. */
  #audit(): void {
    for (const { id } of this.#book.uncertain()) {
      const fire = this.laws.fires.get(id);
      this.#book.settleUncertain(
        id,
        fire === undefined
          ? null
          : {
              ...{ rev: fire.rev, epoch: fire.epoch, firePts: fire.firePts, output: 'flv' },
              ...{ stampedAtUs: unixUs(fire.stampedAt), fireAtUs: unixUs(fire.fireAt) },
              receipt: { ...READ, pts: ms(fire.firePts) },
            },
      );
    }
  }

  /** The process ends, in order or not, and another one begins on the same file. */
  async #begin(inOrder: boolean): Promise<void> {
    if (inOrder) {
      if (this.#isPublishing) this.#live.endPublish();
      await this.#book.close();
    }
    const cueLog = this.#cueLog;
    this.#isPublishing = false;
    this.laws.crashed();
    await cueLog.close(false);
    await this.#start();
  }

  async #timePasses(spanMs: number): Promise<void> {
    await this.#settle();
    vi.advanceTimersByTime(spanMs + 1);
    await this.#settle();
  }

  /** Until nothing moves any more without time that passes. */
  async #settle(): Promise<void> {
    for (let quiet = 0; quiet < 4; ) {
      await turn();
      quiet = this.#door.inFlight > 0 ? 0 : quiet + 1;
    }
  }

  async #end(endsLive: boolean): Promise<void> {
    this.#door.mode = 'open';
    await this.#timePasses(LOG_TIMEOUT_MS);
    this.#back();
    for (let seconds = 0; seconds < 8; seconds++) {
      this.#pass(25);
      await this.#settle();
    }
    this.#audit();
    if (!endsLive) {
      this.#live.endPublish();
      this.#isPublishing = false;
    }
    for (let round = 0; round < 6; round++) {
      this.clock.advanceMs(NOTHING_LASTS_SO_LONG_MS);
      this.#pass(30);
      this.#audit();
      await this.#timePasses(RETRY_MS);
      if ((await this.#all()).every((cue) => cue === null || isFinal(cue.state))) break;
    }
    for (const id of this.#ids) this.laws.ended(id, await this.#book.get(STREAM, id));
    for (const id of this.laws.acknowledged) {
      if (!this.#ids.includes(id)) this.laws.ended(id, null);
    }
  }

  #all(): Promise<(Cue | null)[]> {
    return Promise.all(this.#ids.map((id) => this.#book.get(STREAM, id)));
  }

  /** As they stand in the end. */
  async states(): Promise<string[]> {
    return (await this.#all()).map((cue) => `${cue?.id} ${cue?.state} ${cue?.reason?.code ?? ''}`.trim());
  }
}

const READ: Omit<OutputReceipt, 'pts'> = {
  seen: 'sei',
  offsetMs: ms(0),
  delayMs: ms(0),
  copies: 1,
  carriers: [],
};
