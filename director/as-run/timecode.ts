const DEFAULT_FRAME_RATE = 25;
const DAY_MS = 86_400_000;

/** Minutes east of Greenwich of the server's time zone at that moment. */
export const localOffsetMinutes = (unixMs: number): number => -new Date(unixMs).getTimezoneOffset();

/**
 * Time of day as HH:MM:SS:FF (SMPTE ST 12-1 notation, without drop frames). It is counted off the wall clock: FF is
 * the frame within the second at the nominal rate, so that 29.97 counts to 30 and never leaves the clock.
 * @param frameRate pictures per second; null where it is not known: 25.
 */
export function timecodeOf(unixMs: number, frameRate: number | null, offsetMinutes: number): string {
  const nominal = Math.max(1, Math.min(999, Math.round(frameRate ?? DEFAULT_FRAME_RATE)));
  const ofDay = (((unixMs + offsetMinutes * 60_000) % DAY_MS) + DAY_MS) % DAY_MS;
  const seconds = Math.floor(ofDay / 1000);
  const frame = Math.floor(((ofDay % 1000) * nominal) / 1000);
  const two = (n: number) => String(n).padStart(2, '0');
  return `${two(Math.floor(seconds / 3600))}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}:${two(frame)}`;
}
