import { z } from 'zod';
import type { FeedEntry, FeedSnapshot } from '../cues/feed.ts';
import { CUE_STATES, type CueState } from '../cues/states.ts';
import { ID_PATTERN, isCueType, STREAM_PATTERN } from '../cues/wire/index.ts';

/**
 * What events relies on in a feed entry (`cues/feed.ts`). Everything else passes through: a newer media process
 * may say more.
 */
const time = z.number().nonnegative();

const Landing = z.looseObject({
  epoch: z.string().min(1).max(64),
  pts: z.number(),
  fireAtUs: time,
});

const Cue = z.looseObject({
  id: z.string().regex(ID_PATTERN),
  rev: z.int().nonnegative(),
  stream: z.string().regex(STREAM_PATTERN),
  type: z.string().refine(isCueType, 'not a type of cue'),
  state: z.custom<CueState>((value) => CUE_STATES.includes(value as CueState), 'not a state of a cue'),
  ref: z.string().regex(ID_PATTERN).optional(),
  data: z.looseObject({}),
  exp: time,
  acceptedAt: time,
  durationMs: z.number().nonnegative().optional(),
  landing: Landing.nullable(),
  // What cannot be read as one or the other is left out whole, and never counts.
  rehearsal: z.boolean().optional(),
  voided: z.looseObject({ at: time, landing: Landing.nullable() }).optional(),
});

const Entry = z.looseObject({ seq: z.int().nonnegative(), at: time, cue: Cue });
const Snapshot = z.looseObject({ seq: z.int().nonnegative(), cues: z.array(z.unknown()) });

export type Read<Value> =
  | { readonly kind: 'good'; readonly value: Value; readonly left: number }
  | { readonly kind: 'unreadable'; readonly problem: string };

/** @param text the `data` of one event. */
export function readFeedEntry(text: string): Read<FeedEntry> {
  const parsed = Entry.safeParse(jsonOf(text));
  if (!parsed.success) return { kind: 'unreadable', problem: problemOf(parsed.error) };
  return { kind: 'good', value: parsed.data as unknown as FeedEntry, left: 0 };
}

/** `left`: how many cues cannot be read; one of them must not cost the others. */
export function readFeedSnapshot(text: string): Read<FeedSnapshot> {
  const parsed = Snapshot.safeParse(jsonOf(text));
  if (!parsed.success) return { kind: 'unreadable', problem: problemOf(parsed.error) };
  const cues = parsed.data.cues.filter((cue) => Cue.safeParse(cue).success);
  return {
    kind: 'good',
    value: { seq: parsed.data.seq, cues } as unknown as FeedSnapshot,
    left: parsed.data.cues.length - cues.length,
  };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return undefined;
  }
}

function problemOf(error: z.ZodError): string {
  const [issue] = error.issues;
  return issue === undefined ? 'not as expected' : `${issue.path.join('.')}: ${issue.message}`;
}
