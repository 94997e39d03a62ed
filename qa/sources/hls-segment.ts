import { createDecipheriv } from 'node:crypto';
import { FramecueError } from '../../packet/errors.ts';
import { type ByteInput, type InputOptions, openInput } from './input.ts';

const MAX_PLAYLIST_BYTES = 32 << 20;
const RANGE_STEP_BYTES = 1 << 20;

/** @throws {FramecueError} ERR_SOURCE_FORMAT for one that is too large. */
export async function wholeText(input: ByteInput): Promise<string> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of input.chunks()) {
    bytes += chunk.length;
    if (bytes > MAX_PLAYLIST_BYTES)
      throw new FramecueError('ERR_SOURCE_LIMIT', `${input.address} is too large.`);
    // The chunk's buffer may be used again.
    parts.push(Buffer.from(chunk));
  }
  return Buffer.concat(parts).toString('utf8');
}

export interface SegmentBytes {
  readonly uri: string;
  readonly range: { readonly offset: number; readonly length: number } | null;
  readonly key: { readonly method: string; readonly uri?: string; readonly iv?: ArrayBufferLike } | null;
  readonly mediaSequenceNumber: number;
  readonly resolve: (uri: string) => string;
}

/** A segment's bytes, in the clear. @throws {FramecueError} ERR_SOURCE_OPEN, ERR_SOURCE_READ, ERR_SOURCE_CODEC */
export async function* segmentBytes(
  { uri, range, key, mediaSequenceNumber, resolve }: SegmentBytes,
  options: InputOptions,
): AsyncGenerator<Uint8Array, void> {
  const input = await openInput(uri, options);
  try {
    const bytes = range === null ? input.chunks() : partOf(input, range.offset, range.length);
    if (key === null || key.method === 'NONE') yield* bytes;
    else yield* decrypted(bytes, key, mediaSequenceNumber, resolve, options);
  } finally {
    await input.close();
  }
}

async function* partOf(input: ByteInput, offset: number, length: number): AsyncGenerator<Uint8Array, void> {
  if (input.readAt === undefined) {
    let at = 0;
    for await (const chunk of input.chunks()) {
      const part = chunk.subarray(Math.max(0, offset - at), Math.max(0, offset + length - at));
      at += chunk.length;
      if (part.length > 0) yield part;
      if (at >= offset + length) return;
    }
    return;
  }
  for (let at = offset; at < offset + length; ) {
    const part = await input.readAt(at, Math.min(RANGE_STEP_BYTES, offset + length - at));
    if (part.length === 0) return;
    at += part.length;
    yield part;
  }
}

/** METHOD=AES-128, RFC 8216 clause 5.2: the whole segment under AES-128-CBC with PKCS #7. */
async function* decrypted(
  bytes: AsyncGenerator<Uint8Array, void>,
  key: NonNullable<SegmentBytes['key']>,
  mediaSequenceNumber: number,
  resolve: (uri: string) => string,
  options: InputOptions,
): AsyncGenerator<Uint8Array, void> {
  if (key.method !== 'AES-128' || key.uri === undefined) {
    throw new FramecueError(
      'ERR_SOURCE_CODEC',
      `The segments are encrypted (${key.method}): give them in the clear.`,
    );
  }
  const keyBytes = await keyOf(resolve(key.uri), options);
  const iv = key.iv === undefined ? Buffer.alloc(16) : Buffer.from(new Uint8Array(key.iv));
  if (key.iv === undefined) iv.writeUInt32BE(mediaSequenceNumber, 12);
  const decipher = createDecipheriv('aes-128-cbc', keyBytes, iv);
  try {
    for await (const chunk of bytes) yield decipher.update(chunk);
    yield decipher.final();
  } catch (cause) {
    if (cause instanceof FramecueError) throw cause;
    throw new FramecueError('ERR_SOURCE_READ', 'A segment does not decrypt with its key.', { cause });
  }
}

async function keyOf(uri: string, options: InputOptions): Promise<Buffer> {
  const input = await openInput(uri, options);
  try {
    const parts: Buffer[] = [];
    for await (const chunk of input.chunks()) parts.push(Buffer.from(chunk));
    const key = Buffer.concat(parts);
    if (key.length !== 16)
      throw new FramecueError('ERR_SOURCE_READ', `The key at ${uri} is not of 16 bytes.`);
    return key;
  } finally {
    await input.close();
  }
}
