import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FramecueError } from '../../packet/errors.ts';
import { type Comparison, compareRuns } from './compare-runs.ts';
import type { ShowRecord } from './entry.ts';
import type { Software } from './manifest.ts';
import { replayByOtherBuild } from './other-build.ts';
import { FlvFile, type ReplayOutput } from './replay-output.ts';
import type { MakePath, ReplaySink } from './replayer.ts';
import { reportOn, type Subject } from './report/report-data.ts';
import { writeReport } from './report/write-report.ts';
import { readRunFile } from './run-file.ts';
import { RUN_VERSION, type RunHead, type RunLine, recordedRun } from './run-lines.ts';
import { type ReplayFrom, type ReplayProgress, type ReplayResult, runReplay } from './run-replay.ts';

/** What is replayed: a recorded show, or a recording made elsewhere as one. */
export interface Material {
  readonly name: string;
  readonly stream: string;
  readonly records: () => Iterable<ShowRecord> | AsyncIterable<ShowRecord>;
  readonly makePath: MakePath;
  readonly sink?: ReplaySink;
  /** The recorded run, where what came out of it was recorded. */
  readonly recorded: { readonly software: Software; readonly records: () => Iterable<ShowRecord> } | null;
  readonly notes: () => readonly string[];
  /** After the replay: something that was meant to happen did not. */
  readonly failed?: () => boolean;
}

export interface SessionOptions {
  readonly material: Material;
  readonly software: Software;
  readonly from: ReplayFrom;
  /** An FLV file. */
  readonly out: string | null;
  readonly outputs: readonly ReplayOutput[];
  /** Where this run's listing is kept. */
  readonly runFile: string | null;
  readonly against:
    | { readonly kind: 'recorded' }
    /** A listing that was kept. */
    | { readonly kind: 'run'; readonly file: string }
    /** Another checkout, and how its command is told of the same show. */
    | { readonly kind: 'build'; readonly folder: string; readonly args: readonly string[] };
  /** Where report.html, report.json and junit.xml go. */
  readonly report: string | null;
  readonly now: () => Date;
  readonly onProgress?: (progress: ReplayProgress) => void;
  readonly signal?: AbortSignal;
}

export interface SessionResult {
  readonly replay: ReplayResult;
  /** SHA-256 of the FLV file. */
  readonly sha256: string | null;
  readonly bytes: number | null;
  /** Null: there was nothing to compare with. */
  readonly comparison: Comparison | null;
  readonly titles: { readonly a: string; readonly b: string } | null;
  readonly notes: readonly string[];
}

/**
 * Replays, and compares with the recorded run, a run that was kept, or another build's replay of the same show.
 * @throws {FramecueError} what `runReplay`, `compareRuns` and `replayByOtherBuild` throw.
 */
export async function replaySession(options: SessionOptions): Promise<SessionResult> {
  const folder = await mkdtemp(join(tmpdir(), 'framecue-replay-'));
  try {
    return await inFolder(folder, options);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function inFolder(folder: string, options: SessionOptions): Promise<SessionResult> {
  const { material, software, from, against, report, onProgress, signal, now } = options;
  const runFile = options.runFile ?? join(folder, 'a.jsonl');
  const isWhole = from.kind === 'start';
  // Only whole outputs can be held against each other byte by byte.
  const ours = isWhole && options.out !== null ? options.out : join(folder, 'a.flv');
  const wantsBytes = against.kind === 'build';
  const file = options.out !== null ? new FlvFile(options.out) : wantsBytes ? new FlvFile(ours) : null;
  const outputs: ReplayOutput[] = [...(file === null ? [] : [file]), ...options.outputs];
  const head: RunHead = {
    ...{ kind: 'run', version: RUN_VERSION, of: 'replay', software },
    ...{ show: material.name, stream: material.stream },
  };
  const replay = await runReplay({
    ...{ head, from, outputs, runFile, records: material.records(), makePath: material.makePath },
    ...(material.sink === undefined ? {} : { sink: material.sink }),
    ...(onProgress === undefined ? {} : { onProgress }),
    ...(signal === undefined ? {} : { signal }),
  });
  const done = { replay, sha256: file?.sha256 ?? null, bytes: file?.bytes ?? null };
  const notes = [...material.notes(), ...notesOf(replay)];
  if (replay.stopped) return { ...done, comparison: null, titles: null, notes };
  const own = (title: string): Subject => ({
    title,
    lines: () => readRunFile(runFile),
    flv: file !== null && isWhole ? ours : null,
  });
  const pair = await pairOf(folder, options, own);
  if (pair === null) {
    if (report !== null) {
      throw new FramecueError(
        'ERR_SHOW_FORMAT',
        'There is no run to compare with: give --against or --build.',
      );
    }
    return { ...done, comparison: null, titles: null, notes };
  }
  const [a, b] = pair;
  const titles = { a: a.title, b: b.title };
  if (report === null) return { ...done, comparison: compareRuns(a.lines, b.lines), titles, notes };
  const data = reportOn(a, b, { madeAt: now(), notes });
  await writeReport(report, data);
  return { ...done, comparison: data.comparison, titles, notes };
}

async function pairOf(
  folder: string,
  { material, against, signal }: SessionOptions,
  own: (title: string) => Subject,
): Promise<[Subject, Subject] | null> {
  switch (against.kind) {
    case 'recorded': {
      const { recorded } = material;
      if (recorded === null) return null;
      const head: RunHead = {
        ...{ kind: 'run', version: RUN_VERSION, of: 'recorded', software: recorded.software },
        ...{ show: material.name, stream: material.stream },
      };
      const lines = (): Iterable<RunLine> => recordedRun(head, recorded.records());
      return [{ title: 'recorded run', lines, flv: null }, own('replay')];
    }
    case 'run':
      return [{ title: 'kept run', lines: () => readRunFile(against.file), flv: null }, own('replay')];
    case 'build': {
      const runFile = join(folder, 'b.jsonl');
      const flv = join(folder, 'b.flv');
      await replayByOtherBuild({
        ...{ folder: against.folder, args: against.args, runFile, flv },
        ...(signal === undefined ? {} : { signal }),
      });
      return [own('this build'), { title: 'other build', lines: () => readRunFile(runFile), flv }];
    }
    default:
      return against satisfies never;
  }
}

function notesOf({ gaps, faults }: ReplayResult): string[] {
  const notes = [];
  if (gaps > 0) {
    notes.push(
      `${gaps} records are missing: the disk was too slow for the recording. From there on a replay cannot be the recorded run.`,
    );
  }
  if (faults > 0) notes.push(`${faults} frames passed unstamped because the injector failed.`);
  return notes;
}
