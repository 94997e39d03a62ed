import type { IncomingMessage } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { FramecueError } from '../../packet/errors.ts';
import { ForwardAccess } from '../sources/access.ts';
import { Mp4SourceReader } from '../sources/mp4.ts';
import { SNIFF_BYTES, sniff } from '../sources/sniff.ts';
import { TsSourceReader } from '../sources/ts.ts';
import { PictureGuard, readFlv, wsChunks } from './flv.ts';
import { HlsFollower, MAX_PLAYLIST_BYTES, type Playlist, playlistOf, type Rendition } from './hls.ts';
import { type Access, chunksOf, openHttp } from './http.ts';
import type { Output } from './output.ts';

export interface FollowOptions {
  readonly url: URL;
  readonly access: Access;
  readonly output: Output;
  /** False: once it has ended it is not opened again. */
  readonly isWanted: () => boolean;
  /** See {@link HlsFollower}. */
  readonly searchFromMs: () => number | null;
  /** A master playlist stands there: reads its renditions until one of them cannot be read any more. */
  readonly onMaster?: (renditions: readonly Rendition[], signal: AbortSignal) => Promise<void>;
  /** Gives up after so many failures in a row; default: never. */
  readonly maxFailures?: number;
}

const FIRST_PAUSE_MS = 250;
const LAST_PAUSE_MS = 15_000;
const LAST_OWN_PAUSE_MS = 2_000;
/** Read for so long, an output is a good one: its next reconnect is a quick one again. */
const GOOD_MS = 10_000;
const READING = { audio: false, metadata: true, maxUnitBytes: 16 * 1024 * 1024 } as const;

/**
 * Reads an output for as long as it is wanted: again after every end and every error, with growing pauses. Resolves
 * when the signal is aborted, when a recording was read to its end, or when `maxFailures` is reached.
 */
export async function followOutput(options: FollowOptions): Promise<void> {
  const { output, access, isWanted, maxFailures = Number.POSITIVE_INFINITY } = options;
  const { signal } = access;
  const once = new OnceThrough(options);
  let failures = 0;
  while (!signal.aborted) {
    const startedAt = performance.now();
    output.connecting();
    let code: string | null = null;
    try {
      const isOver = await once.read();
      output.stopped(null, isOver);
      if (isOver || !isWanted()) return;
    } catch (error) {
      if (signal.aborted) break;
      // Whatever a stranger's bytes do to a reader, it costs this reading and nothing else.
      code = error instanceof FramecueError ? error.code : 'ERR_INTERNAL';
      output.stopped(code, false);
      if (!isWanted()) return;
    }
    failures = performance.now() - startedAt > GOOD_MS ? 0 : failures + 1;
    if (failures >= maxFailures) return;
    const last = output.isOwn ? LAST_OWN_PAUSE_MS : LAST_PAUSE_MS;
    await pause(Math.min(last, FIRST_PAUSE_MS * 2 ** Math.min(failures, 10)), signal);
  }
  output.stopped(null, false);
}

/** Opens the output and reads it to its end; keeps its place in a playlist from one time to the next. */
class OnceThrough {
  readonly #options: FollowOptions;
  #hls: HlsFollower | null = null;

  constructor(options: FollowOptions) {
    this.#options = options;
  }

  /** @returns true for a recording: there is no more. */
  async read(): Promise<boolean> {
    const { url, access, output } = this.#options;
    if (url.protocol === 'ws:' || url.protocol === 'wss:') {
      output.began('ws');
      await readFlv(wsChunks(url, access), output);
      return false;
    }
    const opened = await openHttp(url, access);
    try {
      return await this.#body(opened.response, opened.url);
    } finally {
      opened.response.destroy();
    }
  }

  async #body(response: IncomingMessage, from: URL): Promise<boolean> {
    const { output } = this.#options;
    const hasLength = response.headers['content-length'] !== undefined;
    const chunks = chunksOf(response);
    const head = await headOf(chunks);
    const all = prepended(head, chunks);
    switch (sniff(head)) {
      case 'hls':
        return this.#playlist(playlistOf({ bytes: await gathered(all), url: from, isPart: false }));
      case 'flv':
        output.began('flv');
        await readFlv(all, output);
        return hasLength;
      case 'mp4': {
        output.began('file');
        const guarded = new ForwardAccess(watched(all, output));
        for await (const item of new Mp4SourceReader(READING).read(guarded)) output.take(item);
        return hasLength;
      }
      case 'mpegts': {
        output.began('file');
        const reader = new TsSourceReader(READING);
        for await (const chunk of watched(all, output))
          for (const item of reader.push(chunk)) output.take(item);
        for (const item of reader.end()) output.take(item);
        return hasLength;
      }
      default:
        throw new FramecueError('ERR_SOURCE_FORMAT', 'The output is neither FLV nor HLS, MP4 or MPEG-TS.');
    }
  }

  async #playlist(playlist: Playlist): Promise<boolean> {
    const { access, output, onMaster, searchFromMs, url } = this.#options;
    if (playlist.kind === 'master') {
      if (onMaster === undefined) {
        throw new FramecueError('ERR_SOURCE_FORMAT', 'A rendition of the output is a master playlist.');
      }
      await onMaster(playlist.renditions, access.signal);
      return false;
    }
    output.began('hls');
    this.#hls ??= new HlsFollower(output, access, searchFromMs());
    // Asked for anew at its own address: redirects may lead elsewhere next time.
    await this.#hls.follow(url, playlist);
    return !output.isOwn;
  }
}

/** Enough to tell formats apart; what is shorter comes whole. */
async function headOf(chunks: AsyncGenerator<Uint8Array, void>): Promise<Uint8Array> {
  let head = new Uint8Array(0);
  while (head.length < 7 || (sniff(head) === null && head.length < SNIFF_BYTES)) {
    const next = await chunks.next();
    if (next.done === true) return head;
    head = new Uint8Array(Buffer.concat([head, next.value]));
  }
  return head;
}

async function* prepended(
  head: Uint8Array,
  rest: AsyncGenerator<Uint8Array, void>,
): AsyncGenerator<Uint8Array, void> {
  yield head;
  yield* rest;
}

async function* watched(
  chunks: AsyncGenerator<Uint8Array, void>,
  output: Output,
): AsyncGenerator<Uint8Array, void> {
  const guard = new PictureGuard(output);
  for await (const chunk of chunks) {
    output.received(chunk.length);
    yield chunk;
    guard.received(chunk.length);
  }
}

async function gathered(chunks: AsyncGenerator<Uint8Array, void>): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of chunks) {
    bytes += chunk.length;
    if (bytes > MAX_PLAYLIST_BYTES) {
      throw new FramecueError('ERR_SOURCE_LIMIT', `The playlist has more than ${MAX_PLAYLIST_BYTES} bytes.`);
    }
    parts.push(chunk);
  }
  return Buffer.concat(parts);
}

/** Aborting ends the pause; it is no error. */
async function pause(spanMs: number, signal: AbortSignal): Promise<void> {
  try {
    await delay(spanMs, undefined, { signal });
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}
