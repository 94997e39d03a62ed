import { escapeByBytes, unescapeByBytes } from './escape.ts';
import { joinSei, type LengthSize, sameBytes, splitAvcc, splitSei } from './framing.ts';

const UUID = Uint8Array.from(Buffer.from('f5fe598b3f694d2e8516f2ccd21cb72f', 'hex'));

export interface Stripped {
  /** All other NAL units, in their order. */
  readonly rest: readonly Uint8Array[];
  /** Texts of the stamps, in their order. */
  readonly stamps: readonly string[];
  /** Index in `rest` before which the first stamp stood; -1 without stamps. */
  readonly at: number;
}

/**
 * Takes out what docs/wire-format.md calls a stamp (an SEI NAL unit of one message with the UUID), by walking every
 * byte: what any reader in another language would do.
 */
export function stripStamps(data: Uint8Array, size: LengthSize): Stripped {
  const rest: Uint8Array[] = [];
  const stamps: string[] = [];
  let at = -1;
  for (const nal of splitAvcc(data, size).nals) {
    const text = stampText(nal);
    if (text === null) rest.push(nal);
    else {
      if (at === -1) at = rest.length;
      stamps.push(text);
    }
  }
  return { rest, stamps, at };
}

/** Null for any other NAL unit. */
export function stampText(nal: Uint8Array): string | null {
  if (nal[0] !== 6 || nal[1] !== 5) return null;
  const rbsp = unescapeByBytes(nal.subarray(1));
  const messages = splitSei(rbsp);
  const [message] = messages;
  if (messages.length !== 1 || message?.type !== 5) return null;
  if (!sameBytes(message.payload.subarray(0, 16), UUID)) return null;
  // One spelling of the framing, and nothing behind it.
  if (!sameBytes(escapeByBytes(joinSei(messages)), nal.subarray(1))) return null;
  return Buffer.from(message.payload.subarray(16)).toString('utf8');
}
