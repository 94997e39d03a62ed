import type { Express } from 'express';
import { ERRORS, type ErrorCode } from '../packet/errors.ts';

/** A part that does some of its work, and answers the rest by this code: nobody is better served by another process. */
export interface Impaired {
  readonly code: ErrorCode;
}

export type CheckResult = true | string | Impaired;

/** Whether one part works: true, why not, or what it cannot do. */
export type HealthCheck = () => CheckResult | Promise<CheckResult>;

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
  /** Parts that do some of their work; they keep nobody from being ready. */
  readonly impaired: readonly { readonly check: string; readonly code: ErrorCode; readonly text: string }[];
}

const CHECK_TIMEOUT_MS = 2_000;

/**
 * `/health/live`: the event loop turns. `/health/ready`: all parts work and the process is neither starting nor
 * stopping; 503 with the reasons otherwise. A part that is impaired is named with its code, and the answer stays 200: a
 * load balancer that took the process out would take away what still works.
 */
export function createHealth(checkTimeoutMs = CHECK_TIMEOUT_MS): Health {
  const checks = new Map<string, HealthCheck>();
  let phase: ReadyReport['phase'] = 'starting';

  const ready = async (): Promise<ReadyReport> => {
    const results = await Promise.all(
      [...checks].map(async ([name, check]) => [name, await run(check, checkTimeoutMs)] as const),
    );
    return {
      ready: phase === 'serving' && results.every(([, result]) => typeof result !== 'string'),
      phase,
      checks: Object.fromEntries(results.map(([name, result]) => [name, wordOf(result)])),
      impaired: results.flatMap(([check, result]) =>
        typeof result === 'object' ? [{ check, code: result.code, text: ERRORS[result.code].text }] : [],
      ),
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

function wordOf(result: CheckResult): string {
  if (result === true) return 'good';
  return typeof result === 'string' ? result : ERRORS[result.code].text;
}

async function run(check: HealthCheck, timeoutMs: number): Promise<CheckResult> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<string>((resolve) => {
    timer = setTimeout(() => resolve('no answer in time'), timeoutMs);
  });
  try {
    return await Promise.race([check(), late]);
  } catch {
    // What it threw may hold anything; the part itself logs it.
    return 'failed';
  } finally {
    clearTimeout(timer);
  }
}
