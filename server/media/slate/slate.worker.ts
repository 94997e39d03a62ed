import { parentPort } from 'node:worker_threads';
import { readSlate } from '../../../cues/slate/read.ts';
import { BitstreamError } from '../../../h264-sei-parser/src/index.ts';
import { FramecueError } from '../../../packet/errors.ts';
import { giveUpPriority } from '../../../service/priority.ts';
import { annexBOf, decodeGrey, findFfmpeg } from './decode.ts';
import type { FromSlateReader, SlateOutcome, ToSlateReader } from './messages.ts';

if (parentPort === null) throw new Error('slates are read in a worker thread');
const port = parentPort;
giveUpPriority();

port.on('message', (message: ToSlateReader) => {
  read(message).then((outcome) => port.postMessage({ id: message.id, outcome } satisfies FromSlateReader));
});

async function read({ record, data, arrivedAt }: ToSlateReader): Promise<SlateOutcome> {
  const ffmpeg = findFfmpeg();
  if (ffmpeg === null) return { ok: false, reason: 'no-ffmpeg' };
  let bytes: Uint8Array;
  try {
    bytes = annexBOf(record, data);
  } catch (error) {
    if (error instanceof FramecueError || error instanceof BitstreamError)
      return { ok: false, reason: 'decode-failed' };
    throw error;
  }
  const decoded = await decodeGrey(ffmpeg, bytes);
  if (!decoded.ok) return decoded;
  const reading = readSlate(decoded.picture, arrivedAt);
  if (!reading.ok) return reading;
  const { unixMs, errorMs, session, module } = reading;
  return { ok: true, drawnAt: unixMs, errorMs, session, module };
}
