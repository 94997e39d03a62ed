import type { DatabaseSync } from 'node:sqlite';
import { unixUs } from '../../../packet/time.ts';
import type {
  AttemptCode,
  DeliveryOutcome,
  OutboxItem,
  OutboxLane,
  OutboxQuestions,
  OutboxState,
  OutboxTopic,
} from '../outbox.ts';
import { prepareFiltered } from './filtered.ts';

interface Row {
  readonly seq: number;
  readonly id: string;
  readonly topic: OutboxTopic;
  readonly lane: string;
  readonly viewer: string | null;
  readonly payload: string;
  readonly after: string | null;
  readonly state: OutboxState;
  readonly queued_us: number;
  readonly since_us: number;
  readonly next_us: number;
  readonly attempts: number;
  readonly last_code: AttemptCode | null;
  readonly last_status: number | null;
  readonly last_us: number | null;
  readonly outcome: DeliveryOutcome | null;
  readonly reason: string | null;
}

type Answers = {
  readonly [Name in keyof OutboxQuestions]: (
    given: OutboxQuestions[Name]['in'],
  ) => OutboxQuestions[Name]['out'];
};

/** No item waits longer than this between two calls; what seems to is due. */
const LONGEST_US = 3_600_000_000;

/** What can be asked of the outbox, on either connection. */
export function prepareOutboxReads(db: DatabaseSync): Answers {
  // One statement for each question: a condition that may be absent would keep SQLite from its index.
  const dueWhere = (where: string) =>
    db.prepare(`
      SELECT * FROM outbox o WHERE state = 'queued' AND ${where}
        AND (after IS NULL OR NOT EXISTS (SELECT 1 FROM outbox f WHERE f.id = o.after AND f.state = 'queued'))
      ORDER BY next_us, seq LIMIT ?2`);
  const due = { any: dueWhere('next_us <= ?1'), lane: dueWhere('next_us <= ?1 AND lane = ?3') };
  const stranded = { any: dueWhere('next_us > ?1'), lane: dueWhere('next_us > ?1 AND lane = ?3') };
  const rowsOf = (statements: typeof due, atUs: number, lane: string | undefined, limit: number) =>
    (lane === undefined
      ? statements.any.all(atUs, limit)
      : statements.lane.all(atUs, limit, lane)) as unknown as Row[];
  const lanes = db.prepare(`
    SELECT lane, queued, delivered, declined, dead,
      (SELECT min(since_us) FROM outbox o WHERE o.lane = l.lane AND o.state = 'queued') AS oldest_us,
      (SELECT min(next_us) FROM outbox o WHERE o.lane = l.lane AND o.state = 'queued') AS next_us
    FROM outbox_lanes l ORDER BY lane`);
  const get = db.prepare('SELECT * FROM outbox WHERE id = ?');
  const select = (state: OutboxState) =>
    prepareFiltered<Row>(db, `SELECT * FROM outbox WHERE state = '${state}'`);
  const lists = {
    any: prepareFiltered<Row>(db, 'SELECT * FROM outbox'),
    ...{ queued: select('queued'), delivered: select('delivered'), dead: select('dead') },
  };
  return {
    'outbox.due': ({ nowUs, lane, limit, longestUs = LONGEST_US }) => {
      const rows = rowsOf(due, nowUs, lane, limit);
      if (rows.length < limit) rows.push(...rowsOf(stranded, nowUs + longestUs, lane, limit - rows.length));
      return rows.map(itemOf);
    },
    'outbox.lanes': () => (lanes.all() as unknown as LaneRow[]).map(laneOf),
    'outbox.get': ({ id }) => {
      const row = get.get(id) as Row | undefined;
      return row === undefined ? null : itemOf(row);
    },
    'outbox.list': ({ state, lane = null, viewer = null, before = null, limit }) =>
      lists[state ?? 'any']({ lane, viewer }, before, limit).map(itemOf),
  };
}

interface LaneRow extends Omit<OutboxLane, 'oldestUs' | 'nextUs'> {
  readonly oldest_us: number | null;
  readonly next_us: number | null;
}

const laneOf = ({ oldest_us, next_us, ...counts }: LaneRow): OutboxLane => ({
  ...counts,
  oldestUs: oldest_us === null ? null : unixUs(oldest_us),
  nextUs: next_us === null ? null : unixUs(next_us),
});

const itemOf = (row: Row): OutboxItem => ({
  seq: row.seq,
  id: row.id,
  topic: row.topic,
  lane: row.lane,
  viewer: row.viewer,
  payload: JSON.parse(row.payload),
  after: row.after,
  state: row.state,
  queuedAtUs: unixUs(row.queued_us),
  sinceUs: unixUs(row.since_us),
  nextUs: unixUs(row.next_us),
  attempts: row.attempts,
  lastCode: row.last_code,
  lastStatus: row.last_status,
  lastUs: row.last_us === null ? null : unixUs(row.last_us),
  outcome: row.outcome,
  reason: row.reason,
});
