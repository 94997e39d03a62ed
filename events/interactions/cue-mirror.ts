import type { Cue, Landing } from '../../cues/cue.ts';
import { voidExpOf } from '../../cues/voiding.ts';
import type { JsonObject } from '../../cues/wire/index.ts';
import type { Clock } from '../../packet/clock.ts';
import { type UnixMicroseconds, unixMs, unixMsToUs } from '../../packet/time.ts';
import type { MirroredCue } from '../ledger/store.ts';

/** A cue as viewers who have lost its stamp get it. Field names and units are the stamp's. */
export interface DueCue {
  readonly id: string;
  readonly rev: number;
  readonly type: string;
  readonly ref?: string;
  readonly show?: string;
  readonly audience?: JsonObject;
  readonly rehearsal?: true;
  readonly data: JsonObject;
  /** Unix microseconds at which the fire PTS passed the injector. */
  readonly fireAt: number;
  readonly durationMs?: number;
  readonly alignAt?: number;
  /** Unix milliseconds. */
  readonly exp: number;
  readonly epoch: string;
  readonly pts: number;
}

/** For how long cues that open nothing are shown, as on keyframes (DESIGN "The stamp"). */
const SHOWN_MS = 30_000;
/** Kept beyond a cue's end for steps that refer to it. */
const KEEP_MS = 3_600_000;

/** Where no picture has told of a voiding for so long, none will: its stream is away. */
const VOID_STAMP_MS = 5_000;

/** Types that end what their `ref` has opened. */
const CLOSING = new Set<string>(['interaction.lock', 'interaction.reveal', 'interaction.cancel']);

export const mirrored = (cue: Cue): MirroredCue => ({
  cue,
  forgetAt: unixMs((cue.voided === undefined ? cue.exp : voidExpOf(cue)) + KEEP_MS),
});

/** The cues of the feed that are not long over, in memory; the ledger keeps the same. */
export class CueMirror {
  readonly #cues = new Map<string, MirroredCue>();
  /** Ids alone, with how many streams know them: viewers' reports name no stream. */
  readonly #ids = new Map<string, number>();
  readonly #limit: number;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get size(): number {
    return this.#cues.size;
  }

  replaceAll(cues: readonly MirroredCue[]): void {
    this.#cues.clear();
    this.#ids.clear();
    for (const cue of cues) this.#put(cue);
  }

  put(cue: MirroredCue, clock: Clock): void {
    const now = clock.unixMs();
    for (const [key, { forgetAt }] of this.#cues) if (forgetAt <= now) this.#delete(key);
    this.#put(cue);
  }

  cueOf = (stream: string, id: string): Cue | undefined => this.#cues.get(keyOf(stream, id))?.cue;

  /** Those whose moment has come and which are still open at `now`: never one that is only announced. */
  dueOf(stream: string, now: UnixMicroseconds): readonly DueCue[] {
    const cues: Cue[] = [];
    const closed = new Set<string>();
    for (const { cue } of this.#cues.values()) {
      if (cue.stream !== stream || cue.voided !== undefined) continue;
      if (cue.landing === null || cue.landing.fireAtUs > now) continue;
      cues.push(cue);
      if (cue.ref !== undefined && CLOSING.has(cue.type)) closed.add(cue.ref);
    }
    const due = cues.filter((cue) => !closed.has(cue.id) && isOpen(cue, now)).map(dueCue);
    return [...due, ...this.#voidingsOf(stream, now)].sort((a, b) => a.fireAt - b.fireAt);
  }

  /** What tells that a cue is void, to those who have opened it and lost its stamps since. */
  *#voidingsOf(stream: string, now: UnixMicroseconds): Generator<DueCue, void> {
    for (const { cue } of this.#cues.values()) {
      const { voided } = cue;
      if (cue.stream !== stream || voided === undefined || voidExpOf(cue) * 1000 <= now) continue;
      const isOverdue = now >= (voided.at + VOID_STAMP_MS) * 1000;
      const fireAt = voided.landing?.fireAtUs ?? unixMsToUs(voided.at);
      const place = voided.landing ?? (isOverdue ? cue.landing : null);
      if (place !== null && fireAt <= now) yield dueVoiding(cue, fireAt, place);
    }
  }

  /** Whether a cue of this id has been heard of, on any stream. */
  knows(id: string): boolean {
    return this.#ids.has(id);
  }

  #put(mirroredCue: MirroredCue): void {
    const { stream, id } = mirroredCue.cue;
    const key = keyOf(stream, id);
    // Moved to the end, so that the first is the one that has not been heard of for the longest time.
    this.#delete(key);
    this.#cues.set(key, mirroredCue);
    this.#ids.set(id, (this.#ids.get(id) ?? 0) + 1);
    if (this.#cues.size <= this.#limit) return;
    const [oldest] = this.#cues.keys();
    this.#delete(oldest!);
  }

  #delete(key: string): void {
    const id = this.#cues.get(key)?.cue.id;
    if (id === undefined) return;
    this.#cues.delete(key);
    const streams = this.#ids.get(id)! - 1;
    if (streams === 0) this.#ids.delete(id);
    else this.#ids.set(id, streams);
  }
}

const keyOf = (stream: string, id: string): string => `${stream} ${id}`;

function isOpen(cue: Cue, now: UnixMicroseconds): boolean {
  if (cue.state === 'cancelled' || cue.state === 'missed') return false;
  if (cue.exp * 1000 <= now) return false;
  const openForMs = cue.durationMs ?? (cue.type === 'interaction.open' ? null : SHOWN_MS);
  return openForMs === null || now < cue.landing!.fireAtUs + openForMs * 1000;
}

const dueVoiding = (cue: Cue, fireAt: number, { epoch, pts }: Pick<Landing, 'epoch' | 'pts'>): DueCue => ({
  ...{ id: cue.id, rev: cue.rev, type: 'interaction.cancel', ref: cue.id },
  ...(cue.show === undefined ? {} : { show: cue.show }),
  ...(cue.rehearsal === true ? { rehearsal: true } : {}),
  ...{ data: {}, fireAt, exp: voidExpOf(cue), epoch, pts },
});

const dueCue = (cue: Cue): DueCue => ({
  id: cue.id,
  rev: cue.rev,
  type: cue.type,
  ...(cue.ref === undefined ? {} : { ref: cue.ref }),
  ...(cue.show === undefined ? {} : { show: cue.show }),
  ...(cue.audience === undefined ? {} : { audience: cue.audience }),
  ...(cue.rehearsal === true ? { rehearsal: true } : {}),
  data: cue.data,
  fireAt: cue.landing!.fireAtUs,
  ...(cue.durationMs === undefined ? {} : { durationMs: cue.durationMs }),
  ...(cue.alignAt === undefined ? {} : { alignAt: cue.alignAt }),
  exp: cue.exp,
  epoch: cue.landing!.epoch,
  pts: cue.landing!.pts,
});
