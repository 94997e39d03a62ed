import { PassThrough } from 'node:stream';
import { WebSocket } from 'ws';
import { FramecueError } from '../../packet/errors.ts';
import { type ByteInput, type InputOptions, pipeInput, reasonOf, timeoutOf, withTimeout } from './input.ts';

const MAX_MESSAGE_BYTES = 32 << 20;

/** WebSocket-FLV: the messages' bytes, one behind the other, are the FLV stream. */
export async function wsInput(address: string, options: InputOptions): Promise<ByteInput> {
  const socket = new WebSocket(address, {
    handshakeTimeout: timeoutOf(options),
    maxPayload: MAX_MESSAGE_BYTES,
    perMessageDeflate: false,
  });
  const bytes = new PassThrough({ highWaterMark: 4 << 20 });
  socket.on('message', (data: Buffer, isBinary) => {
    if (isBinary && !bytes.write(data)) {
      socket.pause();
      bytes.once('drain', () => socket.resume());
    }
  });
  socket.on('close', () => bytes.end());
  const opened = new Promise<void>((resolve, reject) => {
    socket.once('open', () => resolve());
    socket.on('error', (cause) => {
      const text = `${address} cannot be opened: ${reasonOf(cause)}.`;
      reject(new FramecueError('ERR_SOURCE_OPEN', text, { cause }));
      bytes.destroy(cause);
    });
  });
  // Reported where it is read.
  bytes.on('error', () => undefined);
  try {
    await withTimeout(opened, timeoutOf(options), address, options.signal);
  } catch (error) {
    socket.terminate();
    throw error;
  }
  return pipeInput(bytes, address, options, false, () => socket.terminate());
}
