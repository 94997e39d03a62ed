import { randomBytes } from 'node:crypto';
import type { Registry } from 'prom-client';
import type { Cue, StampEvent } from '../../cues/cue.ts';
import type { OutputReceipt, OutputReceipts } from '../../cues/output-receipt.ts';
import type { StampKeySet } from '../../cues/wire/index.ts';
import { AUDIT_HEADER } from '../../delivery/delivery.ts';
import type { CueBook } from '../../director/cue-book.ts';
import type { Clock } from '../../packet/clock.ts';
import { FramecueError } from '../../packet/errors.ts';
import { type StreamName, streamKeyOf } from '../../packet/packet.ts';
import { unixMsToUs, unixUs } from '../../packet/time.ts';
import type {
  AuditorSetup,
  ExpectedCue,
  FollowedStream,
  FoundStamp,
  FromAuditor,
  NamedOutput,
  OutputHealth,
  WantedCue,
} from '../../qa/audit/messages.ts';
import { isFreeLabel, labelOf, outputUrl, placeOf } from '../../qa/audit/named-outputs.ts';
import type { Log } from '../../service/log.ts';
import { type AuditMetrics, createAuditMetrics } from './audit-metrics.ts';
import { AuditThread } from './audit-thread.ts';
import type { KeptOutputs } from './kept-outputs.ts';
import type { StreamRegistry } from './stream-registry.ts';

export interface AuditOptions {
  readonly book: CueBook;
  readonly keys: StampKeySet;
  readonly streams: StreamRegistry;
  readonly clock: Clock;
  readonly log: Log;
  readonly registry: Registry;
  /** As the settings name them. */
  readonly named: readonly NamedOutput[];
  /** Named at run time, by this process and those before it. */
  readonly kept: KeptOutputs;
  readonly isAllowed: (stream: string) => boolean;
  readonly maxNamed: number;
  readonly timeoutMs: number;
  /** What delivery knows our readers by. */
  readonly secret: string;
  /** Base URL of this server's own port on this machine. */
  readonly ownBase: string;
  /** When a cue's picture was to pass, by its request alone; null: its timeline is gone. */
  readonly dueAtMs: (cue: Cue) => number | null;
}

/** An output as the API and the status show it. */
export interface AuditedOutput extends Omit<OutputHealth, 'stream'> {
  /** Host and path of a named output; null for the server's own. */
  readonly url: string | null;
  /**
   * The cue that was settled last; `since`: when the picture of the first cue of an unbroken row with the same `seen`
   * was shown, Unix milliseconds.
   */
  readonly last:
    | ({ readonly cue: string; readonly since: number } & Pick<OutputReceipt, 'seen' | 'delayMs' | 'problem'>)
    | null;
}

export interface AuditStatus {
  readonly outputs: readonly AuditedOutput[];
}

/** Only this process and its readers know it. */
export const newAuditSecret = (): string => randomBytes(24).toString('base64url');

const SYNC_MS = 1_000;
/** What is left of HLS when a stream is over is read within this. */
const AFTER_END_MS = 15_000;
const MAX_OUTSTANDING = 1_000;
const MAX_WANTED = 100;
const MAX_LAST = 1_000;
const MAX_CHANGES_WAITING = 64;

/**
 * Reads back what viewers get: every stream's own outputs over real sockets, and outputs elsewhere that were named;
 * notes in each landing receipt what they carry, and settles uncertain cues by what it finds. The reading is done by
 * a thread of its own; whatever happens to that, streams and cues go on.
 */
export class Audit {
  readonly #options: AuditOptions;
  readonly #metrics: AuditMetrics;
  readonly #thread: AuditThread;
  readonly #timer: NodeJS.Timeout;
  /** By stream and label. */
  readonly #named = new Map<string, NamedOutput>();
  /** Those of them that are in the file; the others stand in the settings. */
  readonly #atRunTime = new Set<string>();
  /** Sent and not settled: told again to a thread that was started again. */
  readonly #outstanding = new Map<string, ExpectedCue>();
  readonly #last = new Map<string, NonNullable<AuditedOutput['last']>>();
  readonly #endedAt = new Map<string, number>();
  readonly #problems = new Map<string, string | null>();
  #changes: Promise<unknown> = Promise.resolve();
  #changesWaiting = 0;
  #followed: readonly FollowedStream[] = [];
  #health: readonly OutputHealth[] = [];
  #dropped = 0;
  #droppedHere = 0;

