import { type FileHandle, open } from 'node:fs/promises';
import { FramecueError } from '../../packet/errors.ts';

/** Bytes from somewhere. Either read from front to back by `chunks`, or, where `readAt` is there, from anywhere. */
export interface ByteInput {
  /** Null for what has no end yet, or does not say. */
  readonly totalBytes: number | null;
  /** Handed out so far, from wherever they came. */
  readonly bytesRead: number;
  /** It comes as it is made: nothing to seek in, and its end is somebody's decision. */
  readonly isLive: boolean;
  /** Where redirects led to: what relative addresses are relative to. */
  readonly address: string;
  /** @throws {FramecueError} ERR_SOURCE_READ, ERR_TIMEOUT */
  chunks(): AsyncGenerator<Uint8Array, void>;
  /** `length` bytes, fewer only at the end. */
  readonly readAt?: (offset: number, length: number) => Promise<Uint8Array>;
  close(): Promise<void>;
}

export interface InputOptions {
  readonly signal?: AbortSignal;
  /** The longest wait for a connection and for each piece of data from the network. Default 15,000. */
  readonly timeoutMs?: number;
  /** Which ffmpeg takes RTMP; default `ffmpeg` of the PATH. */
  readonly ffmpeg?: string;
}

export const DEFAULT_TIMEOUT_MS = 15_000;
const FILE_CHUNK_BYTES = 1 << 20;
const PIPE_LIMIT_BYTES = 64 << 20;

/** @throws {FramecueError} ERR_SOURCE_OPEN, ERR_SOURCE_FORMAT for an address of another kind. */
export async function openInput(address: string, options: InputOptions = {}): Promise<ByteInput> {
  const scheme = /^([a-z][a-z0-9+.-]+):\/\//i.exec(address)?.[1]?.toLowerCase();
  switch (scheme) {
    case undefined:
      return address === '-' ? pipeInput(process.stdin, '-', options, true) : fileInput(address);
    case 'file':
      return fileInput(decodeURIComponent(new URL(address).pathname));
    case 'http':
    case 'https':
      return (await import('./input-http.ts')).httpInput(address, options);
    case 'ws':
    case 'wss':
      return (await import('./input-ws.ts')).wsInput(address, options);
    case 'rtmp':
    case 'rtmps':
      return (await import('./input-rtmp.ts')).rtmpInput(address, options);
    default:
      throw new FramecueError(
        'ERR_SOURCE_OPEN',
        `${scheme}:// is not an address that can be read: give a file, or http, https, ws, wss, rtmp or rtmps.`,
        {
          details: { scheme },
        },
      );
  }
}

async function fileInput(path: string): Promise<ByteInput> {
  const handle = await open(path, 'r').catch((cause: NodeJS.ErrnoException) => {
    throw new FramecueError('ERR_SOURCE_OPEN', `${path} cannot be opened: ${reasonOf(cause)}.`, {
      cause,
      details: { path },
    });
  });
  const stat = await handle.stat();
  if (stat.isDirectory()) {
    await handle.close();
    throw new FramecueError('ERR_SOURCE_OPEN', `${path} is a folder: give a file in it.`, {
      details: { path },
    });
  }
  if (!stat.isFile()) {
    return pipeInput(handle.createReadStream({ highWaterMark: FILE_CHUNK_BYTES }), path, {}, true);
  }
  return new FileInput(path, handle, stat.size);
}

class FileInput implements ByteInput {
  readonly isLive = false;
  readonly address: string;
  readonly totalBytes: number;
  bytesRead = 0;
  readonly #handle: FileHandle;

  constructor(address: string, handle: FileHandle, size: number) {
    this.address = address;
    this.#handle = handle;
    this.totalBytes = size;
  }

  async *chunks(): AsyncGenerator<Uint8Array, void> {
    const buffer = new Uint8Array(FILE_CHUNK_BYTES);
    for (let at = 0; ; ) {
      const bytesRead = await this.#read(buffer, at);
      if (bytesRead === 0) return;
      at += bytesRead;
      yield buffer.subarray(0, bytesRead);
    }
  }

  readAt = async (offset: number, length: number): Promise<Uint8Array> => {
    const buffer = new Uint8Array(Math.max(0, Math.min(length, this.totalBytes - offset)));
    let have = 0;
    while (have < buffer.length) {
      const bytesRead = await this.#read(buffer.subarray(have), offset + have);
      if (bytesRead === 0) break;
      have += bytesRead;
    }
    return buffer.subarray(0, have);
  };

  async #read(buffer: Uint8Array, at: number): Promise<number> {
    try {
      const { bytesRead } = await this.#handle.read(buffer, 0, buffer.length, at);
      this.bytesRead += bytesRead;
      return bytesRead;
    } catch (cause) {
      throw new FramecueError('ERR_SOURCE_READ', `Reading ${this.address} failed: ${reasonOf(cause)}.`, {
        cause,
      });
    }
  }

  close(): Promise<void> {
    return this.#handle.close();
  }
}

/**
 * A Node stream as input: standard input, an HTTP body, a child's output.
 * @param live whether waiting for ever is in order: nobody can say when a pipe's other end writes.
 */
