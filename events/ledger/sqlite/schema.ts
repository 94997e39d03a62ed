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

export const MIGRATIONS: readonly string[] = [[V1, ...APPEND_ONLY].join('\n')];
