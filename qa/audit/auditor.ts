import type { Clock } from '../../packet/clock.ts';
import { type FollowOptions, followOutput } from './follow.ts';
import type { Rendition } from './hls.ts';
import type {
  AuditorSetup,
  ExpectedCue,
  FollowedStream,
  FromAuditor,
  NamedOutput,
  ToAuditor,
  WantedCue,
} from './messages.ts';
import { OWN_OUTPUTS, type OwnOutput, renditionNames } from './named-outputs.ts';
import { Output } from './output.ts';
import { ReceiptGatherer } from './receipts.ts';
import { StampCheck } from './stamp-check.ts';

export interface AuditorOptions {
  readonly setup: AuditorSetup;
  readonly clock: Clock;
  readonly send: (message: FromAuditor) => void;
}

/** A reader that runs, and what it reads: one output, or the renditions of a master playlist. */
interface Reader {
  readonly named: NamedOutput;
  readonly end: AbortController;
}

const TICK_MS = 250;
const HEALTH_TICKS = 4;
/** A rendition that failed so often in a row makes its master be asked again: its address may have changed. */
const RENDITION_FAILURES = 4;
/** Cues may have been stamped a little before they are thought to have been. */
const SEARCH_BEFORE_MS = 30_000;

/**
 * Reads the outputs of all streams and says what became of each landing in each of them. Runs in a thread of its
 * own; everything that it knows comes in and goes out as messages.
 */
export class Auditor {
  readonly #options: AuditorOptions;
  readonly #check: StampCheck;
  readonly #gatherer = new ReceiptGatherer();
  /** By stream and label. */
  readonly #outputs = new Map<string, Output>();
  readonly #streams = new Map<string, FollowedStream>();
  /** Own outputs' readers that run, by stream and label. */
  readonly #own = new Map<string, AbortController>();
  readonly #named = new Map<string, Reader>();
  /** By stream: cues of which nobody knows whether they were stamped. */
  readonly #wanted = new Map<string, Map<string, WantedCue>>();
  readonly #timer: NodeJS.Timeout;
  #ticks = 0;
  /** Outputs that are not read any more. */
  #droppedBefore = 0;

  constructor(options: AuditorOptions) {
    const { setup } = options;
    this.#options = options;
    this.#check = new StampCheck(setup.keys);
    for (const cue of setup.wanted) this.#wantedOf(cue.stream).set(cue.id, cue);
    this.#timer = setInterval(() => this.#tick(), TICK_MS);
    this.#follow(setup.named);
  }

  receive(message: ToAuditor): void {
    switch (message.kind) {
      case 'streams':
        this.#setStreams(message.streams);
        return;
      case 'named':
        this.#follow(message.outputs);
        return;
      case 'landed':
        this.#expect(message.cue);
        return;
      case 'close':
        this.close();
        return;
      default:
        message satisfies never;
    }
  }

