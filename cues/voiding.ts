import { type UnixMilliseconds, unixMs } from '../packet/time.ts';
import type { Cue } from './cue.ts';

/** A cue that is voided after its own `exp` is told of for this long, so that pages which show its result hear of it. */
const TOLD_AT_LEAST_MS = 30_000;

/** Until when the stamps and the feed tell that a cue is void: its own `exp`, or a while where that is near or past. */
export const voidExpOf = ({ exp, voided }: Pick<Cue, 'exp' | 'voided'>): UnixMilliseconds =>
  unixMs(Math.max(exp, (voided?.at ?? 0) + TOLD_AT_LEAST_MS));
