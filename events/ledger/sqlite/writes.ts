import type { DatabaseSync } from 'node:sqlite';
import { unixUs } from '../../../packet/time.ts';
import type { HeldVerdict, InteractionRecord, Transition } from '../facts.ts';
import { mayFollow, newFacts } from '../facts.ts';
import type { JournalEntry } from '../journal.ts';
import type {
  CreateOutcome,
  FeedEntryChange,
  FeedOutcome,
  FeedPosition,
  FeedSnapshotChange,
  JudgeOutcome,
  MirroredCue,
  TransitionOutcome,
} from '../store.ts';
import type { AcceptedAnswer, DomainWrites } from './domains.ts';
import type { Journal, Reducer } from './journal.ts';
import { leafOf, type NewSalt } from './leaf.ts';
import type { LedgerOp, LedgerResult, SubmitResult } from './messages.ts';
import type { LedgerReads } from './reads.ts';
import type { SubmitOp } from './submit-op.ts';
import { prepareTallies, type Tallies } from './tallies.ts';

export interface WriteParts {
  readonly db: DatabaseSync;
  /** On the connection that writes: sees what the batch has done so far. */
  readonly reads: LedgerReads;
  readonly journal: Journal;
  readonly newSalt: NewSalt;
  /** By name. */
  readonly domains: ReadonlyMap<string, DomainWrites>;
}

export interface Writes {
  /** First in each transaction. */
  begin(): void;
  /** Within a transaction. */
  apply(op: LedgerOp): LedgerResult;
  /** Behind the ops of each transaction. */
  beforeCommit(): void;
}

/** Every change of the ledger, each within the transaction of its batch. Runs in the worker. */
export function prepareWrites(parts: WriteParts): Writes {
  const { db, reads, journal, domains } = parts;
  const rounds = prepareOpenRounds(db);
  const tallies = prepareTallies(db);
  const submit = prepareSubmit(parts, rounds, tallies);
  const create = prepareCreate(db, reads);
  const step = prepareStep(db, reads, domains);
  const judge = prepareJudge(db, journal, tallies);
  const commands = new Map([...domains.values()].flatMap((domain) => Object.entries(domain.commands)));
  const begins = [...domains.values()].flatMap(({ begin }) => begin ?? []);
  const feed = prepareFeed(db, reads, step);
  const perform = (op: Exclude<LedgerOp, SubmitOp>): LedgerResult => {
    switch (op.kind) {
      case 'create':
        return create(op.record);
      case 'transition':
        return step(op.transition);
      case 'judge':
        return judge(op.verdicts);
      case 'feed-entry':
        return feed.entry(op.change);
      case 'feed-snapshot':
        return feed.snapshot(op.change);
      case 'command': {
        const command = commands.get(op.name);
        if (command === undefined) throw new TypeError(`no book knows the command ${op.name}`);
        return command(op.given) as LedgerResult;
      }
    }
  };
  return {
    begin() {
      rounds.forget();
      tallies.forget();
      for (const forget of begins) forget();
    },
    apply(op) {
      if (op.kind === 'submit') return submit(op);
      rounds.forget();
      return tallies.writtenBefore(() => perform(op));
    },
    beforeCommit: tallies.write,
  };
}

const FINAL = `('revealed', 'canceled')`;

interface OpenRounds {
  /** Its row, where it is there, not over and its list not closed for a draw; else null. */
  seqOf(interaction: string): number | null;
  /** A batch begins, or something else than an answer was written. */
  forget(): void;
}

/** Which interactions take answers, looked up once for the answers of a batch that follow each other. */
function prepareOpenRounds(db: DatabaseSync): OpenRounds {
  const find = db.prepare(`
    SELECT i.seq FROM interactions i
    WHERE i.id = ?1
      AND NOT EXISTS (SELECT 1 FROM transitions t WHERE t.interaction = i.seq AND t.kind IN ${FINAL})
      AND NOT EXISTS (SELECT 1 FROM draws d WHERE d.interaction = i.id)`);
  const found = new Map<string, number | null>();
  return {
    seqOf(interaction) {
      let seq = found.get(interaction);
      if (seq === undefined) {
        seq = (find.get(interaction) as { seq: number } | undefined)?.seq ?? null;
        found.set(interaction, seq);
      }
      return seq;
    },
    forget: () => found.clear(),
  };
}

