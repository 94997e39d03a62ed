import type { Framecue } from '../../../client/src/index.ts';

/** Of the server, Unix milliseconds; this machine's clock until the two have been compared. */
export function serverNowOf(framecue: Framecue): number {
  const known = framecue.clock.now();
  return known === null ? Date.now() : known.unixUs / 1000;
}
