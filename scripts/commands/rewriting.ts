import { InvalidArgumentError } from 'commander';
import type { EditCounts } from '../../qa/rewrite/edit.ts';
import type { RewriteReport } from '../../qa/rewrite/rewrite-file.ts';

const EVERY_MS = 200;

/** A line on a terminal, nothing elsewhere. The work is synchronous, so it is told, not asked. */
export function fileProgress(frames: () => number) {
  const startedAt = performance.now();
  let shownAt = startedAt;
  let isShown = false;
  return {
    update: (bytes: number, total: number): void => {
      if (!process.stderr.isTTY) return;
      const now = performance.now();
      if (now - shownAt < EVERY_MS) return;
      shownAt = now;
      isShown = true;
      const share = total === 0 ? 1 : Math.min(1, bytes / total);
      const seconds = (now - startedAt) / 1000;
      const left = share > 0 ? Math.ceil((seconds * (1 - share)) / share) : 0;
      const speed = Math.round(frames() / seconds);
      process.stderr.write(
        `\r\x1b[K${Math.floor(share * 100)} %, ${frames()} pictures, ${speed} a second, ${left} s left`,
      );
    },
    end: (): void => {
      if (isShown) process.stderr.write('\r\x1b[K');
    },
  };
}

/** @param what a message was written, or taken out: its name in the singular. */
export function describeRewrite(
  output: string,
  { container, bytesWritten, problem }: RewriteReport,
  counts: EditCounts,
  what: string,
): string {
  const { frames, messages, growth, passedUntouched, removedBefore } = counts;
  const lines = [
    `${output}: ${container}, ${bytesWritten} bytes, ${frames} pictures, ${messages} ${what}${messages === 1 ? '' : 's'} (${growth >= 0 ? '+' : ''}${growth} bytes of video)`,
  ];
  if (removedBefore > 0) lines.push(`${removedBefore} stamps that were there before were taken out`);
  if (passedUntouched > 0)
    lines.push(`${passedUntouched} access units could not be read and passed as they were`);
  if (problem !== null) lines.push(problem);
  return lines.join('\n');
}

/** program_number of a PAT. */
export function programNumber(text: string): number {
  if (!/^\d{1,5}$/.test(text)) throw new InvalidArgumentError('give a whole number');
  return Number(text);
}
