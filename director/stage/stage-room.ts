import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { Router } from 'express';
import type { Cue } from '../../cues/cue.ts';
import type { Clock } from '../../packet/clock.ts';
import type { Log } from '../../service/log.ts';
import { isStreamAllowed, type Settings } from '../../service/settings.ts';
import type { TokenRegistry } from '../../service/tokens.ts';
import type { Console } from '../console/console.ts';
import type { CueBook } from '../cue-book.ts';
import type { Rundowns } from '../rundown/rundowns.ts';
import { Stage } from './stage.ts';
import { StageChannel } from './stage-channel.ts';
import { stageRoutes } from './stage-routes.ts';
import { StageTickets } from './stage-tickets.ts';

const TICKETS_FILE = 'stage-tickets.json';
const SWEEP_MS = 1_000;

export interface StageRoomOptions {
  readonly settings: Settings;
  readonly tokens: TokenRegistry;
  readonly book: CueBook;
  readonly console: Pick<Console, 'publish' | 'asRun' | 'isRehearsal' | 'lock'>;
  readonly rundowns: Pick<Rundowns, 'get' | 'take'>;
  /** What the cue log held at the start. */
  readonly known: readonly Cue[];
  readonly clock: Clock;
  readonly log: Log;
}

/** The stage as the director has it, behind HTTP. */
export interface StageRoom {
  /** To be mounted at `/api/v1/streams`. */
  readonly router: Router;
  rundownChanged(stream: string): void;
  /** Ends the channel, so that nobody's connection holds up the stop. */
  endChannel(): void;
  close(): void;
}

export function openStageRoom(options: StageRoomOptions): StageRoom {
  const { settings, tokens, book, console, rundowns, clock, log } = options;
  const instance = randomUUID();
  const tickets = new StageTickets(join(settings.dataDir, TICKETS_FILE), clock, log);
  const channel = new StageChannel({
    ...{ clock, log, instance, maxScreens: settings.consoles, queueBytes: settings.consoleQueueBytes },
    stateOf: (stream) => stage.screenState(stream),
  });
  const stage = new Stage(
    {
      ...{ clock, instance, lock: console.lock, asRun: console.asRun, isRehearsal: console.isRehearsal },
      mayDirect: (by) => tokens.named(by)?.rights.has('direct') === true,
      cue: (stream, id) => book.get(stream, id),
      rundown: (stream) => rundowns.get(stream),
      async takeCue(stream, id, who, receivedAt) {
        const outcome = await book.take({ stream, id, request: {}, who, receivedAt });
        if (outcome.kind === 'refused') throw outcome.error;
        return outcome.cue;
      },
      takeItem: async (stream, id, who, at) => (await rundowns.take(stream, id, {}, who, at)).cue,
      onChange(stream, state) {
        console.publish(stream, 'stage', state);
        channel.tell(stream, () => stage.screenState(stream, state));
      },
    },
    options.known,
  );
  book.onChange((cue) => stage.cueChanged(cue));
  const timer = setInterval(() => stage.sweep(), SWEEP_MS);
  timer.unref();
  return {
    router: stageRoutes({
      ...{ stage, channel, tickets, tokens, clock },
      isStreamAllowed: (stream) => isStreamAllowed(settings.streams, stream),
    }),
    rundownChanged: (stream) => stage.rundownChanged(stream),
    endChannel: () => channel.close(),
    close() {
      clearInterval(timer);
      channel.close();
    },
  };
}
