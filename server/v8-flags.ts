import type { ProcessName } from '../service/settings.ts';

/**
 * What V8 is told in each process. In a rush the young generation of events fills up many times a second, and requests
 * wait for the threads that empty it: with larger halves that is seldom, and a submission costs some 10 % less CPU
 * (`npm run bench -- submissions`).
 */
export const V8_FLAGS: Readonly<Record<ProcessName, readonly string[]>> = {
  media: [],
  events: ['--max-semi-space-size=64'],
};
