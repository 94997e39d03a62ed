import { createHmac } from 'node:crypto';
import type { Cue } from '../../cues/cue.ts';
import type { SigningKey } from '../../cues/signing.ts';
import { openForMsOf, prepareCue } from '../../director/cue-maker.ts';
import { ms, type UnixMilliseconds, unixMs } from '../../packet/time.ts';
import { type CueSheet, SHEET_DEFAULTS, type SheetCue } from '../sources/cue-sheet.ts';
import type { TimedCue } from './stamp-editor.ts';

/** How long before its announcement the injector gets a cue. */
const HELD_BEFORE_MS = 1000;
/** A file may be played at any time: what expires at once would never fire. */
const EXPIRES_IN_MS = 24 * 3_600_000;
/** For an interaction without an end of its own. */
const OPEN_MS = 60_000;

export interface SheetOptions {
  readonly stream: string;
  readonly key: SigningKey;
  /** When the first access unit passes. */
  readonly startAt: UnixMilliseconds;
  /** The same key, sheet and file give the same bytes: sealing is then seeded by the key. */
  readonly deterministic: boolean;
}

/** A sheet's cues, sealed and signed, each with the PTS from which the injector is to hold it. */
export function prepareSheet(sheet: CueSheet, firstPts: number, options: SheetOptions): TimedCue[] {
  return sheet.cues
    .filter((cue) => cue.expect?.absent !== true)
    .map((cue): TimedCue => {
      const pts = ptsOf(cue, firstPts, options.startAt);
      const made = cueOf(cue, pts, firstPts, options);
      const random = options.deterministic ? seededBytes(options.key, made) : undefined;
      return {
        cue: prepareCue(made, { key: options.key, ...(random === undefined ? {} : { randomBytes: random }) }),
        from: pts - made.announceMs - HELD_BEFORE_MS,
      };
    });
}

function ptsOf({ mediaTime, atMs, at }: SheetCue, firstPts: number, startAt: number): number {
  if (mediaTime !== undefined) return mediaTime;
  if (at !== undefined) return firstPts + at - startAt;
  return firstPts + (atMs ?? 0);
}

function cueOf(cue: SheetCue, pts: number, firstPts: number, { stream, startAt }: SheetOptions): Cue {
  const { id, type, show, ref, audience, alignAt } = cue;
  const markedAt = unixMs(Math.round(startAt + pts - firstPts));
  const durationMs = cue.durationMs === undefined ? undefined : ms(cue.durationMs);
  const windowMs = openForMsOf({ type, durationMs }) ?? OPEN_MS;
  return {
    ...{ id, rev: 0, stream, type, state: 'accepted', data: cue.data ?? {}, markedAt, acceptedAt: markedAt },
    ...(show === undefined ? {} : { show }),
    ...(ref === undefined ? {} : { ref }),
    ...(audience === undefined ? {} : { audience }),
    ...(alignAt === undefined ? {} : { alignAt: unixMs(alignAt) }),
    ...(durationMs === undefined ? {} : { durationMs }),
    exp: unixMs(markedAt + (cue.expiresInMs ?? windowMs + EXPIRES_IN_MS)),
    fire: { kind: 'mediaTime', pts: ms(Math.round(pts)) },
    announceMs: ms(cue.announceMs ?? SHEET_DEFAULTS.announceMs),
    repeat: cue.repeat ?? SHEET_DEFAULTS.repeat,
    by: 'stamp',
    landing: null,
  };
}

/** Bytes that nobody without the private key can tell, and that are the same each time. */
function seededBytes(key: SigningKey, cue: Cue): (size: number) => Uint8Array {
  const secret = key.privateKey.export({ format: 'der', type: 'pkcs8' });
  // What is sealed is part of it: one key and nonce never seal two texts.
  const seed = createHmac('sha512', secret)
    .update(JSON.stringify([cue.id, cue.rev, cue.stream, cue.markedAt, cue.data]))
    .digest();
  let count = 0;
  return (size) => {
    const block = createHmac('sha512', seed).update(String(count++)).digest();
    if (size > block.length) throw new RangeError('more random bytes than one block has');
    return block.subarray(0, size);
  };
}
