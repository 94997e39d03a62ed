import { Command, InvalidArgumentError } from 'commander';
import type { Summary } from '../../qa/inspect/inspector.ts';
import type { SourceOptions } from '../../qa/sources/source.ts';
import { ffmpegPath } from '../lib/tools.ts';

interface InspectOptions {
  readonly json?: boolean;
  readonly frames?: boolean;
  readonly html?: string;
  readonly keys?: string;
  readonly seconds?: number;
  readonly limit?: number;
  readonly rendition?: number;
  readonly program?: number;
  readonly follow: boolean;
  readonly timeout: number;
}

/** `framecue inspect SOURCE`: exit code 1 where something is wrong with the stream, or a part cannot be read. */
export const inspectCommand = (): Command =>
  new Command('inspect')
    .description('says what is in a stream: pictures, SEI, stamps, cues, and what is wrong with it')
    .argument(
      '<source>',
      'FLV, MP4, MPEG-TS, HLS playlist or H.264 byte stream: a file, - or an address',
      notEmpty,
    )
    .option('--frames', 'a line for each access unit, before the summary')
    .option('--json', 'a JSON object for each access unit, one a line, and no summary')
    .option('--html <file>', 'also write a page with a timeline')
    .option('--keys <file|url>', 'verify stamps with this key set (/.well-known/framecue-keys.json)')
    .option('--seconds <n>', 'end after that much time', positive)
    .option('--limit <n>', 'end after that many access units', positive)
    .option('--rendition <n>', 'of a master playlist: which one, 0 has the highest bandwidth', wholeNumber)
    .option('--program <n>', 'of MPEG-TS with several: this program number', wholeNumber)
    .option('--no-follow', 'read a live playlist as it stands, not as it grows')
    .option('--timeout <seconds>', 'the longest wait for the network', positive, 15)
    .addHelpText(
      'after',
      `
Addresses: http, https, ws, wss, rtmp, rtmps (rtmp needs ffmpeg). Live ones end with --seconds or --limit, or by Ctrl-C.

Examples:
  framecue inspect show.flv
  framecue inspect --json show.ts | head -1
  framecue inspect http://localhost:8000/live/main.flv --seconds 10 --keys http://localhost:8000/.well-known/framecue-keys.json`,
    )
    .action(inspect);

async function inspect(address: string, options: InspectOptions): Promise<void> {
  const [{ openSource }, { Inspector }, { ProgressLine }, { OutputLines }] = await Promise.all([
    import('../../qa/sources/source.ts'),
    import('../../qa/inspect/inspector.ts'),
    import('../../qa/sources/progress.ts'),
    import('../../qa/sources/output-lines.ts'),
  ]);
  const { jsonLineOf } = await import('../../qa/inspect/report-json.ts');
  const { describeSummary, describeUnit } = await import('../../qa/inspect/report-text.ts');
  const verifier = options.keys === undefined ? null : await verifierFor(options.keys);
  const stop = new AbortController();
  const onSignal = (): void => stop.abort(new Stopped());
  process.once('SIGINT', onSignal);
  process.once('SIGTERM', onSignal);
  const source = await openSource(address, sourceOptions(address, options, stop.signal));
  const inspector = new Inspector(source.container, verifier);
  const page =
    options.html === undefined ? null : new (await import('../../qa/inspect/page-data.ts')).PageData();
  const progress = new ProgressLine();
  const lines = new OutputLines();
  let frames = 0;
  try {
    for await (const item of source.items()) {
      if (item.kind === 'problem' && options.json === true) {
        process.stderr.write(`${item.code}: ${item.text}\n`);
      }
      const unit = inspector.add(item);
      if (unit === null) continue;
      frames++;
      page?.add(unit);
      progress.update(() => source.progress, frames);
      if (options.json !== true && options.frames !== true) continue;
      await lines.write(options.json === true ? jsonLineOf(unit) : describeUnit(unit));
      if (lines.closed) break;
    }
  } catch (error) {
    // Stopped by hand: what has been read is still worth a summary.
    if (!(error instanceof Stopped)) throw error;
  } finally {
    progress.end();
    await source.close();
    process.removeListener('SIGINT', onSignal);
    process.removeListener('SIGTERM', onSignal);
  }
  const summary = inspector.summary();
  if (page !== null && options.html !== undefined) {
    const { writePage } = await import('../../qa/inspect/report-html.ts');
    await writePage(options.html, address, summary, page);
  }
  if (options.json !== true) await lines.write(describeSummary(summary, address));
  await lines.flush();
  if (summary.frames === 0 && !stop.signal.aborted)
    process.stderr.write(`${nothingSeen(address, summary)}\n`);
  process.exitCode = isBad(summary) ? 1 : 0;
}

/** Why there is no picture, and what to do. */
function nothingSeen(address: string, { findings }: Summary): string {
  const first = findings[0];
  const why =
    first === undefined
      ? 'it has no video, or none came before the end. H.264 and HEVC can be read.'
      : `${first.text} (${first.code}) H.264 and HEVC can be read.`;
  return `framecue: ${address} has no picture that can be read: ${why} (ERR_SOURCE_CODEC)`;
}

class Stopped extends Error {}

const isBad = ({ errors, frames }: Summary): boolean => errors > 0 || frames === 0;

async function verifierFor(keys: string) {
  const { readKeySet, verifierOf } = await import('../../qa/inspect/keys.ts');
  return verifierOf(await readKeySet(keys));
}

function sourceOptions(address: string, options: InspectOptions, signal: AbortSignal): SourceOptions {
  const { seconds, limit, rendition, program, follow, timeout } = options;
  return {
    signal,
    follow,
    metadata: true,
    timeoutMs: timeout * 1000,
    ...(seconds === undefined ? {} : { maxSeconds: seconds }),
    ...(limit === undefined ? {} : { maxFrames: limit }),
    ...(rendition === undefined ? {} : { rendition }),
    ...(program === undefined ? {} : { program }),
    ...(/^rtmps?:/i.test(address) ? { ffmpeg: ffmpegPath() } : {}),
  };
}

function notEmpty(text: string): string {
  if (text === '') throw new InvalidArgumentError('give a source');
  return text;
}

function positive(text: string): number {
  const value = Number(text);
  if (!(value > 0 && Number.isFinite(value))) throw new InvalidArgumentError('give a number above 0');
  return value;
}

function wholeNumber(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('give a whole number');
  return Number(text);
}
