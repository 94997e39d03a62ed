import type { DatabaseSync } from 'node:sqlite';
import type { JsonObject } from '../../../cues/wire/index.ts';
import type { JournalEntry } from '../journal.ts';
import type {
  AttemptCode,
  DeliveryOutcome,
  NewOutboxItem,
  OutboxCommands,
  OutboxItem,
  OutboxTopic,
  ReviveOutcome,
} from '../outbox.ts';
import { acted } from './acted.ts';
import type { DomainParts, LedgerDomain } from './domains.ts';
import type { Journal, Reducer } from './journal.ts';
import { prepareOutboxReads } from './outbox-reads.ts';

const SCHEMA = `
CREATE TABLE outbox (
  seq         INTEGER PRIMARY KEY,
  id          TEXT NOT NULL UNIQUE,
  topic       TEXT NOT NULL CHECK (topic IN ('grant.made', 'grant.reversed', 'order.placed')),
  lane        TEXT NOT NULL,
  viewer      TEXT,
  payload     TEXT NOT NULL,
  after       TEXT,
  state       TEXT NOT NULL CHECK (state IN ('queued', 'delivered', 'dead')),
  queued_us   INTEGER NOT NULL,
  since_us    INTEGER NOT NULL,
  next_us     INTEGER NOT NULL,
  attempts    INTEGER NOT NULL CHECK (attempts >= 0),
  last_code   TEXT,
  last_status INTEGER,
  last_us     INTEGER,
  outcome     TEXT CHECK (outcome IN ('done', 'declined')),
  reason      TEXT,
  CHECK ((state = 'delivered') = (outcome IS NOT NULL))
) STRICT;
CREATE INDEX outbox_due ON outbox (lane, next_us, seq) WHERE state = 'queued';
CREATE INDEX outbox_since ON outbox (lane, since_us) WHERE state = 'queued';
CREATE INDEX outbox_dead ON outbox (seq) WHERE state = 'dead';
CREATE INDEX outbox_by_viewer ON outbox (viewer) WHERE viewer IS NOT NULL;
CREATE INDEX outbox_followers ON outbox (after) WHERE after IS NOT NULL;

CREATE TABLE outbox_lanes (
  lane      TEXT PRIMARY KEY,
  queued    INTEGER NOT NULL DEFAULT 0 CHECK (queued >= 0),
  delivered INTEGER NOT NULL DEFAULT 0 CHECK (delivered >= 0),
  declined  INTEGER NOT NULL DEFAULT 0 CHECK (declined >= 0),
  dead      INTEGER NOT NULL DEFAULT 0 CHECK (dead >= 0)
) STRICT, WITHOUT ROWID;
`;

interface Queued {
  readonly id: string;
  readonly topic: OutboxTopic;
  readonly lane: string;
  readonly payload: JsonObject;
  readonly after: string | null;
}

interface Failed {
  readonly id: string;
  readonly code: AttemptCode;
  readonly status: number | null;
}

interface Settled {
  readonly id: string;
  readonly outcome: DeliveryOutcome;
  readonly reason: string | null;
}

const HEADER_SAFE = /^[\x21-\x7e]{1,200}$/;

/**
 * Puts an item into the outbox, in the transaction under way. Whoever calls has made sure that it is new: a second
 * item with the same id is a mistake of the program, and throws.
 */
export function enqueue(journal: Journal, item: NewOutboxItem): void {
  const { id, topic, lane, viewer, payload, after = null, atUs } = item;
  if (!HEADER_SAFE.test(id)) throw new TypeError('the id of an outbox item goes into a header');
  journal.append<'outbox.queued', Queued>({
    kind: 'outbox.queued',
    atUs,
    viewer,
    body: { id, topic, lane, payload, after },
  });
}

function reducers(db: DatabaseSync): Readonly<Record<string, Reducer>> {
  const insert = db.prepare(`
    INSERT INTO outbox (seq, id, topic, lane, viewer, payload, after, state, queued_us, since_us, next_us, attempts)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 'queued', ?8, ?8, ?8, 0)`);
  const addLane = db.prepare('INSERT INTO outbox_lanes (lane) VALUES (?) ON CONFLICT (lane) DO NOTHING');
  const count = db.prepare(`
    UPDATE outbox_lanes SET queued = queued + ?2, delivered = delivered + ?3, declined = declined + ?4, dead = dead + ?5
    WHERE lane = ?1`);
  const placeOf = db.prepare('SELECT lane, state FROM outbox WHERE id = ?');
  const fail = db.prepare(`
    UPDATE outbox SET attempts = attempts + 1, last_code = ?2, last_status = ?3, last_us = ?4, next_us = ?5
    WHERE id = ?1`);
  const settle = db.prepare(`
    UPDATE outbox SET state = 'delivered', attempts = attempts + 1, last_code = NULL, last_status = NULL, last_us = ?2,
      outcome = ?3, reason = ?4
    WHERE id = ?1`);
  const bury = db.prepare(`
    UPDATE outbox SET state = 'dead', attempts = attempts + 1, last_code = ?2, last_status = ?3, last_us = ?4
    WHERE id = ?1`);
  const revive = db.prepare(
    `UPDATE outbox SET state = 'queued', attempts = 0, since_us = ?2, next_us = ?2 WHERE id = ?1`,
  );
  const place = (id: string) => placeOf.get(id) as unknown as Pick<OutboxItem, 'lane' | 'state'>;
  return {
    'outbox.queued': ({ seq, atUs, viewer, body }: JournalEntry<'outbox.queued', Queued>) => {
      const { id, topic, lane, payload, after } = body;
      insert.run(seq, id, topic, lane, viewer, JSON.stringify(payload), after, atUs);
      addLane.run(lane);
      count.run(lane, 1, 0, 0, 0);
    },
    'outbox.attempted': ({
      atUs,
      body,
    }: JournalEntry<'outbox.attempted', Failed & { readonly nextUs: number }>) => {
      fail.run(body.id, body.code, body.status, atUs, body.nextUs);
    },
    'outbox.delivered': ({ atUs, body }: JournalEntry<'outbox.delivered', Settled>) => {
      const { lane, state } = place(body.id);
      settle.run(body.id, atUs, body.outcome, body.reason);
      const waited = state === 'queued';
      const done = body.outcome === 'done';
      count.run(lane, waited ? -1 : 0, done ? 1 : 0, done ? 0 : 1, waited ? 0 : -1);
    },
    'outbox.dead': ({ atUs, body }: JournalEntry<'outbox.dead', Failed>) => {
      bury.run(body.id, body.code, body.status, atUs);
      count.run(place(body.id).lane, -1, 0, 0, 1);
    },
    'outbox.revived': ({ atUs, body }: JournalEntry<'outbox.revived', { readonly id: string }>) => {
      revive.run(body.id, atUs);
      count.run(place(body.id).lane, 1, 0, 0, -1);
    },
  };
}

