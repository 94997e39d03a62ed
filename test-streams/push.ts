/** Publishing a file as a live stream, over and over: ffmpeg as a publisher, one process a stream. */
import { basename } from 'node:path';
import { ffmpegPath } from '../scripts/lib/tools.ts';
import { describeExit, type Exit, exitOf, start, Tail } from './ffmpeg.ts';

export interface PushOptions {
  readonly file: string;
  /** `rtmp://host:port/app/name?key=...`; what follows the app is never shown. */
  readonly url: string;
  /** Begin again at the end, time stamps running on; true by default. The numbers in the picture start again. */
  readonly loop?: boolean;
  /** Stops the push, as {@link Push.stop} does. */
  readonly signal?: AbortSignal;
  /** A server that neither reads nor answers for so long has failed; 10 s by default. */
  readonly networkTimeoutMs?: number;
  /** How long ffmpeg may take to say goodbye to the server before it is killed; 3 s by default. */
  readonly stopMs?: number;
}

export interface PushEnd extends Exit {
  /** `stopped`: by us. `ended`: the file was over. `failed`: by the server, the network or ffmpeg itself. */
  readonly reason: 'stopped' | 'ended' | 'failed';
  /** What ffmpeg said last, without the stream key. */
  readonly stderr: readonly string[];
}

export interface Push {
  /** Of ffmpeg; undefined when it could not be started, which `exited` explains. */
  readonly pid: number | undefined;
  /** Never rejects. */
  readonly exited: Promise<PushEnd>;
  /** The last lines of ffmpeg's warnings and errors so far, without the stream key. */
  stderr(): readonly string[];
  /** Ends ffmpeg: first asks, after `stopMs` kills. Safe to call again. */
  stop(): Promise<PushEnd>;
}

const NETWORK_TIMEOUT_MS = 10_000;
const STOP_MS = 3_000;

/**
 * Starts pushing `file` to `url` at the pace of its time stamps, without encoding again.
 * @throws {FramecueError} ERR_TOOL_MISSING when there is no ffmpeg.
 */
export function pushStream(options: PushOptions): Push {
  const { file, url, loop = true, signal, stopMs = STOP_MS, networkTimeoutMs = NETWORK_TIMEOUT_MS } = options;
  const child = start(ffmpegPath(), [
    ...['-hide_banner', '-nostdin', '-nostats', '-loglevel', 'warning'],
    ...['-re', ...(loop ? ['-stream_loop', '-1'] : []), '-i', file],
    ...['-map', '0:v:0', '-map', '0:a:0?', '-c', 'copy'],
    ...[
      '-rw_timeout',
      String(networkTimeoutMs * 1000),
      '-f',
      'flv',
      '-flvflags',
      'no_duration_filesize',
      url,
    ],
  ]);
  const said = new Tail(withoutKey(url));
  child.stderr?.on('data', (chunk: Buffer) => said.add(chunk));

  let stopping = false;
  let killTimer: NodeJS.Timeout | undefined;
  const exited = exitOf(child).then((exit): PushEnd => {
    clearTimeout(killTimer);
    signal?.removeEventListener('abort', stop);
    const reason = stopping ? 'stopped' : exit.code === 0 ? 'ended' : 'failed';
    return { ...exit, reason, stderr: said.lines() };
  });
  function stop(): Promise<PushEnd> {
    if (!stopping && child.exitCode === null && child.signalCode === null) {
      stopping = true;
      child.kill('SIGTERM');
      killTimer = setTimeout(() => child.kill('SIGKILL'), stopMs);
    }
    return exited;
  }
  if (signal?.aborted) void stop();
  else signal?.addEventListener('abort', stop, { once: true });
  return { pid: child.pid, exited, stderr: () => said.lines(), stop };
}

/** One line for a log: what ended, how, and ffmpeg's last word. */
export function describeEnd(file: string, end: PushEnd): string {
  const last = end.stderr.at(-1);
  return `push of ${basename(file)} ${end.reason} (${describeExit(end)})${last === undefined ? '' : `: ${last}`}`;
}

/**
 * Takes the stream key out of a line. What counts as key: everything behind the app (`name?key=...`; with OBS
 * the name itself is the key), each value of the query, a password.
 */
export function withoutKey(url: string): (line: string) => string {
  const secrets = new Set<string>();
  const parsed = URL.canParse(url) ? new URL(url) : null;
  const path = url.replace(/^[a-z]+:\/\/[^/]*\//i, '');
  if (parsed !== null && path !== url) {
    const stream = path.slice(path.indexOf('/') + 1);
    secrets.add(stream);
    const query = stream.includes('?') ? stream.slice(stream.indexOf('?') + 1) : '';
    if (query === '') secrets.add(stream.slice(stream.lastIndexOf('/') + 1));
    else secrets.add(query);
    for (const pair of query.split('&')) secrets.add(pair.slice(pair.indexOf('=') + 1));
    for (const value of parsed.searchParams.values()) secrets.add(value);
    secrets.add(parsed.password).add(decodeURIComponent(parsed.password));
  }
  secrets.delete('');
  const longestFirst = [...secrets].sort((a, b) => b.length - a.length);
  return (line) => longestFirst.reduce((cleaned, secret) => cleaned.replaceAll(secret, '***'), line);
}
