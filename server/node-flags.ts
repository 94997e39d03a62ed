import type { ProcessName } from '../service/settings.ts';

/**
 * What each process is started with. In a rush V8 would empty the young generation of events eight times a second, by
 * threads that the requests wait for: larger halves are emptied seldom, and cost some 10 % less CPU for a submission
 * (`npm run bench -- submissions`).
 */
export const NODE_FLAGS: Readonly<Record<ProcessName, readonly string[]>> = {
  media: ['--disable-warning=ExperimentalWarning'],
  events: ['--disable-warning=ExperimentalWarning', '--max-semi-space-size=64'],
};
