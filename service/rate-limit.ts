import { type RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import { FramecueError } from '../packet/errors.ts';

/** Takes one of `who`'s points. @throws {FramecueError} ERR_RATE_LIMITED with `details` { limit, perMs, retryAfterMs }. */
export async function withinRate(limiter: RateLimiterMemory, who: string): Promise<void> {
  try {
    await limiter.consume(who);
  } catch (refusal) {
    if (!(refusal instanceof RateLimiterRes)) throw refusal;
    throw new FramecueError('ERR_RATE_LIMITED', undefined, {
      details: {
        limit: limiter.points,
        perMs: limiter.duration * 1_000,
        retryAfterMs: refusal.msBeforeNext,
      },
    });
  }
}