  constructor(options: AuditOptions) {
    this.#options = options;
    for (const named of options.named) this.#named.set(nameOf(named.stream, named.label), named);
    this.#readKept();
    this.#metrics = createAuditMetrics(options.registry, {
      outputs: () => this.#health,
      restarts: () => this.#thread.restarts,
      dropped: () => this.#dropped + this.#droppedHere,
      nowMs: () => options.clock.unixMs(),
    });
    this.#thread = new AuditThread({
      log: options.log,
      setup: () => this.#setup(),
      catchUp: () => [
        { kind: 'streams', streams: this.#followed },
        ...Array.from(this.#outstanding.values(), (cue) => ({ kind: 'landed', cue }) as const),
      ],
      onMessage: (message) => this.#receive(message),
    });
    this.#timer = setInterval(() => this.#sync(), SYNC_MS);
    this.#timer.unref();
  }

  /** A stream begins: it is read from its first picture on. */
  streamBegan(): void {
    this.#sync();
  }

  /** Within a frame: a message and no more. */
  onStampEvent(stream: StreamName, event: StampEvent): void {
    if (event.kind !== 'landed') return;
    if (this.#outstanding.size >= MAX_OUTSTANDING) {
      this.#droppedHere++;
      return;
    }
    const { id, rev, landing } = event;
    const { epoch, pts, stampedAtUs, fireAtUs } = landing;
    const cue: ExpectedCue = { stream: streamKeyOf(stream), id, rev, epoch, pts, stampedAtUs, fireAtUs };
    this.#outstanding.set(cueName(cue), cue);
    this.#thread.send({ kind: 'landed', cue });
  }

  status(stream: string): AuditStatus {
    const outputs = this.#health.filter((health) => health.stream === stream);
    const shown = new Set(outputs.map(({ output }) => output));
    const waiting = [...this.#named.values()].filter(
      ({ stream: of, label }) =>
        of === stream && ![...shown].some((name) => name === label || name.startsWith(`${label}/`)),
    );
    return { outputs: [...outputs.map((health) => this.#audited(health)), ...waiting.map(notBegun)] };
  }

  /**
   * Reads one more output, until `remove`; a process that is started again reads it too.
   * @throws {FramecueError} ERR_AUDIT_URL, ERR_AUDIT_EXISTS, ERR_AUDIT_LIMIT, ERR_AUDIT_FILE.
   */
  add(
    stream: string,
    given: { readonly url: string; readonly label?: string | undefined },
  ): Promise<AuditedOutput> {
    return this.#inTurn(() => this.#add(stream, given));
  }

  async #add(stream: string, given: Parameters<Audit['add']>[1]): Promise<AuditedOutput> {
    const url = outputUrl(given.url);
    if (url === null)
      throw new FramecueError('ERR_AUDIT_URL', 'Give an address with http, https, ws or wss.');
    if (given.label !== undefined && !isFreeLabel(given.label)) {
      const text = 'A label has up to 32 of A-Z a-z 0-9 . _ - and is none of flv, ws and hls.';
      throw new FramecueError('ERR_AUDIT_URL', text);
    }
    const named: NamedOutput = { stream, label: given.label ?? labelOf(url), url: url.href };
    const name = nameOf(stream, named.label);
    if (this.#named.has(name)) {
      throw new FramecueError('ERR_AUDIT_EXISTS', undefined, { details: { output: named.label } });
    }
    if (this.#named.size >= this.#options.maxNamed) {
      throw new FramecueError('ERR_AUDIT_LIMIT', undefined, { details: { limit: this.#options.maxNamed } });
    }
    // The file first: what is said to be kept is.
    await this.#options.kept.write([...this.#keptNow(), named]);
    this.#named.set(name, named);
    this.#atRunTime.add(name);
    this.#sendNamed();
    return notBegun(named);
  }

  /**
   * False where no such output was named. One that the settings name comes back with the next start.
   * @throws {FramecueError} ERR_AUDIT_FILE: it is read as before.
   */
  remove(stream: string, label: string): Promise<boolean> {
    return this.#inTurn(() => this.#remove(stream, label));
  }

  async #remove(stream: string, label: string): Promise<boolean> {
    const name = nameOf(stream, label);
    const named = this.#named.get(name);
    if (named === undefined) return false;
    if (this.#atRunTime.has(name)) {
      await this.#options.kept.write(this.#keptNow().filter((one) => one !== named));
    }
    this.#atRunTime.delete(name);
    this.#named.delete(name);
    // Another of this name shall not begin with what became of this one.
    for (const known of this.#last.keys()) {
      if (known === name || known.startsWith(`${name}/`)) this.#last.delete(known);
    }
    this.#sendNamed();
    return true;
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#changes;
    await this.#thread.close();
  }

  /** Each change goes by what the one before it has left. */
  #inTurn<T>(change: () => Promise<T>): Promise<T> {
    // A disk that hangs shall not gather requests.
    if (this.#changesWaiting >= MAX_CHANGES_WAITING) throw new FramecueError('ERR_AUDIT_FILE');
    this.#changesWaiting++;
    const result = this.#changes.then(change).finally(() => this.#changesWaiting--);
    this.#changes = result.catch(() => undefined);
    return result;
  }

  #keptNow(): NamedOutput[] {
    return [...this.#named].flatMap(([name, named]) => (this.#atRunTime.has(name) ? [named] : []));
  }

  /** The settings may have changed since: they go first. */
  #readKept(): void {
    const { kept, maxNamed, isAllowed } = this.#options;
    for (const named of kept.read()) {
      const name = nameOf(named.stream, named.label);
      if (this.#named.has(name)) kept.entryPassedOver('another has this name', named);
      else if (!isAllowed(named.stream)) kept.entryPassedOver('its stream is not allowed', named);
      else if (this.#named.size >= maxNamed) kept.entryPassedOver('there are as many as may be', named);
      else {
        this.#named.set(name, named);
        this.#atRunTime.add(name);
      }
    }
  }

  #setup(): AuditorSetup {
    const { ownBase, secret, keys, timeoutMs } = this.#options;
    return {
      ...{ ownBase, keys, timeoutMs, ownHeader: { name: AUDIT_HEADER, value: secret } },
      named: [...this.#named.values()],
      wanted: this.#wanted(),
    };
  }

  #wanted(): WantedCue[] {
    const { book, dueAtMs } = this.#options;
    return book
      .uncertain()
      .slice(-MAX_WANTED)
      .map((cue) => {
        const due = dueAtMs(cue);
        return {
          stream: cue.stream,
          id: cue.id,
          acceptedAtUs: unixMsToUs(cue.acceptedAt),
          dueAtUs: due === null ? null : due * 1000,
        };
      });
  }

  #sendNamed(): void {
    this.#thread.send({ kind: 'named', outputs: [...this.#named.values()] });
  }

  /** Tells the thread which streams have viewers; only where that has changed. */
  #sync(): void {
    const now = performance.now();
    const followed: FollowedStream[] = [];
    const ended = new Set(this.#endedAt.keys());
    for (const { stream, hub, injector } of this.#options.streams.all()) {
      if (injector === null) continue;
      const name = streamKeyOf(stream);
      ended.delete(name);
      if (!hub.ended) this.#endedAt.delete(name);
      else if (!this.#endedAt.has(name)) this.#endedAt.set(name, now);
      const endedAt = this.#endedAt.get(name);
      if (endedAt === undefined || now - endedAt < AFTER_END_MS) {
        followed.push({ stream: name, live: endedAt === undefined });
      }
    }
    for (const name of ended) this.#endedAt.delete(name);
    if (JSON.stringify(followed) === JSON.stringify(this.#followed)) return;
    this.#followed = followed;
    this.#thread.send({ kind: 'streams', streams: followed });
  }

  #receive(message: FromAuditor): void {
    switch (message.kind) {
      case 'receipts':
        this.#note(message.cue, message.outputs);
        if (message.final) this.#outstanding.delete(cueName(message.cue));
        return;
      case 'found':
        this.#found(message.id, message.stamp);
        return;
      case 'not-in-output':
        if (!this.#options.book.settleUncertain(message.id, null)) return;
        this.#metrics.uncertainSettled('missed');
        this.#options.log.warn(
          { id: message.id, output: message.output },
          'an uncertain cue is not in an output that was read past its moment',
        );
        return;
      case 'health':
        this.#health = message.outputs;
        this.#dropped = message.dropped;
        this.#logProblems();
        return;
      default:
        message satisfies never;
    }
  }

  #note(cue: ExpectedCue, outputs: OutputReceipts): void {
    const { book, log } = this.#options;
    const { stream, id } = cue;
    const entries = Object.entries(outputs);
    if (entries.length === 0) return;
    book.noteOutputs(id, cue, outputs);
    for (const [output, receipt] of entries) {
      const { seen, delayMs, problem } = receipt;
      this.#metrics.settled(stream, output, receipt);
      const before = this.#last.get(nameOf(stream, output));
      const since = before?.seen === seen ? before.since : Math.round(cue.fireAtUs / 1000);
      this.#last.delete(nameOf(stream, output));
      this.#last.set(nameOf(stream, output), {
        ...{ cue: id, seen, since, delayMs },
        ...(problem === undefined ? {} : { problem }),
      });
      if (this.#last.size > MAX_LAST) this.#last.delete(this.#last.keys().next().value!);
      if (seen === 'missing') log.warn({ id, stream, output, problem }, 'a cue is missing in an output');
      else if (problem !== undefined) log.info({ id, stream, output, seen, problem }, 'a cue in an output');
    }
  }

  #found(id: string, { stampedAtUs, fireAtUs, ...stamp }: FoundStamp): void {
    const { book, log } = this.#options;
    const found = { ...stamp, stampedAtUs: unixUs(stampedAtUs), fireAtUs: unixUs(fireAtUs) };
    if (!book.settleUncertain(id, found)) return;
    this.#metrics.uncertainSettled('landed');
    log.info({ id, output: stamp.output }, 'an uncertain cue was found in an output: it has landed');
  }

  /** Each change once: a reader tries again for as long as its output is named. */
  #logProblems(): void {
    const { log } = this.#options;
    const known = new Set<string>();
    for (const { stream, output, problem } of this.#health) {
      const name = nameOf(stream, output);
      known.add(name);
      const before = this.#problems.get(name) ?? null;
      if (before === problem) continue;
      this.#problems.set(name, problem);
      if (problem !== null) log.warn({ stream, output, code: problem }, 'an output cannot be read back');
      else log.info({ stream, output }, 'an output is read back again');
    }
    for (const name of this.#problems.keys()) if (!known.has(name)) this.#problems.delete(name);
  }

  #audited({ stream, ...health }: OutputHealth): AuditedOutput {
    const [label] = health.output.split(/\/(?=[^/]*$)/);
    const named =
      this.#named.get(nameOf(stream, health.output)) ?? this.#named.get(nameOf(stream, label ?? ''));
    return {
      ...health,
      url: health.isOwn || named === undefined ? null : placeOf(new URL(named.url)),
      last: this.#last.get(nameOf(stream, health.output)) ?? null,
    };
  }
}

const notBegun = ({ label, url }: NamedOutput): AuditedOutput => ({
  ...{ output: label, isOwn: false, kind: null, state: 'connecting', bytes: 0, pictures: 0, reconnects: 0 },
  ...{ lastPictureAgeMs: null, problem: null, url: placeOf(new URL(url)), last: null },
});

const nameOf = (stream: string, label: string): string => `${stream} ${label}`;
const cueName = ({ stream, id, rev, epoch }: ExpectedCue): string => `${stream} ${id} ${rev} ${epoch}`;
