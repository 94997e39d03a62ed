import { parseStamp } from '../../cues/wire/index.ts';
import { stampNal } from '../../injector/stamp-nal.ts';
import { type AvcFramePacket, ptsOf } from '../../packet/packet.ts';

/** One stamp of a cue as it was written into an access unit. */
export interface KeptStamp {
  readonly epoch: string;
  readonly pts: number;
  readonly dts: number;
  readonly isKeyframe: boolean;
  /** Milliseconds from this access unit's PTS to the fire PTS. */
  readonly fireIn: number;
  readonly stampedAtUs: number;
  /** All three lines. */
  readonly text: string;
}

/** What was written of one revision of a cue. */
export interface KeptRevision {
  readonly rev: number;
  readonly type: string;
  readonly first: KeptStamp;
  /** The access unit that is shown at the fire PTS; null until it came. */
  readonly fire: KeptStamp | null;
  readonly last: KeptStamp;
  /** Access units that carried it. */
  readonly copies: number;
}

const MAX_CUES = 500;
const MAX_REVISIONS = 8;

/** Remembers what was written of the newest cues: for `framecue trace`, which shows the bytes. Bounded; in memory. */
export class StampKeeper {
  readonly #cues = new Map<string, Map<number, KeptRevision>>();

  /** Within a frame: clock stamps, which are most, cost one look. */
  readonly note = (packet: AvcFramePacket): void => {
    for (const text of packet.stamps ?? []) if (text.includes('\n')) this.#note(packet, text);
  };

  /** Revisions of a cue, the oldest first; empty where nothing is remembered. */
  of(id: string): readonly KeptRevision[] {
    return [...(this.#cues.get(id)?.values() ?? [])].sort((a, b) => a.rev - b.rev);
  }

  #note(packet: AvcFramePacket, text: string): void {
    const stamp = parseStamp(text);
    if (stamp.kind !== 'cue') return;
    const { id, rev, type } = stamp.body;
    const kept: KeptStamp = {
      epoch: stamp.head.epoch,
      pts: ptsOf(packet),
      dts: packet.dts,
      isKeyframe: packet.isKeyframe,
      fireIn: stamp.head.fireIn,
      stampedAtUs: stamp.head.at,
      text,
    };
    const revisions = this.#cues.get(id) ?? this.#make(id);
    const before = revisions.get(rev);
    if (before === undefined && revisions.size >= MAX_REVISIONS)
      revisions.delete(Math.min(...revisions.keys()));
    const isFire = Math.abs(kept.fireIn) <= SAME_PICTURE_MS;
    revisions.set(rev, {
      rev,
      type,
      first: before?.first ?? kept,
      fire: before?.fire ?? (isFire ? kept : null),
      last: kept,
      copies: (before?.copies ?? 0) + 1,
    });
  }

  #make(id: string): Map<number, KeptRevision> {
    if (this.#cues.size >= MAX_CUES) this.#cues.delete(this.#cues.keys().next().value!);
    const revisions = new Map<number, KeptRevision>();
    this.#cues.set(id, revisions);
    return revisions;
  }
}

/** A foretold fire PTS and its picture's differ by up to this, as in the injector. */
const SAME_PICTURE_MS = 3;

/** The SEI NAL unit as it stands in the access unit, hexadecimal, without its length. */
export const nalHexOf = ({ text }: KeptStamp): string => Buffer.from(stampNal(text)).toString('hex');
