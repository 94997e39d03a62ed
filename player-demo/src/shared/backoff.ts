export interface BackoffOptions {
  readonly firstMs: number;
  readonly mostMs: number;
}

/**
 * Milliseconds to wait before attempt `attempt` (1 is the first repeat): doubling, with the upper half random,
 * so that a thousand pages that lost one server do not come back in the same instant.
 * @param random from 0 to 1
 */
export function backoffMs(attempt: number, { firstMs, mostMs }: BackoffOptions, random: number): number {
  const whole = Math.min(mostMs, firstMs * 2 ** Math.min(attempt - 1, 20));
  return Math.round(whole / 2 + (whole / 2) * random);
}