function prepareSubmit(
  { db, reads, newSalt, domains }: WriteParts,
  rounds: OpenRounds,
  tallies: Tallies,
): (op: SubmitOp) => SubmitResult {
  // A viewer's first answer is left alone.
  const insert = db.prepare(`
    INSERT INTO submissions (interaction, viewer, id, answer, bucket, status, arrived_us, claims, salt, leaf)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (interaction, viewer) DO NOTHING`);
  const hold = db.prepare('INSERT INTO held (submission, interaction, id) VALUES (?, ?, ?)');

  const refusal = (interaction: string, viewer: string): SubmitResult => {
    const first = reads.receipt(interaction, viewer);
    if (first !== null) return { first };
    const seq = reads.seqOf(interaction);
    if (seq === null) return 'unknown-interaction';
    return reads.finalState(seq) ?? 'LOCKED';
  };

  return ({ fields, bookedBy }) => {
    const [interaction, ...columns] = fields;
    const [viewer, id, answer, bucket, status, arrivedAtUs] = columns;
    const round = rounds.seqOf(interaction);
    if (round === null) return refusal(interaction, viewer);
    const salt = newSalt();
    // Not RETURNING, which costs as much again as the insert.
    const { changes, lastInsertRowid } = insert.run(round, ...columns, salt, leafOf(salt, fields));
    if (changes === 0) return refusal(interaction, viewer);
    if (status === 'held') {
      hold.run(lastInsertRowid, round, id);
      return 'recorded';
    }
    if (bookedBy !== null) {
      const accepted = { interaction, viewer, submission: id, answer, atUs: unixUs(arrivedAtUs) };
      bookOf(domains, bookedBy)(accepted);
    }
    // Last: nothing throws any more.
    tallies.add(round, bucket);
    return 'recorded';
  };
}

function bookOf(
  domains: ReadonlyMap<string, DomainWrites>,
  name: string,
): (accepted: AcceptedAnswer) => void {
  const book = domains.get(name)?.onAccepted;
  if (book === undefined) throw new TypeError(`no domain ${name} books answers`);
  return book;
}

/** What the leaf of an interaction commits to: it tells nothing about viewers and has no salt. */
export const interactionFields = (row: {
  readonly id: string;
  readonly record: string;
}): readonly string[] => [row.id, row.record];

function prepareCreate(db: DatabaseSync, reads: LedgerReads): (record: InteractionRecord) => CreateOutcome {
  const insert = db.prepare(
    'INSERT INTO interactions (id, record, leaf) VALUES (?, ?, ?) ON CONFLICT (id) DO NOTHING',
  );
  return (given) => {
    const { id } = given;
    const record = JSON.stringify(given);
    const { changes } = insert.run(id, record, leafOf(null, interactionFields({ id, record })));
    return changes === 1
      ? { kind: 'created', facts: newFacts(given) }
      : { kind: 'exists', facts: reads.facts(id)! };
  };
}

/** What the leaf of a step commits to: as an interaction's. */
export const stepFields = (row: {
  readonly interaction: string;
  readonly kind: string;
  readonly step: string;
}): readonly string[] => [row.interaction, row.kind, row.step];

function prepareStep(
  db: DatabaseSync,
  reads: LedgerReads,
  domains: ReadonlyMap<string, DomainWrites>,
): (transition: Transition) => TransitionOutcome {
  const followers = [...domains.values()].flatMap(({ onTransition }) => onTransition ?? []);
  const known = db.prepare('SELECT 1 FROM transitions WHERE interaction = ? AND kind = ?');
  const insert = db.prepare('INSERT INTO transitions (interaction, kind, step, leaf) VALUES (?, ?, ?, ?)');
  return (transition) => {
    const seq = reads.seqOf(transition.interaction);
    if (seq === null) return { kind: 'unknown-interaction' };
    if (known.get(seq, transition.kind) !== undefined) return { kind: 'already' };
    const state = reads.finalState(seq);
    if (state !== null && !mayFollow(transition, state)) return { kind: 'closed', state };
    const { interaction, kind } = transition;
    const step = JSON.stringify(transition);
    insert.run(seq, kind, step, leafOf(null, stepFields({ interaction, kind, step })));
    for (const follow of followers) follow(transition);
    return { kind: 'recorded' };
  };
}

