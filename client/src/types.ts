import type { CueType, JsonObject, StampKeySet } from '../../cues/wire/index.ts';
import type { MineOutcome, PrefetchOutcome, PrizeRequestOptions, SealedOutcome } from './prizes/types.ts';
import type { OrderOutcome, ReservationOutcome } from './sale/types.ts';

export type { CueType, JsonObject, StampKey, StampKeySet } from '../../cues/wire/index.ts';

/** What the page tells the library. Times are milliseconds unless a name says otherwise. */
export interface FramecueOptions {
  /** Base URL of the events service or of the gateway in front of it: clock, keys, answers, reports. */
  readonly eventsUrl: string;
  /** The stream that is played, `app/name`. Cues of other streams never fire. */
  readonly stream: string;
  /** Called once per cue id, on the frame that the cue belongs to. */
  readonly onCue: (cue: FiredCue) => void;
  /** Called once for a cue that was open: its time is over, or its lock, reveal or cancel was reached. */
  readonly onClose?: ((cue: FiredCue, why: CloseReason) => void) | undefined;
  /** A newer revision of a cue that fired already. It never fires again. */
  readonly onUpdate?: ((cue: FiredCue) => void) | undefined;
  /** How cues reach this viewer now; called when that changes. */
  readonly onStatus?: ((status: FramecueStatus) => void) | undefined;
  /** Every cue's end as it is reported, whether or not reports are sent. */
  readonly onOutcome?: ((outcome: CueOutcome) => void) | undefined;
  /** Gives the viewer's own token (JWT of the page's backend). Without it nothing can be submitted or reported. */
  readonly token?: (() => Promise<string> | string) | undefined;
  /** Public keys of the stamps. Default: fetched from `eventsUrl`, again when an unknown key id is met. */
  readonly keys?: StampKeySet | undefined;
  /** A picture further behind the live moment than this opens nothing. Default 30,000. */
  readonly maxDelayMs?: number | undefined;
  /** Share of viewers, 0 to 1, that report how their cues fired. Default 0.1; needs `token`. */
  readonly reportShare?: number | undefined;
  /**
   * What this page or app calls itself, where directors see how far apart apps are: 1 to 32 letters, digits, spaces,
   * `.`, `_` or `-`.
   */
  readonly app?: string | undefined;
  /**
   * Polling of the cues that are due, for viewers without frames or stamps: `fallbackMs` between polls while it
   * is needed (default 2,500), `safetyMs` while frames and stamps are running (default 15,000). `false`: never.
   */
  readonly poll?: { readonly fallbackMs?: number; readonly safetyMs?: number } | false | undefined;
  /**
   * How the server's clock is asked: `http` (default), over one WebSocket (`gateway`), or by answers that a CDN may
   * give out (`cached`: known to about half a second at first). Where one does not work, another is taken.
   */
  readonly clock?: 'http' | 'gateway' | 'cached' | undefined;
}

/** What `createFramecue` returns. */
export interface Framecue {
  /**
   * Reads the stamps of an mpegts.js player that plays in `video`. Call it before `player.load()`, and again for
   * every new player. Returns a function that detaches; `destroy()` and the player's own end do the same.
   */
  attachMpegts(
    player: MpegtsPlayer,
    video: HTMLVideoElement,
    mpegts?: MpegtsModule,
    options?: AttachOptions,
  ): () => void;
  /** The same for hls.js. */
  attachHls(hls: HlsPlayer, video: HTMLVideoElement, Hls?: HlsModule, options?: AttachOptions): () => void;
  /**
   * Sends a viewer's answer: claims, retries and the session are dealt with. Resolves always, with a receipt or a
   * coded error. One answer per viewer counts: repeats give the first one's receipt.
   *
   * In a flash sale with a line it stays in the line until this viewer's turn, and tells `onWait` of it.
   */
  submit(cue: FiredCue, answer: Answer, options?: SubmitOptions): Promise<SubmitOutcome>;
  /** What this viewer has reserved in a flash sale, and where they stand in its line. */
  reservation(interaction: string): Promise<ReservationOutcome>;
  /** Orders what is reserved. Asked again, also on another page, it is the same order. */
  order(interaction: string): Promise<OrderOutcome>;
  /** Gives back what is reserved: another viewer may have it. */
  giveBack(interaction: string): Promise<OrderOutcome>;
  /**
   * Fetches the sealed result of a draw ahead of its reveal, at a moment of this viewer's own; waits until there is one
   * (half an hour at most). Call it when the lottery has closed.
   */
  prefetchSealed(interaction: string, options?: PrizeRequestOptions): Promise<PrefetchOutcome>;
  /** Opens the result with the key that a reveal cue carries; fetches it first where it is not here yet. */
  openSealed(cue: FiredCue): Promise<SealedOutcome>;
  /**
   * This viewer's own entry in a draw: the place in the list, checked under the root that everybody is shown; after the
   * reveal the prize, and what has become of it.
   */
  mine(interaction: string, options?: PrizeRequestOptions): Promise<MineOutcome>;
  readonly clock: FramecueClock;
  /** PTS on the stream's own timeline (as in landing receipts) of the frame on screen; null while it is not known. */
  streamTime(): StreamTime | null;
  /** Counts and the present state, for support and dashboards. */
  stats(): FramecueStats;
  /** Detaches all, aborts what is under way, forgets everything. Nothing is called back after it. */
  destroy(): void;
}

