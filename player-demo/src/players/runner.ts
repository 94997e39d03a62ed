import { FIRST_LINK, type LinkEvent, type LinkState, type LossReason, nextLink } from './link.ts';
import type { OpenPlayer } from './player.ts';

export interface RunnerOptions {
  readonly video: HTMLVideoElement;
  /** Makes a new player on the video element; null where this browser cannot play it. */
  readonly open: (onLost: (why: LossReason) => void) => Promise<OpenPlayer | null>;
  readonly onState: (state: LinkState) => void;
  /**
   * Media that may wait in the buffer before the picture jumps to the live edge, seconds. Playing a little faster
   * catches up with less than that; a machine that cannot decode faster would stay behind for ever.
   */
  readonly mostBehindS: number;
}

export interface Runner {
  /** From a touch or a key: the browser lets it play then. */
  readonly play: () => void;
  readonly stop: () => void;
}

const WATCH_MS = 1000;
const FIRST_PICTURE_WITHIN_MS = 12_000;
const PICTURE_WITHIN_MS = 6000;
const EDGE_S = 0.3;
/** From one jump to the next: each costs the decoding from the last keyframe on. */
const JUMP_EACH_MS = 10_000;

/** Keeps one stream on one video element: makes the player, watches it, throws it away and makes it again. */
export function runPlayer({ video, open, onState, mostBehindS }: RunnerOptions): Runner {
  let state: LinkState = FIRST_LINK;
  let player: OpenPlayer | null = null;
  let round = 0;
  let retryTimer: ReturnType<typeof setTimeout> | undefined;
  let lastTime = -1;
  let lastMoveAt = performance.now();
  let jumpedAt = Number.NEGATIVE_INFINITY;
  const page = new AbortController();

  const dispatch = (event: LinkEvent): LinkState => {
    const next = nextLink(state, event);
    if (next !== state) {
      state = next;
      onState(state);
    }
    return next;
  };

  const lose = (why: LossReason): void => {
    if (state.kind === 'waiting' || page.signal.aborted) return;
    round++;
    player?.close();
    player = null;
    const now = performance.now();
    const next = dispatch({ kind: 'lost', why, now, random: Math.random() });
    if (next.kind === 'waiting') retryTimer = setTimeout(retry, next.retryAt - now);
  };

  const retry = (): void => {
    clearTimeout(retryTimer);
    dispatch({ kind: 'retry' });
    void connect();
  };

  const connect = async (): Promise<void> => {
    const mine = ++round;
    lastTime = -1;
    lastMoveAt = performance.now();
    let opened: OpenPlayer | null;
    try {
      opened = await open((why) => mine === round && lose(why));
    } catch {
      // The player's code itself could not be loaded.
      if (mine === round) lose('network');
      return;
    }
    if (mine !== round || page.signal.aborted) {
      opened?.close();
      return;
    }
    if (opened === null) {
      dispatch({ kind: 'unsupported' });
      return;
    }
    player = opened;
    play();
  };

  const play = (): void => {
    video.play().catch((error: unknown) => {
      // AbortError: the element was emptied for the next player, which asks again.
      if (error instanceof DOMException && error.name === 'NotAllowedError') dispatch({ kind: 'blocked' });
    });
  };

  const watch = (): void => {
    const now = performance.now();
    const idle = document.hidden || state.kind === 'blocked' || state.kind === 'waiting';
    if (idle || state.kind === 'unsupported' || video.currentTime !== lastTime) {
      lastTime = video.currentTime;
      lastMoveAt = now;
      if (state.kind === 'playing') catchUp(now);
      return;
    }
    const limit = state.kind === 'connecting' ? FIRST_PICTURE_WITHIN_MS : PICTURE_WITHIN_MS;
    if (now - lastMoveAt > limit) lose('silent');
  };

  const catchUp = (now: number): void => {
    const { buffered, currentTime } = video;
    if (document.hidden || buffered.length === 0 || now - jumpedAt < JUMP_EACH_MS) return;
    const edge = buffered.end(buffered.length - 1);
    if (edge - currentTime < mostBehindS) return;
    jumpedAt = now;
    video.currentTime = edge - EDGE_S;
  };

  const on = (target: EventTarget, type: string, listener: () => void): void =>
    target.addEventListener(type, listener, { signal: page.signal });

  on(video, 'playing', () => dispatch({ kind: 'playing' }));
  on(video, 'timeupdate', () => state.kind === 'stalled' && dispatch({ kind: 'playing' }));
  on(video, 'waiting', () => dispatch({ kind: 'stalled' }));
  // One touch anywhere is leave for all players of the page.
  on(document, 'click', () => state.kind === 'blocked' && play());
  on(window, 'online', () => state.kind === 'waiting' && retry());
  on(document, 'visibilitychange', () => {
    if (document.hidden || state.kind === 'waiting') return;
    if (video.paused && state.kind !== 'blocked') play();
    catchUp(performance.now());
  });
  const watchTimer = setInterval(watch, WATCH_MS);
  onState(state);
  void connect();

  return {
    play,
    stop() {
      page.abort();
      round++;
      clearTimeout(retryTimer);
      clearInterval(watchTimer);
      player?.close();
      player = null;
    },
  };
}
