import { Command } from 'commander';
import { systemClock } from '../../packet/clock.ts';
import type { AuditedOutput } from '../../server/media/audit.ts';
import type { MediaStatus, StreamStatus } from '../../server/media/status.ts';
import { isPrizesBad, type PrizesReport, prizesReport, prizesText } from './prizes/report.ts';
import { ask, eventsOf, type ServerOptions, serverOf, withEvents } from './server.ts';

const HELP = `
Prizes are asked of the events process that runs here, or of --events; with --stream it is about that stream alone.
Exit code 1: a stream is off the air or in trouble, or prizes are: events does not answer or is not ready, something
on the way out is dead or held back.`;

/** `framecue status`: exit code 1 where a stream is off the air or in trouble, or prizes are. */
export const statusCommand = (): Command =>
  withEvents(new Command('status'))
    .description('says whether the streams are healthy, and how prizes stand')
    .option('--json', 'print what the servers say; `prizes` is null where nobody was asked')
    .addHelpText('after', HELP)
    .action(async (options: ServerOptions & { readonly json?: boolean }) => {
      const server = serverOf(options);
      const events = options.stream === undefined ? eventsOf(server, options) : null;
      const [all, prizes] = await Promise.all([
        ask<MediaStatus>(server, 'GET', '/api/v1/status'),
        events === null ? null : prizesReport(events),
      ]);
      const status = options.stream === undefined ? all : onlyOf(all, options.stream);
      if (options.json === true) process.stdout.write(`${JSON.stringify({ ...status, prizes })}\n`);
      else process.stdout.write(`${textOf(status, prizes, options.stream)}\n`);
      const good = status.streams.length > 0 && status.streams.every((s) => s.live && !isBad(s));
      process.exitCode = good && (prizes === null || !isPrizesBad(prizes)) ? 0 : 1;
    });

const textOf = (status: MediaStatus, prizes: PrizesReport | null, asked: string | undefined): string => {
  const streams = describe(status, systemClock.unixMs(), asked);
  return prizes === null ? streams : `${streams}\n${prizesText(prizes)}`;
};

const isBad = (stream: StreamStatus): boolean =>
  stream.health?.problems.some((p) => p.level === 'bad') === true ||
  stream.audit?.outputs.some((output) => output.last?.seen === 'missing') === true;

/** With `--stream`: that one alone, so that another's rehearsal that is over makes no alarm. */
const onlyOf = (status: MediaStatus, name: string): MediaStatus => ({
  ...status,
  streams: status.streams.filter(({ stream }) => stream === name),
  recentEvents: status.recentEvents.filter(({ stream }) => stream === null || stream === name),
});

function describe(
  { streams, recentEvents, clock }: MediaStatus,
  now: number,
  asked: string | undefined,
): string {
  const none = asked === undefined ? 'Nothing has' : `${asked} has not`;
  const lines =
    streams.length === 0
      ? [`${none} been published since the start: start the encoder.`]
      : streams.map(describeStream);
  lines.push(clockLine(clock));
  for (const { code, text, remote, times, at, stream } of recentEvents.slice(0, 5)) {
    if (code === null) continue;
    const often = times > 1 ? `, ${times} times` : '';
    const who = stream === null ? remote : `${stream} from ${remote}`;
    lines.push(`refused or cut ${agoOf(now - at)}: ${who}: ${text} (${code}${often})`);
  }
  return lines.join('\n');
}

/** Whether a moment of the wall clock means what it says. */
function clockLine({ grade, source, errorMs, advice, steps }: MediaStatus['clock']): string {
  const by = source === 'none' ? '' : `, by ${source}`;
  const within = errorMs === null ? '' : `, within ${Math.ceil(errorMs)} ms`;
  const last = steps.at(-1);
  const step =
    last === undefined
      ? ''
      : `; last step by ${Math.round(last.byMs)} ms at ${new Date(last.at).toISOString()}`;
  return `clock: ${grade}${by}${within}${step}${grade === 'good' || advice === '' ? '' : `; ${advice}`}`;
}