/** How a cue reached this viewer. */
export type CuePath = 'flv' | 'ws' | 'hls' | 'events';

/**
 * What told this viewer of a cue: SEI in the video, FLV script data, an `emsg` box or EXT-X-DATERANGE in its place
 * where a server on the way dropped it, or the events feed.
 */
export type CueCarrier = 'sei' | 'script' | 'emsg' | 'daterange' | 'feed';

/**
 * What made it fire: its frame was presented; the playback position, where no frames are presented (a hidden tab);
 * or the clock (no picture, or an aligned opening).
 */
export type FireTrigger = 'frame' | 'position' | 'clock';

/** Why a cue fired after its moment. */
export type LateReason =
  /** The viewer joined after the frame. */
  | 'joined'
  /** The stamp, its key or its verification came after the frame. */
  | 'stamp-late'
  /** Frames were passed over: a seek, a stall, a busy machine, a resumed pause. */
  | 'skipped'
  /** The tab was hidden. */
  | 'hidden'
  /** The frame came after `alignAt`. */
  | 'behind-align'
  /** Aligned, but the server's clock was not known: by the own frame, as much later as `alignAt` is after the cue. */
  | 'no-clock'
  /** Aligned, but the clock may be off by more than 100 ms: opened later by what is beyond that. */
  | 'clock-unsure'
  /** By the events path, without the own frame. */
  | 'no-frame';

/** Why a cue never fired. */
export type NeverReason =
  /** Its window was over before it could open. */
  | 'over'
  /** Its lock, reveal or cancel came first. */
  | 'locked'
  /** The picture is further behind than `maxDelayMs`. */
  | 'behind'
  /** After `exp`. */
  | 'expired'
  /** The key that opens its data never came. */
  | 'sealed'
  /** More cues were waiting than are kept. */
  | 'evicted';

export type CloseReason = 'ended' | 'locked' | 'revealed' | 'canceled' | 'expired';

