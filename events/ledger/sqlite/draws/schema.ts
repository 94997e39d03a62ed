/**
 * `draws` and `draw_winners` follow from the journal. `draw_entrants` is of record: the leaves as they were committed
 * to, which nobody could make anew once a viewer's name is erased; the root in the journal holds them.
 */
export const DRAWS_SCHEMA = `
CREATE TABLE draws (
  interaction  TEXT PRIMARY KEY,
  state        TEXT NOT NULL CHECK (state IN ('frozen', 'committed', 'booking', 'drawn', 'void')),
  frozen_us    INTEGER NOT NULL,
  commitment   TEXT,
  committed_us INTEGER,
  published_us INTEGER,
  moved        TEXT NOT NULL DEFAULT '[]',
  signature    TEXT,
  winners      INTEGER NOT NULL DEFAULT 0,
  booked       INTEGER NOT NULL DEFAULT 0 CHECK (booked BETWEEN 0 AND winners),
  short        INTEGER NOT NULL DEFAULT 0 CHECK (short BETWEEN 0 AND booked),
  drawn_us     INTEGER,
  void_why     TEXT,
  void_us      INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX draws_open ON draws (state) WHERE state IN ('frozen', 'committed', 'booking');

CREATE TABLE draw_winners (
  interaction TEXT NOT NULL,
  place       INTEGER NOT NULL,
  entrant     INTEGER NOT NULL,
  prize       INTEGER NOT NULL,
  submission  INTEGER NOT NULL,
  right_id    TEXT NOT NULL,
  outcome     TEXT NOT NULL,
  PRIMARY KEY (interaction, place),
  UNIQUE (interaction, submission)
) STRICT, WITHOUT ROWID;
CREATE INDEX draw_winners_short ON draw_winners (interaction, place) WHERE outcome IN ('empty', 'closed', 'no-pool');

CREATE TABLE draw_entrants (
  interaction TEXT NOT NULL,
  page        INTEGER NOT NULL,
  first_seq   INTEGER NOT NULL,
  leaves      BLOB NOT NULL,
  high        BLOB NOT NULL,
  root        BLOB NOT NULL,
  PRIMARY KEY (interaction, page)
) STRICT;
CREATE TRIGGER draw_entrants_no_update BEFORE UPDATE ON draw_entrants
BEGIN SELECT RAISE(ABORT, 'the ledger only grows'); END;
CREATE TRIGGER draw_entrants_no_delete BEFORE DELETE ON draw_entrants
BEGIN SELECT RAISE(ABORT, 'the ledger only grows'); END;
`;
