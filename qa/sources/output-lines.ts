import { once } from 'node:events';

const BATCH_BYTES = 1 << 16;

/** Lines to standard output in large writes, never ahead of its reader; a reader that has left ends it quietly. */
export class OutputLines {
  readonly #out: NodeJS.WriteStream;
  #held = '';
  /** The reader has gone (`| head`): nothing more needs to be made. */
  closed = false;

  constructor(out: NodeJS.WriteStream = process.stdout) {
    this.#out = out;
    out.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error;
      this.closed = true;
    });
  }

  /** @returns what to wait for before the next line; null mostly. */
  write(line: string): Promise<void> | null {
    this.#held += `${line}\n`;
    return this.#held.length < BATCH_BYTES ? null : this.flush();
  }

  async flush(): Promise<void> {
    const held = this.#held;
    this.#held = '';
    if (held === '' || this.closed) return;
    if (!this.#out.write(held)) {
      await Promise.race([once(this.#out, 'drain'), once(this.#out, 'close')]).catch((error: unknown) => {
        if ((error as NodeJS.ErrnoException).code !== 'EPIPE') throw error;
      });
    }
  }
}
