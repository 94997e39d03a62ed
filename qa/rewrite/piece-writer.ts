import { readSync, writevSync } from 'node:fs';

/** What one system call takes (IOV_MAX is 1,024 on Linux). */
const MAX_PIECES = 1000;
const COPY_BYTES = 2 << 20;

/** Writes pieces where they lie, many in one call: nothing is copied together first. */
export class PieceWriter {
  readonly #fd: number;
  #pieces: Uint8Array[] = [];
  #held = 0;
  bytesWritten = 0;

  constructor(fd: number) {
    this.#fd = fd;
  }

  /** The bytes must stay as they are until `flush`. */
  view(piece: Uint8Array): void {
    if (piece.length === 0) return;
    this.#pieces.push(piece);
    this.#held += piece.length;
    if (this.#pieces.length >= MAX_PIECES) this.flush();
  }

  /** @throws what the system says: a full disk, mostly. */
  flush(): void {
    let pieces = this.#pieces;
    this.#pieces = [];
    let left = this.#held;
    this.#held = 0;
    while (left > 0) {
      const written = writevSync(this.#fd, pieces);
      this.bytesWritten += written;
      left -= written;
      if (left > 0) pieces = behind(pieces, written);
    }
  }

  /** Bytes `[from, to)` of another file. */
  copy(inFd: number, from: number, to: number): void {
    this.flush();
    const buffer = Buffer.allocUnsafe(Math.min(COPY_BYTES, Math.max(1, to - from)));
    for (let at = from; at < to; ) {
      const read = readSync(inFd, buffer, 0, Math.min(buffer.length, to - at), at);
      if (read === 0) return;
      at += read;
      this.view(buffer.subarray(0, read));
      this.flush();
    }
  }
}

/** The pieces without their first `count` bytes: the system may write less than it was given. */
function behind(pieces: readonly Uint8Array[], count: number): Uint8Array[] {
  let skip = count;
  const rest: Uint8Array[] = [];
  for (const piece of pieces) {
    if (skip >= piece.length) skip -= piece.length;
    else {
      rest.push(skip === 0 ? piece : piece.subarray(skip));
      skip = 0;
    }
  }
  return rest;
}
