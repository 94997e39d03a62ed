import type { Cue, Landing } from '../cues/cue.ts';
import type { OutputReceipt } from '../cues/output-receipt.ts';
import { ms, type UnixMicroseconds, unixMsToUs } from '../packet/time.ts';
import { dueOfLogged } from './cue-maker.ts';

/** A stamp of a cue that was read back from an output, its signature verified, and which proves that it landed. */
export interface ReadBack {
  readonly rev: number;
  readonly epoch: string;
  /** On the stream's output timeline. */
  readonly firePts: number;
  /** When the first access unit passed that was read with it; the moment of landing where that was its picture's. */
  readonly stampedAtUs: UnixMicroseconds;
  readonly fireAtUs: UnixMicroseconds;
  readonly output: string;
  readonly receipt: OutputReceipt;
}

/** Why an `uncertain` cue is `landed` after all. */
export const READ_BACK_REASON = {
  code: 'READ_BACK',
  text: 'The server ended without notice before it could note the landing; a stamp that was read back from an output tells it.',
} as const;

/** The receipt that the crash took, as far as a stamp can tell it: which access unit it was is not known. */
export function landingOfReadBack(cue: Cue, found: ReadBack): Landing {
  const { epoch, firePts, stampedAtUs, fireAtUs, output, receipt } = found;
  return {
    epoch,
    pts: ms(firePts),
    frame: null,
    stampedAtUs,
    fireAtUs,
    markToStampMs: (stampedAtUs - unixMsToUs(cue.markedAt)) / 1000,
    errorMs: errorOf(cue, found),
    choice: 'read-back',
    outputs: { [output]: receipt },
  };
}

/** How far the picture is behind the moment asked for; "now" is met by definition. */
function errorOf(cue: Cue, { firePts, fireAtUs }: ReadBack): number {
  if (cue.fire.kind === 'next') return 0;
  if (cue.fire.kind === 'mediaTime') return firePts - cue.fire.pts;
  const dueAt = dueOfLogged(cue);
  return dueAt === null ? 0 : Math.max(0, fireAtUs / 1000 - dueAt);
}