/** A cue that fired. PTS are milliseconds. Moments are on the `performance.now()` clock. */
export interface FiredCue {
  readonly id: string;
  readonly rev: number;
  readonly type: CueType;
  /** The opening cue that a lock, reveal or cancel belongs to. */
  readonly ref: string | null;
  readonly show: string | null;
  readonly audience: JsonObject | null;
  /** Of a rehearsal: show it marked, or only to whoever is meant to see rehearsals. Answers to it count for nothing. */
  readonly rehearsal: boolean;
  /** What viewers may see; unsealed. */
  readonly data: JsonObject;
  /** The cue's window; null where it has none. */
  readonly durationMs: number | null;
  /** What was left of the window when it opened; null where it has none. */
  readonly remainingMs: number | null;
  /** When it was shown to this viewer: answers are timed from here. */
  readonly presentedAt: number;
  /** When it closes by itself; null where it does not. */
  readonly closesAt: number | null;
  /** Unix milliseconds at which all viewers open it together; null where each opens on their own frame. */
  readonly alignAt: number | null;
  /** Aligned: how far off the clock may have been that opened it; null without one, and for all other cues. */
  readonly alignErrorMs: number | null;
  /** Fire PTS on the stream's timeline, as in the landing receipt; null where no stamp told it. */
  readonly firePts: number | null;
  /** PTS, on the stream's timeline, of the picture on screen when it fired; null without a picture. */
  readonly shownPts: number | null;
  /** The same two on the player's timeline (`mediaTime * 1000`). */
  readonly playerFirePts: number | null;
  readonly playerShownPts: number | null;
  /** Frames from the fire PTS to the one shown; null where that cannot be told. */
  readonly frames: number | null;
  /** From the moment its frame was due on this screen (aligned: from `alignAt`; by the clock: from `fireAt`). */
  readonly lateMs: number;
  readonly outcome: 'fired' | 'late';
  readonly reason: LateReason | null;
  readonly path: CuePath;
  readonly carrier: CueCarrier;
  /** How far off its frame the moment may be that `carrier` told, milliseconds; null without a frame. */
  readonly accuracyMs: number | null;
  readonly trigger: FireTrigger;
  readonly epoch: string | null;
  /** Unix microseconds at which the fire PTS passed the injector. */
  readonly fireAtUs: number;
  /** Text of the first stamp copy with `fireIn <= 0`: proof for the server; null where none was seen. */
  readonly stamp: string | null;
}

/** How a cue ended for this viewer: what reports carry. */
export interface CueOutcome {
  readonly cue: string;
  readonly rev: number;
  readonly type: CueType;
  readonly path: CuePath;
  readonly carrier: CueCarrier;
  readonly accuracyMs: number | null;
  readonly outcome: 'fired' | 'late' | 'missed' | 'closed';
  readonly reason: LateReason | NeverReason | null;
  readonly lateMs: number | null;
  readonly frames: number | null;
  readonly shownPts: number | null;
  /** It has an `alignAt`: `lateMs` counts from there. */
  readonly aligned: boolean;
  readonly alignErrorMs: number | null;
}

export interface Answer {
  /** Index of the chosen option; none to enter a lottery. */
  readonly choice?: number | undefined;
  /** When the viewer acted, `performance.now()`; default: when `submit` is called. `event.timeStamp` fits. */
  readonly actedAt?: number | undefined;
}

export interface Receipt {
  readonly id: string;
  readonly interaction: string;
  /** The choice that counts; absent where there is nothing to choose (a lottery). */
  readonly choice?: number;
  /**
   * `held`: kept and judged later, because the server does not know the cue yet. `rehearsal`: taken, and counted
   * nowhere.
   */
  readonly status: 'accepted' | 'held' | 'rehearsal';
  /** Unix milliseconds. */
  readonly acceptedAt: number;
  /** True when an earlier answer of this viewer counts. */
  readonly repeated: boolean;
}

export interface SubmitOptions {
  /** Told at once, and whenever the server has said something new of the waiting. */
  readonly onWait?: ((wait: SubmitWait) => void) | undefined;
  /**
   * Ends it for this caller: the outcome is `ERR_CLIENT_ABORTED`. A place in a line stays the viewer's, and what was on
   * its way may have arrived. `AbortSignal.timeout(ms)` bounds it.
   */
  readonly signal?: AbortSignal | undefined;
}

/** Why an answer in a flash sale is not taken yet. Moments are on the `performance.now()` clock. */
export type SubmitWait =
  /** The viewer is in the line. */
  | {
      readonly kind: 'line';
      /** Turns until theirs, theirs included. */
      readonly position: number;
      readonly waitMs: number;
      readonly turnAt: number;
      /** Who has not been heard of by then is put at the end of the line. */
      readonly openUntil: number;
    }
  /** It is their turn, and all that is left is reserved for others: a piece may come back. */
  | { readonly kind: 'all-reserved'; readonly askedAgainAt: number };

export type SubmitOutcome =
  | { readonly ok: true; readonly receipt: Receipt }
  | { readonly ok: false; readonly error: FramecueClientError };

/** Codes of the server (`docs/errors.md`) and, of the client itself, those of {@link ClientErrorCode}. */
export interface FramecueClientError {
  readonly code: ClientErrorCode | (string & Record<never, never>);
  readonly message: string;
  /** Trying again may help. */
  readonly retryable: boolean;
  /** HTTP status; null where none came. */
  readonly status: number | null;
}

