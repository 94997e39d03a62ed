import type { Landing } from '../../cues/cue.ts';
import type { EventLine, PacketLine, RunHead, RunLine, UnitLine } from './run-lines.ts';

/** A place where two runs differ. `at`: how many access units (or packets of that kind) came before it in each run. */
export type Difference =
  | {
      readonly kind: 'unit';
      readonly epoch: number;
      readonly frame: number;
      readonly a: Placed<UnitLine> | null;
      readonly b: Placed<UnitLine> | null;
      /** What differs; empty where one run lacks it. */
      readonly fields: readonly UnitField[];
    }
  | {
      readonly kind: 'packet';
      readonly epoch: number;
      readonly of: PacketLine['of'];
      readonly n: number;
      readonly a: Placed<PacketLine> | null;
      readonly b: Placed<PacketLine> | null;
      readonly fields: readonly string[];
    };

/** A line, and how many of its kind came before it in the whole run. */
export type Placed<Line> = Line & { readonly at: number };

const UNIT_FIELDS = ['pts', 'dts', 'key', 'size', 'sha256', 'stamps'] as const;
export type UnitField = (typeof UNIT_FIELDS)[number];

/** What became of one revision of a cue in both runs. */
export interface CueRow {
  readonly id: string;
  readonly rev: number;
  readonly a: CueStory;
  readonly b: CueStory;
  readonly same: boolean;
}

export interface CueStory {
  /** Fire PTS as announced; null where it was not. */
  readonly announced: number | null;
  readonly landing: Landing | null;
  /** `ended`, or `missed: CODE`; null while open. */
  readonly end: string | null;
}

export interface Counts {
  readonly a: number;
  readonly b: number;
  readonly same: number;
  readonly different: number;
  readonly onlyA: number;
  readonly onlyB: number;
}

export interface Comparison {
  readonly identical: boolean;
  readonly a: RunHead;
  readonly b: RunHead;
  readonly units: Counts;
  readonly packets: Counts;
  /** The first ones in order, units first; `differing` says how many there are. */
  readonly differences: readonly Difference[];
  readonly differing: number;
  readonly cues: readonly CueRow[];
  /** Names of epochs, where they are not the same. */
  readonly epochs: { readonly a: readonly string[]; readonly b: readonly string[]; readonly same: boolean };
  /** Records that the recording lacks, by run. */
  readonly gaps: { readonly a: number; readonly b: number };
}

const MAX_DIFFERENCES = 500;
/** Of which a head could fill all memory. */
const MAX_EPOCHS = 100_000;
/** Packets that one run is ahead of the other, beyond which they count as missing there. */
const MAX_AHEAD = 50_000;

/**
 * Compares two runs access unit by access unit, and all other packets beside them. Each run is read twice and never
 * held: `a` and `b` open it anew.
 */
export function compareRuns(
  a: () => Iterable<RunLine>,
  b: () => Iterable<RunLine>,
  onDifference: (difference: Difference) => void = () => undefined,
): Comparison {
  const differences: Difference[] = [];
  let differing = 0;
  const note = (difference: Difference): void => {
    differing++;
    onDifference(difference);
    if (differences.length < MAX_DIFFERENCES) differences.push(difference);
  };
  const storyA = new Story();
  const storyB = new Story();
  const units = mergeUnits(storyA.watch(a()), storyB.watch(b()), note);
  const packets = mergePackets(a(), b(), note);
  const cues = cueRows(storyA, storyB);
  const epochs = { a: storyA.epochs, b: storyB.epochs, same: sameList(storyA.epochs, storyB.epochs) };
  const gaps = { a: storyA.gaps, b: storyB.gaps };
  const identical = differing === 0 && epochs.same && cues.every(({ same }) => same);
  return {
    identical,
    a: storyA.head,
    b: storyB.head,
    units,
    packets,
    differences,
    differing,
    cues,
    epochs,
    gaps,
  };
}

/** What is told beside the packets. */
class Story {
  readonly epochs: string[] = [];
  readonly cues = new Map<string, { -readonly [Field in keyof CueStory]: CueStory[Field] }>();
  gaps = 0;
  #head: RunHead | null = null;

  get head(): RunHead {
    if (this.#head === null) throw new Error('the run was not read, or has no head');
    return this.#head;
  }

  *watch(lines: Iterable<RunLine>): Generator<RunLine> {
    for (const line of lines) {
      if (line.kind === 'run') this.#head = line;
      else if (line.kind === 'epoch' && this.epochs.length < MAX_EPOCHS) this.epochs.push(line.epoch);
      else if (line.kind === 'gap') this.gaps += line.records;
      else if (line.kind === 'event') this.#note(line.event);
      yield line;
    }
  }

  #note(event: EventLine['event']): void {
    const key = JSON.stringify([event.id, event.rev]);
    const story = this.cues.get(key) ?? { announced: null, landing: null, end: null };
    this.cues.set(key, story);
    if (event.kind === 'announced') story.announced = event.firePts;
    else if (event.kind === 'landed') story.landing = event.landing;
    else story.end = event.kind === 'ended' ? 'ended' : `missed: ${event.code}`;
  }
}

type Noting = (difference: Difference) => void;

function mergeUnits(a: Iterable<RunLine>, b: Iterable<RunLine>, note: Noting): Counts {
  const isUnit = (line: RunLine): line is UnitLine => line.kind === 'unit';
  const order = (x: UnitLine, y: UnitLine) => x.epoch - y.epoch || x.frame - y.frame;
  return merge(placed(a, isUnit), placed(b, isUnit), order, (one, other) => {
    const fields = one === null || other === null ? [] : UNIT_FIELDS.filter((f) => differs(f, one, other));
    if (one !== null && other !== null && fields.length === 0) return true;
    const { epoch, frame } = (one ?? other)!;
    note({ kind: 'unit', epoch, frame, a: one, b: other, fields });
    return false;
  });
}

