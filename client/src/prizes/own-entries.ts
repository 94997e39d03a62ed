import { backoffMs, type Net, pause, request } from '../net/http.ts';
import type { ViewerSession } from '../net/session.ts';
import { BoundedMap } from '../scheduler/bounded-map.ts';
import { askDraw, unreadable } from './draw.ts';
import { DESTROYED, prizeError } from './errors.ts';
import type { OwnFacts } from './proof.ts';
import { readMine, type ToldEntry, type ToldPlace } from './read.ts';
import type { MineOutcome, PrizeRequestOptions } from './types.ts';

export interface OwnEntriesOptions {
  /** `.../api/v1/interactions` */
  readonly url: string;
  readonly session: ViewerSession;
  readonly onProblem: (code: string) => void;
  /** Loads what checks a place; for tests. */
  readonly loadProof?: () => Promise<{ isOnList(place: ToldPlace, facts: OwnFacts): boolean }>;
}

interface Told {
  readonly entry: ToldEntry;
  readonly viewer: string | null;
}

const TIMEOUT_MS = 8000;
const RETRY_BASE_MS = 500;
const RETRY_MAX_MS = 8000;
const MOST_ATTEMPTS = 5;
const KEPT = 64;
/** The public document may be a second older than what the server tells this viewer. */
const PUBLISHED_AGAIN_MS = 1500;

/**
 * What a viewer may know of their own entry in a draw. A place in the list is given out only if it was checked here: by
 * the receipt that this page was given, and under the root that everybody is shown.
 */
export class OwnEntries {
  readonly #net: Net;
  readonly #options: OwnEntriesOptions;
  readonly #stop = new AbortController();
  readonly #asking = new Map<string, Promise<MineOutcome>>();
  /** Ids of the receipts that this page was given, by interaction. */
  readonly #receipts = new BoundedMap<string, string>(KEPT);
  /** The root that was shown first, by interaction: it never changes. */
  readonly #roots = new BoundedMap<string, string>(KEPT);

  constructor(net: Net, options: OwnEntriesOptions) {
    this.#net = net;
    this.#options = options;
  }

  noteReceipt(interaction: string, receipt: string): void {
    this.#receipts.set(interaction, receipt);
  }

