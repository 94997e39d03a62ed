import { Readable } from 'node:stream';
import type { ReadableStream as WebStream } from 'node:stream/web';
import { FramecueError } from '../../packet/errors.ts';
import { type ByteInput, type InputOptions, pipeInput, reasonOf, timeoutOf, withTimeout } from './input.ts';

const RANGE_CACHE_BYTES = 1 << 20;

/**
 * An HTTP body. With a length and `Accept-Ranges: bytes` it can be read from anywhere, which MP4 with its index at
 * the end needs.
 */
export async function httpInput(address: string, options: InputOptions): Promise<ByteInput> {
  const ended = new AbortController();
  const signal =
    options.signal === undefined ? ended.signal : AbortSignal.any([options.signal, ended.signal]);
  const response = await request(address, options, signal);
  const length = Number(response.headers.get('content-length') ?? Number.NaN);
  const body = Readable.fromWeb(response.body as WebStream<Uint8Array>);
  // Reported where it is read; a body that is given up must not end the process.
  body.on('error', () => undefined);
  const place = response.url === '' ? address : response.url;
  const input = pipeInput(body, place, options, false, () => ended.abort());
  const isEncoded = response.headers.has('content-encoding');
  if (!Number.isFinite(length) || isEncoded) return input;
  const ranged = response.headers.get('accept-ranges') === 'bytes';
  return {
    address: place,
    totalBytes: length,
    isLive: false,
    get bytesRead() {
      return input.bytesRead;
    },
    chunks: () => input.chunks(),
    ...(ranged ? { readAt: rangeReader(place, length, options, signal) } : {}),
    close: () => input.close(),
  };
}

async function request(
  address: string,
  options: InputOptions,
  signal: AbortSignal,
  headers: Record<string, string> = {},
): Promise<Response> {
  const response = await withTimeout(
    fetch(address, { signal, headers }).catch((cause: unknown) => {
      if (signal.aborted) throw signal.reason;
      throw new FramecueError('ERR_SOURCE_OPEN', `${address} cannot be opened: ${reasonOf(cause)}.`, {
        cause,
      });
    }),
    timeoutOf(options),
    address,
    options.signal,
  );
  if (response.ok && response.body !== null) return response;
  await response.body?.cancel();
  throw new FramecueError('ERR_SOURCE_OPEN', `${address} cannot be opened: HTTP status ${response.status}.`, {
    details: { status: response.status },
  });
}

/** Reads ahead, since readers of MP4 go from box to box and from sample to sample. */
function rangeReader(address: string, total: number, options: InputOptions, signal: AbortSignal) {
  let cached: { readonly offset: number; readonly bytes: Uint8Array } | null = null;
  return async (offset: number, length: number): Promise<Uint8Array> => {
    const wanted = Math.max(0, Math.min(length, total - offset));
    if (cached === null || offset < cached.offset || offset + wanted > cached.offset + cached.bytes.length) {
      if (wanted === 0) return new Uint8Array(0);
      const last = Math.min(total, offset + Math.max(wanted, RANGE_CACHE_BYTES)) - 1;
      const response = await request(address, options, signal, { range: `bytes=${offset}-${last}` });
      if (response.status !== 206) {
        await response.body?.cancel();
        throw new FramecueError('ERR_SOURCE_READ', `${address} does not answer for a part of it.`);
      }
      const buffer = await withTimeout(response.arrayBuffer(), timeoutOf(options), address, options.signal);
      cached = { offset, bytes: new Uint8Array(buffer) };
    }
    const from = offset - cached.offset;
    return cached.bytes.slice(from, from + wanted);
  };
}
