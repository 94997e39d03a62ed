import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { FramecueError } from '../../packet/errors.ts';
import { reasonOf } from '../sources/input.ts';
import type { ContainerName } from '../sources/items.ts';
import { describeOther } from '../sources/other-formats.ts';
import { SNIFF_BYTES, sniff, sniffCodec, tsLayoutOf } from '../sources/sniff.ts';
import { isSameFile, writeAtomically } from './atomic-file.ts';
import type { FrameEditor } from './edit.ts';
import { PieceWriter } from './piece-writer.ts';

export interface RewriteReport {
  readonly container: ContainerName;
  readonly bytesRead: number;
  readonly bytesWritten: number;
  /** What could not be understood, and passed as it was; null: nothing. */
  readonly problem: string | null;
}

export interface RewriteFileOptions {
  /** Of raw byte streams, which have no times: from one access unit to the next. Default: 25 a second. */
  readonly frameMs?: number;
  /** Of MPEG-TS with several programs; default: the first one with H.264. */
  readonly program?: number;
  readonly onBytes?: (bytes: number, total: number) => void;
}

/**
 * A file with its video edited, in the container that it came in.
 * @throws {FramecueError} ERR_SOURCE_OPEN, ERR_SOURCE_FORMAT, ERR_SOURCE_CODEC, ERR_OUTPUT_WRITE, ERR_SETTING where
 *   both are one file.
 */
export async function rewriteFile(
  input: string,
  output: string,
  editor: FrameEditor,
  options: RewriteFileOptions = {},
): Promise<RewriteReport> {
  const inFd = openInputFile(input);
  try {
    const stat = fstatSync(inFd);
    if (!stat.isFile())
      throw new FramecueError('ERR_SOURCE_OPEN', `${input} is a folder, or no file: give a file.`);
    if (isSameFile(input, output)) {
      throw new FramecueError(
        'ERR_SETTING',
        'Input and output are one file: give another name for the output.',
      );
    }
    const head = new Uint8Array(SNIFF_BYTES);
    const container = sniff(head.subarray(0, readSync(inFd, head, 0, head.length, 0)));
    const run = await runnerFor(container, input, head, options.program ?? null);
    let seen = 0;
    const onBytes = (bytes: number): void => {
      seen += bytes;
      options.onBytes?.(seen, stat.size);
    };
    return writeAtomically(output, (outFd) => {
      const writer = new PieceWriter(outFd);
      const frameMs = options.frameMs ?? 40;
      const problem = run({ inFd, size: stat.size, writer, editor, frameMs, onBytes });
      return { container: container!, bytesRead: stat.size, bytesWritten: writer.bytesWritten, problem };
    });
  } finally {
    closeSync(inFd);
  }
}

interface Run {
  readonly inFd: number;
  readonly size: number;
  readonly writer: PieceWriter;
  readonly editor: FrameEditor;
  readonly frameMs: number;
  readonly onBytes: (bytes: number) => void;
}

/** Loaded only for the container at hand: a short run is mostly loading. */
async function runnerFor(
  container: ContainerName | null,
  input: string,
  head: Uint8Array,
  program: number | null,
): Promise<(run: Run) => string | null> {
  switch (container) {
    case 'flv': {
      const { rewriteFlv } = await import('./flv-rewrite.ts');
      return ({ inFd, writer, editor, onBytes }) => {
        const { lostAt } = rewriteFlv(inFd, writer, editor, onBytes);
        return lostAt === null
          ? null
          : `from byte ${lostAt} on it is no FLV, or is cut, and passed as it was`;
      };
    }
    case 'mpegts': {
      const { rewriteTs } = await import('./ts-rewrite.ts');
      const layout = tsLayoutOf(head);
      return ({ inFd, writer, editor, onBytes }) => {
        const { strayBytes } = rewriteTs(inFd, writer, editor, { layout, program, onBytes });
        return strayBytes === 0
          ? null
          : `${strayBytes} bytes are no transport packets and passed as they were`;
      };
    }
    case 'mp4': {
      const { rewriteMp4 } = await import('./mp4-rewrite.ts');
      return ({ inFd, size, writer, editor, onBytes }) => {
        rewriteMp4(inFd, size, writer, editor, onBytes);
        return null;
      };
    }
    case 'annexb': {
      if (sniffCodec(head) === 'hevc') {
        throw new FramecueError('ERR_SOURCE_CODEC', 'The byte stream is HEVC: only H.264 can be stamped.');
      }
      const { rewriteAnnexB } = await import('./annexb-rewrite.ts');
      return ({ inFd, writer, editor, frameMs, onBytes }) => {
        rewriteAnnexB(inFd, writer, editor, frameMs, onBytes);
        return null;
      };
    }
    case 'hls':
      throw new FramecueError(
        'ERR_SOURCE_FORMAT',
        `${input} is a playlist: give its segments one by one, or a file.`,
      );
    case null:
      throw new FramecueError(
        'ERR_SOURCE_FORMAT',
        head.every((byte) => byte === 0) ? `${input} is empty.` : `${input} is ${describeOther(head)}.`,
      );
    default:
      return container satisfies never;
  }
}

function openInputFile(path: string): number {
  try {
    return openSync(path, 'r');
  } catch (cause) {
    throw new FramecueError('ERR_SOURCE_OPEN', `${path} cannot be opened: ${reasonOf(cause)}.`, { cause });
  }
}