  /** Never rejects. While one look is under way, whoever asks shares it. */
  mine(interaction: string, { withinMs = 0 }: PrizeRequestOptions = {}): Promise<MineOutcome> {
    const asking = this.#asking.get(interaction);
    if (asking !== undefined) return asking;
    if (this.#asking.size >= KEPT) {
      return Promise.resolve(prizeError('ERR_CLIENT_BUSY', 'Too many questions are under way.', true));
    }
    const work = this.#mine(interaction, Math.max(0, withinMs)).then((outcome) => {
      this.#asking.delete(interaction);
      if (!outcome.ok) this.#options.onProblem(outcome.error.code);
      return outcome;
    });
    this.#asking.set(interaction, work);
    return work;
  }

  destroy(): void {
    this.#stop.abort();
  }

  async #mine(interaction: string, withinMs: number): Promise<MineOutcome> {
    const { signal } = this.#stop;
    if (withinMs > 0) await pause(this.#net, this.#net.random() * withinMs, signal);
    const told = await this.#insist(() => this.#ask(interaction));
    if (!told.ok) return told;
    const { entry, viewer } = told.value;
    const receipt = this.#receipts.get(interaction);
    if (receipt !== undefined && entry.entry?.receipt !== receipt) {
      return lost(`The server has no entry with this viewer's receipt ${receipt}.`);
    }
    const { place, ...rest } = entry;
    const isClosed = entry.state !== 'open' && entry.state !== 'frozen' && entry.state !== 'void';
    if (place === null) {
      return isClosed && entry.entry?.status === 'accepted'
        ? lost(`The list was closed without this viewer, whose receipt is ${entry.entry.receipt}.`)
        : { ok: true, mine: { ...rest, place: null } };
    }
    if (entry.entry === null || viewer === null) {
      return prizeError('ERR_CLIENT_RESPONSE', 'The server does not say whose place this is.', true);
    }
    const facts = { receipt: receipt ?? entry.entry.receipt, viewer };
    const failure = await this.#check(interaction, place, facts);
    if (failure !== null) return failure;
    const { index, count, root, tier, leaf } = place;
    return { ok: true, mine: { ...rest, place: { number: index + 1, count, root, tier, leaf } } };
  }

  /** Null: it is as the list says that everybody is shown. */
  async #check(
    interaction: string,
    place: ToldPlace,
    facts: Pick<OwnFacts, 'receipt' | 'viewer'>,
  ): Promise<Extract<MineOutcome, { ok: false }> | null> {
    const published = await this.#insist(async () => {
      const draw = await askDraw(this.#net, this.#options.url, interaction, this.#stop.signal);
      if (!draw.ok) return draw;
      if (draw.value.list !== null) return { ok: true, value: draw.value.list };
      return { ...unreadable('The list is not published yet.'), retryAfterMs: PUBLISHED_AGAIN_MS };
    });
    if (!published.ok) return published;
    const { root, count } = published.value;
    const first = this.#roots.get(interaction) ?? root;
    this.#roots.set(interaction, first);
    const keep = `Keep the receipt ${facts.receipt} and show it to whoever runs the draw.`;
    if (root !== first || root !== place.root || count !== place.count) {
      return prizeError('ERR_CLIENT_PROOF', `The list of this draw is not the same for everybody. ${keep}`);
    }
    let proof: Awaited<ReturnType<NonNullable<OwnEntriesOptions['loadProof']>>>;
    try {
      proof = await (this.#options.loadProof ?? loadProof)();
    } catch {
      return prizeError('ERR_CLIENT_NETWORK', 'The code that checks the proof could not be loaded.', true);
    }
    if (proof.isOnList(place, { ...facts, root, count })) return null;
    return prizeError('ERR_CLIENT_PROOF', `The list that was published does not hold this viewer. ${keep}`);
  }

  async #ask(interaction: string): Promise<Answered<Told>> {
    const { session, url } = this.#options;
    const { signal } = this.#stop;
    for (let isAgain = false; ; isAgain = true) {
      const given = await session.get();
      if (!given.ok) return given;
      const path = `${url}/${encodeURIComponent(interaction)}/mine`;
      const outcome = await request(this.#net, path, { bearer: given.token, timeoutMs: TIMEOUT_MS, signal });
      if (!outcome.ok) {
        // Ended before its time, or made with other secrets: once more with a fresh one.
        if (outcome.error.status !== 401 || isAgain) return outcome;
        session.drop(given.token);
        continue;
      }
      const entry = readMine(outcome.value, interaction);
      if (entry === null) return unreadable('The answer is no entry in a draw.');
      return { ok: true, value: { entry, viewer: given.viewer } };
    }
  }

  async #insist<Value>(
    ask: () => Promise<Answered<Value>>,
  ): Promise<{ readonly ok: true; readonly value: Value } | Extract<MineOutcome, { ok: false }>> {
    for (let attempt = 0; ; attempt++) {
      const outcome = await ask();
      if (this.#stop.signal.aborted) return DESTROYED;
      if (outcome.ok) return outcome;
      const { error, retryAfterMs } = outcome;
      if (!error.retryable || attempt + 1 >= MOST_ATTEMPTS) return { ok: false, error };
      const waitMs = Math.max(retryAfterMs ?? 0, backoffMs(this.#net, attempt, RETRY_BASE_MS, RETRY_MAX_MS));
      await pause(this.#net, waitMs, this.#stop.signal);
    }
  }
}

type Answered<Value> =
  | { readonly ok: true; readonly value: Value }
  | Extract<Awaited<ReturnType<typeof request>>, { ok: false }>;

const lost = (what: string) =>
  prizeError('ERR_CLIENT_PROOF', `${what} Keep the receipt and show it to whoever runs the draw.`);

const loadProof = () => import('./proof.ts');
