import { createHash } from 'node:crypto';
import type { Cue, FireRequest, PreparedCue, StampEvent } from '../../cues/cue.ts';
import type { SigningKey } from '../../cues/signing.ts';
import { openForMsOf, prepareCue } from '../../director/cue-maker.ts';
import type { MediaPacket } from '../../packet/packet.ts';
import { ptsOf } from '../../packet/packet.ts';
import { ms, unixMs } from '../../packet/time.ts';
import { type CueSheet, SHEET_DEFAULTS, type SheetCue } from '../sources/cue-sheet.ts';
import { FOREIGN_START_UNIX_MS } from './foreign-show.ts';
import type { ReplayPath, ReplaySink } from './replayer.ts';

export interface SheetDirectorOptions {
  readonly sheet: CueSheet;
  readonly stream: string;
  readonly key: SigningKey;
  /** PTS of the first access unit, which `atMs` counts from. */
  readonly firstPts: number;
}

/** Longer than any announcement: cues are given to the path this long before their picture. */
const AHEAD_MS = 70_000;
/** How long after its window a cue may still fire for viewers. */
const EXP_MS = 30_000;
const OPEN_MS = 600_000;

interface Planned {
  readonly cue: Cue;
  /** PTS that it is meant for, for the order alone. */
  readonly pts: number;
}

/**
 * Directs a replay by a cue sheet: each cue is given in good time, and again, under its next revision, where an epoch
 * begins before it has landed. Nothing is random: the same sheet gives the same stamps.
 */
export class SheetDirector implements ReplaySink {
  readonly #options: SheetDirectorOptions;
  /** By the moment they are meant for. */
  readonly #planned: Planned[];
  /** Given, and not landed. */
  readonly #waiting = new Map<string, Cue>();
  readonly #missed: string[] = [];
  #next = 0;
  #path: ReplayPath | null = null;

  constructor(options: SheetDirectorOptions) {
    this.#options = options;
    this.#planned = options.sheet.cues.map((cue) => this.#plan(cue)).sort((a, b) => a.pts - b.pts);
  }

  /** Ids of cues whose picture never came. */
  get left(): readonly string[] {
    const never = this.#planned.slice(this.#next).map(({ cue }) => cue.id);
    return [...this.#missed, ...this.#waiting.keys(), ...never];
  }

  epoch(_epoch: string, path: ReplayPath): void {
    this.#path = path;
    for (const [id, cue] of this.#waiting) {
      const again = { ...cue, rev: cue.rev + 1 };
      this.#waiting.set(id, again);
      path.schedule(this.#prepare(again));
    }
    if (this.#next === 0) this.#giveUntil(this.#options.firstPts + AHEAD_MS);
  }

  event(event: StampEvent): void {
    if (event.kind === 'landed') this.#waiting.delete(event.id);
    if (event.kind === 'missed' && this.#waiting.delete(event.id)) this.#missed.push(event.id);
  }

  output(packet: MediaPacket): void {
    if (packet.kind === 'avc-frame') this.#giveUntil(ptsOf(packet) + AHEAD_MS);
  }

  #giveUntil(pts: number): void {
    for (; this.#path !== null; this.#next++) {
      const planned = this.#planned[this.#next];
      if (planned === undefined || planned.pts > pts) return;
      this.#waiting.set(planned.cue.id, planned.cue);
      if (this.#path.schedule(this.#prepare(planned.cue))) continue;
      this.#waiting.delete(planned.cue.id);
      this.#missed.push(planned.cue.id);
    }
  }

  #plan(sheetCue: SheetCue): Planned {
    const { firstPts, stream } = this.#options;
    const pts = ptsOfCue(sheetCue, firstPts);
    const fire: FireRequest =
      sheetCue.at === undefined
        ? { kind: 'mediaTime', pts: ms(pts) }
        : { kind: 'at', at: unixMs(sheetCue.at) };
    const dueAt = sheetCue.at ?? Math.round(FOREIGN_START_UNIX_MS + Math.max(0, pts - firstPts));
    const { id, type, ref, show, data = {}, audience, durationMs, alignAt } = sheetCue;
    const windowMs = openForMsOf({ type, durationMs: durationMs === undefined ? undefined : ms(durationMs) });
    const cue: Cue = {
      ...{ id, rev: 0, stream, type, state: 'accepted', data, fire, by: 'sheet', landing: null },
      ...(show === undefined ? {} : { show }),
      ...(ref === undefined ? {} : { ref }),
      ...(audience === undefined ? {} : { audience: audience as NonNullable<Cue['audience']> }),
      ...(durationMs === undefined ? {} : { durationMs: ms(durationMs) }),
      ...(alignAt === undefined ? {} : { alignAt: unixMs(alignAt) }),
      data: data as Cue['data'],
      markedAt: unixMs(dueAt),
      acceptedAt: unixMs(FOREIGN_START_UNIX_MS),
      exp: unixMs(dueAt + (sheetCue.expiresInMs ?? (windowMs ?? OPEN_MS) + EXP_MS)),
      announceMs: ms(sheetCue.announceMs ?? SHEET_DEFAULTS.announceMs),
      repeat: sheetCue.repeat ?? SHEET_DEFAULTS.repeat,
    };
    return { cue, pts };
  }

  #prepare(cue: Cue): PreparedCue {
    return prepareCue(cue, {
      key: this.#options.key,
      randomBytes: repeatable(`${cue.stream} ${cue.id} ${cue.rev}`),
    });
  }
}

function ptsOfCue({ mediaTime, atMs, at }: SheetCue, firstPts: number): number {
  if (mediaTime !== undefined) return mediaTime;
  if (at !== undefined) return firstPts + at - FOREIGN_START_UNIX_MS;
  return firstPts + (atMs ?? 0);
}

/** Bytes that follow from a text: a replay seals the same way each time. What it seals is secret from nobody. */
function repeatable(text: string): (size: number) => Uint8Array {
  let calls = 0;
  return (size) => {
    const blocks: Buffer[] = [];
    for (let at = 0; at < size; at += 32) {
      blocks.push(createHash('sha256').update(`framecue replay ${calls} ${at} ${text}`).digest());
    }
    calls++;
    return Buffer.concat(blocks).subarray(0, size);
  };
}
