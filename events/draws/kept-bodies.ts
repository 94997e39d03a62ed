import { createHash } from 'node:crypto';
import type { Response } from 'express';

/** An answer as it goes out. */
export interface Body {
  readonly bytes: Buffer;
  readonly etag: string;
}

interface Kept {
  readonly stamp: string;
  readonly body: Promise<Body>;
  size: number;
}

const MAX_BYTES = 64 * 1024 * 1024;

/**
 * What everybody asks in the same second, made into bytes once. `stamp` is whatever it follows from: another one, and it is
 * made anew. Those that were asked for last are kept, as far as they have room.
 */
export class KeptBodies {
  readonly #maxBytes: number;
  readonly #kept = new Map<string, Kept>();
  #bytes = 0;

  constructor(maxBytes = MAX_BYTES) {
    this.#maxBytes = maxBytes;
  }

  /** What `make` throws is thrown, and nothing of it is kept. */
  of(key: string, stamp: string, make: () => Promise<object>): Promise<Body> {
    const found = this.#kept.get(key);
    if (found?.stamp === stamp) {
      this.#kept.delete(key);
      this.#kept.set(key, found);
      return found.body;
    }
    if (found !== undefined) this.#forget(key, found);
    const made: Kept = { stamp, body: make().then(bodyOf), size: 0 };
    this.#kept.set(key, made);
    made.body.then(
      ({ bytes }) => {
        if (this.#kept.get(key) !== made) return;
        made.size = bytes.length;
        this.#bytes += made.size;
        for (const [oldest, of] of this.#kept) {
          if (this.#bytes <= this.#maxBytes) break;
          this.#forget(oldest, of);
        }
      },
      () => {
        if (this.#kept.get(key) === made) this.#forget(key, made);
      },
    );
    return made.body;
  }

  #forget(key: string, kept: Kept): void {
    this.#kept.delete(key);
    this.#bytes -= kept.size;
  }
}

function bodyOf(value: object): Body {
  const bytes = Buffer.from(JSON.stringify(value));
  return { bytes, etag: `"${createHash('sha256').update(bytes).digest('base64url').slice(0, 22)}"` };
}

/** Whoever has it already is told so (304). */
export function sendBody(res: Response, { bytes, etag }: Body, cacheControl: string): void {
  res.set({ 'Cache-Control': cacheControl, 'Content-Type': 'application/json; charset=utf-8', ETag: etag });
  res.send(bytes);
}
