import { request, until } from './api.ts';
import type { System } from './system.ts';

const RESTART_MS = 90_000;

/** Kills one process as a power cut would, and waits until its successor serves. */
export async function killNine(system: System, name: 'media' | 'events'): Promise<void> {
  const before = (await system.run()).pids[name];
  process.kill(before, 'SIGKILL');
  await until(`${name} serves again`, RESTART_MS, async () => {
    const run = await system.run();
    if (run.pids[name] === before) return null;
    const { status } = await request('GET', `${run[name]}/health/ready`, undefined, {});
    return status === 200 ? true : null;
  });
}
