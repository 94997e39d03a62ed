import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import { systemClock } from '../packet/clock.ts';
import { listen } from '../service/listen.ts';
import type { Log } from '../service/log.ts';
import { createRewardService } from './service.ts';
import { RewardStore } from './store.ts';

export interface RunningRewards {
  /** What FRAMECUE_REWARDS_URL is to be. */
  readonly url: string;
  close(): Promise<void>;
}

/** @throws {FramecueError} ERR_PORT_TAKEN, ERR_SETTING as `listen`. */
export async function startRewards(options: {
  readonly host: string;
  /** 0: any that is free. */
  readonly port: number;
  /** The database; made where there is none. */
  readonly file: string;
  readonly secrets: readonly string[];
  readonly mayMisbehave: boolean;
  readonly log: Log;
}): Promise<RunningRewards> {
  const { host, port, file, secrets, mayMisbehave, log } = options;
  const store = new RewardStore(file);
  const app = createRewardService({
    ...{ store, secrets, mayMisbehave, log, clock: systemClock, random: Math.random, randomBytes },
    crash: () => process.kill(process.pid, 'SIGKILL'),
  });
  try {
    const listening = await listen(createServer(app), { host, port, settingName: '--port' });
    return {
      url: `http://${host.includes(':') ? `[${host}]` : host}:${listening.port}/grants`,
      async close() {
        await listening.close(1_000);
        store.close();
      },
    };
  } catch (error) {
    store.close();
    throw error;
  }
}