export function pipeInput(
  stream: NodeJS.ReadableStream,
  address: string,
  options: InputOptions,
  patient: boolean,
  onClose?: () => void,
): ByteInput {
  const input = {
    address,
    totalBytes: null,
    bytesRead: 0,
    isLive: true,
    async *chunks(): AsyncGenerator<Uint8Array, void> {
      const iterator = stream[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>;
      while (true) {
        const next = await withTimeout(
          iterator.next(),
          patient ? null : timeoutOf(options),
          address,
          options.signal,
        );
        if (next.done === true) return;
        input.bytesRead += next.value.length;
        yield next.value;
      }
    },
    async close(): Promise<void> {
      onClose?.();
      const { destroy } = stream as { destroy?: () => void };
      destroy?.call(stream);
    },
  };
  return input;
}

export const timeoutOf = (options: InputOptions): number => options.timeoutMs ?? DEFAULT_TIMEOUT_MS;

/** @throws {FramecueError} ERR_TIMEOUT, ERR_SOURCE_READ; or the signal's reason. */
export async function withTimeout<T>(
  work: Promise<T>,
  ms: number | null,
  what: string,
  signal?: AbortSignal,
): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  let onAbort: (() => void) | undefined;
  const ends = new Promise<never>((_, reject) => {
    if (ms !== null) {
      const late = new FramecueError('ERR_TIMEOUT', `${what} sent nothing for ${ms} ms.`);
      timer = setTimeout(() => reject(late), ms);
    }
    onAbort = () => reject(signal?.reason);
    if (signal?.aborted === true) reject(signal.reason);
    else signal?.addEventListener('abort', onAbort, { once: true });
  });
  try {
    return await Promise.race([work, ends]);
  } catch (cause) {
    if (cause instanceof FramecueError || cause === signal?.reason) throw cause;
    throw new FramecueError('ERR_SOURCE_READ', `Reading ${what} failed: ${reasonOf(cause)}.`, { cause });
  } finally {
    clearTimeout(timer);
    if (onAbort !== undefined) signal?.removeEventListener('abort', onAbort);
  }
}

/** A system's reason in words that people know; codes stay for the rest. */
export function reasonOf(error: unknown): string {
  const { code, message, cause } = error as NodeJS.ErrnoException & { cause?: unknown };
  if (cause !== undefined && code === undefined) return reasonOf(cause);
  switch (code) {
    case 'ENOENT':
      return 'there is no such file';
    case 'EACCES':
      return 'it may not be read';
    case 'ECONNREFUSED':
      return 'nobody listens there';
    case 'ENOTFOUND':
      return 'the host is not known';
    case 'ETIMEDOUT':
    case 'UND_ERR_CONNECT_TIMEOUT':
      return 'the host does not answer';
    case 'ERR_INVALID_URL':
      return 'it is no address';
    case 'CERT_HAS_EXPIRED':
      return 'its certificate has expired';
    case 'ERR_TLS_CERT_ALTNAME_INVALID':
      return 'its certificate is for another host';
    case 'DEPTH_ZERO_SELF_SIGNED_CERT':
    case 'SELF_SIGNED_CERT_IN_CHAIN':
    case 'UNABLE_TO_VERIFY_LEAF_SIGNATURE':
    case 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY':
      return "nobody whom this machine trusts has signed its certificate; if it is your own, name its authority's file in NODE_EXTRA_CA_CERTS";
    case 'ENOSPC':
      return 'the disk is full';
    default:
      if (message === 'redirect count exceeded') return 'it redirects more than 20 times';
      return (message ?? String(error)).replace(/\.$/, '');
  }
}

/** What comes first, kept for a second reading: for telling formats apart on inputs that cannot seek. */
export class PeekedInput implements ByteInput {
  readonly readAt?: (offset: number, length: number) => Promise<Uint8Array>;
  readonly #input: ByteInput;
  readonly #iterator: AsyncGenerator<Uint8Array, void>;
  #head = new Uint8Array(0);
  #ended = false;

  constructor(input: ByteInput) {
    this.#input = input;
    this.#iterator = input.chunks();
    if (input.readAt !== undefined) this.readAt = input.readAt;
  }

  get totalBytes(): number | null {
    return this.#input.totalBytes;
  }
  get bytesRead(): number {
    return this.#input.bytesRead;
  }
  get isLive(): boolean {
    return this.#input.isLive;
  }
  get address(): string {
    return this.#input.address;
  }

  /** At least `bytes` from the front, fewer where there are no more. */
  async peek(bytes: number): Promise<Uint8Array> {
    while (this.#head.length < Math.min(bytes, PIPE_LIMIT_BYTES) && !this.#ended) {
      const next = await this.#iterator.next();
      if (next.done === true) {
        this.#ended = true;
        break;
      }
      const joined = new Uint8Array(this.#head.length + next.value.length);
      joined.set(this.#head);
      joined.set(next.value, this.#head.length);
      this.#head = joined;
    }
    return this.#head;
  }

  async *chunks(): AsyncGenerator<Uint8Array, void> {
    const head = this.#head;
    this.#head = new Uint8Array(0);
    if (head.length > 0) yield head;
    if (!this.#ended) yield* this.#iterator;
  }

  async close(): Promise<void> {
    await this.#input.close();
  }
}
