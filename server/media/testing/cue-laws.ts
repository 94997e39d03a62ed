import type { Cue } from '../../../cues/cue.ts';
import { type CueState, canBecome, isFinal } from '../../../cues/states.ts';
import type { CueStamp } from '../../../cues/wire/index.ts';
import { stampsOf } from '../../../injector/test-support/cues.ts';
import type { ClockReading } from '../../../packet/held-clock.ts';
import { type AvcFramePacket, ptsOf } from '../../../packet/packet.ts';

/** The earliest that a cue may fire, as it was asked for: by the wall clock, the monotonic one, or a timeline. */
export type Wish =
  | { readonly kind: 'wall'; readonly at: number }
  | { readonly kind: 'span'; readonly monotonicMs: number }
  | { readonly kind: 'media'; readonly pts: number; readonly epoch: string };

/** A stamp that lets a cue fire, as it was first seen. */
export interface SeenFire {
  readonly rev: number;
  readonly epoch: string;
  readonly firePts: number;
  readonly fireAt: number;
  readonly stampedAt: number;
}

/** A picture, its rounding, and what the smoothed anchor of an epoch is off after a step of the clock. */
const TOLERANCE_MS = 150;

/**
 * What may be of cues, whatever happens: a model that knows nothing of how it is done. It reads the pictures that
 * went out, the changes that were told and the answers that were given, over all the lives of a server.
 */
export class CueLaws {
  /** Each breach in a sentence. */
  readonly breaches: string[] = [];
  readonly fires = new Map<string, SeenFire>();
  /** Who presses has been told that it is there. */
  readonly acknowledged = new Set<string>();
  readonly #copies = new Map<string, string>();
  readonly #revs = new Map<string, { rev: number; isVoid: boolean }>();
  readonly #states = new Map<string, CueState>();
  readonly #takenBack = new Set<string>();
  readonly #wishes = new Map<string, Wish[]>();
  /** Announced in the present epoch before the wall clock was set. */
  readonly #announced = new Set<string>();

  /** It may be that this is what holds from here on. */
  mayWish(id: string, wish: Wish): void {
    this.#wishes.set(id, [...(this.#wishes.get(id) ?? []), wish]);
  }

  /** The answer has come. */
  wishAnswered(id: string, wish: Wish, holds: boolean): void {
    const others = (this.#wishes.get(id) ?? []).filter((one) => one !== wish);
    this.#wishes.set(id, holds ? [wish] : others);
  }

  takenBack(ids: readonly string[]): void {
    for (const id of ids) this.#takenBack.add(id);
  }

  /** A change that was told; and what a process that starts finds in the log. */
  changed(cue: Cue, from: CueState | null): void {
    const { id, state } = cue;
    if (from !== null && from !== state && !canBecome(from, state)) {
      this.#breach(`${id} went from ${from} to ${state}`);
    }
    const known = this.#states.get(id);
    if (known !== undefined && isFinal(known) && known !== state) {
      this.#breach(`${id} was ${known} for good, and is ${state}`);
    }
    this.#states.set(id, state);
    if ((state === 'missed' || state === 'uncertain') && !/\w/.test(cue.reason?.text ?? '')) {
      this.#breach(`${id} is ${state} without a reason`);
    }
    if ((state === 'missed' || state === 'cancelled') && this.fires.has(id)) {
      this.#breach(`${id} is ${state} (${cue.reason?.code ?? 'by hand'}), and has fired`);
    }
  }

  /** What was only told, and was not on the disk, is forgotten by a crash. */
  crashed(): void {
    this.#states.clear();
    this.#announced.clear();
  }

  wentOut(packet: AvcFramePacket, { unixUs, monotonicUs }: ClockReading): void {
    for (const stamp of stampsOf(packet)) {
      if (stamp.kind !== 'cue') continue;
      this.#copy(stamp, ptsOf(packet));
      if (stamp.body.ref !== stamp.body.id)
        this.#open(stamp, ptsOf(packet), unixUs / 1000, monotonicUs / 1000);
    }
  }

  #copy({ head, body }: CueStamp, pts: number): void {
    const { id, rev } = body;
    const key = `${id} rev ${rev} in ${head.epoch}`;
    const moment = `PTS ${pts + head.fireIn}, ${head.fireAt}`;
    const first = this.#copies.get(key);
    if (first !== undefined && first !== moment) this.#breach(`${key} moved from ${first} to ${moment}`);
    this.#copies.set(key, first ?? moment);
    const newest = this.#revs.get(id);
    const isVoid = body.ref === id;
    if (newest !== undefined && rev < newest.rev) {
      this.#breach(`${id} is stamped under rev ${rev} after rev ${newest.rev}`);
    }
    if (newest !== undefined && isVoid !== newest.isVoid && (!isVoid || rev === newest.rev)) {
      this.#breach(`${id} rev ${rev} ${isVoid ? 'voids under its own rev' : 'opens after it was voided'}`);
    }
    this.#revs.set(id, { rev, isVoid });
  }

  #open({ head, body }: CueStamp, pts: number, nowMs: number, monotonicMs: number): void {
    const { id, rev } = body;
    if (this.#takenBack.has(id)) this.#breach(`${id} is on a picture after it was taken back`);
    if (head.fireIn > 0) {
      this.#announced.add(id);
      return;
    }
    const seen = this.fires.get(id);
    if (seen !== undefined) {
      if (seen.fireAt !== head.fireAt) {
        this.#breach(`${id} fired for ${seen.fireAt} (rev ${seen.rev}) and for ${head.fireAt} (rev ${rev})`);
      }
      return;
    }
    const fire = {
      rev,
      epoch: head.epoch,
      firePts: pts + head.fireIn,
      fireAt: head.fireAt,
      stampedAt: head.at,
    };
    this.fires.set(id, fire);
    const wishes = this.#wishes.get(id) ?? [];
    const isMet = wishes.some((wish) => this.#isMet(wish, id, fire, nowMs, monotonicMs));
    if (wishes.length > 0 && !isMet) {
      this.#breach(`${id} fired early: ${JSON.stringify({ fire, nowMs, monotonicMs, wishes })}`);
    }
  }

  #isMet(wish: Wish, id: string, fire: SeenFire, nowMs: number, monotonicMs: number): boolean {
    switch (wish.kind) {
      case 'wall': {
        // Announced, it stays on its picture, whatever is done to the clock then.
        const when = this.#announced.has(id) ? fire.fireAt / 1000 : nowMs;
        return when >= wish.at - TOLERANCE_MS;
      }
      case 'span':
        return monotonicMs >= wish.monotonicMs - TOLERANCE_MS;
      case 'media':
        return wish.epoch !== fire.epoch || fire.firePts >= wish.pts - 3;
      default:
        return wish satisfies never;
    }
  }

  /** Nothing is lost, and nothing waits for ever: of every cue that was acknowledged, as it stands in the end. */
  ended(id: string, cue: Cue | null): void {
    if (cue === null) {
      this.#breach(`${id} was acknowledged, and nobody knows of it`);
      return;
    }
    const { state, landing } = cue;
    if (!isFinal(state)) this.#breach(`${id} is ${state} in the end`);
    const hasFired = this.fires.has(id);
    if (landing !== null && !hasFired) this.#breach(`${id} has a landing, and was on no picture`);
    if (hasFired && landing === null) this.#breach(`${id} fired, and is ${state} without a landing`);
  }

  #breach(text: string): void {
    this.breaches.push(text);
  }
}
