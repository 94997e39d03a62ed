import { join } from 'node:path';
import type { Router } from 'express';
import { cueDataOf } from '../../cues/rundown/index.ts';
import type { JsonObject } from '../../cues/wire/index.ts';
import type { Clock } from '../../packet/clock.ts';
import type { Log } from '../../service/log.ts';
import { isStreamAllowed, type Settings } from '../../service/settings.ts';
import type { TokenRegistry } from '../../service/tokens.ts';
import type { CueBook } from '../cue-book.ts';
import type { StreamGate } from '../stream-gate.ts';
import type { RundownAction } from './desk.ts';
import type { InteractionLookup } from './interactions.ts';
import { rundownRoutes } from './routes.ts';
import { Rundowns, type RundownsOptions } from './rundowns.ts';
import { openRundownStore } from './store.ts';
import type { RundownView } from './view.ts';

export const RUNDOWN_FILE = 'rundowns.db';
const TICK_MS = 200;

export interface RundownRoomOptions {
  readonly settings: Settings;
  readonly tokens: TokenRegistry;
  readonly book: CueBook;
  readonly gate: StreamGate;
  readonly clock: Clock;
  readonly log: Log;
  readonly keyIdLength: number;
  /** Asks events whether an interaction exists; null: nobody does. */
  readonly lookUp: InteractionLookup | null;
  /** Told with the whole of a stream's rundown whenever something of it has changed; null: it was unloaded. */
  readonly onChange: (stream: string, rundown: RundownView | null) => void;
  readonly onAction: (action: RundownAction) => void;
  readonly onMissed: RundownsOptions['onMissed'];
}

/** Rundowns as the director has them: kept in the data folder, run several times a second, behind HTTP. */
export interface RundownRoom {
  readonly rundowns: Rundowns;
  /** To be mounted at `/api/v1/streams`. */
  readonly router: Router;
  check(): true | string;
  /** Before the book is closed: nothing runs any more. */
  close(): Promise<void>;
}

export async function openRundownRoom(options: RundownRoomOptions): Promise<RundownRoom> {
  const { settings, tokens, book, gate, clock, log, keyIdLength, lookUp } = options;
  const store = await openRundownStore({
    path: join(settings.dataDir, RUNDOWN_FILE),
    log,
    maxQueued: settings.storeQueue,
    timeoutMs: settings.storeTimeoutMs,
  });
  let rundowns: Rundowns;
  try {
    rundowns = await Rundowns.open({
      ...{ store, stored: await store.all(), book, gate, clock, log, limits: settings, keyIdLength, lookUp },
      isRehearsal: (stream) => book.isRehearsal(stream),
      rehearsesOnly: (by) => book.rehearsesOnly(by),
      onLoaded: ({ items }) =>
        void book.expect(items.map((item) => ({ type: item.type, data: cueDataOf(item) as JsonObject }))),
      ...{ onChange: options.onChange, onAction: options.onAction, onMissed: options.onMissed },
    });
  } catch (error) {
    await store.close();
    throw error;
  }
  const timer = setInterval(() => rundowns.tick(), TICK_MS);
  timer.unref();
  return {
    rundowns,
    router: rundownRoutes({
      ...{ rundowns, tokens, clock, rate: settings.cueRate },
      isStreamAllowed: (stream) => isStreamAllowed(settings.streams, stream),
    }),
    check: () => (store.healthy ? true : 'the store of rundowns does not take entries'),
    async close() {
      clearInterval(timer);
      await rundowns.close();
      await store.close();
    },
  };
}