export type ClientErrorCode =
  /** No answer from the server, or none in time. */
  | 'ERR_CLIENT_NETWORK'
  /** The answer was not one of a framecue server. */
  | 'ERR_CLIENT_RESPONSE'
  /** `destroy()` came first. */
  | 'ERR_CLIENT_DESTROYED'
  /** The page's own signal came first. */
  | 'ERR_CLIENT_ABORTED'
  /** Too many answers are waiting. */
  | 'ERR_CLIENT_BUSY'
  /** The page gave no `token`, or its callback failed. */
  | 'ERR_CLIENT_TOKEN'
  /** The cue names no interaction. */
  | 'ERR_CLIENT_NO_INTERACTION'
  /** The cue has closed. */
  | 'ERR_CLIENT_CLOSED'
  /** A draw's list does not hold this viewer as it should. */
  | 'ERR_CLIENT_PROOF'
  /** The sealed result did not open. */
  | 'ERR_CLIENT_SEALED'
  /** The cue carries no key of a result. */
  | 'ERR_CLIENT_NO_KEY'
  /** The winners are not drawn yet. */
  | 'ERR_CLIENT_DRAW_WAITS'
  /** The round was cancelled. */
  | 'ERR_CLIENT_DRAW_VOID';

/** The server's clock as this viewer knows it. */
export interface FramecueClock {
  /** Null until the first exchange. `errorUs` bounds the distance from the server's clock, ageing included. */
  now(): { readonly unixUs: number; readonly errorUs: number } | null;
}

export interface StreamTime {
  /** PTS of the frame on screen on the stream's output timeline. */
  readonly pts: number;
  readonly epoch: string;
  /** When that frame was presented, `performance.now()`. */
  readonly presentedAt: number;
}

/**
 * - `frames`: cues fire on presented frames;
 * - `starting`: a player is attached and shows nothing yet;
 * - `paused`: the viewer paused, nothing opens;
 * - `no-stamps`: frames are shown, but stamps do not arrive: by the events path;
 * - `no-frames`: nothing is shown (autoplay blocked, stalled, no player): by the events path.
 */
export type FramecueMode = 'starting' | 'frames' | 'paused' | 'no-stamps' | 'no-frames';

export interface FramecueStatus {
  readonly mode: FramecueMode;
  /** Path of the player in use. */
  readonly path: CuePath | null;
}

export interface FramecueStats extends FramecueStatus {
  readonly attached: number;
  /** How far the picture on screen is behind the injector; null while it is not known. */
  readonly delayMs: number | null;
  readonly framesSeen: number;
  readonly stampsSeen: number;
  /** Cues that wait for their frame, and cues that are open. */
  readonly pending: number;
  readonly open: number;
  readonly outcomes: Readonly<Record<CueOutcome['outcome'], number>>;
  /** Everything that went wrong and was dealt with, by code: stamps refused, polls failed, and so on. */
  readonly problems: Readonly<Record<string, number>>;
}

/** What is needed of an mpegts.js player (1.7 and later know `SEI_ARRIVED`). */
export interface MpegtsPlayer {
  // biome-ignore lint/suspicious/noExplicitAny: as mpegts.js declares it
  on(event: string, listener: (...args: any[]) => void): void;
  // biome-ignore lint/suspicious/noExplicitAny: as mpegts.js declares it
  off(event: string, listener: (...args: any[]) => void): void;
}

/** The mpegts.js module, or anything with its `Events`. */
export interface MpegtsModule {
  readonly Events: object;
}

/** What is needed of an hls.js instance. */
export interface HlsPlayer {
  // biome-ignore lint/suspicious/noExplicitAny: hls.js types its listeners by event name
  on(event: any, listener: (...args: any[]) => void): void;
  // biome-ignore lint/suspicious/noExplicitAny: hls.js types its listeners by event name
  off(event: any, listener: (...args: any[]) => void): void;
}

/** The hls.js class, full or light. */
export interface HlsModule {
  readonly Events: object;
}

export interface AttachOptions {
  /** How this player gets the stream. Default: told from the player (`flv` or `ws`; `hls`). */
  readonly path?: Exclude<CuePath, 'events'> | undefined;
}
