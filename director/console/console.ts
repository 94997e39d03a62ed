import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { Express } from 'express';
import type { Cue } from '../../cues/cue.ts';
import type { CueState } from '../../cues/states.ts';
import type { Clock } from '../../packet/clock.ts';
import type { Log } from '../../service/log.ts';
import { isStreamAllowed, type Settings } from '../../service/settings.ts';
import type { TokenRegistry } from '../../service/tokens.ts';
import type { DirectorAction } from '../action.ts';
import { AsRunLog } from '../as-run/as-run-log.ts';
import { asRunRoutes } from '../as-run/as-run-routes.ts';
import { rowOfAction, rowsOfChange, rowsOfLoggedCue } from '../as-run/cue-rows.ts';
import { VoidOrder } from '../as-run/void-order.ts';
import { openConsoleStore } from '../console-store/console-store.ts';
import { triggerRoutes } from '../triggers/trigger-routes.ts';
import { type TriggerDeeds, Triggers } from '../triggers/triggers.ts';
import { consoleGate } from './console-gate.ts';
import { ConsoleHub, type ConsoleObserver } from './console-hub.ts';
import { consoleRoutes } from './console-routes.ts';
import { ControlLock } from './control-lock.ts';
import { Modes } from './modes.ts';
import type { ControlChange, StreamBrief } from './shapes.ts';

export interface ConsoleOptions {
  readonly settings: Pick<
    Settings,
    | 'dataDir'
    | 'streams'
    | 'storeQueue'
    | 'storeTimeoutMs'
    | 'cueKeepDays'
    | 'cueKeepEntries'
    | 'consoles'
    | 'consoleQueueBytes'
  >;
  readonly tokens: TokenRegistry;
  readonly clock: Clock;
  readonly log: Log;
  /** A stream's health in short. */
  readonly briefOf: (stream: string) => StreamBrief;
  readonly observer?: ConsoleObserver;
}

/** What consoles need of the cue book. */
export interface ConsoleBook {
  list(stream: string, limit: number, before: string | null): Promise<readonly Cue[] | null>;
  /** Ids of cues that wait, are armed or are open. */
  busyWith(stream: string): readonly string[];
  onChange(listener: (cue: Cue, from: CueState | null) => void): void;
  onAction(listener: (action: DirectorAction) => void): void;
}

const CONSOLE_STORE_FILE = 'console.db';
const SWEEP_MS = 1_000;
const COMPACT_MS = 3_600_000;
const DAY_MS = 86_400_000;
const SNAPSHOT_CUES = 100;
const KNOWN_CUES = 2_000;
/** Of which the as-run log may lack something since a crash. */
const OFFERED_CUES = 1_000;

/** Everything that people who direct together share: channel, control, mode, as-run log and triggers. */
export interface Console {
  /** Tells all consoles of a stream, now and in the snapshots of those who connect later. */
  readonly publish: (stream: string, event: string, payload: unknown) => void;
  readonly asRun: AsRunLog;
  readonly lock: ControlLock;
  readonly isRehearsal: (stream: string) => boolean;
  /** Follows the book. @param known what the cue log held at the start. @param cleanStop it was closed in order. */
  attach(book: ConsoleBook, known: readonly Cue[], deeds: TriggerDeeds, cleanStop: boolean): void;
  /** Before the routes of cues and rundown: it holds the control lock against them. */
  routes(app: Express): void;
  /** Ends the channel, so that nobody's connection holds up the stop. */
  endChannel(): void;
  close(): Promise<void>;
}

