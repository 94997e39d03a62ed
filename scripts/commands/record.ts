import { join } from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import { FramecueError } from '../../packet/errors.ts';
import type { ShowSummary } from '../../qa/show/show-store.ts';
import type { RecordingStatus } from '../../server/media/recording.ts';
import { ask, type Server, type ServerOptions, serverOf, withServer } from './server.ts';

interface RecordOptions extends ServerOptions {
  readonly for?: number;
  readonly out?: string;
  readonly list?: boolean;
  readonly stop?: boolean;
  readonly json?: boolean;
}

interface Answer {
  readonly recording: RecordingStatus | null;
}

interface Shows {
  readonly folder: string;
  readonly quotaBytes: number;
  readonly shows: readonly ShowSummary[];
}

const POLL_MS = 500;
const MAX_SECONDS = 86_400;

const HELP = `
The server records: what was published, packet by packet with its arrival time, every cue, the settings and
the version. Ctrl-C stops the recording; a recording started with --for ends by itself also when this
command is gone. Replay it with: framecue replay NAME`;

/** `framecue record`: exit code 1 where the recording ended early, lost something, or is empty. */
export const recordCommand = (): Command =>
  withServer(new Command('record'))
    .description('records a show on the server, for replays')
    .option('--for <seconds>', 'ends by itself after so long', seconds)
    .option('--out <name>', 'name of the show (default: stream and time)')
    .option('--list', 'list the recorded shows')
    .option('--stop', 'end the recording that runs')
    .option('--json', 'print what the server says')
    .addHelpText('after', HELP)
    .action(async (options: RecordOptions) => {
      const server = serverOf(options);
      if (options.list === true) return list(server, options.json === true);
      const path = `/api/v1/streams/${server.stream}/recording`;
      const ended =
        options.stop === true
          ? (await ask<Answer>(server, 'POST', `${path}/stop`)).recording!
          : await record(server, path, options);
      process.stdout.write(
        `${options.json === true ? JSON.stringify(ended) : await describe(server, ended)}\n`,
      );
      const isGood = ended.error === null && ended.lost === 0 && ended.packets > 0;
      process.exitCode = isGood ? 0 : 1;
    });

function seconds(text: string): number {
  const value = Number(text);
  if (!(value >= 0.1 && value <= MAX_SECONDS))
    throw new InvalidArgumentError(`give 0.1 to ${MAX_SECONDS} seconds.`);
  return value;
}

/** Until it is over; Ctrl-C ends it. */
async function record(server: Server, path: string, options: RecordOptions): Promise<RecordingStatus> {
  const started = await ask<Answer>(server, 'POST', path, {
    ...(options.out === undefined ? {} : { name: options.out }),
    ...(options.for === undefined ? {} : { forMs: Math.round(options.for * 1000) }),
  });
  let now = started.recording!;
  const { name } = now;
  let wake: () => void = () => undefined;
  let isStopping = false;
  const stop = (): void => {
    isStopping = true;
    wake();
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  const progress = process.stderr.isTTY && options.json !== true;
  try {
    while (now.state !== 'ended') {
      if (progress) process.stderr.write(`\r\x1b[K${lineOf(now)}`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, POLL_MS);
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
        if (isStopping) wake();
      });
      const next = await (isStopping ? stopped(server, path) : recordingOf(server, path)).catch(
        (cause: unknown) => {
          if (cause instanceof FramecueError && GONE.has(cause.code)) throw cutOff(name, cause);
          throw cause;
        },
      );
      // The server was started again, or somebody else has begun another one.
      if (next === null || next.name !== name) throw cutOff(name);
      now = next;
    }
  } finally {
    process.removeListener('SIGINT', stop);
    process.removeListener('SIGTERM', stop);
    if (progress) process.stderr.write('\r\x1b[K');
  }
  return now;
}

const recordingOf = async (server: Server, path: string): Promise<RecordingStatus | null> =>
  (await ask<Answer>(server, 'GET', path)).recording;

/** Nobody answers, or a server that is just starting. */
const GONE: ReadonlySet<string> = new Set(['ERR_TIMEOUT', 'ERR_NOT_READY']);

const cutOff = (name: string, cause?: Error): FramecueError =>
  new FramecueError(
    'ERR_NOT_READY',
    `The server does not record ${name} any more. What it has can be replayed: framecue replay ${name}. To go on: framecue record.`,
    { cause },
  );

/** It may have ended by itself in the same moment. */
async function stopped(server: Server, path: string): Promise<RecordingStatus | null> {
  const now = await recordingOf(server, path);
  if (now === null || now.state === 'ended') return now;
  return (await ask<Answer>(server, 'POST', `${path}/stop`)).recording;
}

const REASONS: Readonly<Record<string, string>> = {
  stopped: 'stopped',
  'time-over': 'its time is over',
  'stream-ended': 'the publisher is gone',
  'server-closing': 'the server was stopped',
  quota: 'the room for recordings is used up',
  disk: 'the disk cannot be written',
  fault: 'it broke, and the log says where',
};

const lineOf = ({ name, durationMs, bytes, packets, cues, lost, state }: RecordingStatus): string =>
  state === 'waiting'
    ? `${name}: waiting for the publisher`
    : `${name}: ${clockOf(durationMs)}, ${sizeOf(bytes)}, ${packets} packets, ${cues} cues${lost > 0 ? `, ${lost} records LOST` : ''}`;

async function describe(server: Server, ended: RecordingStatus): Promise<string> {
  const { folder } = await ask<Shows>(server, 'GET', '/api/v1/shows');
  const why = ended.reason === null ? 'goes on' : REASONS[ended.reason];
  return `${lineOf(ended)}; ${why}\n${join(folder, ended.name)}`;
}

async function list(server: Server, json: boolean): Promise<void> {
  const answer = await ask<Shows>(server, 'GET', '/api/v1/shows');
  if (json) {
    process.stdout.write(`${JSON.stringify(answer)}\n`);
    return;
  }
  const { folder, quotaBytes, shows } = answer;
  const used = shows.reduce((sum, { bytes }) => sum + bytes, 0);
  const lines = shows.map(({ name, bytes, stream, startedAt, recording, end, problem }) => {
    const state = recording
      ? 'is being recorded'
      : problem !== null
        ? problem
        : end === null || end === undefined
          ? 'was cut off: it can be replayed up to there'
          : `${end.packets} packets, ${end.cues} cues${end.lost > 0 ? `, ${end.lost} records lost` : ''}`;
    return `${name}: ${stream ?? '?'}, ${startedAt ?? '?'}, ${sizeOf(bytes)}, ${state}`;
  });
  const total = `${shows.length} ${shows.length === 1 ? 'show' : 'shows'} in ${folder}, ${sizeOf(used)} of ${sizeOf(quotaBytes)}`;
  process.stdout.write(`${[...lines, total].join('\n')}\n`);
}

function clockOf(durationMs: number): string {
  const whole = Math.floor(durationMs / 1000);
  const two = (n: number) => String(n).padStart(2, '0');
  return `${two(Math.floor(whole / 3600))}:${two(Math.floor(whole / 60) % 60)}:${two(whole % 60)}`;
}

const sizeOf = (bytes: number): string =>
  bytes < 1e6
    ? `${(bytes / 1e3).toFixed(0)} kB`
    : bytes < 1e9
      ? `${(bytes / 1e6).toFixed(1)} MB`
      : `${(bytes / 1e9).toFixed(2)} GB`;
