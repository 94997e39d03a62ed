import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Landing } from '../../cues/cue.ts';
import { type SigningKey, signingKeyFromPem } from '../../cues/signing.ts';
import { ManualClock } from '../../packet/clock.ts';
import { ms, type UnixMilliseconds, unixMsToUs, unixUs } from '../../packet/time.ts';
import { createLog } from '../../service/log.ts';
import { type AcceptOutcome, CueBook, type CueBookOptions } from '../cue-book.ts';
import { type CueLog, type CueLogOptions, openCueLog } from '../cue-log.ts';
import type { LogRow } from '../cue-log-messages.ts';
import { CueRequest } from '../cue-request.ts';
import { FakeGate } from './fake-gate.ts';

export const STREAM = 'live/main';
export const WHO = { by: 'director', console: null };

export const TEST_LIMITS: CueBookOptions['limits'] = {
  stampTextLimit: 1_024,
  cueRepeat: 4,
  cueAnnounceMs: 2_000,
  cueOpenLimit: 8,
  cuePendingLimit: 20,
  cueExpMs: 30_000,
  cueOpenMs: 600_000,
  cueLateMs: 30_000,
  cueAheadMs: 86_400_000,
  maxPublishers: 2,
};

export function makeSigningKey(): SigningKey {
  const { privateKey } = generateKeyPairSync('ed25519');
  return signingKeyFromPem(privateKey.export({ type: 'pkcs8', format: 'pem' }).toString());
}

/** A book on a real log, with a clock that stands still and a gate without video. */
export class Rig {
  readonly folder = mkdtempSync(join(tmpdir(), 'framecue-director-'));
  readonly path = join(this.folder, 'cues.db');
  readonly clock = new ManualClock();
  readonly key = makeSigningKey();
  readonly log = createLog('test', { logLevel: 'silent' });
  /** Every entry, in the order in which followers are told: `seq:id:state`. */
  readonly told: string[] = [];
  readonly rows: LogRow[] = [];
  gate = new FakeGate();
  cueLog!: CueLog;
  book!: CueBook;

  async open(options: Partial<CueBookOptions> = {}, logOptions: Partial<CueLogOptions> = {}): Promise<this> {
    const { cueLog, start } = await openCueLog({
      ...{ path: this.path, log: this.log, maxQueued: 1_000, timeoutMs: 10_000 },
      ...{ keepDays: 30, keepEntries: 100_000 },
      ...logOptions,
    });
    cueLog.onCommitted((row) => {
      this.rows.push(row);
      this.told.push(`${row.seq}:${row.id}:${JSON.parse(row.json).state}`);
    });
    this.cueLog = cueLog;
    this.book = new CueBook({
      ...{ cueLog, start, gate: this.gate, clock: this.clock, log: this.log },
      ...{ limits: TEST_LIMITS, signingKey: this.key, journalRetryMs: 20 },
      ...options,
    });
    return this;
  }

  /** As after a crash: the log is as it stands, the gate is a new process's. */
  async crash(options: Partial<CueBookOptions> = {}): Promise<void> {
    await this.cueLog.close(false);
    this.gate = new FakeGate();
    await this.open(options);
  }

  async restart(): Promise<void> {
    await this.book.close();
    this.gate = new FakeGate();
    await this.open();
  }

  async remove(): Promise<void> {
    await this.book.close();
    rmSync(this.folder, { recursive: true, force: true });
  }

  get now(): UnixMilliseconds {
    return this.clock.unixMs();
  }

  accept(
    request: unknown,
    given: { key?: string | null; by?: string; stream?: string; receivedAt?: UnixMilliseconds } = {},
  ): Promise<AcceptOutcome> {
    return this.book.accept({
      stream: given.stream ?? STREAM,
      request: CueRequest.parse(request),
      key: given.key ?? null,
      who: { by: given.by ?? 'director', console: null },
      receivedAt: given.receivedAt ?? this.now,
    });
  }

  /** @returns the cue's id. */
  async mark(request: object): Promise<string> {
    const outcome = await this.accept(request);
    if (outcome.kind === 'refused') throw outcome.error;
    return outcome.cue.id;
  }

  async refusal(request: object, given: Parameters<Rig['accept']>[1] = {}) {
    const outcome = await this.accept(request, given);
    if (outcome.kind !== 'refused') throw new Error(`it was ${outcome.kind}`);
    const { code, message, details } = outcome.error;
    return { code, message, details };
  }

  /** The injector says that it landed now. */
  land(id: string, given: Partial<Landing> = {}): void {
    const held = this.gate.held.get(`${STREAM} ${id}`);
    if (held === undefined) throw new Error(`no injector holds ${id}`);
    const at = this.clock.unixUs();
    this.book.onStampEvent({
      kind: 'landed',
      id,
      rev: held.rev,
      landing: {
        ...{ epoch: 'epoch-1', pts: ms(1_000), frame: 25, stampedAtUs: at, fireAtUs: unixUs(at) },
        markToStampMs: (at - unixMsToUs(held.markedAt)) / 1000,
        ...{ errorMs: 0, choice: 'next-in-presentation', outputs: {} },
        ...given,
      },
    });
  }

  async state(id: string, stream = STREAM) {
    const cue = await this.book.get(stream, id);
    return cue === null ? null : cue.reason === undefined ? cue.state : `${cue.state} ${cue.reason.code}`;
  }
}
