import type { DatabaseSync } from 'node:sqlite';
import type { Cue } from '../../../cues/cue.ts';
import type { JsonObject } from '../../../cues/wire/index.ts';
import { unixMs, unixUs } from '../../../packet/time.ts';
import {
  type Claims,
  type HeldSubmission,
  type InteractionFacts,
  type InteractionRecord,
  newFacts,
  type Receipt,
  type RefusalCode,
  type Tally,
  type Transition,
  withTransition,
} from '../facts.ts';
import type { FeedPosition, InteractionPage, LoadedLedger, MirroredCue } from '../store.ts';
import type { LedgerAnswer, LedgerQuery } from './messages.ts';

/** What can be asked of the ledger, on either connection. Runs in the worker. */
export interface LedgerReads {
  seqOf(interaction: string): number | null;
  finalState(seq: number): 'RESOLVED' | 'CANCELED' | null;
  facts(interaction: string): InteractionFacts | null;
  receipt(interaction: string, viewer: string): Receipt | null;
  position(): FeedPosition | null;
  answer(query: LedgerQuery): LedgerAnswer;
}

interface InteractionRow {
  readonly seq: number;
  readonly record: string;
}

interface ReceiptRow {
  readonly id: string;
  readonly answer: string;
  readonly arrived_us: number;
  readonly status: 'accepted' | 'held';
  readonly verdict: 'accepted' | 'refused' | null;
  readonly code: RefusalCode | null;
}

interface HeldRow {
  readonly id: string;
  readonly arrived_us: number;
  readonly claims: string;
}

/** @param questions of the domains, by name, on the same connection */
export function prepareReads(
  db: DatabaseSync,
  questions: ReadonlyMap<string, (given: unknown) => unknown> = new Map(),
): LedgerReads {
  const seqOfId = db.prepare('SELECT seq FROM interactions WHERE id = ?');
  const finalKind = db.prepare(
    `SELECT kind FROM transitions WHERE interaction = ? AND kind IN ('revealed', 'canceled')
     ORDER BY kind`,
  );
  const interactionById = db.prepare('SELECT seq, record FROM interactions WHERE id = ?');
  const steps = db.prepare('SELECT step FROM transitions WHERE interaction = ? ORDER BY seq');
  const receiptOf = db.prepare(`
    SELECT s.id, s.answer, s.arrived_us, s.status, j.verdict, j.code
    FROM submissions s JOIN interactions i ON i.seq = s.interaction
    LEFT JOIN judgements j ON j.submission = s.seq
    WHERE i.id = ? AND s.viewer = ?`);
  const heldOf = db.prepare(`
    SELECT s.id, s.arrived_us, s.claims FROM held h
    JOIN interactions i ON i.seq = h.interaction
    JOIN submissions s ON s.seq = h.submission
    WHERE i.id = ? ORDER BY h.submission LIMIT ?`);
  const heldCount = db.prepare('SELECT count(*) AS n FROM held WHERE interaction = ?');
  const anySubmission = db.prepare('SELECT 1 FROM submissions WHERE interaction = ? LIMIT 1');
  const tallies = db.prepare('SELECT bucket, n FROM tallies WHERE interaction = ?');
  const newest = db.prepare('SELECT seq, record FROM interactions WHERE seq < ? ORDER BY seq DESC LIMIT ?');
  const feedPosition = db.prepare('SELECT log_epoch, seq FROM feed_position');
  const allCues = db.prepare('SELECT cue, forget_at FROM cues');

  const seqOf = (id: string): number | null => (seqOfId.get(id) as InteractionRow | undefined)?.seq ?? null;

  const factsOfRow = ({ seq, record }: InteractionRow): InteractionFacts =>
    (steps.all(seq) as { step: string }[]).reduce<InteractionFacts>(
      (facts, { step }) => withTransition(facts, JSON.parse(step) as Transition),
      newFacts(JSON.parse(record) as InteractionRecord),
    );

  const facts = (id: string): InteractionFacts | null => {
    const row = interactionById.get(id) as InteractionRow | undefined;
    return row === undefined ? null : factsOfRow(row);
  };

  const receipt = (interaction: string, viewer: string): Receipt | null => {
    const row = receiptOf.get(interaction, viewer) as ReceiptRow | undefined;
    if (row === undefined) return null;
    const common = {
      id: row.id,
      interaction,
      answer: JSON.parse(row.answer) as JsonObject,
      arrivedAtUs: unixUs(row.arrived_us),
    };
    return row.verdict === 'refused'
      ? { ...common, status: 'refused', code: row.code! }
      : { ...common, status: row.verdict ?? row.status };
  };

  const held = (interaction: string, limit: number): readonly HeldSubmission[] =>
    (heldOf.all(interaction, limit) as unknown as HeldRow[]).map((row) => ({
      id: row.id,
      interaction,
      arrivedAtUs: unixUs(row.arrived_us),
      claims: JSON.parse(row.claims) as Claims,
    }));

  const heldBy = (seq: number): number => (heldCount.get(seq) as { n: number }).n;

  const result = (interaction: string): Tally | null => {
    const seq = seqOf(interaction);
    if (seq === null) return null;
    const buckets: Record<string, number> = {};
    let total = 0;
    for (const { bucket, n } of tallies.all(seq) as { bucket: string; n: number }[]) {
      buckets[bucket] = n;
      total += n;
    }
    return { total, buckets, held: heldBy(seq) };
  };

  const rowsBefore = (before: number | null, limit: number): InteractionRow[] =>
    newest.all(before ?? Number.MAX_SAFE_INTEGER, limit) as unknown as InteractionRow[];

  const list = (limit: number, before: number | null): InteractionPage => ({
    interactions: rowsBefore(before, limit).map((row) => ({ seq: row.seq, facts: factsOfRow(row) })),
  });

  const position = (): FeedPosition | null => {
    const row = feedPosition.get() as { log_epoch: string; seq: number } | undefined;
    return row === undefined ? null : { logEpoch: row.log_epoch, seq: row.seq };
  };

  const load = (limit: number): LoadedLedger => ({
    interactions: rowsBefore(null, limit)
      .reverse()
      .map((row) => ({
        facts: factsOfRow(row),
        answered: anySubmission.get(row.seq) !== undefined,
        held: heldBy(row.seq),
      })),
    position: position(),
    cues: (allCues.all() as { cue: string; forget_at: number }[]).map(
      (row): MirroredCue => ({ cue: JSON.parse(row.cue) as Cue, forgetAt: unixMs(row.forget_at) }),
    ),
  });

  return {
    seqOf,
    finalState(seq) {
      const row = finalKind.get(seq) as { kind: string } | undefined;
      return row === undefined ? null : row.kind === 'revealed' ? 'RESOLVED' : 'CANCELED';
    },
    facts,
    receipt,
    position,
    answer(query) {
      switch (query.kind) {
        case 'receipt':
          return receipt(query.interaction, query.viewer);
        case 'held':
          return held(query.interaction, query.limit);
        case 'result':
          return result(query.interaction);
        case 'list':
          return list(query.limit, query.before);
        case 'facts':
          return facts(query.interaction);
        case 'load':
          return load(query.limit);
        case 'question': {
          const answerTo = questions.get(query.name);
          if (answerTo === undefined) throw new TypeError(`no book knows the question ${query.name}`);
          return answerTo(query.given) as LedgerAnswer;
        }
      }
    },
  };
}
