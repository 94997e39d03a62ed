import type { SourceProgress } from './source.ts';

const EVERY_MS = 200;

/** A line on a terminal that says how far a long reading is; on anything else nothing at all. */
export class ProgressLine {
  readonly #out: NodeJS.WriteStream;
  readonly #startedAt = performance.now();
  #shownAt = 0;
  #shown = false;

  constructor(out: NodeJS.WriteStream = process.stderr) {
    this.#out = out;
  }

  /** Cheap to call for every access unit. */
  update(progress: () => SourceProgress, frames: number): void {
    if (!this.#out.isTTY) return;
    const now = performance.now();
    if (now - this.#shownAt < EVERY_MS) return;
    this.#shownAt = now;
    this.#shown = true;
    const seconds = (now - this.#startedAt) / 1000;
    this.#out.write(`\r\x1b[K${describeProgress(progress(), frames, seconds)}`);
  }

  end(): void {
    if (this.#shown) this.#out.write('\r\x1b[K');
    this.#shown = false;
  }
}

/** `43 %, 5210 pictures, 8300 a second, 4 s left`. */
export function describeProgress(
  { bytesRead, totalBytes }: SourceProgress,
  frames: number,
  seconds: number,
): string {
  const speed = seconds > 0 ? Math.round(frames / seconds) : 0;
  const counts = `${frames} pictures, ${speed} a second`;
  if (totalBytes === null || totalBytes === 0) return `${(bytesRead / 1e6).toFixed(1)} MB, ${counts}`;
  const share = Math.min(1, bytesRead / totalBytes);
  const left = share > 0 ? Math.ceil((seconds * (1 - share)) / share) : null;
  return `${Math.floor(share * 100)} %, ${counts}${left === null ? '' : `, ${left} s left`}`;
}
