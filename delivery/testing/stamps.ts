import { type CueBody, formatClockStamp, formatCueBody, formatCueStamp } from '../../cues/wire/index.ts';
import type { AvcFramePacket } from '../../packet/packet.ts';
import { ptsOf } from '../../packet/packet.ts';

/** Well formed; that it verifies is not delivery's matter. */
const SIGNATURE = `ed25519 test ${'A'.repeat(86)}`;
export const KEY = 'AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8';

export interface Copy {
  readonly id: string;
  readonly firePts: number;
  /** With the key: the cue has landed. */
  readonly keyed?: boolean;
  readonly sealed?: boolean;
  readonly rev?: number;
  readonly durationMs?: number;
}

/** The stamp's text that the injector would write into an access unit with this PTS. */
export function cueText(pts: number, copy: Copy): string {
  const { id, firePts, keyed = false, sealed = true, rev = 0, durationMs } = copy;
  const body: CueBody = {
    id,
    rev,
    stream: 'live/main',
    type: 'interaction.open',
    markedAt: 1_700_000_000_000,
    exp: 1_700_000_600_000,
    ...(durationMs === undefined ? {} : { durationMs }),
    ...(sealed ? { sealed: 'c2VhbGVk' } : { data: { open: true } }),
  };
  const head = { epoch: 'e1', at: 1_700_000_000_000_000 + pts * 1000, pts, fireIn: firePts - pts, fireAt: 1 };
  return formatCueStamp(keyed ? { ...head, key: KEY } : head, formatCueBody(body), SIGNATURE);
}

export const clockText = (pts: number, epoch = 'e1'): string =>
  formatClockStamp({ epoch, at: 1_700_000_000_000_000 + pts * 1000, pts });

/** The frame with the stamps' texts, as the injector hands it on. */
export const stamped = (frame: AvcFramePacket, ...copies: readonly (Copy | 'clock')[]): AvcFramePacket => {
  const pts = ptsOf(frame);
  return { ...frame, stamps: copies.map((copy) => (copy === 'clock' ? clockText(pts) : cueText(pts, copy))) };
};
