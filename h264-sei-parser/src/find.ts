/** Finds 00 00 `third`: the offset of the first zero byte at `from` or later; -1: none. */
export type FindAfterZeros = (from: number) => number;

interface NativeSearch {
  from(
    data: ArrayBufferLike,
    offset: number,
    length: number,
  ): { indexOf(what: Uint8Array, from: number): number };
}

/** Node's search for several bytes is four times as fast as a loop; browsers have none. */
const native = (globalThis as { readonly Buffer?: NativeSearch }).Buffer ?? null;
/** Below this a loop is over before the native search has begun. */
const WORTHWHILE = 1024;

/** A search for 00 00 `third`, for `third` of 1 and above. */
export function findAfterZeros(
  data: Uint8Array,
  third: number,
  search: NativeSearch | null = native,
): FindAfterZeros {
  if (search !== null && data.length >= WORTHWHILE) {
    const view = search.from(data.buffer, data.byteOffset, data.length);
    const what = Uint8Array.of(0, 0, third);
    return (from) => view.indexOf(what, from);
  }
  return (from) => {
    for (let at = from + 2; at < data.length; ) {
      const byte = data[at]!;
      if (byte === third && data[at - 1] === 0 && data[at - 2] === 0) return at - 2;
      // What ends in neither a zero nor the third byte can be no part of it.
      at += byte === 0 ? 1 : 3;
    }
    return -1;
  };
}
