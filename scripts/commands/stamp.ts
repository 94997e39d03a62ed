import { Command, InvalidArgumentError } from 'commander';
import type { StampEvent } from '../../cues/cue.ts';
import type { SigningKey } from '../../cues/signing.ts';
import { FramecueError } from '../../packet/errors.ts';
import { unixMs } from '../../packet/time.ts';
import { rewriteFile } from '../../qa/rewrite/rewrite-file.ts';
import { StampEditor } from '../../qa/rewrite/stamp-editor.ts';
import { describeRewrite, fileProgress, programNumber } from './rewriting.ts';

interface StampOptions {
  readonly everyFrame?: boolean;
  readonly cues?: string;
  readonly stream?: string;
  readonly key?: string;
  readonly keysOut?: string;
  readonly at?: number;
  readonly epoch?: string;
  readonly fps?: number;
  readonly program?: number;
  readonly json?: boolean;
}

type Landed = Extract<StampEvent, { readonly kind: 'landed' }>;

/** `framecue stamp IN OUT`: exit code 1 where a cue did not land, or something could not be read. */
export const stampCommand = (): Command =>
  new Command('stamp')
    .description('stamps a file as the server would: clock stamps, and cues from a sheet')
    .argument('<in>', 'FLV, MP4, MPEG-TS or H.264 byte stream')
    .argument('<out>', 'the same container; written whole or not at all')
    .option('--every-frame', 'a clock stamp on every picture, not on keyframes only')
    .option('--cues <file>', 'stamp the cues of this sheet')
    .option(
      '--stream <app/name>',
      "the stream that cues belong to (default: the sheet's, or file/stamped)",
      streamName,
    )
    .option('--key <file>', 'sign with this Ed25519 key (PEM); default: one made for this run')
    .option('--keys-out <file>', 'write the public keys there, for players and `inspect --keys`')
    .option('--at <time>', 'when the first picture passes: Unix milliseconds (default: now)', unixTime)
    .option('--epoch <id>', 'the epoch in the stamps', epochId)
    .option('--fps <n>', 'of a byte stream, which has no times (default: 25)', rate)
    .option('--program <n>', 'of MPEG-TS with several: this program number', programNumber)
    .option('--json', 'print what was done as JSON')
    .addHelpText(
      'after',
      `
With --at, --epoch and --key the output is the same bytes every time. \`framecue strip\` gives the input back.

Examples:
  framecue stamp show.flv stamped.flv --every-frame
  framecue stamp show.mp4 stamped.mp4 --cues cues.json --keys-out keys.json

A cue sheet is a list: [{ "type": "interaction.open", "mediaTime": 12000, "data": {} }]`,
    )
    .action(stamp);

async function stamp(input: string, output: string, options: StampOptions): Promise<void> {
  const startAt = unixMs(options.at ?? Date.now());
  const landed: Landed[] = [];
  const sheet =
    options.cues === undefined
      ? null
      : await (await import('../../qa/sources/cue-sheet.ts')).readCueSheet(options.cues);
  const key = sheet === null && options.keysOut === undefined ? null : await keyOf(options.key);
  const prepare =
    sheet === null || key === null ? null : (await import('../../qa/rewrite/cues.ts')).prepareSheet;
  const editor = new StampEditor({
    epoch: options.epoch ?? `file-${startAt.toString(36)}`,
    startAt,
    everyFrame: options.everyFrame === true,
    ...(sheet === null || key === null || prepare === null
      ? {}
      : {
          cuesFor: (firstPts: number) =>
            prepare(sheet, firstPts, {
              stream: options.stream ?? sheet.stream ?? 'file/stamped',
              key,
              startAt,
              deterministic: options.key !== undefined,
            }),
        }),
    onEvent: (event) => {
      if (event.kind === 'landed') landed.push(event);
    },
  });
  const progress = fileProgress(() => editor.counts.frames);
  const report = await rewriteFile(input, output, editor, {
    onBytes: progress.update,
    ...(options.fps === undefined ? {} : { frameMs: 1000 / options.fps }),
    ...(options.program === undefined ? {} : { program: options.program }),
  }).finally(progress.end);
  if (options.keysOut !== undefined && key !== null) await writeKeys(options.keysOut, key);
  const wanted = (sheet?.cues ?? []).filter((cue) => cue.expect?.absent !== true);
  const missed = wanted.filter(({ id }) => !landed.some((event) => event.id === id)).map(({ id }) => id);
  if (options.json === true) {
    const cues = landed.map(({ id, rev, landing: { pts, frame, errorMs } }) => ({
      id,
      rev,
      pts,
      frame,
      errorMs,
    }));
    process.stdout.write(
      `${JSON.stringify({ ...report, ...editor.counts, epoch: editor.epoch, cues, missed })}\n`,
    );
  } else {
    process.stdout.write(`${describeRewrite(output, report, editor.counts, 'stamp')}\n`);
    for (const { id, landing } of landed) {
      const { pts, frame } = landing;
      process.stdout.write(`cue ${id} fires on PTS ${pts}, first carried to fire by access unit ${frame}\n`);
    }
    for (const id of missed) process.stdout.write(`cue ${id} did not land: its moment is not in the file\n`);
  }
  process.exitCode = missed.length > 0 || report.problem !== null ? 1 : 0;
}

async function keyOf(path: string | undefined): Promise<SigningKey> {
  const [{ signingKeyFromPem }, { generateKeyPairSync }, { readFileSync }] = await Promise.all([
    import('../../cues/signing.ts'),
    import('node:crypto'),
    import('node:fs'),
  ]);
  if (path === undefined) {
    const { privateKey } = generateKeyPairSync('ed25519');
    return signingKeyFromPem(privateKey.export({ format: 'pem', type: 'pkcs8' }).toString());
  }
  try {
    return signingKeyFromPem(readFileSync(path, 'utf8'));
  } catch (cause) {
    throw new FramecueError('ERR_SETTING', `${path} is no Ed25519 private key in PEM form.`, { cause });
  }
}

async function writeKeys(path: string, key: SigningKey): Promise<void> {
  const [{ writeAtomically }, { writeSync }] = await Promise.all([
    import('../../qa/rewrite/atomic-file.ts'),
    import('node:fs'),
  ]);
  writeAtomically(path, (fd) => writeSync(fd, `${JSON.stringify({ keys: [key.publicJwk] })}\n`));
}

function unixTime(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new InvalidArgumentError('give Unix milliseconds.');
  return Number(text);
}

function epochId(text: string): string {
  if (!/^[A-Za-z0-9._-]{1,64}$/.test(text))
    throw new InvalidArgumentError('give 1 to 64 of A-Z a-z 0-9 . _ -');
  return text;
}

function streamName(text: string): string {
  if (!/^[A-Za-z0-9_-]{1,64}\/[A-Za-z0-9_-]{1,64}$/.test(text))
    throw new InvalidArgumentError('give app/name.');
  return text;
}

function rate(text: string): number {
  const [num, den = 1] = text.split('/').map(Number);
  const value = num! / den;
  if (!(value >= 1 && value <= 300))
    throw new InvalidArgumentError('give pictures per second, such as 25 or 30000/1001.');
  return value;
}