type Performed = {
  readonly [Name in keyof OutboxCommands]: (given: OutboxCommands[Name]['in']) => OutboxCommands[Name]['out'];
};

function prepareCommands({ db, journal, others }: DomainParts): Performed {
  const reads = prepareOutboxReads(db);
  const itemOf = (id: string) => reads['outbox.get']({ id });
  const follower = db.prepare('SELECT id FROM outbox WHERE after = ? ORDER BY seq LIMIT 1');
  const dead = db.prepare(`
    SELECT id FROM outbox o WHERE state = 'dead' AND (?1 IS NULL OR lane = ?1)
      AND NOT EXISTS (SELECT 1 FROM outbox f WHERE f.after = o.id)
    ORDER BY seq LIMIT ?2`);
  const countDead = db.prepare(
    `SELECT count(*) AS n FROM outbox WHERE state = 'dead' AND (?1 IS NULL OR lane = ?1)`,
  );
  const tell = (item: OutboxItem, { outcome, reason, atUs }: OutboxCommands['outbox.delivered']['in']) => {
    const { id, topic, lane, viewer, payload } = item;
    for (const { onDelivered } of others()) {
      onDelivered?.({ id, topic, lane, viewer, payload, outcome, reason, atUs });
    }
  };
  const revived = (id: string, by: string, atUs: NewOutboxItem['atUs']) => {
    journal.append({ kind: 'outbox.revived', atUs, viewer: null, body: { id } });
    acted(journal, { by, what: 'outbox.revive', target: id, details: {}, atUs });
  };
  return {
    'outbox.attempted'({ id, attempt, code, status, atUs, nextUs }) {
      const item = itemOf(id);
      if (item === null) return 'unknown';
      if (item.state !== 'queued' || item.attempts !== attempt - 1) return 'already';
      journal.append({ kind: 'outbox.attempted', atUs, viewer: null, body: { id, code, status, nextUs } });
      return 'recorded';
    },
    // Also where nobody was expected to try any more: what the downstream has done is done.
    'outbox.delivered'(given) {
      const { id, outcome, reason, atUs } = given;
      const item = itemOf(id);
      if (item === null) return 'unknown';
      if (item.state === 'delivered') return 'already';
      journal.append({ kind: 'outbox.delivered', atUs, viewer: null, body: { id, outcome, reason } });
      tell(item, given);
      return 'recorded';
    },
    'outbox.dead'({ id, attempt, code, status, why, atUs }) {
      const item = itemOf(id);
      if (item === null) return 'unknown';
      if (item.state !== 'queued' || item.attempts !== attempt - 1) return 'already';
      journal.append({ kind: 'outbox.dead', atUs, viewer: null, body: { id, code, status, why } });
      return 'recorded';
    },
    'outbox.revive'({ id, by, atUs }): ReviveOutcome {
      const item = itemOf(id);
      if (item === null) return { kind: 'unknown' };
      if (item.state !== 'dead') return { kind: 'not-dead', item };
      const behind = follower.get(id) as { readonly id: string } | undefined;
      if (behind !== undefined) return { kind: 'taken-back', item, by: behind.id };
      revived(id, by, atUs);
      return { kind: 'revived', item: itemOf(id)! };
    },
    'outbox.revive-all'({ lane, limit, by, atUs }) {
      const ids = dead.all(lane, limit) as unknown as { readonly id: string }[];
      for (const { id } of ids) revived(id, by, atUs);
      return { revived: ids.length, left: (countDead.get(lane) as unknown as { readonly n: number }).n };
    },
  };
}

/** A viewer is erased when the downstream has answered for good about all that is theirs; the dead wait for a person. */
function prepareUnsettled(db: DatabaseSync): (viewer: string) => string | null {
  const open = db.prepare(
    `SELECT id, state FROM outbox WHERE viewer = ? AND state <> 'delivered' ORDER BY seq LIMIT 1`,
  );
  return (viewer) => {
    const item = open.get(viewer) as Pick<OutboxItem, 'id' | 'state'> | undefined;
    return item === undefined ? null : `the outbox holds ${item.id} (${item.state})`;
  };
}

/** What is to be told to the reward platform, and what came of it. */
export const outbox: LedgerDomain = {
  name: 'outbox',
  schema: SCHEMA,
  tables: ['outbox', 'outbox_lanes'],
  reducers,
  prepare: (parts) => ({ commands: prepareCommands(parts), unsettled: prepareUnsettled(parts.db) }),
  prepareReads: (db) => ({ questions: prepareOutboxReads(db) }),
};
