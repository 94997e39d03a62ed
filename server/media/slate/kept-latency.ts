import { join } from 'node:path';
import { z } from 'zod';
import { MAX_MARKS } from '../../../cues/aligner.ts';
import { STREAM_PATTERN } from '../../../cues/wire/index.ts';
import { FramecueError } from '../../../packet/errors.ts';
import { readKeptFile, setKeptFileAside, systemCodeOf, writeKeptFile } from '../../../service/kept-file.ts';
import type { Log } from '../../../service/log.ts';

export const KEPT_LATENCY_FILE = 'latency.json';
export const MAX_STREAMS = 200;
export const MAX_PEOPLE = 50;
const MAX_BYTES = 4 << 20;

const Span = z.number().min(-1_000).max(60_000);
export const Applied = z.strictObject({
  ms: Span,
  errorMs: z.number().min(0).max(60_000),
  source: z.enum(['measured', 'declared', 'manual']),
  pinned: z.boolean(),
  at: z.number(),
  by: z.string().max(200),
});
const Mark = z.strictObject({ pressedPts: z.number(), picturePts: z.number() });
const Kept = z.strictObject({
  screenLatencyMs: Span,
  screenErrorMs: z.number().min(0).max(10_000),
  applied: Applied.nullable(),
  aligner: z.record(z.string().min(1).max(64), z.array(Mark).max(MAX_MARKS)),
});
const KeptFile = z.strictObject({
  version: z.literal(1),
  streams: z.record(z.string().regex(STREAM_PATTERN), Kept),
});

export type AppliedLatency = z.infer<typeof Applied>;
export type KeptLatency = z.infer<typeof Kept>;

/** What people have set and marked, for the next start of media; in the data folder. */
export class KeptLatencies {
  readonly #path: string;
  readonly #log: Log;

  constructor(dataDir: string, log: Log) {
    this.#path = join(dataDir, KEPT_LATENCY_FILE);
    this.#log = log;
  }

  /** Never in the way of a start: a file that cannot be used is logged, set aside under `.unusable`, passed over. */
  read(): ReadonlyMap<string, KeptLatency> {
    try {
      const text = readKeptFile(this.#path, MAX_BYTES);
      if (text === null) return new Map();
      const parsed = KeptFile.safeParse(JSON.parse(text));
      if (parsed.success) return new Map(Object.entries(parsed.data.streams));
      this.#passOver('it is no list of latencies');
    } catch (error) {
      this.#passOver(
        error instanceof SyntaxError ? 'it is no JSON' : (systemCodeOf(error) ?? 'unknown error'),
      );
    }
    return new Map();
  }

  /**
   * The file is there whole, or stays as it was. One call at a time.
   * @throws {FramecueError} ERR_STORE_UNAVAILABLE when it cannot be written.
   */
  async write(streams: ReadonlyMap<string, KeptLatency>): Promise<void> {
    const text = `${JSON.stringify({ version: 1, streams: Object.fromEntries(streams) }, null, 2)}\n`;
    try {
      await writeKeptFile(this.#path, text);
    } catch (cause) {
      const problem = `${KEPT_LATENCY_FILE} cannot be written (${systemCodeOf(cause) ?? 'unknown error'}).`;
      throw new FramecueError('ERR_STORE_UNAVAILABLE', problem, { cause });
    }
  }

  #passOver(problem: string): void {
    const about = { file: KEPT_LATENCY_FILE, problem };
    this.#log.error(about, 'the production latencies that were set cannot be read and are passed over');
    try {
      setKeptFileAside(this.#path);
    } catch (error) {
      this.#log.warn({ ...about, problem: systemCodeOf(error) }, 'the file cannot be set aside');
    }
  }
}
