import { plural } from '../shared/format.ts';
import { bitstreamProblems } from './bitstream.ts';
import { clockProblems } from './clock.ts';
import { recentlyUnstamped, type Sample } from './history.ts';
import { outputProblems } from './output-problems.ts';
import { delayProblems } from './programme-delay.ts';
import type { Problem, PublisherEvent, StreamReport } from './report.ts';

export type VerdictKind = 'healthy' | 'look' | 'trouble' | 'starting' | 'off-air' | 'unknown';

export const VERDICT_WORDS: { readonly [kind in VerdictKind]: string } = {
  healthy: 'Healthy',
  look: 'Look at this',
  trouble: 'In trouble',
  starting: 'Starting',
  'off-air': 'Off air',
  unknown: 'Not known',
};

export interface Verdict {
  readonly kind: VerdictKind;
  /** The worst first. */
  readonly problems: readonly Problem[];
}

export interface Evidence {
  /** False: what is known is old. */
  readonly connected: boolean;
  /** The server's clock at its newest answer, Unix milliseconds. */
  readonly at: number;
  readonly samples: readonly Sample[];
  readonly events: readonly PublisherEvent[];
}

/** The server judges rates only from then on. */
const SETTLED_MS = 5000;
/** More than 8 bit or 4:2:0 (H.264 annex A.2): not in what hardware decoders and Media Source take everywhere. */
const FEW_PLAY: readonly string[] = ['High 10', 'High 4:2:2', 'High 4:4:4 Predictive', 'CAVLC 4:4:4 Intra'];
const COMINGS_MS = 600_000;
const COMINGS_WARN = 2;

/** Whether the stream is in order, and what is not. */
export function judge(stream: StreamReport, evidence: Evidence): Verdict {
  if (!evidence.connected) return { kind: 'unknown', problems: [] };
  if (stream.publisher === null) return { kind: 'off-air', problems: [] };
  const found = [...(stream.health?.problems ?? []), ...ownProblems(stream, evidence)];
  const problems = found.sort((a, b) => Number(b.level === 'bad') - Number(a.level === 'bad'));
  return { kind: kindOf(stream, problems), problems };
}

function kindOf({ live, health }: StreamReport, problems: readonly Problem[]): VerdictKind {
  if (problems.some(({ level }) => level === 'bad')) return 'trouble';
  if (!live || health === null || health.ageMs < SETTLED_MS) return 'starting';
  return problems.length > 0 ? 'look' : 'healthy';
}

/** What the numbers say beyond the encoder's own health. */
function* ownProblems(stream: StreamReport, { at, samples, events }: Evidence): Generator<Problem> {
  const profile = stream.health?.video.profile ?? null;
  if (profile !== null && FEW_PLAY.includes(profile)) {
    const text = `Most browsers and phones do not play H.264 ${profile}.`;
    yield { level: 'bad', code: 'profile', text };
  }
  if (stream.stampingOn === false) {
    const text = 'Stamping is switched off: no cue gets into the picture.';
    yield { level: 'warn', code: 'stamping-off', text };
  }
  const unstamped = recentlyUnstamped(samples);
  if (unstamped > 0) {
    const text = `Stamping failed on ${plural(unstamped, 'picture')} in the last 2 minutes. They went on as they came.`;
    yield { level: 'warn', code: 'stamping-failed', text };
  }
  if (stream.clock !== null) yield* clockProblems(stream.clock, at);
  if (stream.programmeDelay !== null) yield* delayProblems(stream.programmeDelay);
  yield* bitstreamProblems(stream.bitstream, at);
  yield* outputProblems(stream.outputs, at);
  const ends = events.filter(
    (event) => event.kind === 'ended' && event.stream === stream.name && at - event.at < COMINGS_MS,
  );
  if (ends.length >= COMINGS_WARN) {
    const text = `The publisher has left and come back ${ends.length} times in the last 10 minutes.`;
    yield { level: 'warn', code: 'comes-and-goes', text };
  }
}

const WORST_FIRST: readonly VerdictKind[] = ['unknown', 'trouble', 'look', 'off-air', 'starting', 'healthy'];

/** For the tab's title: the verdict that matters most. */
export const worstOf = (kinds: readonly VerdictKind[]): VerdictKind =>
  WORST_FIRST.find((kind) => kinds.includes(kind)) ?? 'off-air';
