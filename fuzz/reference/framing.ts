/** Framing taken apart and put together the plain way: for mutations that keep it, and to hold the parser against. */

export type LengthSize = 1 | 2 | 4;

/** NAL units of an Annex B stream (H.264 clause B.1): by looking at every byte. */
export function splitAnnexB(data: Uint8Array): Uint8Array[] {
  const starts: number[] = [];
  for (let at = 0; at + 2 < data.length; at++) {
    if (data[at] === 0 && data[at + 1] === 0 && data[at + 2] === 1) starts.push(at);
  }
  const nals: Uint8Array[] = [];
  for (let i = 0; i < starts.length; i++) {
    const from = starts[i]! + 3;
    let to = starts[i + 1] ?? data.length;
    while (to > from && data[to - 1] === 0) to--;
    if (to > from) nals.push(data.subarray(from, to));
  }
  return nals;
}

/** @param longEvery every so many start codes are of four bytes; the first always is. */
export function joinAnnexB(nals: readonly Uint8Array[], longEvery = 1): Uint8Array {
  const parts = nals.flatMap((nal, i) => [
    i % longEvery === 0 ? Uint8Array.of(0, 0, 0, 1) : Uint8Array.of(0, 0, 1),
    nal,
  ]);
  return concat(parts);
}

/** NAL units of length-prefixed data as far as they can be walked, and whether that was to the end. */
export function splitAvcc(data: Uint8Array, size: LengthSize): { nals: Uint8Array[]; whole: boolean } {
  const nals: Uint8Array[] = [];
  let at = 0;
  while (at + size <= data.length) {
    let length = 0;
    for (let i = 0; i < size; i++) length = length * 256 + data[at + i]!;
    if (length === 0 || at + size + length > data.length) return { nals, whole: false };
    nals.push(data.subarray(at + size, at + size + length));
    at += size + length;
  }
  return { nals, whole: at === data.length };
}

/** NAL units that are too long for the length are cut. */
export function joinAvcc(nals: readonly Uint8Array[], size: LengthSize): Uint8Array {
  const most = 2 ** (8 * size) - 1;
  const parts = nals.flatMap((long) => {
    const nal = long.length > most ? long.subarray(0, most) : long;
    const length = new Uint8Array(size);
    for (let i = 0, rest = nal.length; i < size; i++, rest = Math.floor(rest / 256)) {
      length[size - 1 - i] = rest & 0xff;
    }
    return [length, nal];
  });
  return concat(parts);
}

export interface Message {
  readonly type: number;
  readonly payload: Uint8Array;
}

/** SEI messages of an RBSP as far as they are whole (H.264 clause 7.3.2.3.1). */
export function splitSei(rbsp: Uint8Array): Message[] {
  const messages: Message[] = [];
  let at = 0;
  const chained = (): number => {
    let value = 0;
    while (rbsp[at] === 0xff) {
      value += 255;
      at++;
    }
    value += rbsp[at] ?? 0;
    at++;
    return value;
  };
  while (at + 2 < rbsp.length) {
    const type = chained();
    const size = chained();
    if (at + size >= rbsp.length) break;
    messages.push({ type, payload: rbsp.subarray(at, at + size) });
    at += size;
  }
  return messages;
}

/** The messages, and their trailing bits. */
export function joinSei(messages: readonly Message[]): Uint8Array {
  const out: number[] = [];
  const chain = (value: number): void => {
    for (let i = 0; i < Math.floor(value / 255); i++) out.push(255);
    out.push(value % 255);
  };
  for (const { type, payload } of messages) {
    chain(type);
    chain(payload.length);
    for (const byte of payload) out.push(byte);
  }
  out.push(0x80);
  return Uint8Array.from(out);
}

export interface Tag {
  readonly type: number;
  readonly time: number;
  readonly body: Uint8Array;
}

/** Tags of an FLV file (Adobe FLV 10.1, E.3) as far as they are whole. */
export function splitFlv(data: Uint8Array): Tag[] {
  const tags: Tag[] = [];
  const u24 = (at: number): number => data[at]! * 0x1_0000 + data[at + 1]! * 0x100 + data[at + 2]!;
  let at = 13;
  while (at + 15 <= data.length) {
    const size = u24(at + 1);
    if (at + 15 + size > data.length) break;
    tags.push({
      type: data[at]!,
      time: data[at + 7]! * 0x100_0000 + u24(at + 4),
      body: data.subarray(at + 11, at + 11 + size),
    });
    at += 15 + size;
  }
  return tags;
}

export function joinFlv(tags: readonly Tag[]): Uint8Array {
  const parts: Uint8Array[] = [Uint8Array.of(0x46, 0x4c, 0x56, 1, 5, 0, 0, 0, 9, 0, 0, 0, 0)];
  for (const { type, time, body } of tags) {
    const head = new Uint8Array(11);
    const view = new DataView(head.buffer);
    view.setUint32(0, body.length);
    view.setUint32(4, (time & 0xff_ffff) * 256 + (time >>> 24));
    head[0] = type;
    const tail = new Uint8Array(4);
    new DataView(tail.buffer).setUint32(0, 11 + body.length);
    parts.push(head, body, tail);
  }
  return concat(parts);
}

export function concat(parts: readonly Uint8Array[]): Uint8Array {
  let length = 0;
  for (const part of parts) length += part.length;
  const out = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/** As `Buffer.equals`, for any byte arrays. */
export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
