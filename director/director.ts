import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Express } from 'express';
import { FEED_PATH } from '../cues/feed.ts';
import { isReplayTestKey } from '../cues/replay-key.ts';
import { type SigningKey, signingKeyFromPem } from '../cues/signing.ts';
import { KEYS_PATH, type StampKey } from '../cues/wire/index.ts';
import type { Clock } from '../packet/clock.ts';
import { FramecueError } from '../packet/errors.ts';
import { requireRight } from '../service/bearer.ts';
import { methodNotAllowed } from '../service/http-app.ts';
import type { Log } from '../service/log.ts';
import type { Secrets } from '../service/secrets.ts';
import { isStreamAllowed, type Settings } from '../service/settings.ts';
import type { BatchObserver } from '../service/sqlite/batch-writer.ts';
import type { TokenRegistry } from '../service/tokens.ts';
import { type Console, openConsole } from './console/console.ts';
import type { ConsoleObserver } from './console/console-hub.ts';
import { briefOfGate } from './console/quiet-brief.ts';
import type { StreamBrief } from './console/shapes.ts';
import { cueApi } from './cue-api.ts';
import { CueBook } from './cue-book.ts';
import { type CueLog, openCueLog } from './cue-log.ts';
import { CueFeed } from './feed.ts';
import { keysRoute } from './keys-route.ts';
import type { DirectorObserver } from './observer.ts';
import type { OpeningLookup } from './openings.ts';
import type { RevealLookup } from './reveals.ts';
import type { InteractionLookup } from './rundown/interactions.ts';
import { openRundownRoom } from './rundown/room.ts';
import type { Rundowns } from './rundown/rundowns.ts';
import { openStageRoom, type StageRoom } from './stage/stage-room.ts';
import type { StreamGate } from './stream-gate.ts';
import { deedsOf } from './triggers/deeds.ts';

export interface DirectorOptions {
  readonly settings: Settings;
  readonly secrets: Pick<Secrets, 'stampKeys'>;
  readonly tokens: TokenRegistry;
  readonly gate: StreamGate;
  readonly clock: Clock;
  readonly log: Log;
  /** Public keys of others whose stamps viewers may meet in this server's streams. */
  readonly upstreamKeys?: readonly StampKey[];
  readonly observer?: DirectorObserver;
  readonly storeObserver?: BatchObserver;
  readonly consoleObserver?: ConsoleObserver;
  /** A stream's health in short, for consoles. */
  readonly briefOf?: (stream: string) => StreamBrief;
  /** Asks events for an interaction that a rundown names; null: nobody does. */
  readonly lookUpInteraction?: InteractionLookup;
  /** Asks events what the reveal of an interaction has to carry; absent: nobody does. */
  readonly lookUpReveal?: RevealLookup;
  /** Asks events what an opening shows that names its interaction alone; absent: nobody does. */
  readonly lookUpOpening?: OpeningLookup;
}

export interface Director {
  readonly book: CueBook;
  readonly cueLog: CueLog;
  readonly feed: CueFeed;
  /** Where other parts tell consoles of what they do, and write it into the as-run log. */
  readonly console: Pick<Console, 'publish' | 'asRun' | 'isRehearsal' | 'endChannel'>;
  readonly rundowns: Rundowns;
  readonly signingKeys: readonly SigningKey[];
  /** Puts cue API, feed and keys into an app. */
  routes(app: Express): void;
  /** True, or what is wrong; for `Health.add`. */
  check(): true | string;
  /** Ends the feed, takes back what waits, and closes the log in order. Stop the streams first. */
  close(): Promise<void>;
}

const SWEEP_MS = 1_000;
const COMPACT_MS = 3_600_000;
export const CUE_LOG_FILE = 'cues.db';

