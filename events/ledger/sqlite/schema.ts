import { DOMAINS } from './domains.ts';
import { TREASURY_SCHEMA_3 } from './treasury/schema.ts';

/**
 * The ledger's tables. What happened is only ever added to: triggers refuse change and removal, so that not even a
 * wrong program takes an answer back. `tallies` and `held` follow from it within the same transaction; `cues` and
 * `feed_position` mirror what the media process knows.
 */
const V1 = `
CREATE TABLE interactions (
  seq        INTEGER PRIMARY KEY,
  id         TEXT NOT NULL UNIQUE,
  record     TEXT NOT NULL
) STRICT;

CREATE TABLE transitions (
  seq         INTEGER PRIMARY KEY,
  interaction INTEGER NOT NULL REFERENCES interactions (seq),
  kind        TEXT NOT NULL CHECK (kind IN ('opened', 'locked', 'expired', 'revealed', 'canceled')),
  step        TEXT NOT NULL,
  UNIQUE (interaction, kind)
) STRICT;

CREATE TABLE submissions (
  seq         INTEGER PRIMARY KEY,
  interaction INTEGER NOT NULL REFERENCES interactions (seq),
  viewer      TEXT NOT NULL,
  id          TEXT NOT NULL,
  answer      TEXT NOT NULL,
  bucket      TEXT NOT NULL,
  status      TEXT NOT NULL CHECK (status IN ('accepted', 'held')),
  arrived_us  INTEGER NOT NULL,
  claims      TEXT NOT NULL,
  UNIQUE (interaction, viewer)
) STRICT;

CREATE TABLE judgements (
  submission INTEGER PRIMARY KEY REFERENCES submissions (seq),
  verdict    TEXT NOT NULL CHECK (verdict IN ('accepted', 'refused')),
  code       TEXT,
  judged_us  INTEGER NOT NULL
) STRICT;

CREATE TABLE tallies (
  interaction INTEGER NOT NULL REFERENCES interactions (seq),
  bucket      TEXT NOT NULL,
  n           INTEGER NOT NULL,
  PRIMARY KEY (interaction, bucket)
) STRICT, WITHOUT ROWID;

CREATE TABLE held (
  submission  INTEGER PRIMARY KEY REFERENCES submissions (seq),
  interaction INTEGER NOT NULL,
  id          TEXT NOT NULL UNIQUE
) STRICT;
CREATE INDEX held_by_interaction ON held (interaction, submission);

CREATE TABLE cues (
  stream    TEXT NOT NULL,
  id        TEXT NOT NULL,
  cue       TEXT NOT NULL,
  forget_at INTEGER NOT NULL,
  PRIMARY KEY (stream, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX cues_to_forget ON cues (forget_at);

CREATE TABLE feed_position (
  one       INTEGER PRIMARY KEY CHECK (one = 1),
  log_epoch TEXT NOT NULL,
  seq       INTEGER NOT NULL
) STRICT;
`;

const APPEND_ONLY = ['interactions', 'transitions', 'submissions', 'judgements'].flatMap((table) =>
  ['UPDATE', 'DELETE'].map(
    (change) => `CREATE TRIGGER ${table}_no_${change.toLowerCase()} BEFORE ${change} ON ${table}
      BEGIN SELECT RAISE(ABORT, 'the ledger only grows'); END;`,
  ),
);

/**
 * The journal and the chain. `leaf` commits to a row (`leaf.ts`); an erased row keeps it and loses its salt, the viewer's
 * name and what they said, which is the one change that the triggers let through, beside giving rows that are older than
 * the chain their leaves. `judgements` follows from the journal's `answer.judged` from now on.
 *
 * `schema_compat` says the oldest schema whose programs may still write here: whoever adds a step that these programs can
 * live with leaves it as it is, any other step puts its own number there. `IS NOT TRUE`: what compares as null is refused.
 */
