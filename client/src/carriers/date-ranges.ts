import {
  DATERANGE_CUE_CLASS,
  DATERANGE_EPOCH_CLASS,
  DATERANGE_PTS,
  DATERANGE_TEXT,
  fromHexSequence,
} from '../../../cues/wire/index.ts';
import { BoundedMap } from '../scheduler/bounded-map.ts';
import type { SeiListener } from '../sei/sample.ts';

/** What is needed of hls.js's `LevelDetails`. */
export interface HlsDetails {
  readonly fragments?: readonly HlsFragment[];
  readonly dateRanges?: Readonly<Record<string, HlsDateRange | undefined>>;
}

interface HlsFragment {
  /** Unix milliseconds. */
  readonly programDateTime?: number | null;
  /** Seconds of player time. */
  readonly start?: number;
  /** Discontinuities before it. */
  readonly cc?: number;
}

interface HlsDateRange {
  readonly attr?: Readonly<Record<string, unknown>>;
  readonly startDate?: Date;
}

/** The stream's time that is 0 in player time, by discontinuity. */
type Offsets = readonly ({ readonly baseTime?: unknown; readonly timescale?: unknown } | undefined)[];

/** Where PTS and date differ by more, a server on the way wrote other time stamps, and only the date counts. */
const AGREE_MS = 250;
/** An epoch's date may be hours ago, and the encoder's clock is not the server's. */
const EPOCH_AGREE_MS = 5000;
/** By the date alone: a segment's start is that of its sound or its picture, and EXTINF is not the media's own length. */
const BY_DATE_MS = 100;
const MAX_REFUSED = 64;

/**
 * EXT-X-DATERANGE. The date tells roughly where a cue belongs; its PTS, by the offset that hls.js found between media
 * time and player time, tells it to the millisecond, where the two agree. Each reload of the playlist and each segment
 * may tell the place better, and a player that begins anew has forgotten it: so all are handed out each time.
 */
export class DateRangeReader {
  readonly #listener: SeiListener;
  readonly #refused = new BoundedMap<string, true>(MAX_REFUSED);
  #offsets: Offsets = [];

  constructor(listener: SeiListener) {
    this.#listener = listener;
  }

  /** @param offsets `timestampOffsets` of INIT_PTS_FOUND */
  offsetsFound(offsets: unknown): void {
    if (Array.isArray(offsets)) this.#offsets = offsets;
  }

  take(details: HlsDetails | null | undefined): void {
    for (const [id, range] of Object.entries(details?.dateRanges ?? {})) {
      const attributes = range?.attr ?? {};
      const isEpoch = attributes.CLASS === DATERANGE_EPOCH_CLASS;
      if (!isEpoch && attributes.CLASS !== DATERANGE_CUE_CLASS) continue;
      const place = this.#placeOf(range!, details!.fragments ?? [], isEpoch);
      if (place === null) continue;
      const text = fromHexSequence(String(attributes[DATERANGE_TEXT] ?? ''));
      if (text === null) {
        this.#refuse(id);
        continue;
      }
      this.#listener.sample({
        ptsMs: place.ms,
        isFire: true,
        data: new TextEncoder().encode(text),
        told: { by: 'daterange', accuracyMs: place.accuracyMs },
      });
    }
  }

  /** Counted once, however often the playlist is loaded. */
  #refuse(id: string): void {
    if (this.#refused.get(id) === undefined) this.#listener.problem('ERR_STAMP_FORMAT');
    this.#refused.set(id, true);
  }

  #placeOf(
    { attr, startDate }: HlsDateRange,
    fragments: readonly HlsFragment[],
    isEpoch: boolean,
  ): { readonly ms: number; readonly accuracyMs: number } | null {
    const date = startDate?.getTime() ?? Number.NaN;
    const dated = fragments.filter(
      (f) => typeof f.programDateTime === 'number' && typeof f.start === 'number',
    );
    const fragment = dated.findLast((f) => f.programDateTime! <= date) ?? dated[0];
    if (fragment === undefined || Number.isNaN(date)) return null;
    const byDate = fragment.start! * 1000 + (date - fragment.programDateTime!);
    const { baseTime, timescale } = this.#offsets[fragment.cc ?? 0] ?? {};
    const byPts =
      typeof baseTime === 'number' && typeof timescale === 'number'
        ? Number(attr?.[DATERANGE_PTS] ?? Number.NaN) - (baseTime / timescale) * 1000
        : Number.NaN;
    const apart = Math.abs(byPts - byDate);
    if (apart <= (isEpoch ? EPOCH_AGREE_MS : AGREE_MS)) {
      // Two ways to tell it that differ by this much: that is how well it is known.
      return { ms: byPts, accuracyMs: Math.min(BY_DATE_MS, Math.max(1, Math.ceil(apart))) };
    }
    return isEpoch ? null : { ms: byDate, accuracyMs: BY_DATE_MS };
  }
}
