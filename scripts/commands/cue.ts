import { Command } from 'commander';
import type { Cue } from '../../cues/cue.ts';
import { isFinal } from '../../cues/states.ts';
import type { AuditStatus } from '../../server/media/audit.ts';
import {
  ask,
  jsonObject,
  type Server,
  type ServerOptions,
  serverOf,
  wholeNumber,
  withServer,
} from './server.ts';

interface CueOptions extends ServerOptions {
  readonly data?: Record<string, unknown>;
  readonly ref?: string;
  readonly delay?: number;
  readonly at?: string;
  readonly mediaTime?: number;
  readonly duration?: number;
  readonly json?: boolean;
  readonly wait: boolean;
  readonly outputs?: boolean;
}

const POLL_MS = 100;
const PATIENCE_MS = 15_000;
/** Longer than FRAMECUE_AUDIT_TIMEOUT_MS by default. */
const OUTPUTS_PATIENCE_MS = 75_000;

/** `framecue cue TYPE`: marks a cue and waits until it has landed; exit code 1 where it has not. */
export const cueCommand = (): Command =>
  withServer(new Command('cue'))
    .description('marks a cue and says where it landed')
    .argument('<type>', 'interaction.open, interaction.lock, product.card, custom.NAME, ...')
    .option('--data <json>', 'what viewers may see', jsonObject)
    .option('--ref <id>', 'the opening cue that a lock, reveal or cancel belongs to')
    .option('--delay <ms>', 'that much after now', wholeNumber)
    .option('--at <time>', 'at this moment: RFC 3339, or Unix milliseconds')
    .option('--media-time <pts>', 'at this PTS of the stream, milliseconds', wholeNumber)
    .option('--duration <ms>', 'closes by itself after this long', wholeNumber)
    .option('--json', 'print the cue as the server gives it')
    .option('--no-wait', 'do not wait for the landing')
    .option(
      '--outputs',
      'wait until the outputs have been read back, too; exit code 1 where one lost the cue',
    )
    .action(async (type: string, options: CueOptions) => {
      const server = serverOf(options);
      const { data, ref, delay, at, mediaTime, duration } = options;
      const marked = await ask<Cue>(server, 'POST', `/api/v1/streams/${server.stream}/cues`, {
        type,
        data,
        ref,
        delayMs: delay,
        at: at !== undefined && /^\d+$/.test(at) ? Number(at) : at,
        mediaTime,
        durationMs: duration,
      });
      const landed = options.wait || options.outputs === true ? await settled(server, marked) : marked;
      // Outputs that cannot be read take a minute to say so: where it landed is told at once.
      if (options.json !== true) process.stdout.write(`${describeLanding(landed)}\n`);
      const cue =
        options.outputs === true && landed.landing !== null ? await readBack(server, landed) : landed;
      if (options.json === true) process.stdout.write(`${JSON.stringify(cue)}\n`);
      else for (const line of describeOutputs(cue)) process.stdout.write(`${line}\n`);
      const bad =
        cue.state === 'missed' ||
        cue.state === 'uncertain' ||
        (options.wait && cue.landing === null) ||
        lostIn(cue).length > 0;
      process.exitCode = bad ? 1 : 0;
    });

/** The cue once it has landed or never will, or as it is when the patience is over. */
async function settled(server: Server, marked: Cue): Promise<Cue> {
  const due = marked.fire.kind === 'delay' ? marked.fire.delayMs : 0;
  const ahead = marked.fire.kind === 'at' ? Math.max(0, marked.fire.at - marked.acceptedAt) : due;
  const end = performance.now() + ahead + PATIENCE_MS;
  let cue = marked;
  while (
    cue.landing === null &&
    !isFinal(cue.state) &&
    cue.state !== 'uncertain' &&
    performance.now() < end
  ) {
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    cue = await ask<Cue>(server, 'GET', `/api/v1/streams/${server.stream}/cues/${cue.id}`);
  }
  return cue;
}

/** The cue once every output has said whether it carries it, or as it is when the patience is over. */
async function readBack(server: Server, landed: Cue): Promise<Cue> {
  const { outputs } = await ask<AuditStatus>(server, 'GET', `/api/v1/streams/${server.stream}/audit`);
  const end = performance.now() + OUTPUTS_PATIENCE_MS;
  let cue = landed;
  // A master playlist's name gives way to those of its renditions.
  const hasAnswered = (label: string): boolean =>
    Object.keys(cue.landing?.outputs ?? {}).some((name) => name === label || name.startsWith(`${label}/`));
  while (!outputs.every(({ output }) => hasAnswered(output)) && performance.now() < end) {
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    cue = await ask<Cue>(server, 'GET', `/api/v1/streams/${server.stream}/cues/${cue.id}`);
  }
  return cue;
}

const lostIn = ({ landing }: Cue): string[] =>
  Object.entries(landing?.outputs ?? {}).flatMap(([name, { seen }]) => (seen === 'missing' ? [name] : []));

function describeOutputs({ landing }: Cue): string[] {
  return Object.entries(landing?.outputs ?? {}).map(
    ([name, { seen, pts, delayMs, copies, carriers, problem }]) => {
      const facts = [
        seen,
        ...(pts === null ? [] : [`PTS ${pts}`]),
        ...(delayMs === null ? [] : [`${Math.round(delayMs)} ms behind the stamp`]),
        ...(copies === 0 ? [] : [`${copies} copies`]),
        ...(carriers.length === 0 ? [] : [`beside it ${carriers.join(', ')}`]),
        ...(problem === undefined ? [] : [problem]),
      ];
      return `  ${name}: ${facts.join(', ')}`;
    },
  );
}

function describeLanding({ id, state, landing, reason }: Cue): string {
  if (landing === null)
    return `${id}: ${state}${reason === undefined ? '' : ` (${reason.code}: ${reason.text})`}`;
  const { pts, frame, epoch, markToStampMs, errorMs, choice, timing, timingErrorMs } = landing;
  const by =
    timing === undefined
      ? ''
      : timing === 'stamp'
        ? ', by arrival'
        : `, by ${timing === 'latency' ? 'production latency' : 'capture time'} (± ${Math.ceil(timingErrorMs ?? 0)} ms)`;
  const off = errorMs === 0 ? 'on the moment' : `${Math.round(errorMs)} ms off the moment`;
  const where = frame === null ? `epoch ${epoch}` : `frame ${frame} of epoch ${epoch}`;
  return `${id}: ${state} on PTS ${pts} (${where}), ${Math.round(markToStampMs)} ms after the mark, ${off}, ${choice}${by}`;
}
