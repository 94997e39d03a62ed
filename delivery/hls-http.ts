import type { IncomingMessage, ServerResponse } from 'node:http';
import { FramecueError } from '../packet/errors.ts';
import type { HlsOutput } from './hls-output.ts';
import type { Scheduler } from './scheduler.ts';

/** What answers need of their surroundings. */
export interface HlsContext {
  readonly scheduler: Scheduler;
  /** An answer that the client does not read is given up after this. */
  readonly stallMs: number;
  readonly refuse: (error: FramecueError) => void;
  /** This process's own reader asks: it is served, and counted nowhere. */
  readonly isAudit: boolean;
}

const PLAYLIST_TYPE = 'application/vnd.apple.mpegurl';
/** A shared cache asks about once a second; players ask every target duration. */
const PLAYLIST_CACHE = 'public, max-age=1';
/** Names are never used again. */
const FILE_CACHE = 'public, max-age=31536000, immutable';
const FILE_TYPES = { init: 'video/mp4', segment: 'video/iso.segment' } as const;

/**
 * The media playlist. There is no master playlist: with one rendition it would only be one request more, and
 * players read the codecs from the initialization segment. Before the first segment the answer waits for it, so
 * that a player starts the moment there is something to play and needs no retries.
 */
export function servePlaylist(
  req: IncomingMessage,
  res: ServerResponse,
  hls: HlsOutput,
  context: HlsContext,
): void {
  if (!context.isAudit) hls.audience.seen(playerOf(req));
  const answer = () => {
    const playlist = hls.playlist();
    if (playlist !== null) send(req, res, hls, playlist, PLAYLIST_TYPE, PLAYLIST_CACHE, context);
    else if (hls.ended) context.refuse(new FramecueError('ERR_STREAM_NOT_LIVE'));
    else {
      context.refuse(
        new FramecueError('ERR_NOT_READY', 'The stream has no segment yet.', {
          details: { retryAfterMs: 1_000 },
        }),
      );
    }
  };
  if (hls.playlist() !== null || hls.ended) {
    answer();
    return;
  }
  let callOff: (() => void) | null = null;
  const finish = () => {
    callOff?.();
    cancelTimer();
    res.off('close', abandon);
    answer();
  };
  const abandon = () => {
    callOff?.();
    cancelTimer();
  };
  callOff = hls.whenReady(finish);
  if (callOff === null) {
    context.refuse(new FramecueError('ERR_OVERLOADED', 'Too many players wait for the first segment.'));
    return;
  }
  const cancelTimer = context.scheduler.after(hls.settings.firstSegmentWaitMs, finish);
  res.once('close', abandon);
}

/** An initialization or media segment. */
export function serveFile(
  req: IncomingMessage,
  res: ServerResponse,
  hls: HlsOutput,
  name: string,
  context: HlsContext,
): void {
  const file = hls.file(name);
  if (file === null) {
    context.refuse(new FramecueError('ERR_NOT_FOUND', 'The stream has no such segment, or has it no more.'));
    return;
  }
  send(req, res, hls, file.bytes, FILE_TYPES[file.kind], FILE_CACHE, context);
}

function send(
  req: IncomingMessage,
  res: ServerResponse,
  hls: HlsOutput,
  bytes: Uint8Array,
  type: string,
  cache: string,
  { stallMs, isAudit }: HlsContext,
): void {
  res.setTimeout(stallMs, () => {
    if (!isAudit) hls.counters.stalledCuts++;
    res.destroy();
  });
  res.writeHead(200, {
    'Content-Type': type,
    'Content-Length': bytes.length,
    'Cache-Control': cache,
  });
  if (req.method === 'HEAD') {
    res.end();
    return;
  }
  if (!isAudit) hls.counters.bytesOut += bytes.length;
  res.end(bytes);
}

/** Apple's players name their session; others are told apart by where they come from. */
function playerOf(req: IncomingMessage): string {
  const session = req.headers['x-playback-session-id'];
  if (typeof session === 'string') return session.slice(0, 64);
  return `${req.socket.remoteAddress} ${(req.headers['user-agent'] ?? '').slice(0, 200)}`;
}