const V2 = `
CREATE TABLE schema_compat (
  one    INTEGER PRIMARY KEY CHECK (one = 1),
  oldest INTEGER NOT NULL
) STRICT;
INSERT INTO schema_compat (one, oldest) VALUES (1, 2);

ALTER TABLE interactions ADD COLUMN leaf TEXT;
DROP TRIGGER interactions_no_update;
CREATE TRIGGER interactions_no_update BEFORE UPDATE ON interactions
WHEN (
  OLD.leaf IS NULL AND NEW.leaf IS NOT NULL
  AND NEW.seq = OLD.seq AND NEW.id = OLD.id AND NEW.record = OLD.record
) IS NOT TRUE
BEGIN SELECT RAISE(ABORT, 'the ledger only grows'); END;

ALTER TABLE transitions ADD COLUMN leaf TEXT;
DROP TRIGGER transitions_no_update;
CREATE TRIGGER transitions_no_update BEFORE UPDATE ON transitions
WHEN (
  OLD.leaf IS NULL AND NEW.leaf IS NOT NULL
  AND NEW.seq = OLD.seq AND NEW.interaction = OLD.interaction AND NEW.kind = OLD.kind AND NEW.step = OLD.step
) IS NOT TRUE
BEGIN SELECT RAISE(ABORT, 'the ledger only grows'); END;

ALTER TABLE submissions ADD COLUMN salt TEXT;
ALTER TABLE submissions ADD COLUMN leaf TEXT;
DROP TRIGGER submissions_no_update;
CREATE TRIGGER submissions_no_update BEFORE UPDATE ON submissions
WHEN (
  NEW.seq = OLD.seq AND NEW.interaction = OLD.interaction AND NEW.id = OLD.id AND NEW.bucket = OLD.bucket
  AND NEW.status = OLD.status AND NEW.arrived_us = OLD.arrived_us
  AND (
    (OLD.leaf IS NULL AND NEW.leaf IS NOT NULL
      AND NEW.viewer = OLD.viewer AND NEW.answer = OLD.answer AND NEW.claims = OLD.claims)
    OR (NEW.leaf = OLD.leaf AND NEW.salt IS NULL AND OLD.salt IS NOT NULL
      AND NEW.viewer GLOB 'erased:*' AND NEW.answer = '{}' AND NEW.claims = '{}')
  )
) IS NOT TRUE
BEGIN SELECT RAISE(ABORT, 'the ledger only grows'); END;

CREATE TABLE journal (
  seq    INTEGER PRIMARY KEY,
  kind   TEXT NOT NULL,
  at_us  INTEGER NOT NULL,
  viewer TEXT,
  body   TEXT NOT NULL,
  salt   TEXT,
  leaf   TEXT NOT NULL
) STRICT;
CREATE INDEX journal_by_viewer ON journal (viewer) WHERE viewer IS NOT NULL;
CREATE TRIGGER journal_no_delete BEFORE DELETE ON journal
BEGIN SELECT RAISE(ABORT, 'the ledger only grows'); END;
CREATE TRIGGER journal_no_update BEFORE UPDATE ON journal
WHEN (
  NEW.seq = OLD.seq AND NEW.kind = OLD.kind AND NEW.at_us = OLD.at_us AND NEW.body = OLD.body AND NEW.leaf = OLD.leaf
  AND NEW.salt IS NULL AND OLD.salt IS NOT NULL AND NEW.viewer GLOB 'erased:*'
) IS NOT TRUE
BEGIN SELECT RAISE(ABORT, 'the ledger only grows'); END;

CREATE TABLE blocks (
  n            INTEGER PRIMARY KEY,
  at_us        INTEGER NOT NULL,
  hash         BLOB NOT NULL,
  interactions INTEGER NOT NULL,
  transitions  INTEGER NOT NULL,
  submissions  INTEGER NOT NULL,
  journal      INTEGER NOT NULL
) STRICT;
CREATE TRIGGER blocks_no_update BEFORE UPDATE ON blocks
BEGIN SELECT RAISE(ABORT, 'the ledger only grows'); END;
CREATE TRIGGER blocks_no_delete BEFORE DELETE ON blocks
BEGIN SELECT RAISE(ABORT, 'the ledger only grows'); END;
`;

/**
 * Open rights are counted, measures are of their show, draws are looked through newest first and count the winners who may
 * not have a piece. Programs of before would not count, and would write one measure for several shows.
 */
const V3 = `
${TREASURY_SCHEMA_3}
ALTER TABLE draws ADD COLUMN excluded INTEGER NOT NULL DEFAULT 0 CHECK (excluded >= 0);
UPDATE draws SET excluded = (
  SELECT count(*) FROM draw_winners w WHERE w.interaction = draws.interaction AND w.outcome = 'not-eligible');
CREATE INDEX draws_newest ON draws (frozen_us);
CREATE INDEX draws_lacking ON draws (frozen_us) WHERE state = 'drawn' AND short > 0;

UPDATE schema_compat SET oldest = 3;
`;

/** Steps that were released never change: a domain that comes later is a step of its own. */
export const MIGRATIONS: readonly string[] = [
  [V1, ...APPEND_ONLY].join('\n'),
  [V2, ...DOMAINS.map(({ schema }) => schema)].join('\n'),
  V3,
];