/** @throws {FramecueError} ERR_STORE_UNAVAILABLE. */
export async function openConsole(options: ConsoleOptions): Promise<Console> {
  const { settings, tokens, clock, log, briefOf } = options;
  const { store, start } = await openConsoleStore({
    path: join(settings.dataDir, CONSOLE_STORE_FILE),
    ...{ log, maxQueued: settings.storeQueue, timeoutMs: settings.storeTimeoutMs },
  });
  let book: ConsoleBook | null = null;
  let triggers: Triggers | null = null;
  /** Actions name their cue by its id alone. */
  const cues = new Map<string, Cue>();
  const allowed = (stream: string) => isStreamAllowed(settings.streams, stream);

  const modes = new Modes({
    ...{ store, start: start.modes, clock },
    busyWith: (stream) => book?.busyWith(stream) ?? [],
    onChange: (stream, mode) => hub.tell(stream, 'mode', mode),
  });
  const asRun = new AsRunLog({
    ...{ store, start, clock, log, isRehearsal: modes.isRehearsal },
    frameRateOf: (stream) => briefOf(stream).frameRate,
    onRow: (stream, row) => hub.tell(stream, 'action', row),
  });
  const lock = new ControlLock({
    clock,
    onChange(stream, state, change) {
      hub.controlChanged(stream, state);
      if (change === null) return;
      const { by, console, at } = change;
      asRun.add(stream, { what: 'control', by, console, at, reason: textOf(change) });
    },
  });
  const hub = new ConsoleHub({
    ...{ clock, log, instance: randomUUID(), briefOf },
    maxConsoles: settings.consoles,
    queueBytes: settings.consoleQueueBytes,
    cuesOf: async (stream) => (await book?.list(stream, SNAPSHOT_CUES, null)) ?? [],
    controlOf: (stream) => lock.state(stream),
    modeOf: (stream) => modes.of(stream),
    actionsOf: (stream) => asRun.recent(stream),
    onStandby: (stream, who) => lock.standBy(stream, who),
    ...(options.observer === undefined ? {} : { observer: options.observer }),
  });

  const compact = () => {
    const olderThan = clock.unixMs() - settings.cueKeepDays * DAY_MS;
    store.compact(olderThan, settings.cueKeepEntries).catch((error: unknown) => {
      log.warn({ err: error }, 'the as-run log cannot be compacted now');
    });
  };
  compact();
  const timers = [setInterval(() => lock.sweep(), SWEEP_MS), setInterval(compact, COMPACT_MS)];
  for (const timer of timers) timer.unref();

  const remember = (cue: Cue): void => {
    cues.delete(cue.id);
    cues.set(cue.id, cue);
    if (cues.size > KNOWN_CUES) cues.delete(cues.keys().next().value!);
  };

  const order = new VoidOrder((stream, row) => asRun.addOnce(stream, row));
  const refOf = ({ ref }: Cue): Cue | null =>
    ref === undefined || ref === null ? null : (cues.get(ref) ?? null);

  return {
    publish: (stream, event, payload) => hub.publish(stream, event, payload),
    ...{ asRun, lock, isRehearsal: modes.isRehearsal },
    attach(ofBook, known, deeds, cleanStop) {
      book = ofBook;
      const before = asRun.streams;
      for (const cue of known) {
        remember(cue);
        if (cue.voided !== undefined) order.told(cue.id);
      }
      for (const cue of known.slice(-OFFERED_CUES)) {
        for (const row of rowsOfLoggedCue(cue, refOf)) asRun.offer(cue.stream, row);
      }
      // Where there is something of before: a reader sees what a gap is.
      for (const stream of before)
        asRun.add(stream, {
          what: 'start',
          reason: cleanStop ? null : 'the server had ended without notice',
        });
      ofBook.onChange((cue, from) => {
        remember(cue);
        hub.tell(cue.stream, 'cue', cue);
        for (const row of rowsOfChange(cue, from, refOf)) order.add(cue.stream, row);
      });
      ofBook.onAction((action) => {
        const cue = action.cue === null ? null : (cues.get(action.cue) ?? null);
        asRun.add(action.stream, rowOfAction(action, cue, refOf));
        if (action.what === 'void' && action.cue !== null) order.told(action.cue);
        for (const id of action.cues?.voided ?? []) order.told(id);
      });
      triggers = new Triggers({
        ...{
          store,
          start: start.triggers,
          deeds,
          lock,
          clock,
          log,
          mayDirect: (by) => tokens.named(by)?.rights.has('direct') === true,
        },
        onPress: (stream, who, reason) => asRun.add(stream, { what: 'trigger', ...who, reason }),
      });
    },
    routes(app) {
      app.use('/api/v1/streams/:app/:name', consoleGate(lock, tokens));
      app.use(
        '/api/v1/streams',
        consoleRoutes({ hub, lock, modes, asRun, tokens, isStreamAllowed: allowed }),
        asRunRoutes(asRun, tokens),
      );
      if (triggers !== null) triggerRoutes(app, { triggers, tokens, clock, isStreamAllowed: allowed });
    },
    endChannel: () => hub.close(),
    async close() {
      for (const timer of timers) clearInterval(timer);
      hub.close();
      order.close();
      // Last of all: what was done before it stands above it.
      for (const stream of asRun.streams) asRun.add(stream, { what: 'stop' });
      await asRun.close();
      await store.close();
    },
  };
}

const textOf = ({ kind, from }: ControlChange): string =>
  from === null ? kind : `${kind} from ${from.name} (${from.console})`;