/** Stamps are compared by the bytes that hold them: here they only say what differs. */
function differs(field: UnitField, a: UnitLine, b: UnitLine): boolean {
  if (field !== 'stamps') return a[field] !== b[field];
  return (
    a.stamps !== undefined && b.stamps !== undefined && JSON.stringify(a.stamps) !== JSON.stringify(b.stamps)
  );
}

const PACKET_KINDS = ['avc-config', 'aac-config', 'aac-frame', 'script'] as const;

/** Kind by kind: two builds may well interleave them otherwise. */
function mergePackets(a: Iterable<RunLine>, b: Iterable<RunLine>, note: Noting): Counts {
  // One pass each: what one run is ahead of the other waits, which in runs that are alike is a packet or two.
  const waiting = { a: new Map<string, Placed<PacketLine>>(), b: new Map<string, Placed<PacketLine>>() };
  const counts = { a: 0, b: 0, same: 0, different: 0, onlyA: 0, onlyB: 0 };
  const isPacket = (line: RunLine): line is PacketLine =>
    line.kind === 'packet' && (PACKET_KINDS as readonly string[]).includes(line.of);
  const missing = (side: 'a' | 'b', line: Placed<PacketLine>): void => {
    const { epoch, of, n } = line;
    const [one, two] = side === 'a' ? [line, null] : [null, line];
    counts[side === 'a' ? 'onlyA' : 'onlyB']++;
    note({ kind: 'packet', epoch, of, n, a: one, b: two, fields: [] });
  };
  const take = (side: 'a' | 'b', line: Placed<PacketLine>): void => {
    counts[side]++;
    const key = `${line.epoch} ${line.of} ${line.n}`;
    const other = waiting[side === 'a' ? 'b' : 'a'];
    const match = other.get(key);
    if (match === undefined) {
      waiting[side].set(key, line);
      if (waiting[side].size > MAX_AHEAD) {
        const [oldest] = waiting[side];
        waiting[side].delete(oldest![0]);
        missing(side, oldest![1]);
      }
      return;
    }
    other.delete(key);
    const fields = (['dts', 'size', 'sha256'] as const).filter((field) => line[field] !== match[field]);
    if (fields.length === 0) {
      counts.same++;
      return;
    }
    counts.different++;
    const [one, two] = side === 'a' ? [line, match] : [match, line];
    note({ kind: 'packet', epoch: line.epoch, of: line.of, n: line.n, a: one, b: two, fields });
  };
  const left = placed(a, isPacket);
  const right = placed(b, isPacket);
  for (let [one, two] = [left.next(), right.next()]; one.done !== true || two.done !== true; ) {
    if (one.done !== true) take('a', one.value);
    if (two.done !== true) take('b', two.value);
    if (one.done !== true) one = left.next();
    if (two.done !== true) two = right.next();
  }
  for (const side of ['a', 'b'] as const) for (const line of waiting[side].values()) missing(side, line);
  return counts;
}

function* placed<Line extends RunLine>(
  lines: Iterable<RunLine>,
  isOne: (line: RunLine) => line is Line,
): Generator<Placed<Line>> {
  let at = 0;
  for (const line of lines) if (isOne(line)) yield { ...line, at: at++ };
}

/** Two ordered runs side by side. @param same told of each pair, or of what one side lacks; says whether it is equal. */
function merge<Line>(
  a: Iterator<Line>,
  b: Iterator<Line>,
  order: (x: Line, y: Line) => number,
  same: (a: Line | null, b: Line | null) => boolean,
): Counts {
  const counts = { a: 0, b: 0, same: 0, different: 0, onlyA: 0, onlyB: 0 };
  let one = a.next();
  let two = b.next();
  while (one.done !== true || two.done !== true) {
    const side = one.done === true ? 1 : two.done === true ? -1 : Math.sign(order(one.value, two.value));
    if (side === 0) {
      if (same(one.value, two.value)) counts.same++;
      else counts.different++;
    } else if (side < 0) {
      counts.onlyA++;
      same(one.value, null);
    } else {
      counts.onlyB++;
      same(null, two.value);
    }
    if (side <= 0) {
      counts.a++;
      one = a.next();
    }
    if (side >= 0) {
      counts.b++;
      two = b.next();
    }
  }
  return counts;
}

const NO_STORY: CueStory = { announced: null, landing: null, end: null };

function cueRows(a: Story, b: Story): CueRow[] {
  const keys = new Set([...a.cues.keys(), ...b.cues.keys()]);
  return Array.from(keys, (key) => {
    const [id, rev] = JSON.parse(key) as [string, number];
    const one = a.cues.get(key) ?? NO_STORY;
    const two = b.cues.get(key) ?? NO_STORY;
    return { id, rev, a: one, b: two, same: sameStory(one, two) };
  });
}

/** Builds may write fields in another order. Outputs are read back later, by others: no part of a run. */
const sortedFields = (landing: Landing): unknown =>
  Object.entries(landing)
    .filter(([field]) => field !== 'outputs')
    .sort(([one], [other]) => one.localeCompare(other));

function sameStory(a: CueStory, b: CueStory): boolean {
  const told = ({ announced, landing, end }: CueStory) =>
    JSON.stringify([announced, landing === null ? null : sortedFields(landing), end]);
  return told(a) === told(b);
}

const sameList = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every((name, at) => name === b[at]);
