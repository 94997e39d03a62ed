import { parseStamp, STAMP_TEXT_LIMIT, type Stamp } from './stamp.ts';

/**
 * What travels beside the SEI, for players behind a server that drops it. Each carries the very text of a stamp, so
 * that parsing, verifying, sealing and telling copies apart are the same everywhere; line 1 always has `pts` here.
 */
export const CARRIERS = ['onframecue', 'daterange', 'emsg'] as const;
export type Carrier = (typeof CARRIERS)[number];

/** Name of the FLV and RTMP script tag. Its value is an object: {@link ScriptCue}. */
export const SCRIPT_NAME = 'onFramecue';

/** Value of an `onFramecue` script tag. */
export type ScriptCue = {
  readonly v: 1;
  /** PTS of the access unit in the video tag that follows, milliseconds: the same as in line 1. */
  readonly pts: number;
  /** The stamp's text. */
  readonly text: string;
};

/** Reads the value of an `onFramecue` tag, from whatever AMF0 reader; null where it is not one. */
export function readScriptCue(value: unknown): ScriptCue | null {
  if (typeof value !== 'object' || value === null) return null;
  const { v, pts, text } = value as Partial<Record<keyof ScriptCue, unknown>>;
  if (v !== 1 || typeof pts !== 'number' || !Number.isFinite(pts)) return null;
  return typeof text === 'string' && text.length <= STAMP_TEXT_LIMIT ? { v, pts, text } : null;
}

/** A stamp that can stand beside the video: it names its own PTS, without which nobody could place it. */
export interface CarriedStamp {
  readonly text: string;
  readonly stamp: Stamp;
  /** PTS of its access unit, milliseconds. */
  readonly pts: number;
  /** PTS of what it is about: the fire PTS; of a clock stamp, its access unit's own. */
  readonly eventPts: number;
  /** Anybody can read all of it: it is about the access unit alone, or not sealed, or its key is with it. */
  readonly isOpen: boolean;
}

/**
 * A stamp's text as the carriers see it; null without `pts`.
 * @throws {StampError} as `parseStamp`.
 */
export function carriedStampOf(text: string): CarriedStamp | null {
  const stamp = parseStamp(text);
  const { pts } = stamp.head;
  if (pts === undefined) return null;
  if (stamp.kind === 'clock') return { text, stamp, pts, eventPts: pts, isOpen: true };
  const { fireIn, key } = stamp.head;
  const isOpen = fireIn <= 0 && (stamp.body.sealed === undefined || key !== undefined);
  return { text, stamp, pts, eventPts: pts + fireIn, isOpen };
}

/**
 * Names one cue and revision, or one epoch: the `ID` of EXT-X-DATERANGE, whose values may never change. So the cue id
 * stands for revision 0, and later ones (another epoch announced it again) have names of their own. No cue id has a
 * colon.
 */
export function carrierIdOf(stamp: Stamp): string {
  if (stamp.kind === 'clock') return `epoch:${stamp.head.epoch}`;
  const { id, rev } = stamp.body;
  return rev === 0 ? id : `${id}:${rev}`;
}
