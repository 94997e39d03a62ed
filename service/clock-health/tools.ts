import { execFile } from 'node:child_process';
import { readChrony } from './read-chrony.ts';
import { readAdjtimex, readNtptime } from './read-kernel.ts';
import { readNtpq } from './read-ntpq.ts';
import { readTimesyncd } from './read-timesyncd.ts';
import type { ClockSource, SourceReading, ToolReader } from './reading.ts';

export interface ClockTool {
  readonly source: ClockSource;
  readonly command: string;
  readonly args: readonly string[];
  readonly read: ToolReader;
}

/** In the order in which they are believed: a daemon knows more of its clock than the kernel does. */
export const CLOCK_TOOLS: readonly ClockTool[] = [
  { source: 'chrony', command: 'chronyc', args: ['-n', '-c', 'tracking'], read: readChrony },
  { source: 'ntp', command: 'ntpq', args: ['-n', '-c', 'rv'], read: readNtpq },
  {
    source: 'timesyncd',
    command: 'timedatectl',
    args: ['timesync-status', '--no-pager'],
    read: readTimesyncd,
  },
  { source: 'kernel', command: 'adjtimex', args: ['--print'], read: readAdjtimex },
  { source: 'kernel', command: 'ntptime', args: [], read: readNtptime },
];

const TIMEOUT_MS = 3000;
const MAX_OUTPUT_BYTES = 64 * 1024;
/** Where daemons and their tools live, also when a service manager gives a short PATH. */
const ALSO_IN = ['/usr/sbin', '/sbin', '/usr/bin', '/bin'];

/** What a tool prints; null where it is not there, does not answer in time or prints too much. Never rejects. */
export type RunTool = (command: string, args: readonly string[]) => Promise<string | null>;

export const runTool: RunTool = (command, args) =>
  new Promise((resolve) => {
    const path = [process.env.PATH ?? '', ...ALSO_IN].join(':');
    try {
      execFile(
        command,
        [...args],
        {
          timeout: TIMEOUT_MS,
          killSignal: 'SIGKILL',
          maxBuffer: MAX_OUTPUT_BYTES,
          windowsHide: true,
          // Nothing of ours: settings hold secrets. C: the words that the readers know.
          env: { PATH: path, LC_ALL: 'C', LANG: 'C', SYSTEMD_COLORS: '0' },
        },
        // ntptime and adjtimex end with 5 where the clock is not synchronised, and say so.
        (error, stdout) => resolve(error !== null && stdout === '' ? null : stdout),
      );
    } catch {
      // No process could be started at all: out of memory or of descriptors.
      resolve(null);
    }
  });

/** The first that says `synchronised`; else the first that says anything; null: none does. */
export async function askTools(
  run: RunTool,
  tools: readonly ClockTool[] = CLOCK_TOOLS,
): Promise<{ readonly source: ClockSource; readonly reading: SourceReading } | null> {
  let first: { readonly source: ClockSource; readonly reading: SourceReading } | null = null;
  for (const { source, command, args, read } of tools) {
    const text = await run(command, args);
    const reading = text === null ? null : read(text);
    if (reading === null) continue;
    if (reading.state === 'synchronised') return { source, reading };
    first ??= { source, reading };
  }
  return first;
}
