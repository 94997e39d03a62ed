import { Command, InvalidArgumentError } from 'commander';
import { uuidFromText } from '../../h264-sei-parser/src/index.ts';
import { rewriteFile } from '../../qa/rewrite/rewrite-file.ts';
import { STAMP_UUID, StripEditor } from '../../qa/rewrite/strip-editor.ts';
import { describeRewrite, fileProgress, programNumber } from './rewriting.ts';

interface StripOptions {
  readonly uuid: readonly string[];
  readonly keepStamps?: boolean;
  readonly program?: number;
  readonly json?: boolean;
}

/** `framecue strip IN OUT`: takes stamps out again. */
export const stripCommand = (): Command =>
  new Command('strip')
    .description('takes the stamps out of a file')
    .argument('<in>', 'FLV, MP4, MPEG-TS or H.264 byte stream')
    .argument('<out>', 'the same container; written whole or not at all')
    .option('--uuid <uuid>', "take out others' user data with this UUID too; may be repeated", collect, [])
    .option('--keep-stamps', 'only what --uuid names')
    .option('--program <n>', 'of MPEG-TS with several: this program number', programNumber)
    .option('--json', 'print what was done as JSON')
    .addHelpText(
      'after',
      `
What \`framecue stamp\` wrote goes without a trace: FLV and byte streams come back bit for bit, MP4 and MPEG-TS with
every access unit's bytes and times, and the sound untouched.

Examples:
  framecue strip stamped.flv plain.flv
  framecue strip in.mp4 out.mp4 --uuid dc45e9bd-e6d9-48b7-962c-d820d923eeef`,
    )
    .action(strip);

async function strip(input: string, output: string, options: StripOptions): Promise<void> {
  const others = options.uuid.map((uuid) => uuidFromText(uuid));
  const editor = new StripEditor(options.keepStamps === true ? others : [STAMP_UUID, ...others]);
  const progress = fileProgress(() => editor.counts.frames);
  const report = await rewriteFile(input, output, editor, {
    onBytes: progress.update,
    ...(options.program === undefined ? {} : { program: options.program }),
  }).finally(progress.end);
  const text =
    options.json === true
      ? JSON.stringify({ ...report, ...editor.counts })
      : describeRewrite(output, report, editor.counts, 'message');
  process.stdout.write(`${text}\n`);
  process.exitCode = report.problem === null ? 0 : 1;
}

function collect(text: string, before: readonly string[]): string[] {
  if (!/^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text))
    throw new InvalidArgumentError('give a UUID.');
  return [...before, text];
}
