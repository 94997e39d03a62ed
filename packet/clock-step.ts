/** Less than this at once is a correction that nobody notices; `clock.ts` follows the system within 5 ms. */
const LEAST_US = 10_000;
/** What slewing may move between two looks: 1,000 ppm, twice what kernels do for ntpd. */
const SLEW = 1e-3;

/** Whether somebody has set the wall clock, which moved by so much against the monotonic one between two looks. */
export const isClockStep = (movedUs: number, elapsedUs: number): boolean =>
  Math.abs(movedUs) >= LEAST_US + SLEW * elapsedUs;
