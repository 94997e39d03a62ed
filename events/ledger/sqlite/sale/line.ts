/**
 * The line before a sale, as the generic cell rate algorithm (ITU-T I.371, the virtual scheduling algorithm): `endUs` is
 * the theoretical arrival time of whoever comes next. Over any span of S seconds at most `perSecond x (S + 1)` turns
 * come; turns are in the order of arrival. Nobody is called up: a turn is a moment.
 */
export interface Turn {
  /** At or after the arrival. */
  readonly turnUs: number;
  readonly endUs: number;
}

/** Turns that come within this at once, where nobody waits: the first second's worth. */
const BURST_US = 1_000_000;

/** Between two turns; rounded up, so never more of them than was said. */
export const spanOf = (perSecond: number): number => Math.ceil(1_000_000 / perSecond);

/** @param endUs where the line ends now; null: nobody has come yet */
export function nextTurn(endUs: number | null, atUs: number, perSecond: number): Turn {
  const spanUs = spanOf(perSecond);
  const end = Math.max(endUs ?? atUs, atUs);
  return { turnUs: Math.max(atUs, lineUntil(end, spanUs)), endUs: end + spanUs };
}

/** Whoever comes before this moment has to wait. */
export const lineUntil = (endUs: number, spanUs: number): number => endUs - Math.max(0, BURST_US - spanUs);
