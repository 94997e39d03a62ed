import type { PeersVerdict } from './peers.ts';
import type { ClockSource, SourceReading } from './reading.ts';

export const CLOCK_GRADES = ['good', 'fair', 'poor', 'unknown'] as const;
export type ClockGrade = (typeof CLOCK_GRADES)[number];

/** Below this an aligned start cannot be told from a perfect one; a quarter of a frame at 25 fps. */
export const GOOD_MS = 10;
/** What events takes for granted between two machines. */
export const FAIR_MS = 100;
/** So long after a step the clock is not called good. */
export const CALM_MS = 10 * 60_000;

export interface GradeInput {
  readonly tool: { readonly source: ClockSource; readonly reading: SourceReading } | null;
  /** Null: none is configured. */
  readonly peers: PeersVerdict | null;
  /** Since the last step; null: none was seen. */
  readonly sinceStepMs: number | null;
}

export interface Graded {
  readonly grade: ClockGrade;
  readonly offsetMs: number | null;
  /** Our clock is no farther from the true time than this. */
  readonly errorMs: number | null;
  readonly source: ClockSource;
  /** What to do, in words. */
  readonly advice: string;
}

const INSTALL =
  'Install chrony (apt install chrony; on RHEL dnf install chrony) and let it run; nothing else needs to be set up.';
const ms = (span: number): string =>
  Math.abs(span) < 1 ? 'less than 1 ms' : `${Math.round(Math.abs(span))} ms`;

/** One grade from everything that is known: a daemon's word first, held against the peers where there are any. */
export function gradeClock(input: GradeInput): Graded {
  const graded = ungraded(input);
  const { sinceStepMs } = input;
  if (graded.grade !== 'good' || sinceStepMs === null || sinceStepMs > CALM_MS) return graded;
  return {
    ...graded,
    grade: 'fair',
    advice:
      'The clock was set a short while ago and is right now. If that happens again, look at who sets it.',
  };
}

function ungraded({ tool, peers }: GradeInput): Graded {
  if (tool?.reading.state === 'synchronised') {
    const { offsetMs, errorMs } = tool.reading;
    const contradicted = peers === null ? null : contradictionOf(offsetMs ?? 0, errorMs, peers);
    if (contradicted !== null) return { ...contradicted, source: tool.source };
    return { ...byError(errorMs), offsetMs, errorMs, source: tool.source };
  }
  if (peers !== null && peers.offsetMs !== null) return byPeers(peers, peers.offsetMs);
  if (tool?.reading.state === 'unsynchronised') {
    const advice = `${tool.reading.why} Check that it can reach its servers (UDP port 123).`;
    return { grade: 'poor', offsetMs: null, errorMs: null, source: tool.source, advice };
  }
  const nothing = { grade: 'unknown', offsetMs: null, errorMs: null, source: 'none' } as const;
  if (peers === null) {
    return {
      ...nothing,
      advice: `Nothing on this machine says how right its clock is. ${INSTALL} Or name other clocks in FRAMECUE_CLOCK_PEERS.`,
    };
  }
  return {
    ...nothing,
    advice:
      peers.answering === 0
        ? `No peer of FRAMECUE_CLOCK_PEERS answers. Check their addresses and UDP port 123. ${INSTALL}`
        : `The peers of FRAMECUE_CLOCK_PEERS contradict each other. Name at least three. ${INSTALL}`,
  };
}

function byError(errorMs: number): Pick<Graded, 'grade' | 'advice'> {
  if (errorMs <= GOOD_MS) return { grade: 'good', advice: 'Nothing to do.' };
  if (errorMs <= FAIR_MS) {
    return {
      grade: 'fair',
      advice: `The clock is within ${ms(errorMs)}: enough for a show. A nearer time server makes it better.`,
    };
  }
  return {
    grade: 'poor',
    advice: `The clock may be off by ${ms(errorMs)}. Choose nearer time servers, or give it some minutes if the machine has just started.`,
  };
}

/** Peers tell how far off we are within their own bound: what that bound hides is not held against the clock. */
function byPeers({ uncertaintyMs }: PeersVerdict, offsetMs: number): Graded {
  const errorMs = Math.abs(offsetMs) + uncertaintyMs;
  const known = { offsetMs, errorMs, source: 'peers' } as const;
  if (errorMs <= FAIR_MS) return { ...known, ...byError(errorMs) };
  if (Math.abs(offsetMs) - uncertaintyMs > GOOD_MS) {
    return {
      ...known,
      grade: 'poor',
      advice: `The clock is ${ms(offsetMs)} ${offsetMs > 0 ? 'ahead of' : 'behind'} its peers. ${INSTALL}`,
    };
  }
  return {
    ...known,
    grade: 'unknown',
    advice: `The peers tell the time to ${ms(uncertaintyMs)} only. Name one with ntp:// in FRAMECUE_CLOCK_PEERS. ${INSTALL}`,
  };
}

function contradictionOf(
  offsetMs: number,
  errorMs: number,
  peers: PeersVerdict,
): Omit<Graded, 'source'> | null {
  if (peers.offsetMs === null) return null;
  const apartMs = peers.offsetMs - offsetMs;
  if (Math.abs(apartMs) <= errorMs + peers.uncertaintyMs) return null;
  return {
    grade: 'poor',
    offsetMs: peers.offsetMs,
    errorMs: Math.abs(peers.offsetMs) + peers.uncertaintyMs,
    advice: `This machine calls its clock synchronised, but ${peers.agreeing} of ${peers.answering} peers say that it is ${ms(peers.offsetMs)} ${peers.offsetMs > 0 ? 'ahead' : 'behind'}. Check its time servers.`,
  };
}
