const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

/**
 * Where a viewer stands among all viewers, `[0, 1)`: a share `s` of them is those below `s`, and they stay the same
 * ones while it grows. Server and client compute the same. FNV-1a (32 bits) over the UTF-8 of `purpose`, a space and
 * the id, finished as MurmurHash3 does it, divided by 2^32.
 * @param purpose one for each use, so that not the same viewers are chosen for everything
 */
export function viewerPlaceOf(viewer: string, purpose: string): number {
  let hash = FNV_OFFSET;
  for (const byte of new TextEncoder().encode(`${purpose} ${viewer}`)) {
    hash = Math.imul(hash ^ byte, FNV_PRIME);
  }
  // FNV alone leaves ids that differ in their last characters close together.
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32;
}

/** The use of {@link viewerPlaceOf} that chooses who reports their delay. */
export const DELAY_REPORTS = 'delay';
