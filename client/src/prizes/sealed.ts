import { fromBase64Url, type StampCrypto } from '../../../cues/wire/index.ts';
import { backoffMs, type Net, pause, request } from '../net/http.ts';
import { interactionOf } from '../net/submissions.ts';
import { BoundedMap } from '../scheduler/bounded-map.ts';
import type { FiredCue } from '../types.ts';
import { askDraw } from './draw.ts';
import { DESTROYED, prizeError } from './errors.ts';
import { readResult, readSealed, type Sealed } from './read.ts';
import type { PrefetchOutcome, PrizeRequestOptions, SealedOutcome } from './types.ts';

export interface SealedResultsOptions {
  /** `.../api/v1/interactions` */
  readonly url: string;
  readonly crypto: StampCrypto;
  readonly onProblem: (code: string) => void;
}

type Fetched = { readonly ok: true; readonly sealed: Sealed } | (PrefetchOutcome & { ok: false });

interface Entry {
  /** Ends the waiting of a prefetch: the key is there. */
  readonly rush: AbortController;
  fetched: Promise<Fetched>;
  isOver: boolean;
}

const TIMEOUT_MS = 15_000;
/** 10,000 winners with long titles, sealed, in base64url. */
const MAX_CHARS = 8 * 1024 * 1024;
const SPREAD_MS = 10_000;
/** Of those who have not got it when the key comes. */
const RUSH_SPREAD_MS = 2000;
const RETRY_BASE_MS = 2000;
const RETRY_MAX_MS = 30_000;
/** A draw that has not been made that long after it was asked for. */
const GIVE_UP_MS = 30 * 60_000;
const KEPT = 8;

/**
 * Sealed results of draws: fetched ahead of the reveal, each viewer at a moment of their own, as files that caches give
 * out; opened with the key that the reveal cue carries. Nothing of a result is known here before that.
 */
export class SealedResults {
  readonly #net: Net;
  readonly #options: SealedResultsOptions;
  readonly #stop = new AbortController();
  readonly #entries = new BoundedMap<string, Entry>(KEPT);

  constructor(net: Net, options: SealedResultsOptions) {
    this.#net = net;
    this.#options = options;
  }

  /** Never rejects. Asked again while it is under way, or once it is there, it is fetched once. */
  async prefetch(
    interaction: string,
    { withinMs = SPREAD_MS }: PrizeRequestOptions = {},
  ): Promise<PrefetchOutcome> {
    const fetched = await this.#entryOf(interaction, Math.max(0, withinMs)).fetched;
    return fetched.ok ? { ok: true } : fetched;
  }

  /** Never rejects. @param cue a reveal that has fired */
  async open(cue: FiredCue): Promise<SealedOutcome> {
    const outcome = await this.#open(cue);
    if (!outcome.ok) this.#options.onProblem(outcome.error.code);
    return outcome;
  }

  async #open(cue: FiredCue): Promise<SealedOutcome> {
    const interaction = interactionOf(cue);
    if (interaction === null) {
      return prizeError('ERR_CLIENT_NO_INTERACTION', 'The cue names no interaction.');
    }
    const { resultKey } = cue.data;
    if (cue.type !== 'interaction.reveal' || typeof resultKey !== 'string') {
      return prizeError('ERR_CLIENT_NO_KEY', 'This cue carries no key: ask `mine()` for what was won.');
    }
    const entry = this.#entryOf(interaction, RUSH_SPREAD_MS);
    entry.rush.abort();
    const fetched = await entry.fetched;
    if (!fetched.ok) return fetched;
    try {
      const { iv, ciphertext } = fetched.sealed;
      const plain = await this.#options.crypto.openAes256Gcm(fromBase64Url(resultKey), iv, ciphertext);
      const result = readResult(new TextDecoder('utf-8', { fatal: true }).decode(plain), interaction);
      if (result !== null) return { ok: true, result };
    } catch {
      // A wrong key, other bytes, a fallback that did not load: for a viewer all the same.
    }
    this.#entries.delete(interaction);
    const text = 'The sealed result did not open with the key of this reveal: ask `mine()` for what was won.';
    return prizeError('ERR_CLIENT_SEALED', text, true);
  }

  destroy(): void {
    this.#stop.abort();
    for (const { rush } of this.#entries.values()) rush.abort();
  }

  #entryOf(interaction: string, withinMs: number): Entry {
    const known = this.#entries.get(interaction);
    if (known !== undefined && !known.isOver) return known;
    const rush = new AbortController();
    const entry: Entry = { rush, isOver: false, fetched: this.#fetch(interaction, withinMs, rush.signal) };
    // What failed is tried anew by whoever asks next.
    void entry.fetched.then((fetched) => {
      entry.isOver = !fetched.ok;
    });
    this.#entries.set(interaction, entry);
    return entry;
  }

  async #fetch(interaction: string, withinMs: number, rush: AbortSignal): Promise<Fetched> {
    const giveUpAtMs = this.#net.nowMs() + GIVE_UP_MS;
    await this.#wait(this.#net.random() * withinMs, rush);
    for (let attempt = 0; ; attempt++) {
      if (this.#stop.signal.aborted) return DESTROYED;
      const outcome = await this.#ask(interaction);
      if (outcome.kind === 'there') return { ok: true, sealed: outcome.sealed };
      if (outcome.kind === 'refused') return outcome.why;
      const waitMs = Math.max(
        outcome.retryAfterMs ?? 0,
        backoffMs(this.#net, attempt, RETRY_BASE_MS, RETRY_MAX_MS),
      );
      if (this.#net.nowMs() + waitMs > giveUpAtMs) return outcome.why;
      await this.#wait(waitMs, rush);
    }
  }

  /** One look at the draw, which caches may answer, and at its result once there is one. */
  async #ask(interaction: string) {
    const { url } = this.#options;
    const { signal } = this.#stop;
    const later = (why: PrefetchOutcome & { ok: false }, retryAfterMs: number | null = null) =>
      why.error.retryable
        ? ({ kind: 'later', why, retryAfterMs } as const)
        : ({ kind: 'refused', why } as const);
    const draw = await askDraw(this.#net, url, interaction, signal);
    if (!draw.ok) return later({ ok: false, error: draw.error }, draw.retryAfterMs);
    const { state } = draw.value;
    if (state === 'void') {
      return later(
        prizeError('ERR_CLIENT_DRAW_VOID', 'Nothing comes of this draw: the round was cancelled.'),
      );
    }
    if (state !== 'drawn' && state !== 'revealed') {
      return later(
        prizeError('ERR_CLIENT_DRAW_WAITS', 'The winners are not drawn yet. Ask again later.', true),
      );
    }
    const path = `${url}/${encodeURIComponent(interaction)}/sealed`;
    const limits = { timeoutMs: TIMEOUT_MS, maxChars: MAX_CHARS };
    const outcome = await request(this.#net, path, { ...limits, signal, cacheable: true });
    if (!outcome.ok) return later({ ok: false, error: outcome.error }, outcome.retryAfterMs);
    const sealed = readSealed(outcome.value);
    if (sealed !== null) return { kind: 'there', sealed } as const;
    return later(prizeError('ERR_CLIENT_RESPONSE', 'The answer is no sealed result.', true));
  }

  async #wait(ms: number, rush: AbortSignal): Promise<void> {
    const { signal } = this.#stop;
    if (rush.aborted) return pause(this.#net, ms, signal);
    await pause(this.#net, ms, rush);
    // Those who are still without it when the key comes all come now.
    if (rush.aborted) await pause(this.#net, this.#net.random() * RUSH_SPREAD_MS, signal);
  }
}
