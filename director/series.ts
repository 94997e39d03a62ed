import type { Cue, SeriesPlace } from '../cues/cue.ts';
import { isFinal } from '../cues/states.ts';
import { FramecueError } from '../packet/errors.ts';
import { ms, type UnixMilliseconds, unixMs } from '../packet/time.ts';
import type { Acceptance } from './acceptance.ts';
import type { BookParts } from './book-parts.ts';
import { type CueLimits, expOf } from './cue-maker.ts';
import { EPOCH_GRACE_MS } from './fate.ts';
import type { HeldCue } from './held-cues.ts';

interface Series {
  readonly stream: string;
  /** Id of the newest cue of it. */
  newest: string;
  n: number;
  /** The next one is being made. */
  busy: boolean;
}

/** Series whose cues are all over are forgotten beyond so many. */
const KEEP = 500;

/**
 * Cues that repeat. Each occurrence is a cue of its own, entered when the one before it has landed or was missed, for
 * the moment that long after its own; so all that is known of a series stands in the log with its newest cue.
 */
export class SeriesRunner {
  readonly #parts: BookParts;
  readonly #acceptance: Acceptance;
  /** By stream and id, oldest first. */
  readonly #series = new Map<string, Series>();

  constructor(parts: BookParts, acceptance: Acceptance) {
    this.#parts = parts;
    this.#acceptance = acceptance;
    parts.record.onChange((cue) => this.#noticed(cue));
    for (const held of parts.record.cues.everyone()) this.#note(held.cue);
  }

  /** Id of the newest cue of a series; null where no such series is known. */
  newestOf(stream: string, id: string): string | null {
    return this.#series.get(keyOf(stream, id))?.newest ?? null;
  }

  /** No further ones come after this one. @returns true where that is new. */
  stop(held: HeldCue): boolean {
    const { series, stream } = held.cue;
    if (series === undefined || series.stopped === true || series.n >= series.count) return false;
    if (this.newestOf(stream, series.id) !== held.cue.id) return false;
    const stopped: SeriesPlace = { ...series, stopped: true };
    if (held.committed) this.#parts.record.note(held, { series: stopped });
    else held.cue = { ...held.cue, series: stopped };
    return true;
  }

  /** Its next cue is on its way to the disk: `HeldCue.entering` of that. */
  entering({ cue }: HeldCue): Promise<boolean> | null {
    if (cue.series === undefined) return null;
    return this.#parts.record.cues.get(idOf(cue.series.id, cue.series.n + 1))?.entering ?? null;
  }

  /** To be called every second or so: what could not be entered is tried again. */
  sweep(): void {
    for (const [key, series] of this.#series) this.#goOn(key, series);
  }

  #noticed(cue: Cue): void {
    if (cue.series === undefined) return;
    const series = this.#note(cue);
    // A frame may be under way: not in its turn.
    if (series !== null) setImmediate(() => this.#goOn(keyOf(cue.stream, cue.series!.id), series));
  }

  #note({ id, stream, series: place }: Cue): Series | null {
    if (place === undefined) return null;
    const key = keyOf(stream, place.id);
    const known = this.#series.get(key);
    if (known !== undefined) {
      if (place.n > known.n) Object.assign(known, { newest: id, n: place.n });
      return known;
    }
    const series: Series = { stream, newest: id, n: place.n, busy: false };
    this.#series.set(key, series);
    if (this.#series.size > KEEP) this.#forgetOldest();
    return series;
  }

  #forgetOldest(): void {
    for (const [key, { newest }] of this.#series) {
      const held = this.#parts.record.cues.get(newest);
      if (held !== undefined && !isFinal(held.cue.state)) continue;
      this.#series.delete(key);
      return;
    }
  }

  #goOn(key: string, series: Series): void {
    if (series.busy || this.#parts.isClosed() || this.#series.get(key) !== series) return;
    const held = this.#parts.record.cues.get(series.newest);
    if (held === undefined || !isFollowed(held.cue)) return;
    if (this.#wasStoppedBefore(held.cue.series!)) {
      this.stop(held);
      return;
    }
    series.busy = true;
    void this.#enterNext(held).finally(() => {
      series.busy = false;
    });
  }

  /** It was in the log after all, when the series had been stopped without it. */
  #wasStoppedBefore({ id, n }: SeriesPlace): boolean {
    const before = this.#parts.record.cues.get(idOf(id, n - 1));
    return before?.cue.series?.stopped === true;
  }

  async #enterNext(before: HeldCue): Promise<void> {
    const { record, life, options, isRehearsal, rehearsesOnly } = this.#parts;
    const { log, limits } = options;
    const now = record.now;
    // What was begun as a rehearsal never goes on for real, nor the other way: nothing of it waits between two.
    const isRehearsed = isRehearsal(before.cue.stream) || rehearsesOnly(before.cue.by);
    if (isRehearsed !== (before.cue.rehearsal === true)) {
      this.stop(before);
      log.warn({ series: before.cue.series!.id }, 'a series ends: the stream is no longer in its mode');
      return;
    }
    const cue = nextOf(before, now, limits);
    const dueAt = cue.dueAt!;
    try {
      await this.#acceptance.enterNext(cue, dueAt, (held) => {
        // It may have been stopped meanwhile, by the id of the cue before it.
        const isStopped =
          held.calledOff || before.cue.series?.stopped === true || held.cue.series?.stopped === true;
        // A delay of the log is none of the cue's; a server or stream that was away is.
        if (isStopped) life.cancel(held);
        else if (dueAt + EPOCH_GRACE_MS < now) life.miss(held, 'SERIES_BEHIND');
        else if (!life.schedule(held, life.prepared(held))) life.miss(held, 'NO_ROOM');
      });
    } catch (error) {
      if (!(error instanceof FramecueError)) {
        log.error({ err: error, series: cue.series!.id }, 'the next cue of a series could not be made');
      } else if (error.code === 'ERR_CUE_EXISTS') {
        log.warn({ id: cue.id }, 'a series ends: a cue of the id of its next one exists already');
        this.stop(before);
      }
      // Anything else is tried again with the next sweep.
    }
  }
}

const idOf = (series: string, n: number): string => `${series}.${n}`;

const keyOf = (stream: string, id: string): string => `${stream} ${id}`;

/** Its moment is over, and another one is to come. */
function isFollowed({ series, state, landing }: Cue): boolean {
  if (series === undefined || series.stopped === true || series.n >= series.count) return false;
  return landing !== null || state === 'missed' || state === 'uncertain';
}

function nextOf({ cue, dueAt }: HeldCue, now: UnixMilliseconds, limits: CueLimits): Cue {
  const { landing, reason, voided, edited, taken, alignAt, ...rest } = cue;
  const place = cue.series!;
  const from = dueAt ?? cue.dueAt ?? (landing === null ? now : unixMs(landing.fireAtUs / 1000));
  const due = unixMs(Math.round(from + place.everyMs));
  const align = cue.asked?.alignInMs === undefined ? undefined : unixMs(due + cue.asked.alignInMs);
  return {
    ...rest,
    ...{ id: idOf(place.id, place.n + 1), rev: 0, state: 'accepted', landing: null },
    ...{ markedAt: now, acceptedAt: now, dueAt: due },
    ...(align === undefined ? {} : { alignAt: align }),
    exp: expOf({ ...cue, ...cue.asked }, unixMs(Math.max(due, align ?? 0)), limits),
    fire: { kind: 'at', at: due, by: 'arrival' },
    announceMs: ms(cue.asked?.announceMs ?? limits.cueAnnounceMs),
    series: { ...place, n: place.n + 1 },
  };
}
