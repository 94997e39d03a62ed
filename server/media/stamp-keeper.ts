import { type CueStamp, parseStamp } from '../../cues/wire/index.ts';
import { stampNal } from '../../injector/stamp-nal.ts';
import { type AvcFramePacket, ptsOf } from '../../packet/packet.ts';
import type { TracedRevision, TracedStamp } from '../../qa/trace/parts.ts';

/** An access unit's times and one stamp that it carries, as text: it is taken apart when somebody asks. */
interface KeptStamp {
  readonly pts: number;
  readonly dts: number;
  readonly isKeyframe: boolean;
  readonly text: string;
}

/** What was written of one revision of a cue. */
interface KeptRevision {
  readonly first: KeptStamp;
  /** On the access unit that is shown at the fire PTS; null until it came. */
  fire: KeptStamp | null;
  last: KeptStamp;
  /** Access units that carried it. */
  copies: number;
}

const MAX_CUES = 500;
const MAX_REVISIONS = 8;
/** A foretold fire PTS and its picture's differ by up to this, as in the injector. */
const SAME_PICTURE_MS = 3;
/**
 * As our writer puts them (cues/wire: the order of fields is fixed): `fireIn` in line 1, `id` and `rev` at the head of
 * line 2. Stamps of another writer, which an upstream may send, are not remembered.
 */
const OF_CUE = /^[^\n]*"fireIn":(-?[\d.]+)[^\n]*\n\{"id":"([A-Za-z0-9._-]+)","rev":(\d+),/;

/** Remembers what was written of the newest cues: for `framecue trace`, which shows the bytes. Bounded; in memory. */
export class StampKeeper {
  readonly #cues = new Map<string, Map<number, KeptRevision>>();

  /** Within a frame, so that nothing is parsed here. */
  readonly note = (packet: AvcFramePacket): void => {
    for (const text of packet.stamps ?? []) {
      const found = OF_CUE.exec(text);
      if (found === null) continue;
      const { dts, isKeyframe } = packet;
      const kept: KeptStamp = { pts: ptsOf(packet), dts, isKeyframe, text };
      this.#keep(found[2]!, Number(found[3]), kept, Math.abs(Number(found[1])) <= SAME_PICTURE_MS);
    }
  };

  /** Revisions of a cue, the oldest first; empty where nothing is remembered. */
  of(id: string): readonly TracedRevision[] {
    return Array.from(this.#cues.get(id) ?? [], ([rev, { first, fire, last, copies }]) => ({
      ...{ rev, copies, type: cueStampOf(first.text).body.type },
      ...{ first: traced(first), fire: fire === null ? null : traced(fire), last: traced(last) },
    })).sort((a, b) => a.rev - b.rev);
  }

  #keep(id: string, rev: number, kept: KeptStamp, isFire: boolean): void {
    const revisions = this.#cues.get(id) ?? this.#make(id);
    const before = revisions.get(rev);
    if (before === undefined) {
      if (revisions.size >= MAX_REVISIONS) revisions.delete(Math.min(...revisions.keys()));
      revisions.set(rev, { first: kept, fire: isFire ? kept : null, last: kept, copies: 1 });
      return;
    }
    if (isFire) before.fire ??= kept;
    before.last = kept;
    before.copies++;
  }

  #make(id: string): Map<number, KeptRevision> {
    if (this.#cues.size >= MAX_CUES) this.#cues.delete(this.#cues.keys().next().value!);
    const revisions = new Map<number, KeptRevision>();
    this.#cues.set(id, revisions);
    return revisions;
  }
}

/** With what its text says, and the SEI NAL unit as it stands in the access unit. */
function traced({ text, ...frame }: KeptStamp): TracedStamp {
  const { epoch, at, fireIn } = cueStampOf(text).head;
  const nalHex = Buffer.from(stampNal(text)).toString('hex');
  return { ...frame, text, epoch, stampedAtUs: at, fireIn, nalHex };
}

function cueStampOf(text: string): CueStamp {
  const stamp = parseStamp(text);
  if (stamp.kind !== 'cue') throw new Error('what was remembered is no stamp of a cue');
  return stamp;
}