  close(): void {
    clearInterval(this.#timer);
    for (const end of this.#own.values()) end.abort();
    for (const { end } of this.#named.values()) end.abort();
  }

  #setStreams(streams: readonly FollowedStream[]): void {
    const before = new Set(this.#streams.keys());
    this.#streams.clear();
    for (const followed of streams) {
      before.delete(followed.stream);
      this.#streams.set(followed.stream, followed);
      if (followed.live) for (const label of OWN_OUTPUTS) this.#readOwn(followed.stream, label);
    }
    for (const stream of before) for (const label of OWN_OUTPUTS) this.#forgetOwn(stream, label);
  }

  #readOwn(stream: string, label: OwnOutput): void {
    const name = nameOf(stream, label);
    if (this.#own.has(name)) return;
    const end = new AbortController();
    this.#own.set(name, end);
    const { ownBase, ownHeader } = this.#options.setup;
    const output = this.#output(stream, label, true);
    void this.#run({
      url: ownUrl(ownBase, stream, label),
      access: { headers: { [ownHeader.name]: ownHeader.value }, isOwn: true, signal: end.signal },
      output,
      isWanted: () => this.#streams.get(stream)?.live === true,
      searchFromMs: () => null,
    }).then(() => {
      if (this.#own.get(name) === end) this.#own.delete(name);
    });
  }

  #forgetOwn(stream: string, label: OwnOutput): void {
    const name = nameOf(stream, label);
    this.#own.get(name)?.abort();
    this.#own.delete(name);
    this.#forget(name);
  }

  /** Begins with what is new, ends what is named no more; what is named still goes on undisturbed. */
  #follow(wanted: readonly NamedOutput[]): void {
    const names = new Map(wanted.map((named) => [nameOf(named.stream, named.label), named]));
    for (const [name, { named, end }] of this.#named) {
      if (names.get(name)?.url === named.url) continue;
      end.abort();
      this.#named.delete(name);
      for (const known of [...this.#outputs.keys()]) {
        if (known === name || known.startsWith(`${name}/`)) this.#forget(known);
      }
    }
    for (const [name, named] of names) if (!this.#named.has(name)) this.#readNamed(name, named);
  }

  #readNamed(name: string, named: NamedOutput): void {
    const end = new AbortController();
    this.#named.set(name, { named, end });
    const { stream, label } = named;
    void this.#run({
      url: new URL(named.url),
      access: { headers: {}, isOwn: false, signal: end.signal },
      output: this.#output(stream, label, false),
      isWanted: () => !end.signal.aborted,
      searchFromMs: () => this.#searchFromMs(stream),
      onMaster: (renditions, signal) => this.#readRenditions(named, renditions, signal),
    });
  }

  /** Resolves when a rendition cannot be read any more: then the master is asked again. */
  async #readRenditions(
    { stream, label }: NamedOutput,
    renditions: readonly Rendition[],
    signal: AbortSignal,
  ): Promise<void> {
    const over = new AbortController();
    const both = AbortSignal.any([signal, over.signal]);
    const outputs = renditionNames(renditions).map((name) => this.#output(stream, `${label}/${name}`, false));
    // What the master's own name was asked for, its renditions answer for.
    const master = nameOf(stream, label);
    const expected = this.#outputs.get(master)?.judge.takeExpected() ?? [];
    for (const cue of expected) for (const { judge } of outputs) judge.expect(cue);
    this.#outputs.delete(master);
    let read = outputs.length;
    await new Promise<void>((resolve) => {
      renditions.forEach(({ url }, at) => {
        const output = outputs[at]!;
        void this.#run({
          url,
          access: { headers: {}, isOwn: false, signal: both },
          output,
          isWanted: () => !both.aborted,
          searchFromMs: () => this.#searchFromMs(stream),
          maxFailures: RENDITION_FAILURES,
        }).then(() => {
          read--;
          // A recording's renditions end one by one; all of them have to.
          if (!output.isOver || read === 0) resolve();
        });
      });
    });
    over.abort();
    const areOver = outputs.every((output) => output.isOver);
    if (areOver) await aborted(signal);
  }

  #run(options: FollowOptions): Promise<void> {
    return followOutput(options).catch(() => options.output.stopped('ERR_INTERNAL', false));
  }

  #expect(cue: ExpectedCue): void {
    this.#gatherer.expect(cue);
    // A recording that was read to its end will never have it.
    for (const output of this.#of(cue.stream)) if (!output.isOver) output.judge.expect(cue);
  }

  #tick(): void {
    const { clock, send } = this.#options;
    const nowUs = clock.unixUs();
    for (const output of this.#outputs.values()) {
      for (const { cue, receipt } of output.settle())
        this.#gatherer.settled(cue, output.label, receipt, nowUs);
      const { found, absent } = output.search.take(nowUs);
      for (const { id, stamp } of found) send({ kind: 'found', id, stamp });
      for (const id of absent) send({ kind: 'not-in-output', id, output: output.label });
    }
    const isAwaited = (cue: ExpectedCue) => this.#of(cue.stream).some(({ judge }) => judge.awaits(cue));
    for (const message of this.#gatherer.take(nowUs, isAwaited)) send(message);
    if (this.#ticks++ % HEALTH_TICKS !== 0) return;
    const outputs = [...this.#outputs.values()];
    const dropped = outputs.reduce((sum, { judge }) => sum + judge.dropped, this.#droppedBefore);
    send({ kind: 'health', outputs: outputs.map((output) => output.health()), dropped });
  }

  #of(stream: string): Output[] {
    return [...this.#outputs.values()].filter((output) => output.stream === stream);
  }

  #output(stream: string, label: string, isOwn: boolean): Output {
    const name = nameOf(stream, label);
    const known = this.#outputs.get(name);
    if (known !== undefined) return known;
    const { clock, setup } = this.#options;
    const output = new Output({
      ...{ stream, label, isOwn, clock, check: this.#check, timeoutMs: setup.timeoutMs },
      // A process's own outputs are gone with it: nothing of before can be in them.
      wanted: isOwn ? new Map() : this.#wantedOf(stream),
    });
    this.#outputs.set(name, output);
    return output;
  }

  #forget(name: string): void {
    this.#droppedBefore += this.#outputs.get(name)?.judge.dropped ?? 0;
    this.#outputs.delete(name);
  }

  #wantedOf(stream: string): Map<string, WantedCue> {
    const wanted = this.#wanted.get(stream) ?? new Map<string, WantedCue>();
    this.#wanted.set(stream, wanted);
    return wanted;
  }

  #searchFromMs(stream: string): number | null {
    const accepted = Array.from(this.#wantedOf(stream).values(), ({ acceptedAtUs }) => acceptedAtUs / 1000);
    return accepted.length === 0 ? null : Math.min(...accepted) - SEARCH_BEFORE_MS;
  }
}

const nameOf = (stream: string, label: string): string => `${stream} ${label}`;

function ownUrl(base: string, stream: string, label: OwnOutput): URL {
  if (label === 'hls') return new URL(`${base}/${stream}/index.m3u8`);
  return new URL(`${label === 'ws' ? base.replace(/^http/, 'ws') : base}/${stream}.flv`);
}

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