interface HeldRow {
  /** Its row. */
  readonly interaction: number;
  readonly bucket: string;
}

interface Judged {
  readonly submission: string;
  readonly verdict: 'accepted' | 'refused';
  readonly code: string | null;
}

/** `judgements` and `held` follow from the journal; the counts do from both. */
export function judgementReducers(db: DatabaseSync): Readonly<Record<string, Reducer>> {
  const insert = db.prepare(`
    INSERT INTO judgements (submission, verdict, code, judged_us)
    SELECT submission, ?2, ?3, ?4 FROM held WHERE id = ?1`);
  const release = db.prepare('DELETE FROM held WHERE id = ?');
  return {
    'answer.judged': ({ atUs, body }: JournalEntry<'answer.judged', Judged>) => {
      insert.run(body.submission, body.verdict, body.code, atUs);
      release.run(body.submission);
    },
  };
}

function prepareJudge(
  db: DatabaseSync,
  journal: Journal,
  tallies: Tallies,
): (verdicts: readonly HeldVerdict[]) => JudgeOutcome {
  const find = db.prepare(`
    SELECT h.interaction, s.bucket FROM held h JOIN submissions s ON s.seq = h.submission
    WHERE h.id = ?`);
  return (verdicts) => {
    const outcome = { accepted: 0, refused: 0, passed: 0 };
    for (const verdict of verdicts) {
      const held = find.get(verdict.submission) as HeldRow | undefined;
      if (held === undefined) {
        outcome.passed++;
        continue;
      }
      const code = verdict.verdict === 'refused' ? verdict.code : null;
      const judged = { submission: verdict.submission, verdict: verdict.verdict, code };
      journal.append({ kind: 'answer.judged', atUs: verdict.judgedAtUs, viewer: null, body: judged });
      if (verdict.verdict === 'accepted') tallies.add(held.interaction, held.bucket);
      outcome[verdict.verdict]++;
    }
    return outcome;
  };
}

function prepareFeed(
  db: DatabaseSync,
  reads: LedgerReads,
  step: (transition: Transition) => TransitionOutcome,
) {
  const forget = db.prepare('DELETE FROM cues WHERE forget_at <= ?');
  const forgetAll = db.prepare('DELETE FROM cues');
  const mirror = db.prepare(`
    INSERT INTO cues (stream, id, cue, forget_at) VALUES (?, ?, ?, ?)
    ON CONFLICT (stream, id) DO UPDATE SET cue = excluded.cue, forget_at = excluded.forget_at`);
  const move = db.prepare(`
    INSERT INTO feed_position (one, log_epoch, seq) VALUES (1, ?, ?)
    ON CONFLICT (one) DO UPDATE SET log_epoch = excluded.log_epoch, seq = excluded.seq`);
  const keep = ({ cue, forgetAt }: MirroredCue) =>
    mirror.run(cue.stream, cue.id, JSON.stringify(cue), forgetAt);
  const moveTo = ({ logEpoch, seq }: FeedPosition) => move.run(logEpoch, seq);
  return {
    entry({ position, cue, transitions, now }: FeedEntryChange): FeedOutcome {
      const at = reads.position();
      if (at !== null && at.logEpoch === position.logEpoch && at.seq >= position.seq) {
        return { kind: 'already', position: at };
      }
      forget.run(now);
      keep(cue);
      moveTo(position);
      return { kind: 'applied', transitions: transitions.map(step) };
    },
    snapshot({ position, cues, transitions }: FeedSnapshotChange): FeedOutcome {
      forgetAll.run();
      for (const cue of cues) keep(cue);
      moveTo(position);
      return { kind: 'applied', transitions: transitions.map(step) };
    },
  };
}