/** Opens the cue log in the data folder and takes over what a process before this one has left. */
export async function openDirector(options: DirectorOptions): Promise<Director> {
  const { settings, secrets, tokens, gate, clock, log, observer, storeObserver } = options;
  const signingKeys = secrets.stampKeys.map(readKey);
  mkdirSync(settings.dataDir, { recursive: true, mode: 0o700 });
  const { cueLog, start } = await openCueLog({
    path: join(settings.dataDir, CUE_LOG_FILE),
    log,
    maxQueued: settings.storeQueue,
    timeoutMs: settings.storeTimeoutMs,
    keepDays: settings.cueKeepDays,
    keepEntries: settings.cueKeepEntries,
    ...(storeObserver === undefined ? {} : { observer: storeObserver }),
  });
  const observed = observer === undefined ? {} : { observer };
  const feed = new CueFeed({
    ...{ cueLog, log, maxSubscribers: settings.feedSubscribers, queueBytes: settings.feedQueueBytes },
    ...observed,
  });
  const book = new CueBook({
    ...{ cueLog, start, gate, clock, log, limits: settings, signingKey: signingKeys[0]! },
    ...(options.lookUpReveal === undefined ? {} : { lookUpReveal: options.lookUpReveal }),
    ...(options.lookUpOpening === undefined ? {} : { lookUpOpening: options.lookUpOpening }),
    ...observed,
  });
  const console = await openConsole({
    ...{ settings, tokens, clock, log },
    briefOf: options.briefOf ?? ((stream) => briefOfGate(gate, stream, clock.unixMs())),
    ...(options.consoleObserver === undefined ? {} : { observer: options.consoleObserver }),
  }).catch(async (error: unknown) => {
    await book.close();
    throw error;
  });
  // Taking over has settled some of them (missed, uncertain): as they now stand.
  const known = await Promise.all(start.cues.map(async (cue) => (await book.get(cue.stream, cue.id)) ?? cue));
  let rundowns: Rundowns | null = null;
  let stage: StageRoom | null = null;
  book.isRehearsal = console.isRehearsal;
  book.rehearsesOnly = (by) => tokens.named(by)?.rehearsal === true;
  console.attach(
    book,
    known,
    deedsOf(book, () => rundowns),
    start.cleanStop,
  );
  const api = cueApi({
    ...{ book, tokens, clock, rate: settings.cueRate },
    isStreamAllowed: (stream) => isStreamAllowed(settings.streams, stream),
    ...observed,
  });

  const rundown = await openRundownRoom({
    ...{ settings, tokens, book, gate, clock, log, keyIdLength: signingKeys[0]!.id.length },
    lookUp: options.lookUpInteraction ?? null,
    onChange: (stream, view) => {
      console.publish(stream, 'rundown', view);
      stage?.rundownChanged(stream);
    },
    onAction: ({ stream, what, item, by, console: at, rundown: id }) =>
      console.asRun.add(stream, {
        ...{ what, by, console: at, item: item?.id ?? null, type: item?.type ?? null },
        title: item === null ? id : (item.title ?? null),
      }),
    onMissed(stream, { id, type, title = null }, { code }, key) {
      observer?.itemMissed?.(code);
      console.asRun.addOnce(stream, {
        ...{ what: 'missed', item: id, type, title, state: 'missed', reason: code, key },
      });
    },
  }).catch(async (error: unknown) => {
    await book.close();
    await console.close();
    throw error;
  });
  rundowns = rundown.rundowns;
  const openStage = openStageRoom({
    ...{ settings, tokens, book, console, rundowns, clock, log },
    known,
  });
  stage = openStage;

  const compact = () => {
    cueLog.compact(clock.unixMs()).then(
      (deleted) => {
        if (deleted > 0) log.info({ deleted }, 'old entries of the cue log are gone');
      },
      (error: unknown) => log.warn({ err: error }, 'the cue log cannot be compacted now'),
    );
  };
  compact();
  const timers = [setInterval(() => book.sweep(), SWEEP_MS), setInterval(compact, COMPACT_MS)];
  for (const timer of timers) timer.unref();

  return {
    ...{ book, cueLog, feed, signingKeys, rundowns },
    console: {
      ...console,
      endChannel() {
        openStage.endChannel();
        console.endChannel();
      },
    },
    routes(app) {
      console.routes(app);
      app.use('/api/v1/streams', api, rundown.router, openStage.router);
      app
        .route(FEED_PATH)
        .head(methodNotAllowed('GET'))
        .get(requireRight(tokens, 'feed'), feed.route)
        .all(methodNotAllowed('GET'));
      app.get(KEYS_PATH, keysRoute(signingKeys, options.upstreamKeys));
    },
    check: () => (book.healthy ? rundown.check() : 'the cue log does not take entries'),
    async close() {
      for (const timer of timers) clearInterval(timer);
      openStage.close();
      await rundown.close();
      await book.close();
      feed.close();
      await console.close();
    },
  };
}

function readKey(pem: string): SigningKey {
  let key: SigningKey;
  try {
    key = signingKeyFromPem(pem);
  } catch (cause) {
    throw new FramecueError('ERR_SETTING', 'A stamp key is not an Ed25519 private key (PEM, PKCS #8).', {
      cause,
      details: { setting: 'FRAMECUE_STAMP_KEYS' },
    });
  }
  if (!isReplayTestKey(key)) return key;
  throw new FramecueError('ERR_SETTING', 'A stamp key is the test key of replays, which everybody has.', {
    details: { setting: 'FRAMECUE_STAMP_KEYS' },
  });
}
