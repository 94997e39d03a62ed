import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ManualClock } from '../../packet/clock.ts';
import { createLog } from '../../service/log.ts';
import { AsRunLog, type AsRunLogOptions } from '../as-run/as-run-log.ts';
import type { AsRunRow } from '../as-run/row.ts';
import {
  type ConsoleStore,
  type ConsoleStoreStart,
  openConsoleStore,
} from '../console-store/console-store.ts';

/** A real console store in a folder of its own, with an as-run log on it. */
export class StoreRig {
  readonly folder = mkdtempSync(join(tmpdir(), 'framecue-console-'));
  readonly clock = new ManualClock();
  readonly log = createLog('test', { logLevel: 'silent' });
  readonly told: AsRunRow[] = [];
  store!: ConsoleStore;
  start!: ConsoleStoreStart;
  asRun!: AsRunLog;

  async open(options: Partial<AsRunLogOptions> = {}): Promise<this> {
    const { store, start } = await openConsoleStore({
      ...{ path: join(this.folder, 'console.db'), log: this.log, maxQueued: 1_000, timeoutMs: 10_000 },
    });
    this.store = store;
    this.start = start;
    this.asRun = new AsRunLog({
      ...{ store, start, clock: this.clock, log: this.log },
      ...{ frameRateOf: () => 25, isRehearsal: () => false, offsetMinutes: () => 0, retryMs: 20 },
      onRow: (_stream, row) => this.told.push(row),
      ...options,
    });
    return this;
  }

  async close(): Promise<void> {
    await this.asRun.close();
    await this.store.close();
  }

  async reopen(options: Partial<AsRunLogOptions> = {}): Promise<void> {
    await this.close();
    await this.open(options);
  }

  async remove(): Promise<void> {
    await this.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
