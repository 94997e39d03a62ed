import { dirname, join, resolve } from 'node:path';
import { Command } from 'commander';
import { KEYS_PATH } from '../../cues/wire/index.ts';
import { readKeySet } from '../../qa/inspect/keys.ts';
import { ProgressLine } from '../../qa/sources/progress.ts';
import { readExpectations } from '../../qa/verify/expectations.ts';
import { writeJUnit, writePictures } from '../../qa/verify/junit.ts';
import { describeVerdicts, verdictsAsJson } from '../../qa/verify/report.ts';
import { hasFailed, type SourceVerdict, verifySource } from '../../qa/verify/verify.ts';
import { ffmpegPath } from '../lib/tools.ts';
import { wholeNumber } from './server.ts';

interface VerifyOptions {
  readonly expect?: string;
  readonly keys?: string;
  readonly stream?: string;
  readonly seconds?: number;
  readonly ignoreOutside?: boolean;
  readonly junit?: string;
  readonly pictures?: string | false;
  readonly json?: boolean;
}

/** `framecue verify SOURCE...`: exit code 1 where a stamp is missing, late, forged or out of place. */
export const verifyCommand = (): Command =>
  new Command('verify')
    .exitOverride()
    .showHelpAfterError()
    .description('says whether every cue is in a stream, on its picture, in every copy alike')
    .argument('<source...>', 'FLV, MP4, MPEG-TS, Annex B or HLS; a file, - or an http(s), ws(s), rtmp(s) URL')
    .option('--expect <file>', 'the cues: a cue sheet, what GET .../cues lists, or [{ "id", "pts" }, ...]')
    .option('--keys <file|url>', `public keys: a file, or a server that has them at ${KEYS_PATH}`)
    .option('--stream <app/name>', 'stamps of another stream are failures')
    .option('--seconds <n>', 'read so much of each source (live ones never end)', wholeNumber)
    .option('--ignore-outside', 'an expected cue whose picture was not read is no failure')
    .option('--junit <file>', 'write JUnit XML, with the pictures of what failed beside it')
    .option('--pictures <folder>', 'where those pictures go (default: beside the JUnit file)')
    .option('--no-pictures', 'no pictures')
    .option('--json', 'print the verdicts as JSON')
    .addHelpText('after', HELP)
    .action(async (addresses: string[], options: VerifyOptions) => {
      const expected = options.expect === undefined ? [] : await readExpectations(options.expect);
      const keys = options.keys === undefined ? null : await readKeySet(keysAddress(options.keys));
      const folder = pictureFolderOf(options);
      const progress = new ProgressLine();
      const verdicts: SourceVerdict[] = [];
      for (const address of addresses) {
        const judged = verifySource(address, {
          ...{ expected, keys, stream: options.stream ?? null },
          ignoreOutside: options.ignoreOutside === true,
          pictures: folder !== null,
          source: options.seconds === undefined ? {} : { maxSeconds: options.seconds },
          onProgress: (frames, of) => progress.update(of, frames),
        });
        for await (const verdict of judged) verdicts.push(verdict);
      }
      progress.end();
      const from = options.junit === undefined ? process.cwd() : dirname(resolve(options.junit));
      const failed = verdicts.filter(hasFailed);
      const pictures =
        folder === null || failed.length === 0
          ? new Map()
          : await writePictures(verdicts, folder, from, ffmpegPath());
      if (options.junit !== undefined) await writeJUnit(options.junit, verdicts, pictures);
      const text =
        options.json === true ? verdictsAsJson(verdicts, [...pictures.values()]) : describeVerdicts(verdicts);
      process.stdout.write(`${text}\n`);
      process.exitCode = failed.length > 0 ? 1 : 0;
    });

const HELP = `
Without --expect it judges what is there: copies that disagree, stamps on the wrong picture, behind the slices,
forged, or opened too early. Of an HLS master playlist every rendition is judged.

  framecue verify http://127.0.0.1:8080/live/main.flv --seconds 30 --keys http://127.0.0.1:8080
  framecue verify night.flv cdn.ts --expect cues.json --keys keys.json --junit out/verify.xml
`;

function pictureFolderOf({ pictures, junit }: VerifyOptions): string | null {
  if (pictures === false) return null;
  if (typeof pictures === 'string') return resolve(pictures);
  return junit === undefined ? null : join(dirname(resolve(junit)), 'pictures');
}

/** A server's own address is enough: its keys have a well-known place. */
const keysAddress = (address: string): string =>
  /^https?:\/\/[^/]+\/?$/.test(address) ? new URL(KEYS_PATH, address).href : address;