function agoOf(passedMs: number): string {
  const seconds = Math.max(0, Math.round(passedMs / 1000));
  if (seconds < 120) return `${seconds} s ago`;
  return seconds < 7_200 ? `${Math.round(seconds / 60)} min ago` : `${Math.round(seconds / 3600)} h ago`;
}

function describeStream({
  stream,
  live,
  health,
  viewers,
  epoch,
  publisher,
  encoderClock,
  programmeDelay,
  audit,
}: StreamStatus): string {
  if (live && health === null && programmeDelay !== null)
    return `${stream}: live; the publisher has gone, ${programmeDelay.frames} pictures are still to come`;
  if (!live || health === null) return `${stream}: off the air`;
  const { video, audio } = health;
  const kbits = (bits: number | null): string => (bits === null ? '?' : String(Math.round(bits / 1000)));
  const facts = [
    `${video.width}x${video.height}, ${video.frameRate?.toFixed(2) ?? '?'} fps, ${kbits(video.bitsPerSecond)} kbit/s`,
    `keyframe each ${((video.keyframeIntervalMs.last ?? 0) / 1000).toFixed(1)} s`,
    video.hasBFrames ? 'B-frames' : 'no B-frames',
    audio.codec === null ? 'no sound' : `AAC ${kbits(audio.bitsPerSecond)} kbit/s`,
    `${viewers.total} ${viewers.total === 1 ? 'viewer' : 'viewers'}`,
    `epoch ${epoch}`,
    publisher?.encoder ?? 'unnamed encoder',
    ...clockWords(encoderClock),
    ...delayWords(programmeDelay),
  ];
  const problems = health.problems.map(({ level, text }) => `  ${level}: ${text}`);
  const outputs = audit === null ? [] : audit.outputs.map(outputWords);
  return [`${stream}: live; ${facts.join(', ')}`, ...problems, ...outputs].join('\n');
}

/** `  output flv: reading, newest cue seen (2 ms)`. */
function outputWords({ output, state, problem, last }: AuditedOutput): string {
  const why = problem === null ? '' : ` (${problem})`;
  const delay = last === null || last.delayMs === null ? '' : ` (${Math.round(last.delayMs)} ms)`;
  const code = last?.problem === undefined ? '' : ` (${last.problem})`;
  const cue = last === null ? '' : `, newest cue ${VERDICT_WORDS[last.seen]}${delay}${code}`;
  return `  output ${output}: ${state}${why}${cue}`;
}

const VERDICT_WORDS = {
  sei: 'seen',
  carrier: 'beside the video only',
  missing: 'missing',
  unread: 'not read',
};

function delayWords(delay: StreamStatus['programmeDelay']): string[] {
  if (delay === null) return [];
  const early =
    delay.early === 0 ? '' : ` (${delay.early} packets left early: raise FRAMECUE_PROGRAMME_DELAY_BYTES)`;
  return [`programme delay ${Math.round(delay.nowMs)} ms${early}`];
}

/** Nothing where the encoder says nothing of its clock. */
function clockWords(clock: StreamStatus['encoderClock']): string[] {
  if (clock === null || clock.state === 'absent') return [];
  const { state, captureToArrivalMs, frames } = clock;
  const way = captureToArrivalMs === null ? '' : `, ${Math.round(captureToArrivalMs.least)} ms from capture`;
  const lost =
    frames === null ? 0 : frames.dropped.lastMinute + frames.skipped.lastMinute + frames.lagged.lastMinute;
  const { check } = clock;
  const doubt = check === 'unconfirmed' ? ', not confirmed' : '';
  return [
    `encoder clock ${state}${doubt}${way}`,
    ...(lost === 0 ? [] : [`${lost} frames lost by the encoder in the last minute`]),
  ];
}
