import { join } from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import type { Cue } from '../../../cues/cue.ts';
import { isCueType } from '../../../cues/wire/index.ts';
import { FramecueError } from '../../../packet/errors.ts';
import { loadSettings } from '../../../service/settings.ts';
import { exchange, jsonObject, type Server, serverOf, span, wholeNumber, withServer } from '../server.ts';
import { type Attempt, beginAttempt } from './attempt.ts';
import { cueId, type MomentOptions, momentFields, type ReportOptions, withMoment } from './options.ts';
import { telling } from './refusal.ts';
import { getCue, lostIn, readBack, settled } from './waiting.ts';
import { describeLanding, describeOutputs } from './words.ts';

interface MarkOptions extends ReportOptions, MomentOptions {
  readonly data?: Record<string, unknown>;
  readonly ref?: string;
  readonly id?: string;
  readonly title?: string;
  readonly duration?: number;
  readonly audience?: Record<string, unknown>;
  readonly arm?: boolean;
  readonly prize?: boolean;
  readonly every?: number;
  readonly times?: number;
  readonly wait: boolean;
  readonly outputs?: boolean;
}

export const MARK_HELP = `
Examples:
  framecue cue custom.fireworks --data '{"colour":"red"}'
  framecue cue interaction.open --data '{"interaction":"quiz-1"}' --duration 10s --align-in 3s
  framecue cue interaction.lock --ref OPENING_CUE
  framecue cue interaction.open --arm --prize --id final --title "The final"
  framecue cue custom.clock --every 10s --times 6

Afterwards:
  framecue cue take ID      takes an armed cue
  framecue cue cancel ID    takes a cue back, or voids it where players know it
  framecue cue edit ID      changes a cue that nobody has heard of
  framecue cue list         the newest cues
  framecue cue show ID      one of them
  framecue cue panic --yes  takes back and closes everything on the stream

The same command run again within a minute, after one that was killed or got no answer, marks no second cue;
nor does the same command with the same --id. Exit codes: 0 it landed (armed: waits), 1 it did not, 2 used wrongly.`;

/** `framecue cue TYPE`: marks a cue and waits until it has landed. */
export const markCommand = (): Command =>
  withMoment(withServer(new Command('mark')))
    .usage('[options] <type>')
    .description('marks a cue and says where it landed')
    .argument('<type>', 'interaction.open, interaction.lock, product.card, custom.NAME, ...', cueType)
    .option('--data <json>', 'what viewers may see', jsonObject)
    .option('--ref <id>', 'the opening cue that a lock, reveal or cancel belongs to', cueId)
    .option('--duration <span>', 'closes by itself after this long', span)
    .option('--arm', 'no moment yet: it waits for `framecue cue take`')
    .option('--prize', 'it gives something away: consoles ask twice')
    .option('--title <text>', 'what consoles call it')
    .option('--audience <json>', 'whom it is for, as players understand it', jsonObject)
    .option('--id <id>', 'its id (default: made here)', cueId)
    .option('--every <span>', 'with --times: a series, so far apart', span)
    .option('--times <n>', 'with --every: so many cues', wholeNumber)
    .option('--no-wait', 'do not wait for the landing')
    .option(
      '--outputs',
      'wait until the outputs have been read back, too; exit code 1 where one lost the cue',
    )
    .option('--json', 'print the cue as the server gives it')
    .addHelpText('after', MARK_HELP)
    .action((type: string, options: MarkOptions) => telling(options.json, () => mark(type, options)));

function cueType(text: string): string {
  if (isCueType(text)) return text;
  throw new InvalidArgumentError(
    'give interaction.open, .lock, .reveal or .cancel, product.card, custom or custom.NAME.',
  );
}

async function mark(type: string, options: MarkOptions): Promise<void> {
  const series = seriesOf(options);
  const server = serverOf(options);
  const { data, ref, title, audience } = options;
  const marked = await markOnce(server, options.id ?? null, {
    ...{ type, data, ref, title, audience, series },
    ...momentFields(options),
    durationMs: options.duration,
    armed: options.arm,
    prize: options.prize,
  });
  const waits = marked.state === 'armed';
  const wanted = (options.wait || options.outputs === true) && !waits;
  const landed = wanted ? await settled(server, marked) : marked;
  // Outputs that cannot be read take a minute to say so: where it landed is told at once.
  if (options.json !== true) {
    process.stdout.write(`${describeLanding(landed)}${waits ? `: framecue cue take ${marked.id}` : ''}\n`);
  }
  const cue = options.outputs === true && landed.landing !== null ? await readBack(server, landed) : landed;
  if (options.json === true) process.stdout.write(`${JSON.stringify(cue)}\n`);
  else for (const line of describeOutputs(cue)) process.stdout.write(`${line}\n`);
  process.exitCode = isBad(cue, wanted) ? 1 : 0;
}

/** Of a cue that was waited for. */
export const isBad = (cue: Cue, wanted: boolean): boolean =>
  cue.state === 'missed' ||
  cue.state === 'uncertain' ||
  (wanted && cue.landing === null) ||
  lostIn(cue).length > 0;

function seriesOf({ every, times }: MarkOptions): { everyMs: number; count: number } | undefined {
  if (every === undefined && times === undefined) return undefined;
  if (every !== undefined && times !== undefined) return { everyMs: every, count: times };
  throw new FramecueError('ERR_REQUEST_INVALID', 'A series needs both --every and --times.');
}

type Body = Readonly<Record<string, unknown>> & { readonly series?: unknown };

/** One cue, whatever becomes of the request: the id is made here, and is its Idempotency-Key. */
async function markOnce(server: Server, chosen: string | null, body: Body): Promise<Cue> {
  const attempt = chosen === null ? attemptOf(server, body) : null;
  const id = attempt?.id ?? chosen!;
  const path = `/api/v1/streams/${server.stream}/cues`;
  try {
    const { body: cue, headers } = await exchange<Cue>(
      server,
      'POST',
      path,
      { ...body, id },
      { 'idempotency-key': id },
    );
    attempt?.answered();
    // Only a cue that was accepted now says what that took.
    if (headers.get('server-timing') === null) {
      process.stderr.write(`${cue.id}: was marked before, by the same command; not marked again\n`);
    }
    return cue;
  } catch (error) {
    if (!(error instanceof FramecueError) || !isUnclear(error)) {
      attempt?.answered();
      throw error;
    }
    const known = await getCue(server, body.series === undefined ? id : `${id}.1`).catch(() => null);
    if (known === null) throw unanswered(error, id, attempt !== null);
    attempt?.answered();
    return known;
  }
}

/** The server may have it all the same. */
const isUnclear = ({ code }: FramecueError): boolean => code === 'ERR_TIMEOUT' || code === 'ERR_INTERNAL';

const unanswered = (cause: FramecueError, id: string, isKept: boolean): FramecueError =>
  new FramecueError(
    cause.code,
    `${cause.message} It is not known whether the cue was marked: look with \`framecue cue show ${id}\`, or run the same command again${isKept ? ' within a minute' : ''}, which marks it once at most.`,
    { cause },
  );

/** Kept in the data folder of this directory; a server elsewhere is retried from where the command is run. */
function attemptOf(server: Server, body: Body): Attempt {
  const { settings } = loadSettings(process.env);
  return beginAttempt([server.media, server.stream, body], join(settings.dataDir, 'attempts'));
}
