import type { PreparedCue } from '../../cues/cue.ts';
import { CUE_TYPES, formatCueBody } from '../../cues/wire/index.ts';
import { ms, unixMs } from '../../packet/time.ts';

export const START_MS = 1_700_000_000_000;
/** Of the right shape; signatures are not checked on the way in. */
const SIGNATURE = `ed25519 k ${'A'.repeat(86)}`;
const KEY = 'k'.repeat(43);
const SEALED = 's'.repeat(60);

/** A byte at a time out of the input; zeros once it is used up. */
export class Decisions {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get isOver(): boolean {
    return this.#at >= this.#bytes.length;
  }

  byte(): number {
    return this.#bytes[this.#at++] ?? 0;
  }

  /** 0 to `below` - 1. */
  int(below: number): number {
    return this.byte() % below;
  }

  chance(outOf256: number): boolean {
    return this.byte() < outOf256;
  }
}

const bodies = new Map<string, string>();

/** A cue of the input's choosing. The same id and revision always is the same cue. */
export function cueOf(decisions: Decisions, nowMs: number, pts: number): PreparedCue {
  const id = `c${decisions.int(12)}`;
  const rev = decisions.int(3);
  const type = CUE_TYPES[decisions.int(CUE_TYPES.length)]!;
  const isLong = decisions.chance(20);
  const kind = decisions.int(4);
  const span = decisions.byte() * 40;
  const fire = (
    [
      { kind: 'next' },
      { kind: 'delay', delayMs: ms(span) },
      { kind: 'mediaTime', pts: ms(pts - 1000 + span) },
      { kind: 'at', at: unixMs(nowMs - 1000 + span) },
    ] as const
  )[kind]!;
  const name = `${id} ${rev} ${type} ${isLong}`;
  let bodyText = bodies.get(name);
  if (bodyText === undefined) {
    const sealed = isLong ? 's'.repeat(2500) : SEALED;
    const exp = START_MS + 60_000_000;
    bodyText = formatCueBody({ id, rev, stream: 'live/main', type, markedAt: START_MS, exp, sealed });
    bodies.set(name, bodyText);
  }
  return {
    ...{ id, rev, type, bodyText, signatureLine: SIGNATURE, fire },
    ...(type === 'interaction.open' ? {} : { ref: `c${decisions.int(12)}` }),
    key: decisions.chance(230) ? KEY : null,
    markedAt: unixMs(nowMs),
    announceMs: ms(decisions.int(3) * 1500),
    repeat: decisions.int(5),
    openForMs: decisions.chance(128) ? null : ms(decisions.byte() * 20),
    exp: unixMs(nowMs + (decisions.chance(10) ? 100 : 60_000_000)),
  };
}
