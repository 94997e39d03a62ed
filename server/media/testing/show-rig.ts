import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PreparedCue, StampEvent } from '../../../cues/cue.ts';
import { sealData, signBody, signingKeyFromPem } from '../../../cues/signing.ts';
import { formatCueBody } from '../../../cues/wire/index.ts';
import { DEFAULT_INJECTOR_SETTINGS } from '../../../injector/injector.ts';
import { ManualClock } from '../../../packet/clock.ts';
import type { MediaPacket } from '../../../packet/packet.ts';
import { packetsOfFlv } from '../../../packet/testing/flv-fixture.ts';
import { ms } from '../../../packet/time.ts';
import { ShowStore, type ShowStoreOptions } from '../../../qa/show/show-store.ts';
import type { SegmentFile } from '../../../qa/show/show-writer.ts';
import { createLog } from '../../../service/log.ts';
import { ensureTestStream, type TestStreamName } from '../../../test-streams/catalogue.ts';
import { LiveStream, type PacketSink } from '../live-stream.ts';
import { Recorder } from '../recorder.ts';

export const LIVE = { app: 'live', name: 'main' } as const;

const { privateKey } = generateKeyPairSync('ed25519');
const key = signingKeyFromPem(privateKey.export({ format: 'pem', type: 'pkcs8' }) as string);

export async function testPackets(
  name: TestStreamName,
  count = Number.POSITIVE_INFINITY,
): Promise<MediaPacket[]> {
  const { file } = await ensureTestStream(name);
  return packetsOfFlv(readFileSync(file)).slice(0, count);
}

export interface ShowRigOptions extends Partial<ShowStoreOptions> {
  readonly always?: boolean;
  readonly closeMs?: number;
  /** Default: throws it on. */
  readonly onFault?: (error: unknown) => void;
  readonly openFile?: (path: string) => Promise<SegmentFile>;
}

const throwOn = (error: unknown): never => {
  throw error;
};

/**
 * A live stream with a recorder and a director that gives the cues that still hold again when an epoch begins, as
 * the real one does: within the packet.
 */
export class ShowRig {
  readonly folder = mkdtempSync(join(tmpdir(), 'framecue-show-'));
  readonly clock = tickingClock();
  readonly outputs: MediaPacket[] = [];
  readonly events: StampEvent[] = [];
  readonly store: ShowStore;
  readonly recorder: Recorder;
  readonly live: LiveStream<PacketSink>;
  readonly #cues = new Map<string, PreparedCue>();
  #epochs = 0;
  #publisherDts = 0;

  constructor({
    always = false,
    closeMs = 5_000,
    onFault = throwOn,
    openFile,
    ...store
  }: ShowRigOptions = {}) {
    this.store = new ShowStore({
      folder: join(this.folder, 'shows'),
      quotaBytes: 1e9,
      deleteOldest: false,
      ...store,
    });
    this.recorder = new Recorder({
      store: this.store,
      clock: this.clock,
      log: createLog('test', { logLevel: 'silent' }),
      about: async () => ({
        software: { version: '0.0.0', commit: null, dirty: null, node: process.version },
        settings: {},
        injector: { ...DEFAULT_INJECTOR_SETTINGS },
        keys: [],
      }),
      find: () => this.live,
      always,
      maxRecordings: 4,
      closeMs,
      ...(openFile === undefined ? {} : { openFile }),
    });
    this.live = new LiveStream<PacketSink>({
      stream: LIVE,
      clock: this.clock,
      injector: DEFAULT_INJECTOR_SETTINGS,
      newHub: () => ({
        ended: false,
        end: () => undefined,
        startEpoch: () => undefined,
        push: (packet) => this.outputs.push(packet),
      }),
      onStampEvent: (event) => {
        this.events.push(event);
        if (event.kind === 'ended' || event.kind === 'missed') this.#cues.delete(event.id);
      },
      onEpoch: () => {
        for (const cue of this.#cues.values()) this.schedule(cue.id, { ...cue, rev: cue.rev + 1 });
      },
      onFault,
      epochId: () => `e${++this.#epochs}`,
    });
  }

  beginPublish(): void {
    this.recorder.publishBegins(this.live);
    this.live.beginPublish();
  }

  /** Each at the pace of its time stamps, with some jitter. */
  push(packets: readonly MediaPacket[]): void {
    for (const packet of packets) {
      const step = packet.dts - this.#publisherDts;
      this.#publisherDts = packet.dts;
      this.clock.advanceMs(Math.max(0, step > 1000 ? 0 : step) + (this.outputs.length % 5) * 0.1);
      this.live.push(packet);
    }
  }

  schedule(id: string, more: Partial<PreparedCue> = {}): boolean {
    const cue = makeCue(id, this.clock.unixMs(), more);
    this.#cues.set(id, cue);
    return this.live.schedule(cue);
  }

  withdraw(id: string): boolean {
    this.#cues.delete(id);
    return this.live.withdraw(id);
  }

  async close(): Promise<void> {
    await this.recorder.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

export function makeCue(id: string, now: number, more: Partial<PreparedCue>): PreparedCue {
  const { sealed, key: dataKey } = sealData({ question: 'who?' });
  const type = more.type ?? 'interaction.open';
  const rev = more.rev ?? 0;
  const exp = (now + 600_000) as PreparedCue['exp'];
  const markedAt = now as PreparedCue['markedAt'];
  const bodyText = formatCueBody({ id, rev, stream: 'live/main', type, markedAt, exp, sealed });
  return {
    id,
    rev,
    type,
    key: dataKey,
    fire: { kind: 'next' },
    markedAt,
    announceMs: ms(500),
    repeat: 3,
    openForMs: ms(2000),
    exp,
    ...more,
    bodyText,
    signatureLine: signBody(bodyText, key),
  };
}

/** Each reading is a microsecond later than the one before: code that reads twice for one packet is found out. */
function tickingClock(): ManualClock {
  const clock = new ManualClock(1_763_700_000_000_123, 5_000_000);
  const { monotonicUs, unixUs, unixMs } = clock;
  const ticking =
    <T>(read: () => T) =>
    () => {
      clock.advanceMs(0.001);
      return read();
    };
  return Object.assign(clock, {
    monotonicUs: ticking(monotonicUs),
    unixUs: ticking(unixUs),
    unixMs: ticking(unixMs),
  });
}
