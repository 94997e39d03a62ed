import type { Cue } from '../../cues/cue.ts';
import type { StampedUnit } from '../lib/access-units.ts';
import type { MarkPlan } from '../lib/fires.ts';
import type { System } from '../lib/system.ts';

/** A cue that was accepted, and what that took. Milliseconds. */
export interface MarkedCue {
  readonly id: string;
  /** The server's own word (`Server-Timing`): without the wait for the disk, and that wait. */
  readonly ownMs: number;
  readonly commitMs: number;
  /** What its thread computed of `ownMs` (`thread-cpu.ts`). */
  readonly cpuMs: number;
  /** When the injector had it, Unix microseconds. */
  readonly injectorAtUs: number;
  /** Request to answer, as the caller sees it. */
  readonly tookMs: number;
}

const TIMING = /^own;dur=([\d.]+), commit;dur=([\d.]+), cpu;dur=([\d.]+), injector;desc="(\d+)"$/;

type FourNumbers = [number, number, number, number];

/** As `markCues`, with what the server says of each. */
export async function markTimed(system: System, plan: MarkPlan): Promise<MarkedCue[]> {
  const marked: MarkedCue[] = [];
  let due = performance.now();
  for (let n = 0; n < plan.count; n++) {
    const waitMs = due - performance.now();
    if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
    due += plan.everyMs;
    const sent = performance.now();
    const { status, headers, body } = await system.api.media<Cue>(
      'POST',
      `${system.api.streamPath}/cues`,
      plan.cue(n),
    );
    const tookMs = performance.now() - sent;
    const timing = TIMING.exec(headers.get('server-timing') ?? '');
    if (status !== 202 || timing === null) throw new Error(`${status} ${JSON.stringify(body)}`);
    const [ownMs, commitMs, cpuMs, injectorAtUs] = timing.slice(1).map(Number) as FourNumbers;
    marked.push({ id: body.id, ownMs, commitMs, cpuMs, injectorAtUs, tookMs });
  }
  return marked;
}

export interface Passed {
  /** Access units that could have carried it and passed without it, after the injector had it. */
  readonly after: number;
  /** From the injector's having it to the first access unit that carries it; null: none did. */
  readonly stampedAfterMs: number | null;
  /** How far ahead of its picture the first copy was; null: it was not announced, or not stamped. */
  readonly announcedMs: number | null;
}

/**
 * What went past a cue. A cue for the next picture could be on every access unit from acceptance on. One with a
 * moment ahead could fire on every picture from that moment on: those before the one that it landed on went past it.
 * @param units of the stream, in decode order
 */
export function passedBy(marked: MarkedCue, cue: Cue, units: readonly StampedUnit[]): Passed {
  const since = units.filter(({ atUs }) => atUs > marked.injectorAtUs);
  const at = since.findIndex(({ fireIn }) => fireIn.has(cue.id));
  const first = since[at];
  if (cue.announceMs === 0) {
    return { after: at < 0 ? since.length : at, stampedAfterMs: sinceOf(marked, first), announcedMs: null };
  }
  const { landing } = cue;
  // The receipt says how far behind the moment asked for it landed.
  const wasMissed = ({ pts }: StampedUnit): boolean =>
    landing !== null && pts >= landing.pts - landing.errorMs && pts < landing.pts - SAME_PICTURE_MS;
  return {
    after: since.filter(wasMissed).length,
    stampedAfterMs: sinceOf(marked, first),
    announcedMs: first?.fireIn.get(cue.id) ?? null,
  };
}

const sinceOf = (marked: MarkedCue, unit: StampedUnit | undefined): number | null =>
  unit === undefined ? null : (unit.atUs - marked.injectorAtUs) / 1_000;

/** A fire PTS that was foretold and its picture's differ by up to this. */
const SAME_PICTURE_MS = 3;
