import { existsSync, readFileSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { Command } from 'commander';
import { replayTestKey } from '../../cues/replay-key.ts';
import { type SigningKey, signingKeyFromPem } from '../../cues/signing.ts';
import { systemClock } from '../../packet/clock.ts';
import { FramecueError } from '../../packet/errors.ts';
import { findShow } from '../../qa/show/find-show.ts';
import { openForeignShow } from '../../qa/show/foreign-show.ts';
import type { Manifest } from '../../qa/show/manifest.ts';
import {
  type Material,
  replaySession,
  type SessionOptions,
  type SessionResult,
} from '../../qa/show/replay-session.ts';
import { verdictOf } from '../../qa/show/report/html.ts';
import { cueNameOf, describe as describeCue } from '../../qa/show/report/junit.ts';
import { RtmpOutput } from '../../qa/show/rtmp-output.ts';
import type { ReplayFrom } from '../../qa/show/run-replay.ts';
import { SheetDirector } from '../../qa/show/sheet-director.ts';
import { openShow } from '../../qa/show/show-reader.ts';
import { nameOf, softwareOf } from '../../qa/show/software.ts';
import { wholeTurns } from '../../qa/show/whole-turns.ts';
import { readCueSheet } from '../../qa/sources/cue-sheet.ts';
import { showsFolderOf } from '../../server/media/recorder-setup.ts';
import { makeReplayPath } from '../../server/media/replay-path.ts';
import { sentenceOf } from '../../server/process.ts';
import { loadSettings } from '../../service/settings.ts';
import { ffmpegPath } from '../lib/tools.ts';
import { wholeNumber } from './server.ts';

interface ReplayCommandOptions {
  readonly out?: string;
  readonly rtmp?: string;
  readonly fromCue?: string;
  readonly from?: number;
  readonly run?: string;
  readonly against?: string;
  readonly build?: string;
  readonly report?: string;
  readonly cues?: string;
  readonly stream?: string;
  readonly key?: string;
  readonly json?: boolean;
}

const HELP = `
SHOW: the name of a recorded show, or its folder; or a recording made elsewhere (FLV, MP4, MPEG-TS),
with its cues in a sheet.
Without --out and --rtmp the show is only replayed and compared.

Examples:
  framecue replay friday --out friday.flv             again, byte for byte, as far as this build stamps alike
  framecue replay friday --report report              what differs from the recorded run
  framecue replay friday --build ../other --report r  this build and another, access unit by access unit
  framecue replay friday --run a.jsonl                keep the listing of this run ...
  framecue replay friday --against a.jsonl            ... and hold another build against it later
  framecue replay old.mp4 --cues cues.json --out stamped.flv
  framecue replay friday --rtmp rtmp://host/live/x --from-cue q1

Exit code 0: the same; 1: it differs, or a cue of the sheet never came to its picture; 2: used wrongly, or the show cannot be read.`;

/** `framecue replay SHOW`: exit code 1 where the two runs differ. */
export const replayCommand = (): Command =>
  new Command('replay')
    .exitOverride()
    .showHelpAfterError()
    .description('runs a recorded show again through the same injector, on the recorded clock')
    .argument('<show>', 'name or folder of a recorded show, or a recording made elsewhere')
    .option('--out <file.flv>', 'write what comes out, at full speed')
    .option('--rtmp <url>', 'publish what comes out, in real time')
    .option('--from-cue <id>', "the output begins at the last keyframe before this cue's first stamp")
    .option(
      '--from <ms>',
      'the output begins at the last keyframe before this time of the recording',
      wholeNumber,
    )
    .option('--run <file.jsonl>', 'keep the listing of this run')
    .option('--against <file.jsonl>', 'compare with a listing that was kept (default: the recorded run)')
    .option('--build <folder>', 'compare with the replay by another checkout of framecue')
    .option('--report <folder>', 'write report.html, report.json and junit.xml')
    .option('--cues <sheet.json>', 'the cues of a recording made elsewhere')
    .option('--stream <app/name>', 'the stream that it is taken for (default: live/main)')
    .option(
      '--key <file.pem>',
      'the Ed25519 key that signs its cues (default: a test key that nobody trusts)',
    )
    .option('--json', 'print the result as JSON')
    .addHelpText('after', HELP)
    .action(async (given: string, options: ReplayCommandOptions, command: Command) => {
      const problem = misuseOf(options);
      if (problem !== null) command.error(`error: ${problem}`, { exitCode: 2 });
      try {
        await replay(given, options);
      } catch (error) {
        // 1 says that the runs differ: what cannot be replayed at all is another matter.
        if (!(error instanceof FramecueError)) throw error;
        process.stderr.write(`${sentenceOf(error)}\n`);
        process.exitCode = 2;
      }
    });

async function replay(given: string, options: ReplayCommandOptions): Promise<void> {
  const { settings } = loadSettings(process.env);
  const shows = showsFolderOf(settings);
  const folder = findShow(given, shows);
  const { material, close } =
    folder === null
      ? await foreignMaterial(given, options, shows)
      : { material: materialOf(folder), close: null };
  const abort = new AbortController();
  const stop = () => abort.abort();
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  const progress = process.stderr.isTTY && options.json !== true;
  const session: SessionOptions = {
    material,
    software: await softwareOf(),
    from: fromOf(options),
    out: options.out ?? null,
    outputs:
      options.rtmp === undefined
        ? []
        : [new RtmpOutput({ url: options.rtmp, ffmpeg: ffmpegPath(), clock: systemClock })],
    runFile: options.run ?? null,
    against: againstOf(given, folder, options),
    report: options.report ?? null,
    now: () => new Date(systemClock.unixMs()),
    signal: abort.signal,
    ...(progress
      ? {
          onProgress: ({ units, recordedMs }) =>
            process.stderr.write(`\r\x1b[K${units} access units, ${(recordedMs / 1000).toFixed(0)} s`),
        }
      : {}),
  };
  const result = await replaySession(session).finally(() => close?.());
  if (progress) process.stderr.write('\r\x1b[K');
  process.stdout.write(
    `${options.json === true ? JSON.stringify(jsonOf(result)) : describe(result, options)}\n`,
  );
  const isSame = result.comparison === null || result.comparison.identical;
  const isGood = isSame && !result.replay.stopped && material.failed?.() !== true;
  process.exitCode = isGood ? 0 : 1;
}

function misuseOf({ fromCue, from, against, build, rtmp }: ReplayCommandOptions): string | null {
  if (fromCue !== undefined && from !== undefined) return 'give one of --from-cue and --from';
  if (against !== undefined && build !== undefined) return 'give one of --against and --build';
  if (rtmp !== undefined && !/^rtmps?:\/\//.test(rtmp)) return '--rtmp: give an rtmp or rtmps URL';
  return null;
}

function fromOf({ fromCue, from }: ReplayCommandOptions): ReplayFrom {
  if (fromCue !== undefined) return { kind: 'cue', id: fromCue };
  return from === undefined ? { kind: 'start' } : { kind: 'time', ms: from };
}

function againstOf(
  given: string,
  folder: string | null,
  options: ReplayCommandOptions,
): SessionOptions['against'] {
  if (options.against !== undefined) return { kind: 'run', file: options.against };
  if (options.build === undefined) return { kind: 'recorded' };
  const { cues, stream, key } = options;
  const args = [
    ...[folder ?? resolve(given)],
    ...(cues === undefined ? [] : ['--cues', resolve(cues)]),
    ...(stream === undefined ? [] : ['--stream', stream]),
    ...(key === undefined ? [] : ['--key', resolve(key)]),
  ];
  return { kind: 'build', folder: options.build, args };
}

/** @throws {FramecueError} whatever opening the recording or the sheet throws. */
async function foreignMaterial(
  given: string,
  options: ReplayCommandOptions,
  shows: string,
): Promise<{ material: Material; close: () => Promise<void> }> {
  if (!existsSync(given) && !/^[a-z]+:\/\//i.test(given)) {
    throw new FramecueError('ERR_SHOW_UNKNOWN', `There is no show ${given}, neither here nor in ${shows}.`);
  }
  const sheet = options.cues === undefined ? { stream: null, cues: [] } : await readCueSheet(options.cues);
  const stream = options.stream ?? sheet.stream ?? 'live/main';
  const [app = 'live', name = 'main'] = stream.split('/');
  const show = await openForeignShow(given);
  const key = options.key === undefined ? replayTestKey() : readSigningKey(options.key);
  const director = new SheetDirector({ sheet, stream, key, firstPts: show.firstPts });
  const injector = { maxCues: sheet.cues.length + 1 };
  const material: Material = {
    name: basename(given),
    stream,
    records: () => show.records(),
    makePath: (path) => makeReplayPath({ app, name }, { injector }, path),
    sink: director,
    recorded: null,
    failed: () => director.left.length > 0,
    notes: () => [
      ...show.notes(),
      ...(director.left.length === 0
        ? []
        : [
            `${countOf(director.left.length, 'cue')} never came to ${director.left.length === 1 ? 'its' : 'their'} picture: ${director.left.slice(0, 10).join(', ')}`,
          ]),
    ],
  };
  return { material, close: () => show.close() };
}

/** @throws {FramecueError} ERR_SOURCE_OPEN, ERR_SETTING. */
function readSigningKey(path: string): SigningKey {
  let pem: string;
  try {
    pem = readFileSync(path, 'utf8');
  } catch (cause) {
    throw new FramecueError('ERR_SOURCE_OPEN', `${path} cannot be read.`, { cause });
  }
  try {
    return signingKeyFromPem(pem);
  } catch (cause) {
    throw new FramecueError('ERR_SETTING', `${path} is not an Ed25519 private key (PEM, PKCS #8).`, {
      cause,
    });
  }
}

/** @throws {FramecueError} whatever opening it throws. */
function materialOf(folder: string): Material {
  const show = openShow(folder);
  const { name, stream, software } = show.manifest;
  const [app = 'live', streamName = 'main'] = stream.split('/');
  let tornBytes = 0;
  const records = () => wholeTurns(show.records());
  return {
    name,
    stream,
    *records() {
      ({ tornBytes } = yield* records());
    },
    makePath: (options) => makeReplayPath({ app, name: streamName }, show.manifest, options),
    recorded: { software, records },
    notes: () => endNotesOf(show.manifest, tornBytes),
  };
}

function endNotesOf({ end }: Manifest, tornBytes: number): string[] {
  const cut = tornBytes > 0 ? `, and ${tornBytes} bytes of a last record are cut` : '';
  if (end === undefined) return [`The recorder was killed: the show ends there${cut}.`];
  if (end.reason === 'quota') return ['The recording ended early: the room for recordings was used up.'];
  return end.reason === 'disk' ? [`The recording ended early: the disk failed${cut}.`] : [];
}

const countOf = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`;

const jsonOf = ({ replay, sha256, bytes, comparison, titles, notes }: SessionResult) => ({
  replay,
  ...{ sha256, bytes, notes, titles, comparison },
});

function describe(result: SessionResult, options: ReplayCommandOptions): string {
  const { replay, sha256, bytes, comparison, titles, notes } = result;
  const lines = [
    `${countOf(replay.units, 'access unit')}, ${countOf(replay.epochs, 'epoch')}, ${countOf(replay.landings.length, 'landing')}, ${(replay.recordedMs / 1000).toFixed(1)} s of recording`,
  ];
  if (options.out !== undefined) lines.push(`${options.out}: ${bytes} bytes, sha256 ${sha256}`);
  lines.push(...notes);
  if (replay.stopped) lines.push('Stopped before its end: nothing was compared.');
  if (comparison !== null && titles !== null) {
    lines.push(
      `${titles.a} (${nameOf(comparison.a.software)}) and ${titles.b} (${nameOf(comparison.b.software)}):`,
    );
    lines.push(verdictOf(comparison));
    for (const cue of comparison.cues.filter(({ same }) => !same).slice(0, 10)) {
      lines.push(`  cue ${cueNameOf(cue)}: ${describeCue(cue.a)}; and: ${describeCue(cue.b)}`);
    }
  }
  if (options.report !== undefined && comparison !== null) lines.push(`${options.report}/report.html`);
  return lines.join('\n');
}
