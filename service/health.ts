import type { Express } from 'express';

/** Whether one part works: true, or why not. */
export type HealthCheck = () => true | string | Promise<true | string>;

export interface Health {
  /** Everything is started. */
  markReady(): void;
  /** Load balancers send no more; what is under way goes on. */
  markStopping(): void;
  add(name: string, check: HealthCheck): void;
  ready(): Promise<ReadyReport>;
  routes(app: Express): void;
}

export interface ReadyReport {
  readonly ready: boolean;
  readonly phase: 'starting' | 'serving' | 'stopping';
  readonly checks: { readonly [name: string]: 'good' | (string & {}) };
}

const CHECK_TIMEOUT_MS = 2_000;

/**
 * `/health/live`: the event loop turns. `/health/ready`: all parts work and the process is neither starting nor
 * stopping; 503 with the reasons otherwise.
 */
export function createHealth(checkTimeoutMs = CHECK_TIMEOUT_MS): Health {
  const checks = new Map<string, HealthCheck>();
  let phase: ReadyReport['phase'] = 'starting';

  const ready = async (): Promise<ReadyReport> => {
    const results = await Promise.all(
      [...checks].map(async ([name, check]) => [name, await run(check, checkTimeoutMs)] as const),
    );
    return {
      ready: phase === 'serving' && results.every(([, result]) => result === 'good'),
      phase,
      checks: Object.fromEntries(results),
    };
  };

  return {
    markReady: () => {
      phase = 'serving';
    },
    markStopping: () => {
      phase = 'stopping';
    },
    add: (name, check) => {
      checks.set(name, check);
    },
    ready,
    routes(app) {
      app.get('/health/live', (_req, res) => {
        res.set('Cache-Control', 'no-store').json({ live: true });
      });
      app.get('/health/ready', async (_req, res) => {
        const report = await ready();
        res
          .status(report.ready ? 200 : 503)
          .set('Cache-Control', 'no-store')
          .json(report);
      });
    },
  };
}

async function run(check: HealthCheck, timeoutMs: number): Promise<string> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<string>((resolve) => {
    timer = setTimeout(() => resolve('no answer in time'), timeoutMs);
  });
  try {
    const result = await Promise.race([check(), late]);
    return result === true ? 'good' : result;
  } catch {
    // What it threw may hold anything; the part itself logs it.
    return 'failed';
  } finally {
    clearTimeout(timer);
  }
}
