import type { Clock } from '../../packet/clock.ts';
import { askHttpPeer } from './http-peer.ts';
import { askSntp, type PeerReading, type SntpOutcome } from './sntp.ts';

const TIMEOUT_MS = 3000;
const KEPT = 8;
const NTP_PORT = 123;
/** Nothing is known to keep this clock: it may run off by this between two readings. */
const DRIFT = 100e-6;

export type AskPeer = (url: string, clock: Clock) => Promise<SntpOutcome>;

export const askPeer: AskPeer = (url, clock) => {
  const { protocol, hostname, port } = new URL(url);
  if (protocol !== 'ntp:') return askHttpPeer(url, clock, TIMEOUT_MS);
  const host = hostname.replace(/^\[|\]$/g, '');
  return askSntp({ host, port: port === '' ? NTP_PORT : Number(port) }, clock, TIMEOUT_MS);
};

export interface PeerStatus {
  readonly url: string;
  /** Our clock less the peer's. */
  readonly offsetMs: number | null;
  readonly errorMs: number | null;
  /** Why the newest question was in vain; null where it was not. */
  readonly problem: string | null;
}

export interface PeersVerdict {
  /** Our clock less the true time, within `uncertaintyMs`; null where no peer answers, or they do not agree. */
  readonly offsetMs: number | null;
  readonly uncertaintyMs: number;
  readonly agreeing: number;
  readonly answering: number;
}

interface Kept extends PeerReading {
  readonly atUs: number;
}

/** Other clocks to hold ours against: of each peer's newest readings the one with the least bound, aged, counts. */
export class ClockPeers {
  readonly #clock: Clock;
  readonly #ask: AskPeer;
  readonly #peers: readonly { readonly url: string; kept: Kept[]; problem: string | null }[];

  constructor(urls: readonly string[], clock: Clock, ask: AskPeer = askPeer) {
    this.#clock = clock;
    this.#ask = ask;
    this.#peers = urls.map((url) => ({ url, kept: [], problem: null }));
  }

  get configured(): number {
    return this.#peers.length;
  }

  /** Asks each once. Never rejects. */
  async ask(): Promise<void> {
    await Promise.all(
      this.#peers.map(async (peer) => {
        const outcome = await this.#ask(peer.url, this.#clock);
        peer.problem = outcome.ok ? null : outcome.why;
        if (outcome.ok) {
          peer.kept = [...peer.kept.slice(1 - KEPT), { ...outcome.reading, atUs: this.#clock.monotonicUs() }];
        }
      }),
    );
  }

  /** Our clock stepped: what was said of it before is of no use. */
  forget(): void {
    for (const peer of this.#peers) peer.kept = [];
  }

  status(): readonly PeerStatus[] {
    return this.#peers.map(({ url, kept, problem }) => {
      const best = this.#bestOf(kept);
      return {
        ...{ url, problem },
        offsetMs: best === null ? null : 0 - best.aheadMs,
        errorMs: best?.errorMs ?? null,
      };
    });
  }

  /** The span that most peers agree on, which must be more than half of those that answer (Marzullo). */
  verdict(): PeersVerdict {
    const spans = this.#peers
      .map(({ kept }) => this.#bestOf(kept))
      .filter((best) => best !== null)
      .map(({ aheadMs, errorMs }) => ({ lo: -aheadMs - errorMs, hi: -aheadMs + errorMs }));
    const most = agreed(spans);
    if (most === null || most.count * 2 <= spans.length) {
      return { offsetMs: null, uncertaintyMs: 0, agreeing: most?.count ?? 0, answering: spans.length };
    }
    return {
      offsetMs: (most.lo + most.hi) / 2,
      uncertaintyMs: (most.hi - most.lo) / 2,
      agreeing: most.count,
      answering: spans.length,
    };
  }

  #bestOf(kept: readonly Kept[]): PeerReading | null {
    const now = this.#clock.monotonicUs();
    const aged = kept.map(({ aheadMs, errorMs, atUs }) => ({
      aheadMs,
      errorMs: errorMs + (DRIFT * (now - atUs)) / 1000,
    }));
    return aged.reduce<PeerReading | null>(
      (best, one) => (best === null || one.errorMs < best.errorMs ? one : best),
      null,
    );
  }
}

interface Span {
  readonly lo: number;
  readonly hi: number;
}

/** Where most spans overlap; of two such places the narrower. */
function agreed(spans: readonly Span[]): (Span & { readonly count: number }) | null {
  let best: (Span & { readonly count: number }) | null = null;
  for (const { lo } of spans) {
    const holding = spans.filter((span) => span.lo <= lo && lo <= span.hi);
    const hi = Math.min(...holding.map((span) => span.hi));
    const { length: count } = holding;
    if (best === null || count > best.count || (count === best.count && hi - lo < best.hi - best.lo)) {
      best = { lo, hi, count };
    }
  }
  return best;
}
